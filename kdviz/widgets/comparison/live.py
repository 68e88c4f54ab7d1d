"""The live panels of a comparison: every way of teaching beside the others, all drawn by one component."""

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from kdviz.charts import comparison_live as side_by_side
from kdviz.charts import single as live
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import METHODS, PLAIN, TEACHER, short_title
from kdviz.records.base import Watched
from kdviz.records.comparison import ComparisonResult, Moment
from kdviz.records.kinds import Event
from kdviz.reports.phrases import listed, percent
from kdviz.store.run import Run
from kdviz.widgets import page
from kdviz.widgets.comparison import summary as comparison_summary
from kdviz.widgets.comparison.best import best_teacher
from kdviz.widgets.comparison.words import say
from kdviz.widgets.components import component
from kdviz.widgets.live_panel import LivePanel, Snapshot, replayed_on
from kdviz.widgets.run_status import Position, replays_of

_ways = component("three_ways")


Shown = dict[str, Any]  # what the component is given


def preview(comparison: Comparison) -> None:
    """The panels before anything was started: who will teach whom."""
    _ways(key="three_ways", data={"run": "", "live": False, "date": "", "replays": 0, **_picture(comparison, [])})


def _read(comparison: Comparison, _run: Run, events: Sequence[Event]) -> Snapshot[Shown]:
    moments = [event for event in events if isinstance(event, Moment)]
    return Snapshot(_position(moments, comparison), _sentence(moments), _picture(comparison, events))


def _draw(_comparison: Comparison, run: Run, snapshot: Snapshot[Shown]) -> None:
    # An imported result is not the answer to a poll: it may be invented.
    own = run.result if isinstance(run.result, ComparisonResult) and not run.imported else None
    _ways(key="three_ways", data={**_of_run(run), **snapshot.data, "truth": None if own is None else best_teacher(own)})
    page.say(snapshot.sentence)
    if isinstance(run.result, ComparisonResult):
        comparison_summary.show(run.result)


def _of_run(run: Run) -> Shown:
    return {"run": f"{run.id}-{run.attempt}", "live": run.live, "date": replayed_on(run), "replays": replays_of(run.id)}


PANEL = LivePanel(Comparison, _read, _draw)


def _picture(comparison: Comparison, events: Sequence[Event]) -> dict[str, Any]:
    panels = side_by_side.panels(comparison, events)
    last = [panel["stages"][-1] for panel in panels if panel["stages"]]
    return {
        "seeds": len(comparison.seeds),
        "floor": side_by_side.floor(live.floor(comparison), events),
        "top": side_by_side.loss_top(events),
        "steps": max((stage["steps"] for stage in last), default=0),
        "taught": any(isinstance(event, Watched) for event in events),  # whether the teachers are ready
        "teaching": side_by_side.teaching(events),
        "panels": panels,
    }


def _position(moments: Sequence[Moment], comparison: Comparison) -> Position | None:
    if not moments:
        return None
    last = moments[-1]
    return Position(_who_learns(moments, comparison), last.seconds, last.seconds_left)


def _who_learns(moments: Sequence[Moment], comparison: Comparison) -> str:
    last = {moment.method: moment for moment in moments}
    if moments[-1].method == TEACHER:
        newest = moments[-1]
        which = "The teacher" if newest.stages == 1 else f"Teacher {newest.stage_number} of {newest.stages}"
        which += _for_whom(newest, comparison)
        right = "".join(f" · {percent(accuracy, 1)} right" for accuracy in newest.validation_accuracy)
        return f"{which}: {_epoch(newest)}{right}"
    busy = [moment for name, moment in last.items() if name in comparison.methods and not _ended(moment)]
    if not busy:
        return f"The control, students of another teacher: {_epoch(moments[-1])}"
    newest = max(busy, key=lambda moment: moment.seconds)
    if len(busy) > 1:
        return f"{len(busy)} ways to teach, in turns: {_epoch(newest)}"
    stage = f", {newest.stage}" if newest.stages > 1 else ""
    return f"{short_title(newest.method)}{stage}: {_epoch(newest)}"


def _for_whom(teaching: Moment, comparison: Comparison) -> str:
    """Who needs a teacher of a seed that no student has; nothing where it is a student's own."""
    seed = teaching.stage.removeprefix("seed ")
    if not seed.isdecimal() or int(seed) in comparison.seeds:
        return ""
    names = [short_title(name) for name in comparison.methods if len(METHODS[name].teachers) > 1]
    first = int(seed) == comparison.seeds[-1] + 1
    if comparison.control and "offline" in comparison.methods and len(comparison.seeds) == 1 and first:
        names.append("the control")
    return f", for {listed(names)}" if names else ""


def _epoch(moment: Moment) -> str:
    return f"epoch {moment.epoch} of {moment.epochs}"


def _ended(moment: Moment) -> bool:
    return moment.stage_number == moment.stages and moment.step >= moment.steps


def _sentence(moments: Sequence[Moment]) -> str:
    """What the validation images say so far; no verdict, that is for the test images."""
    last = {moment.method: moment for moment in moments if moment.method in METHODS}
    plain = last.get(PLAIN)
    if plain is None or len(last) < 2:
        return say("no-student-measured" if moments else "nothing-measured")
    accuracies = {name: fmean(moment.validation_accuracy) for name, moment in last.items() if name != PLAIN}
    low, high = min(accuracies, key=accuracies.__getitem__), max(accuracies, key=accuracies.__getitem__)
    ends = [f"{percent(accuracies[name], 1)} ({short_title(name)})" for name in dict.fromkeys((low, high))]
    behind = [short_title(name) for name, moment in last.items() if moment.stage_number < moment.stages]
    has = "has" if len(behind) == 1 else "have"
    return say(
        "so-far",
        plain=percent(fmean(plain.validation_accuracy), 1),
        others=f"from {ends[0]} to {ends[1]}" if len(ends) > 1 else ends[0],
        behind=f" {listed(behind)} {has} stages to come." if behind else "",
    )
