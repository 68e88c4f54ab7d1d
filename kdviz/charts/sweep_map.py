"""A sweep for the browser: every cell of T and alpha with its level against the control's, its curves, soft targets.

Arrays are thin and rounded, so that a message stays small however many cells there are.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from statistics import quantiles
from typing import Any

from kdviz.charts.compact import finite_mean, pixels, rounded, rounded_up, short, thinned
from kdviz.recipes.catalogue import ARCHITECTURES, DATA_SETS
from kdviz.recipes.sweep import Cell, Sweep
from kdviz.records import sweep_so_far
from kdviz.records.base import Watched
from kdviz.records.kinds import Event
from kdviz.records.sweep import FinishedStack, StackProgress, SweepResult
from kdviz.records.sweep_so_far import MEASURES, SHARES, Level, SeedAndFold, Student, SweepMeasure, SweepSoFar, gather

ALL_DETAILS = 40  # cells up to which the browser has the details of all at once, again and again
ALL_DETAILS_OF_THE_END = 150  # the same when nothing grows any more
NEAR = 0.1  # of a training: cells that are so near one another can be compared in the middle of it
FRAMES = 16  # moments of a replay
MOST_IN_FRAMES = 1200  # cells in all of them: more would be too much to send
MOMENTS = 24  # of a cell's curves at most
# The least that the scale of a measure spans: finer differences are a handful of images.
LEAST_SPAN: dict[SweepMeasure, float] = {"validation_accuracy": 0.005, "agreement": 0.005, "nll": 0.01, "ece": 0.004}

PLACES = ("key", "temperature", "alpha", "facet")  # the columns that training does not change

Data = dict[str, Any]
Facet = tuple[str, int | None, float]  # student, labels, learning rate: what a map of T and alpha holds fixed


def key_of(cell: Cell) -> str:
    """A cell in a word that a link can carry; cells that are the same student have the same."""
    return " ".join(f"{name}={value}" for name, value in _parts(cell.trained_as).items())


def cell_of(sweep: Sweep, key: str | None) -> Cell | None:
    """The cell that a key names, the first where it leaves something open; None where the sweep has none such."""
    wanted = dict(part.partition("=")[::2] for part in (key or "").split())
    cells = (*sweep.trained_cells, *sweep.cells) if wanted else ()
    return next((cell.trained_as for cell in cells if wanted.items() <= _parts(cell).items()), None)


def _parts(cell: Cell) -> dict[str, str]:
    return {
        "T": f"{cell.temperature:.12g}",
        "alpha": f"{cell.alpha:.12g}",
        "lr": f"{cell.learning_rate:.12g}",
        "student": cell.student,
        "labels": "all" if cell.labels is None else str(cell.labels),
    }


def _fixed(sweep: Sweep) -> tuple[tuple[str, ...], tuple[int | None, ...], tuple[float, ...]]:
    """Students, numbers of labels and learning rates of a sweep."""
    return (
        sweep.students or (sweep.student,),
        sweep.label_counts or (sweep.labels,),
        sweep.learning_rates or (sweep.learning_rate,),
    )


def facets(sweep: Sweep) -> list[Facet]:
    """One for each map of T and alpha."""
    return list(product(*_fixed(sweep)))


def choosers(sweep: Sweep) -> list[Data]:
    """What tells the maps apart, in the order in which `facets` counts them."""
    students, label_counts, rates = _fixed(sweep)
    values = {
        "Student": [ARCHITECTURES[student].called for student in students],
        "Labels": ["all labels" if count is None else f"{count:,} labels" for count in label_counts],
        "Learning rate": [f"{rate:g}" for rate in rates],
    }
    return [{"name": name, "values": of_name} for name, of_name in values.items()]


def picture(sweep: Sweep, heard: SweepSoFar, swept: SweepResult | None = None) -> Data:
    """The maps of a sweep: axes, scales, and a column for each thing that is known of the cells."""
    cells, students = sweep.trained_cells, len(sweep.seeds) * (sweep.folds or 1)
    order = {facet: number for number, facet in enumerate(facets(sweep))}
    facet_of = [order[cell.student, cell.labels, cell.learning_rate] for cell in cells]
    levels = [sweep_so_far.level(heard, cell, students) for cell in cells]
    gone = sweep_so_far.dropped(sweep, heard)
    maps = [[at for at, facet in enumerate(facet_of) if facet == number] for number in order.values()]
    together = sweep.search == "random" and len(maps) > 1
    if together:
        maps.append(list(range(len(cells))))
    left_behind = [cell in gone for cell in cells]
    compared = maps[-1:] if together else maps
    young = frozenset(at for shown in compared for at in _young(levels, left_behind, shown))

    def scale_of(shown: Iterable[int], measure: SweepMeasure) -> list[float] | None:
        """Made for the cells that can be compared; those that were left behind may be worse."""
        known = {at: levels[at].means[measure] for at in shown if measure in levels[at].means}
        behind = [known[at] for at in known if left_behind[at]]
        going = [known[at] for at in known if at not in young and not left_behind[at]]
        return scale(going or behind, measure, [*going, *behind])

    return {
        "shape": "points" if sweep.search == "random" else "grid",
        "temperatures": list(sweep.temperatures),
        "alphas": list(sweep.alphas),
        "students": students,
        "seeds": len(sweep.seeds),
        "folds": sweep.folds,
        "epochs": sweep.epochs,
        "rungs": list(sweep.rungs),
        "choosers": choosers(sweep),
        "together": together,  # the last scale and best cell are of all maps in one
        "scales": [{measure: scale_of(shown, measure) for measure in MEASURES} for shown in maps],
        "cells": {
            "key": [key_of(cell) for cell in cells],
            **{name: [getattr(cell, name) for cell in cells] for name in ("temperature", "alpha")},
            "facet": facet_of,
            **{name: [getattr(lv, name) for lv in levels] for name in ("done", "running", "diverged", "epochs")},
            "progress": [round(lv.progress, 3) for lv in levels],
            "dropped": [int(left) for left in left_behind],
            "young": [int(at in young) for at in range(len(cells))],
            "share": [round(lv.share, 2) for lv in levels],
            **{measure: [short(lv.means.get(measure)) for lv in levels] for measure in MEASURES},
            "gains": {measure: [short(lv.gains.get(measure)) for lv in levels] for measure in MEASURES},
            **_verdicts(cells, swept),
        },
        "best": [best(levels, shown) for shown in maps],
    }


def replay(sweep: Sweep, events: Sequence[Event]) -> list[Data]:
    """What training changed of the maps, at `FRAMES` moments of a finished sweep; at fewer where maps are large."""
    heard = [at for at, event in enumerate(events, 1) if isinstance(event, StackProgress | FinishedStack)]
    frames = min(FRAMES, len(heard), max(2, MOST_IN_FRAMES // len(sweep.trained_cells)))
    moments = (gather(events[: heard[len(heard) * frame // frames]]) for frame in range(frames))
    return [_changing(picture(sweep, so_far)) for so_far in moments]


def _changing(shown: Data) -> Data:
    """Without the differences, which are told of the end alone."""
    cells: Data = {name: column for name, column in shown["cells"].items() if name not in PLACES}
    unknown = [None] * len(cells["done"])
    return {"best": shown["best"], "cells": {**cells, "gains": dict.fromkeys(MEASURES, unknown)}}


def _young(levels: Sequence[Level], left_behind: Sequence[bool], among: Iterable[int]) -> list[int]:
    """The cells that have learnt for too short to have a colour beside the others: they would look worse than they are.

    Where some are done, all that are not, or only with fewer epochs; else those that are behind the furthest.
    """
    known = [at for at in among if levels[at].means and not left_behind[at]]
    longest = max((levels[at].epochs for at in known if levels[at].done), default=0)
    if longest:
        return [at for at in known if not levels[at].done or levels[at].epochs < longest]
    furthest = max((levels[at].share for at in known), default=0.0)
    return [at for at in known if levels[at].share < furthest - NEAR]


def best(levels: Sequence[Level], among: Iterable[int]) -> int | None:
    """The cell with the highest accuracy so far: of those that are done, if any are, and trained for longest."""
    known = [at for at in among if "validation_accuracy" in levels[at].means]
    known = [at for at in known if levels[at].done] or known
    longest = max((levels[at].epochs for at in known), default=0)
    known = [at for at in known if levels[at].epochs == longest]
    return max(known, key=lambda at: levels[at].means["validation_accuracy"], default=None)


def _verdicts(cells: Sequence[Cell], swept: SweepResult | None) -> Data:
    """What only the end can say: who differs from the control in accuracy, what was chosen, and what ties with it."""
    if swept is None:
        return {}
    against_plain = {summary.cell: summary.against_plain for summary in swept.summaries}
    verdicts = [against_plain.get(cell) for cell in cells]
    choice = swept.choice
    return {
        "word": ["" if verdict is None else verdict.word for verdict in verdicts],
        "interval": [None if v is None or v.low is None else [short(v.low), short(v.high)] for v in verdicts],
        "chosen": [int(choice is not None and cell == choice.cell) for cell in cells],
        "tied": [int(choice is not None and cell in choice.tied) for cell in cells],
    }


def scale(figures: Sequence[float], measure: SweepMeasure, others: Sequence[float] = ()) -> list[float] | None:
    """[worst, best, whether `others` or any are worse] of a scale of colours; None without a figure.

    The worst is Tukey's lower fence (1977), a quartile less 1.5 times the distance of the quartiles: one bad cell does
    not take the colours from all others. Both ends are rounded away from each other, so that they seldom move.
    """
    if not figures:
        return None
    sign = 1.0 if measure in SHARES else -1.0
    goods = sorted(sign * figure for figure in figures)
    low, high = goods[0], goods[-1] if sign < 0 else max(goods[-1], LEAST_SPAN[measure])
    if len(goods) > 3:
        first, _, third = quantiles(goods, n=4, method="inclusive")
        low = max(low, first - 1.5 * (third - first))
    span = max(high - low, LEAST_SPAN[measure])
    step = rounded_up(span / 5, (1, 2, 5, 10))
    low = min(low, high - LEAST_SPAN[measure])
    low, high = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    ends = (max(0.0, low), min(1.0, high)) if sign > 0 else (-low, max(0.0, -high))
    worst = min(goods[0], *(sign * figure for figure in others)) if others else goods[0]
    return [short(ends[0]) or 0.0, short(ends[1]) or 0.0, float(worst < low - 1e-12)]


def details(sweep: Sweep, heard: SweepSoFar, cells: Iterable[Cell]) -> Data:
    """What is shown of a cell on its own: curves, and answers to watched images; with the images and the teacher's."""
    students = len(sweep.seeds) * (sweep.folds or 1)
    of_cells, images = {}, dict[str, Data]()
    for cell in cells:
        shown = sweep_so_far.level(heard, cell, students).shown
        if not shown:
            continue
        detail = _curves(shown, _controls(heard, cell, shown))
        tried = [part for part in shown if shown[part].trial and part in heard.watched]
        part = min(tried, key=lambda part: (part[0], part[1] or 0), default=None)
        if part is not None and (trial := shown[part].trial):
            images[_part_name(part)] = _images(heard.watched[part])
            detail |= {"watched": _part_name(part), "logits": [rounded(logits, 2) for logits in trial.watched_logits]}
        of_cells[key_of(cell)] = detail
    return {"names": list(DATA_SETS[sweep.data].class_names), "cells": of_cells, "watched": images}


