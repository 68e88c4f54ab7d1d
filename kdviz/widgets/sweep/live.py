"""A sweep while it trains: the heat map that colours in, the cell that is looked at, and where the sweep is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import streamlit as st

from kdviz.charts import comparison_live as side_by_side
from kdviz.charts import sweep_map as heat_map
from kdviz.recipes.sweep import Sweep
from kdviz.records.comparison import Moment
from kdviz.records.kinds import Event
from kdviz.records.single import Progress
from kdviz.records.sweep import StackProgress, SweepResult
from kdviz.records.sweep_so_far import SweepSoFar, gather
from kdviz.reports.phrases import counted, percent
from kdviz.store.recorded_runs import TAG
from kdviz.store.run import Run
from kdviz.widgets import link, page
from kdviz.widgets.components import component, keep_committed
from kdviz.widgets.live_panel import LivePanel, Snapshot, replayed_on
from kdviz.widgets.run_status import Position, replays_of
from kdviz.widgets.sweep import cell as cell_recipe
from kdviz.widgets.sweep import summary as sweep_summary
from kdviz.widgets.sweep import time_left as sweep_time
from kdviz.widgets.sweep import words as sweep_words
from kdviz.widgets.sweep.words import say

KEY = "explorer_map"  # of the component
CELL = "cell"  # in the link: the cell that is selected

_NO_REPLAY = {"date": "", "replays": 0, "seconds": 0.0, "frames": []}

_map = component("explorer")


@dataclass(frozen=True)
class MapData:
    """What the map is drawn from, whichever cell is selected."""

    picture: dict[str, Any]  # for the component
    details: dict[str, Any] | None  # of all cells; None where there are too many to send them all
    heard: SweepSoFar


def preview(sweep: Sweep) -> None:
    """The map before anything was started: which cells will be trained."""
    heard = gather([])
    _mount(
        sweep,
        {**_NO_REPLAY, "run": "", "live": False, **heat_map.picture(sweep, heard)},
        heat_map.details(sweep, heard, []),
    )


def _read(sweep: Sweep, run: Run, events: Sequence[Event]) -> Snapshot[MapData]:
    swept = _swept(run)
    heard = gather(events, swept.trials if swept is not None else ())
    picture = heat_map.picture(sweep, heard, swept)
    picture["frames"] = [] if swept is None else heat_map.replay(sweep, events)
    picture["teaching"] = None if heard.students else side_by_side.teaching(events)
    few = heat_map.ALL_DETAILS if swept is None else heat_map.ALL_DETAILS_OF_THE_END
    cells = sweep.trained_cells
    details = heat_map.details(sweep, heard, cells) if len(cells) <= few else None
    return Snapshot(_position(sweep, heard, events), _sentence(sweep, picture), MapData(picture, details, heard))


def _draw(sweep: Sweep, run: Run, snapshot: Snapshot[MapData]) -> None:
    swept, shown = _swept(run), snapshot.data
    selected = heat_map.cell_of(sweep, st.query_params.get(CELL))
    details = shown.details
    if details is None:
        best = [sweep.trained_cells[at] for at in shown.picture["best"] if at is not None]
        choice = [swept.choice.cell] if swept is not None and swept.choice is not None else []
        looked_at = [] if selected is None else [selected]
        details = heat_map.details(sweep, shown.heard, dict.fromkeys([*best, *choice, *looked_at]))
    seconds = 0.0 if swept is None else swept.seconds
    replay = {"date": replayed_on(run), "replays": replays_of(run.id), "seconds": seconds}
    _mount(sweep, {"run": f"{run.id}-{run.attempt}", "live": run.live, **replay, **shown.picture}, details)
    recipe = None if selected is None else partial(cell_recipe.show, sweep, selected)
    if swept is not None:
        sweep_summary.show(swept, selected, recipe, stored=TAG not in run.tags)
        return
    page.say(snapshot.sentence)
    if recipe is not None:
        recipe()


def _swept(run: Run) -> SweepResult | None:
    return run.result if isinstance(run.result, SweepResult) else None


PANEL = LivePanel(Sweep, _read, _draw)


def _mount(sweep: Sweep, data: dict[str, Any], details: dict[str, Any]) -> None:
    def check(sent: object) -> str:
        """A cell of this sweep, or none."""
        cell = heat_map.cell_of(sweep, sent) if isinstance(sent, str) else None
        return "" if cell is None else heat_map.key_of(cell)

    select = keep_committed(KEY, "cell", check, partial(link.write, CELL))
    chosen = check(st.query_params.get(CELL)) or None
    _map(key=KEY, data={**data, "details": details, "cell": chosen}, on_cell_change=select)


def _position(sweep: Sweep, heard: SweepSoFar, events: Sequence[Event]) -> Position | None:
    last = next((event for event in reversed(events) if isinstance(event, Moment | StackProgress | Progress)), None)
    times = sweep_time.times(sweep, events, heard)
    if last is None or times is None:
        return None
    if isinstance(last, Progress):
        progress = [event for event in events if isinstance(event, Progress)]
        seed = sweep.seeds_of_test[sweep_time.run_of_choice(sweep, progress) - 1]
        what = "the choice trains anew" if sweep.has_fresh_test else "the choice trains once more"
        who = "its teacher, " if last.role == "teacher" else ""
        text = f"For the test, {what} · seed {seed} · {who}epoch {last.epoch} of {last.epochs}"
    else:
        text = _who_learns(sweep_time.Plan.of(sweep).stacks, heard, last)
    return replace(times, text=text)


def _who_learns(stacks: int, heard: SweepSoFar, last: Moment | StackProgress) -> str:
    if isinstance(last, Moment):
        right = "".join(f" · {percent(accuracy, 1)} right" for accuracy in last.validation_accuracy)
        return f"The teacher of {last.stage}: epoch {last.epoch} of {last.epochs}{right}"
    stack, growing, done = last.stack, len(heard.growing), len(heard.finished)
    epoch = f"epoch {last.epoch} of {stack.epochs}"
    if growing > 1:
        students = sum(len(grown.stack.cells) for grown in heard.growing)
        return f"{growing} stacks at once, {done} of {stacks} done · {students} students · {epoch}"
    number = min(stacks, done + growing)
    fold = "" if stack.fold is None else f", fold {stack.fold + 1}"
    size = counted(len(stack.cells), "student")
    return f"Stack {number} of {stacks} · seed {stack.seed}{fold} · {size} · {epoch}"


def _sentence(sweep: Sweep, data: dict[str, Any]) -> str:
    """The best cell so far against labels only; no verdict, that is for the end."""
    cells = data["cells"]
    accuracies, gains = cells["validation_accuracy"], cells["gains"]["validation_accuracy"]
    known = [at for at in data["best"] if at is not None]
    if not known:
        return say("nothing-measured")
    at = max(known, key=lambda at: (cells["done"][at] > 0, cells["epochs"][at], accuracies[at]))
    cell = sweep.trained_cells[at]
    same = accuracies.count(accuracies[at]) > 1
    if cell.alpha == 0:
        compared = any(gain is not None for gain in gains)
        key = "so-far-labels-only" if compared else "so-far-labels-alone"
    else:
        key = "so-far-cell" if gains[at] is None else "so-far-against"
    best = say(
        key,
        which="one of the best cells is" if same else "the best cell is",
        cell=sweep_words.name(cell, sweep),
        right=percent(accuracies[at], 1),
        plain=percent(accuracies[at] - (gains[at] or 0.0), 1),
    )
    return say("so-far", when="" if cells["done"][at] else say("so-far-middle"), best=best)
