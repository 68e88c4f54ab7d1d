"""A lesson's study while it runs: the arms so far, who is being trained, and what is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import Any

import pandas as pd
import streamlit as st

from kdviz.charts import study as charts
from kdviz.jobs.queue import Jobs, Version
from kdviz.recipes.study import Study
from kdviz.records.kinds import Event
from kdviz.records.study import FinishedArm, StudyProgress
from kdviz.store.run import Run
from kdviz.widgets import page, run_status
from kdviz.widgets.study import words as study_words


@dataclass(frozen=True)
class Frame:
    """All that a page shows of a live study at one moment."""

    position: run_status.Position | None
    done: pd.DataFrame  # arms so far: title, role, seed, value
    learning: pd.DataFrame  # validation accuracy of whoever is trained just now: part, seed, accuracy
    doing: str
    sentence: str


def panel(jobs: Jobs, run: Run) -> None:
    """A study that runs, for `run_status.follow`."""
    if not isinstance(run.recipe, Study):
        return
    frame = frame_of(jobs, run.id, run.started, jobs.version(run.id), run.recipe)
    run_status.status(jobs, run, frame.position)
    measure = run.recipe.facts.measures[0]
    colours = page.colours()
    left, right = st.columns([5, 4], gap="large")
    with left:
        st.caption(f"Finished so far: {measure.title}; a dot for each seed, a bar for their mean")
        spec = charts.live_spec(run.recipe, measure, colours)
        st.vega_lite_chart(frame.done, spec, key=f"arms_{run.recipe.study}", alt="The arms that are finished")
    with right:
        st.caption(frame.doing)
        spec = charts.learning_spec(colours)
        st.vega_lite_chart(frame.learning, spec, key=f"learning_{run.recipe.study}", alt="What is being trained")
    page.say(frame.sentence)


@st.cache_resource(max_entries=16, show_spinner=False)  # one for all visitors, until there is something new to show
def frame_of(_jobs: Jobs, run_id: str, started: datetime | None, version: Version | None, _study: Study) -> Frame:
    """What to show of the run at this version; underlined arguments are not part of the cache's key."""
    events = _jobs.events(run_id)
    done = finished_arms(_study, events)
    last = next((event for event in reversed(events) if isinstance(event, StudyProgress)), None)
    position, doing = None, "Nothing is being trained yet"
    if last is not None:
        titles = {arm.name: arm.title for arm in _study.chosen}
        at = min(len(done) + 1, len(_study.chosen))
        title = titles.get(last.arm, last.arm)
        text = f"Arm {at} of {len(_study.chosen)}: {title} · {last.doing}, epoch {last.epoch} of {last.epochs}"
        position = run_status.Position(text, last.seconds, last.seconds_left)
        doing = f"Just now: {title}, {last.doing}: right on validation images"
    return Frame(position, _done(_study, done), _learning(events, last), doing, _sentence(_study, done))


def finished_arms(study: Study, events: Sequence[Event]) -> list[FinishedArm]:
    """The arms that are done, in the study's order."""
    said = {event.arm: event for event in events if isinstance(event, FinishedArm)}
    return [said[arm.name] for arm in study.chosen if arm.name in said]


def _done(study: Study, done: Sequence[FinishedArm]) -> pd.DataFrame:
    """A row for each seed of an arm; one without a figure for an arm that is yet to come."""
    measure = study.facts.measures[0].name
    finished = {one.arm: one for one in done}
    rows: list[dict[str, Any]] = []
    for arm in study.chosen:
        said = {"title": arm.title, "role": arm.role}
        of_arm = finished[arm.name].rows if arm.name in finished else []
        known = [{**said, "seed": row.seed, "value": row.figures[measure]} for row in of_arm if measure in row.figures]
        rows += known or [{**said, "seed": None, "value": None}]
    return pd.DataFrame(rows, columns=["title", "role", "seed", "value"])


def _learning(events: Sequence[Event], last: StudyProgress | None) -> pd.DataFrame:
    """Over the updates of the training that goes on; a line for each network of it."""
    rows = []
    if last is not None:
        same = [e for e in events if isinstance(e, StudyProgress) and (e.arm, e.doing) == (last.arm, last.doing)]
        for number, event in enumerate(same, 1):
            rows += [
                {"report": number, "seed": seed, "accuracy": accuracy}
                for seed, accuracy in enumerate(event.validation_accuracy)
            ]
    return pd.DataFrame(rows, columns=["report", "seed", "accuracy"])


def _sentence(study: Study, done: Sequence[FinishedArm]) -> str:
    """What is known so far; no verdict, that is for the end."""
    measure = study.facts.measures[0]
    if not done:
        return "No arm is finished yet."
    titles = {arm.name: arm.title for arm in study.chosen}
    last = done[-1]
    values = [row.figures[measure.name] for row in last.rows if measure.name in row.figures]
    said = f" {titles[last.arm]}: {study_words.value(measure, fmean(values))}, {measure.title}." if values else ""
    return f"{len(done)} of {len(study.chosen)} arms are finished.{said} Intervals and verdicts come at the end."
