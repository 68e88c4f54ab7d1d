"""The list of runs: filters that stand in the URL, a table in which rows are ticked, and the live runs above it.

Which runs are ticked stands in the URL as `run=ID,ID`; the table follows it, so that neither a new run above them nor
a link from elsewhere ticks another row.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from kdviz.exports.cells import INVISIBLE, as_text
from kdviz.jobs.queue import Jobs
from kdviz.records.kinds import Ending
from kdviz.records.study import StudyResult
from kdviz.reports import phrases
from kdviz.reports.text import ranges
from kdviz.store.run import Run, Status
from kdviz.store.runs import RunStore
from kdviz.widgets import link, run_status, turns, visitor
from kdviz.widgets.kinds import HOMES
from kdviz.widgets.lesson import sentence
from kdviz.widgets.runs import words as run_words
from kdviz.widgets.runs.words import card_of, main_figures, span
from kdviz.widgets.study import words as study_words

MOST = 500  # runs that are looked at, the newest
MOST_TICKED = 50  # in a link
LOOK = 1.0  # seconds between two looks at live runs
STATES = ("finished", "running", "queued", "paused", "failed", "cancelled", "interrupted", "imported")
_TABLE, _SHOWN = "runs_table", "runs_in_table"

Order = Callable[[Run], Any]


def _accuracy(run: Run) -> float:
    figures = main_figures(run.result)
    return -figures.accuracy if figures else 1.0


ORDERS: Mapping[str, Order] = {
    "newest first": lambda run: -run.created.timestamp(),
    "oldest first": lambda run: run.created.timestamp(),
    "most accurate first": _accuracy,
    "longest first": lambda run: -(run_words.seconds(run) or 0.0),
}


def everything(store: RunStore, jobs: Jobs) -> list[Run]:
    """The newest runs as they are at this moment, with their tags and notes."""
    return [_as_now(run, jobs) for run in store.recent(MOST)]


def _as_now(run: Run, jobs: Jobs) -> Run:
    """A live run is ahead of what the store has of it."""
    now = jobs.get(run.id) if run.live else None
    return run if now is None else now.model_copy(update={"tags": run.tags, "note": run.note})


def ticked() -> list[str]:
    """The ids that the link names, each once. Any text may stand there."""
    named = st.query_params.get("run", "").split(",")
    return list(dict.fromkeys(part.strip() for part in named if part.strip()))[:MOST_TICKED]


def tick(run_ids: Sequence[str]) -> None:
    """Let the link name these runs."""
    link.write("run", ",".join(run_ids))


def filters(runs: Sequence[Run]) -> list[Run]:
    """The controls above the table, and the runs that pass them, in the order that was asked for."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        words = st.text_input(
            "Search",
            key="find",  # a sweep has an option that is called search, and a visitor's choices are kept by name
            bind="query-params",
            width=160,
            placeholder="id, note, setting",
            help="All of these words have to occur in a run’s id, tags, note or recipe.",
        )
        options: dict[str, tuple[str, list[str]]] = {
            "kind": ("Kind", [recipe.kind for recipe in HOMES]),
            "status": ("Status", list(STATES)),
            "set": ("Data", sorted({run.recipe.data for run in runs})),
            "tag": ("Tag", sorted({tag for run in runs for tag in run.tags}, key=str.casefold)),
        }
        look: dict[str, Any] = {"bind": "query-params", "width": 125, "placeholder": "all"}
        wanted = {
            key: set(st.multiselect(label, known, key=key, disabled=not known, **look))
            for key, (label, known) in options.items()
        }
        order = st.selectbox("Sort", list(ORDERS), key="sort", bind="query-params", width=165)

    def passes(run: Run) -> bool:
        own: dict[str, set[Any]] = {"kind": {run.recipe.kind}, "status": {run.state}, "set": {run.recipe.data}}
        own["tag"] = set(run.tags)
        return matches(run, words) and all(not chosen or chosen & own[key] for key, chosen in wanted.items())

    return sorted(filter(passes, runs), key=ORDERS[order])


def matches(run: Run, words: str) -> bool:
    """Whether all words occur in what is known of a run, in small or capital letters."""
    settings = (f"{name} {run_words.label(name)} {value}" for name, value in run_words.settings(run.recipe).items())
    text = " ".join((run.id, *run.tags, run.note, *settings)).casefold()
    return all(word in text for word in words.casefold().split())


def frame(runs: Sequence[Run]) -> pd.DataFrame:
    """A row for each run."""
    return pd.DataFrame([_row(run) for run in runs])


def _row(run: Run) -> dict[str, Any]:
    recipe, figures = run.recipe, main_figures(run.result)
    values = recipe.model_dump()
    students = recipe.architectures
    of_students = students[0] if len(students) == 1 else f"{len(students)} students"
    return {
        "run": run.id,
        "kind": recipe.kind,
        "status": run.state,
        "data": recipe.data,
        "temperature": span(_values(values, "temperatures", "temperature")),
        "alpha": span(_values(values, "alphas", "alpha")),
        "accuracy": None if figures is None else 100 * figures.accuracy,
        "plain": None if figures is None else 100 * figures.plain,
        "who": figures.who if figures else "" if students else _verdicts(values["study"], run.result),
        "created": run.created,
        # The table has a button that saves it as CSV, which Streamlit writes as it is shown.
        "tags": [as_text(tag, INVISIBLE) for tag in run.tags],
        "note": as_text(run.note, INVISIBLE),
        "seconds": run_words.seconds(run),
        "seeds": ranges(_values(values, "seeds", "seed")),
        "student": of_students if students else values["study"],
    }


