"""A sweep while it trains: the heat map that colours in, the cell that is looked at, and where the sweep is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import streamlit as st

from kdviz.charts import sweep_map as heat_map
from kdviz.jobs.queue import Jobs, Version
from kdviz.recipes.sweep import Sweep
from kdviz.records.comparison import Moment
from kdviz.records.kinds import Event
from kdviz.records.single import Progress
from kdviz.records.sweep import StackProgress, SweepResult
from kdviz.records.sweep_so_far import Heard, hear
from kdviz.reports.phrases import percent
from kdviz.store.run import Run
from kdviz.widgets import page, run_status
from kdviz.widgets.components import component
from kdviz.widgets.sweep import cell as cell_recipe
from kdviz.widgets.sweep import summary as sweep_summary
from kdviz.widgets.sweep import time_left as sweep_time
from kdviz.widgets.sweep import words as sweep_words

KEY = "explorer_map"  # of the component
CELL = "cell"  # in the link: the cell that is selected

_map = component(
    "explorer",
    html="explorer.html",
    css=("base.css", "explorer.css"),
    js=(
        *("shared.js", "svg.js", "matrix.js"),
        *("explorer_scale.js", "explorer_places.js", "explorer_map.js", "explorer_cell.js", "explorer.js"),
    ),
)


@dataclass(frozen=True)
class Frame:
    """All that a page shows of a sweep at one moment, whichever cell is selected."""

    data: dict[str, Any]  # for the component
    details: dict[str, Any] | None  # of all cells; None where there are too many to send them all
    heard: Heard
    position: run_status.Position | None
    sentence: str


def show(jobs: Jobs, run_id: str) -> str | None:
    """The map of a sweep, which looks after itself while it lives; the key of the cell that the link selects."""
    run_status.follow(jobs, run_id, _panel)
    return st.query_params.get(CELL)


def preview(sweep: Sweep) -> None:
    """The map before anything was started: which cells will be trained."""
    heard = hear([])
    _mount(sweep, {"run": "", "live": False, **heat_map.picture(sweep, heard)}, heat_map.details(sweep, heard, []))


def _panel(jobs: Jobs, run: Run) -> None:
    if not isinstance(run.recipe, Sweep):
        return  # the page has said that it is of another kind
    sweep, swept = run.recipe, run.result if isinstance(run.result, SweepResult) else None
    frame = _frame(jobs, run.id, run.started, jobs.version(run.id), sweep, swept)
    run_status.status(jobs, run, frame.position)
    selected = heat_map.cell_of(sweep, st.query_params.get(CELL))
    details = frame.details
    if details is None:
        shown = [sweep.trained_cells[at] for at in frame.data["best"] if at is not None]
        choice = [swept.choice.cell] if swept is not None and swept.choice is not None else []
        chosen = [] if selected is None else [selected]
        details = heat_map.details(sweep, frame.heard, dict.fromkeys([*shown, *choice, *chosen]))
    _mount(sweep, {"run": f"{run.id}-{run.attempt}", "live": run.live, **frame.data}, details)
    recipe = None if selected is None else partial(cell_recipe.show, sweep, selected)
    if swept is not None:
        sweep_summary.show(swept, None if selected is None else heat_map.key_of(selected), recipe)
        return
    page.say(frame.sentence)
    if recipe is not None:
        recipe()


def _mount(sweep: Sweep, data: dict[str, Any], details: dict[str, Any]) -> None:
    selected = heat_map.cell_of(sweep, st.query_params.get(CELL))
    key = None if selected is None else heat_map.key_of(selected)

    def select() -> None:
        """What a browser sends is not to be trusted: a cell of this sweep, or none."""
        sent = st.session_state[KEY].get("cell")
        cell = heat_map.cell_of(sweep, sent) if isinstance(sent, str) else None
        if cell is not None:
            st.query_params[CELL] = heat_map.key_of(cell)
        elif CELL in st.query_params:
            del st.query_params[CELL]

    _map(key=KEY, data={**data, "details": details, "cell": key}, on_cell_change=select)


@st.cache_resource(max_entries=16, show_spinner=False)  # one for all visitors, until there is something new to show
def _frame(
    _jobs: Jobs,
    run_id: str,
    started: datetime | None,
    version: Version | None,
    _sweep: Sweep,
    _swept: SweepResult | None,
) -> Frame:
    events = _jobs.events(run_id)
    heard = hear(events, _swept.trials if _swept is not None else ())
    cells = _sweep.trained_cells
    data = heat_map.picture(_sweep, heard, _swept)
    few = len(cells) <= (heat_map.ALL_DETAILS if _swept is None else heat_map.ALL_DETAILS_OF_THE_END)
    return Frame(
        data,
        heat_map.details(_sweep, heard, cells) if few else None,
        heard,
        _position(_sweep, heard, events),
        _sentence(_sweep, data),
    )


def _position(sweep: Sweep, heard: Heard, events: Sequence[Event]) -> run_status.Position | None:
    last = next((event for event in reversed(events) if isinstance(event, Moment | StackProgress | Progress)), None)
    times = sweep_time.times(sweep, events, heard)
    if last is None or times is None:
        return None
    if isinstance(last, Progress):
        text = _choice_trains(sweep, [event for event in events if isinstance(event, Progress)])
    else:
        text = _who_learns(sweep_time.Plan.of(sweep).stacks, heard, last)
    return run_status.Position(text, times.behind, times.left)


def _choice_trains(sweep: Sweep, progress: Sequence[Progress]) -> str:
    last, seed = progress[-1], sweep.seeds[sweep_time.run_of_choice(sweep, progress) - 1]
    return f"The choice trains once more, for the test images · seed {seed} · epoch {last.epoch} of {last.epochs}"


def _who_learns(stacks: int, heard: Heard, last: Moment | StackProgress) -> str:
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
    size = "1 student" if len(stack.cells) == 1 else f"{len(stack.cells)} students"
    return f"Stack {number} of {stacks} · seed {stack.seed}{fold} · {size} · {epoch}"


def _sentence(sweep: Sweep, data: dict[str, Any]) -> str:
    """The best cell so far against labels only; no verdict, that is for the end."""
    cells = data["cells"]
    accuracies, gains = cells["validation_accuracy"], cells["gains"]["validation_accuracy"]
    known = [at for at in data["best"] if at is not None]
    if not known:
        return "Nothing of a student has been measured yet."
    at = max(known, key=lambda at: (cells["done"][at] > 0, cells["epochs"][at], accuracies[at]))
    cell, level = sweep.trained_cells[at], percent(accuracies[at], 1)
    same = accuracies.count(accuracies[at]) > 1
    which = "one of the best cells is" if same else "the best cell is"
    when = "" if cells["done"][at] else ", in the middle of the training"
    if cell.alpha == 0:
        compared = any(gain is not None for gain in gains)
        best = f"{which} labels only, with {level}" if compared else f"labels only has {level}"
    elif gains[at] is None:
        best = f"{which} {sweep_words.name(cell, sweep)} with {level}"
    else:
        plain = percent(accuracies[at] - gains[at], 1)
        best = (
            f"{which} {sweep_words.name(cell, sweep)} with {level}; labels only has {plain}, "
            "with the same seeds and as far trained"
        )
    return f"So far{when}, {best}. Whether that is more than luck, the end will say."
