"""A lesson's study while it runs: the arms so far, the networks that learn just now, and what is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from kdviz.charts import study as charts
from kdviz.recipes.study import Study
from kdviz.records.kinds import Event
from kdviz.records.study import FinishedArm, StudyProgress
from kdviz.reports.study import mean_of
from kdviz.store.run import Run
from kdviz.widgets import page
from kdviz.widgets.live_panel import LivePanel, Snapshot, last_event
from kdviz.widgets.run_status import Position
from kdviz.widgets.study import words as study_words


@dataclass(frozen=True)
class ArmsSoFar:
    """What the two pictures of a live study are drawn from."""

    finished: pd.DataFrame  # arms so far: title, role, seed, value
    learning: pd.DataFrame  # validation accuracy of what is trained just now: report, seed, accuracy
    caption: str  # of the second picture


def _read(study: Study, _run: Run, events: Sequence[Event]) -> Snapshot[ArmsSoFar]:
    finished = finished_arms(study, events)
    last = last_event(events, StudyProgress)
    position, caption = None, "Nothing is being trained yet"
    if last is not None:
        arms = study.chosen
        title = next((arm.title for arm in arms if arm.name == last.arm), last.arm)
        number = min(len(finished) + 1, len(arms))
        text = f"Arm {number} of {len(arms)}: {title} · {last.doing}, epoch {last.epoch} of {last.epochs}"
        position = Position(text, last.seconds, last.seconds_left)
        caption = f"Just now: {title}, {last.doing}: right on validation images"
    so_far = ArmsSoFar(_values(study, finished), _learning(events, last), caption)
    return Snapshot(position, _sentence(study, finished), so_far)


def _draw(study: Study, _run: Run, snapshot: Snapshot[ArmsSoFar]) -> None:
    measure, colours, so_far = study.facts.measures[0], page.colours(), snapshot.data
    left, right = st.columns([5, 4], gap="large")
    with left:
        st.caption(f"Finished so far: {measure.title}; a dot for each seed, a bar for their mean")
        spec = charts.live_spec(study, measure, colours)
        st.vega_lite_chart(so_far.finished, spec, key=f"arms_{study.study}", alt="The arms that are finished")
    with right:
        st.caption(so_far.caption)
        spec = charts.learning_spec(colours)
        st.vega_lite_chart(so_far.learning, spec, key=f"learning_{study.study}", alt="What is being trained")
    page.say(snapshot.sentence)


PANEL = LivePanel(Study, _read, _draw)


def finished_arms(study: Study, events: Sequence[Event]) -> list[FinishedArm]:
    """The arms that are done, in the study's order."""
    finished = {event.arm: event for event in events if isinstance(event, FinishedArm)}
    return [finished[arm.name] for arm in study.chosen if arm.name in finished]


def _values(study: Study, finished: Sequence[FinishedArm]) -> pd.DataFrame:
    """A row for each seed of an arm; one without a value for an arm that is yet to come."""
    measure = study.facts.measures[0].name
    of_arm = {arm.arm: arm.rows for arm in finished}
    rows: list[tuple[Any, ...]] = []
    for arm in study.chosen:
        own = [row for row in of_arm.get(arm.name, ()) if measure in row.figures]
        rows += [(arm.title, arm.role, row.seed, row.figures[measure]) for row in own]
        rows += [] if own else [(arm.title, arm.role, None, None)]
    return pd.DataFrame(rows, columns=["title", "role", "seed", "value"])


def _learning(events: Sequence[Event], last: StudyProgress | None) -> pd.DataFrame:
    """Over the updates of the training that goes on; a line for each network of it."""
    now = None if last is None else (last.arm, last.doing)
    training = [event for event in events if isinstance(event, StudyProgress) and (event.arm, event.doing) == now]
    rows = [
        (report, seed, accuracy)
        for report, event in enumerate(training, 1)
        for seed, accuracy in enumerate(event.validation_accuracy)
    ]
    return pd.DataFrame(rows, columns=["report", "seed", "accuracy"])


def _sentence(study: Study, finished: Sequence[FinishedArm]) -> str:
    """What is known so far; no verdict, that is for the end."""
    if not finished:
        return "No arm is finished yet."
    measure, last = study.facts.measures[0], finished[-1]
    title = next(arm.title for arm in study.chosen if arm.name == last.arm)
    mean = mean_of(last, measure)
    newest = "" if mean is None else f" {title}: {study_words.value(measure, mean.mean)}, {measure.title}."
    return f"{len(finished)} of {len(study.chosen)} arms are finished.{newest} Intervals and verdicts come at the end."