def _values(values: Mapping[str, Any], several: str, one: str) -> Sequence[Any]:
    """The values of a list, else the one of another run; none where the recipe has neither, as a lesson's study."""
    return values.get(several) or ((values[one],) if one in values else ())


def _verdicts(study: str, result: Ending | None) -> str:
    """Of a lesson's study, which it is and how its verdicts fall."""
    tally = study_words.tally(result) if isinstance(result, StudyResult) else ""
    return f"{study}: {tally}" if tally else study


def table(runs: Sequence[Run]) -> None:
    """The table, with the runs ticked that the link names."""
    ids = [run.id for run in runs]
    st.session_state[_SHOWN] = ids
    named = set(ticked())
    rows = [number for number, run_id in enumerate(ids) if run_id in named]
    now = st.session_state.get(_TABLE)
    if now is None or sorted(now["selection"]["rows"]) != rows:
        st.session_state[_TABLE] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    st.dataframe(
        frame(runs),
        key=_TABLE,
        on_select=_ticked,
        selection_mode="multi-row",
        hide_index=True,
        placeholder="",
        alt="Runs, one a row",
        column_config=columns(),
    )


def columns() -> dict[str, Any]:
    """How the columns of a `frame` are shown."""
    column = st.column_config
    texts = {"kind": ("Kind", 85), "status": ("Status", 75), "data": ("Data", 65), "temperature": ("T", 75)}
    texts |= {"alpha": ("α", 70), "seeds": ("Seeds", 55), "note": ("Note", 220)}
    return {
        **{name: column.TextColumn(label, width=width) for name, (label, width) in texts.items()},
        "run": column.TextColumn("Run", width=105, pinned=False),
        "student": column.TextColumn("Student", width=110, help="Of a lesson’s study, its name."),
        "accuracy": column.NumberColumn(
            "Right", width=75, format="%.2f %%", help="On the test images, in the mean over the seeds: see Who."
        ),
        "who": column.TextColumn("Who", width=110, help=sentence("runs", "who")),
        "plain": column.NumberColumn(
            "No teacher", width=80, format="%.2f %%", help="The same student without a teacher, on the same images."
        ),
        "created": column.DatetimeColumn(
            "When", width=115, format="D MMM, HH:mm", timezone=st.context.timezone or "UTC"
        ),
        "seconds": column.NumberColumn("Took", width=70, format="%.1f s"),
        "tags": column.ListColumn("Tags", width=200),
    }


def _ticked() -> None:
    ids: list[str] = st.session_state[_SHOWN]
    tick([ids[row] for row in sorted(st.session_state[_TABLE]["selection"]["rows"]) if row < len(ids)])


def live(runs: Sequence[Run], jobs: Jobs, store: RunStore, put_link: Callable[[Run], None]) -> None:
    """A line for each live run, which moves; the page runs once more when one of them ends or another begins.

    `put_link` puts the way to a run's own page.
    """
    alive = [run for run in runs if run.live]
    if alive:
        newest = {run.id: run.status for run in runs}
        st.fragment(_live, run_every=LOOK)(alive, newest, jobs, store, put_link)
    who = visitor.who()
    if who.presenter and (jobs.held or any(run.status == "queued" for run in alive)):
        with st.container(horizontal=True, vertical_alignment="center", key="queue"):
            label, icon = ("Let the queue go on", "play_arrow") if jobs.held else ("Hold the queue", "front_hand")
            st.button(label, icon=f":material/{icon}:", on_click=jobs.hold, args=(not jobs.held, who))
            st.caption(sentence("runs", "hold"), width="content")


@turns.of_pages.turn()
def _live(
    alive: Sequence[Run], known: Mapping[str, Status], jobs: Jobs, store: RunStore, put_link: Callable[[Run], None]
) -> None:
    now = [jobs.get(run.id) for run in alive]
    newest = store.recent(1)
    changed = any(run is None or known.get(run.id) != run.status for run in now)
    if changed or (newest and newest[0].id not in known):
        st.rerun()
    for run in filter(None, now):
        text, place = st.columns([8, 2], vertical_alignment="center")
        with text:
            share, words = progress(run, jobs)
            st.progress(share, text=words)
        with place:
            put_link(run)


def progress(run: Run, jobs: Jobs) -> tuple[float, str]:
    """How far a live run is, from 0 to 1, and in words."""
    name = f"{run.recipe.kind.capitalize()} {run.id} on {run.recipe.data}"
    if run.status == "queued":
        return 0.0, f"{name} · {run_status.waiting(jobs, run)}"
    position = card_of(run.recipe).panel.snapshot(jobs, run).position
    if position is None:
        return 0.0, f"{name} · {run.status}"
    parts = name, phrases.percent(position.share), run_status.time_left(run, position)
    return position.share, " · ".join(filter(None, parts))