def _part_name(part: SeedAndFold) -> str:
    seed, fold = part
    return f"seed {seed}" if fold is None else f"seed {seed}, fold {fold + 1}"


def _controls(heard: SweepSoFar, cell: Cell, shown: Mapping[SeedAndFold, Student]) -> dict[SeedAndFold, Student]:
    """The control's students of the same seeds, trained for as long."""
    epochs = heard.longest.get(cell, 0)
    known = heard.students.get((cell.plain, epochs), {}) if cell.alpha > 0 else {}
    return {part: known[part] for part in shown if part in known and not known[part].diverged}


def _curves(shown: Mapping[SeedAndFold, Student], controls: Mapping[SeedAndFold, Student]) -> Data:
    """Means over the students, as far as all of them have come; the control's at the same updates."""
    students = [student for student in shown.values() if student.reports]
    if not students:
        return {"students": len(shown), "steps": 0, "step": []}
    at = thinned(range(min(len(student.reports) for student in students)), MOMENTS)
    first = students[0].reports

    def mean(name: str) -> list[float | None]:
        return [short(finite_mean(getattr(s.reports[i], name)[s.at] for s in students)) for i in at]

    return {
        "students": len(shown),
        "steps": first[-1].steps,
        "step": [first[i].step for i in at],
        "soft": mean("loss_kd"),
        "hard": mean("loss_ce"),
        "accuracy": mean("validation_accuracy"),
        "plain": [short(_accuracy_at(controls.values(), first[i].step / first[i].steps)) for i in at],
    }


def _accuracy_at(controls: Iterable[Student], share: float) -> float | None:
    reports = [(control.at, control.report_at(share)) for control in controls]
    return finite_mean(report.validation_accuracy[at] for at, report in reports if report is not None)


def _images(watched: Watched) -> Data:
    return {
        "indices": watched.indices,
        "labels": watched.labels,
        "images": [pixels(tuple(image)) for image in watched.images],
        "teacher": [rounded(logits, 2) for logits in watched.teacher_logits],
    }
