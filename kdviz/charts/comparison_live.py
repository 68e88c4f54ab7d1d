"""A comparison while it runs, for the browser: per way of teaching who teaches whom, its curves, and its cost so far.

Arrays are thin and rounded, so that a message stays small however many ways and seeds there are.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from statistics import fmean
from typing import Any

from kdviz.charts.compact import rounded_up, short, thinned
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import FAMILIES, METHODS, TEACHER, Method, short_title
from kdviz.records.base import Expense
from kdviz.records.comparison import FinishedMethod, Moment, Trial
from kdviz.records.kinds import Event

MOMENTS = 80  # of a way of teaching that its panel shows at most
ALL_MOMENTS = 640  # of all together
PanelData = dict[str, Any]


def moments_of(methods: Iterable[str], events: Iterable[Event]) -> dict[str, list[Moment]]:
    """The moments of each of these methods, in the order of the events."""
    moments: dict[str, list[Moment]] = {name: [] for name in methods}
    for event in events:
        if isinstance(event, Moment) and event.method in moments:
            moments[event.method].append(event)
    return moments


def loss_top(events: Sequence[Event]) -> float:
    """Where the axis of the loss ends in all panels: the mean of what the ways had at their sixth report, rounded up.

    That is known early, so the axis then stays; what is higher is cut off.
    """
    sixth = [moments[:6][-1] for moments in moments_of(METHODS, events).values() if moments]
    levels = [(_mean(moment.loss_kd) or 0.0) + (_mean(moment.loss_ce) or 0.0) for moment in sixth]
    return rounded_up(fmean(levels)) if levels else 1.0


def floor(usual: float, events: Sequence[Event]) -> float:
    """Where the axes of accuracy and agreement begin in all panels: as usual, or at 0 where a method stays below.

    A training that is past half of its stage and below the usual floor has most likely diverged; on the usual axis its
    line would lie flat at the bottom, whatever it did.
    """
    newest = [moments[-1] for moments in moments_of(METHODS, events).values() if moments]
    late = [moment for moment in newest if 2 * moment.step > moment.steps]
    means = [fmean(moment.validation_accuracy) for moment in late if moment.validation_accuracy]
    return 0.0 if any(mean < usual for mean in means) else usual


def panels(comparison: Comparison, events: Sequence[Event]) -> list[PanelData]:
    """One entry for each way of teaching, in the order in which they are shown."""
    moments = moments_of(comparison.methods, events)
    trained: dict[str, dict[int, Trial]] = {name: {} for name in comparison.methods}
    for event in events:
        if isinstance(event, FinishedMethod) and event.method in trained:
            trained[event.method] |= {trial.seed: trial for trial in event.trials}
    most = min(MOMENTS, ALL_MOMENTS // len(moments))
    return [_panel(name, comparison, of_method, trained[name], most) for name, of_method in moments.items()]


def teaching(events: Sequence[Event]) -> PanelData | None:
    """The curves of the teacher that learns before any student does; None once the students do.

    Of a comparison or of a sweep, whose teachers report in the same way.
    """
    moments = [event for event in events if isinstance(event, Moment)]
    if not moments or moments[-1].method != TEACHER:
        return None
    number = moments[-1].stage_number
    own = [moment for moment in moments if moment.method == TEACHER and moment.stage_number == number]
    return _stage(own, MOMENTS)


def _panel(
    name: str, comparison: Comparison, moments: Sequence[Moment], trained: Mapping[int, Trial], most: int
) -> PanelData:
    method = METHODS[name]
    stages = [list(group) for _, group in groupby(moments, key=lambda moment: moment.stage_number)]
    done = all(seed in trained for seed in comparison.seeds)
    expense = moments[-1].expense if moments else _together(trained.values()) if done else None
    return {
        "method": name,
        "title": short_title(name, family=False),
        "family": " · ".join(filter(None, (_family(method), _asked_at(comparison, method)))),
        "says": f"{method.says} {comparison.remark(name)}".rstrip(),
        "teacher": method.asks_teacher,
        "arrows": list(comparison.arrows(name)),
        "stages": [_stage(group, most // len(stages)) for group in stages],
        "done": done,
        "cost": expense and _cost(expense),
    }


def _cost(expense: Expense) -> PanelData:
    return {
        "seconds": short(expense.seconds),
        "images": expense.images_seen,
        "operations": short(expense.multiply_adds),
        "memory": expense.peak_memory,
    }


def _together(trials: Iterable[Trial]) -> Expense:
    """What all seeds took, from each one's share."""
    shares = [trial.expense for trial in trials]
    return Expense(**{name: sum(getattr(share, name) for share in shares) for name in Expense.model_fields})


def _family(method: Method) -> str:
    """The word for its family, unless the panel's title begins with that."""
    word = FAMILIES[method.family].word
    return "" if short_title(method.name, family=False).lower().startswith(word) else word


def _asked_at(comparison: Comparison, method: Method) -> str:
    """The T and the alpha of a soft term; nothing where there is none, or where neither plays a part."""
    if method.soft_term in ("layers", "none"):
        return ""
    temperature = f"T = {comparison.temperature_of(method.name):g}, " if method.soft_term == "softmax" else ""
    return f"{temperature}α = {comparison.alpha_of(method.name):g}"


def _stage(moments: Sequence[Moment], most: int) -> PanelData:
    kept = thinned(moments, most)
    last = moments[-1]
    between = [(arrow.source, arrow.target) for arrow in last.arrows]
    distances = [{(arrow.source, arrow.target): arrow.kl for arrow in moment.arrows} for moment in kept]
    return {
        "name": last.stage,
        "number": last.stage_number,
        "stages": last.stages,
        "steps": last.steps,
        "step": [moment.step for moment in kept],
        "soft": [_mean(moment.loss_kd) for moment in kept],
        "hard": [_mean(moment.loss_ce) for moment in kept],
        "accuracy": [_spread(moment.validation_accuracy) for moment in kept],
        "agreement": [_spread(moment.agreement) for moment in kept],
        "others": {name: [short(moment.others.get(name)) for moment in kept] for name in last.others},
        "arrows": between,
        "kl": [[short(kl.get(arrow)) for arrow in between] for kl in distances],
    }


def _spread(seeds: Sequence[float]) -> list[float | None]:
    """Mean, lowest and highest of the seeds; one figure where there is one seed, none where there is none."""
    known = [value for value in seeds if math.isfinite(value)]
    if len(known) < 2:
        return [short(value) for value in known]
    return [short(of(known)) for of in (fmean, min, max)]


def _mean(seeds: Sequence[float]) -> float | None:
    return short(fmean(seeds)) if seeds else None
