"""The panel of a run on its page: read once for all visitors, drawn again and again while the run lives."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from time import monotonic, sleep
from typing import Generic, TypeVar

import streamlit as st

from kdviz.jobs.queue import Jobs, Version
from kdviz.records.kinds import AnyRecipe, Event
from kdviz.reports.phrases import day
from kdviz.store.recorded_runs import RecordedRun
from kdviz.store.run import Run
from kdviz.store.runs import StoreError
from kdviz.widgets import page, run_status, server, turns
from kdviz.widgets.literal import literal
from kdviz.widgets.run_status import Position

TICK = 0.4  # seconds between two looks at a live run
FIRST_TICK = 0.15  # the same where whoever pressed Start waits for the first curve, and no other run comes before
FIRST_WAIT, FIRST_STEP = 0.4, 0.05  # seconds that such a look waits for news, and between two looks for them
AWAITED = 2.0  # seconds between two looks at an interrupted one
_NAME = re.compile("[0-9A-Za-z-]{1,40}")  # what a run's id may look like

R = TypeVar("R", bound=AnyRecipe)
D = TypeVar("D")
E = TypeVar("E", bound=Event)


def panel_container() -> AbstractContextManager[object]:
    """The container of a panel that no fragment draws; Streamlit puts one around all that a fragment draws.

    With it the charts of a recorded, a live and a finished run have the same place in the page, so that the browser
    keeps them when a run begins and when it ends.
    """
    return st.container()


def first_event(events: Sequence[Event], kind: type[E]) -> E | None:
    """The oldest of a kind."""
    return next((event for event in events if isinstance(event, kind)), None)


def last_event(events: Sequence[Event], kind: type[E]) -> E | None:
    """The newest of a kind."""
    return first_event(events[::-1], kind)


def replayed_on(run: Run) -> str:
    """The day on which the run was trained, for the label of its replay; "" while it lives."""
    return "" if run.live or run.finished is None else day(run.finished)


@dataclass(frozen=True)
class Snapshot(Generic[D]):
    """All that a page shows of a run at one moment, the same for every visitor."""

    position: Position | None  # None before the first event that tells
    sentence: str
    data: D  # what the pictures are drawn from


@dataclass(frozen=True)
class LivePanel(Generic[R, D]):
    """How a page shows the runs of a kind: `read` makes the snapshot, `draw` puts it below the run's status."""

    kind: type[R]
    read: Callable[[R, Run, Sequence[Event]], Snapshot[D]]
    draw: Callable[[R, Run, Snapshot[D]], None]

    def follow(self, jobs: Jobs, run: Run | None, run_id: str) -> None:
        """The panel of a run, drawn again and again while the run lives; `run` is None where none has this id.

        It is the run as the page's Start button has seen it. Read once more here, it could be over meanwhile, and the
        button of a live run would stay beside a panel that looks no more.
        """
        if run is None:
            missing(run_id)
        elif run.live:
            first = _FirstLooks(jobs, run) if self._begins(jobs, run) else None
            st.fragment(self._look, run_every=FIRST_TICK if first else TICK)(jobs, run_id, first)
        else:  # part of the page: a fragment can leave a chart behind that a control has replaced
            with panel_container():
                self._show(jobs, run)
            # One that was interrupted may go on by itself, or at another server.
            if isinstance(run.recipe, self.kind) and run.status == "interrupted":
                st.fragment(_await_heir, run_every=AWAITED)(jobs, run_id)

    def _begins(self, jobs: Jobs, run: Run) -> bool:
        if not isinstance(run.recipe, self.kind) or jobs.held or jobs.ahead(run.id):
            return False
        return self.snapshot(jobs, run).position is None

    def _look(self, jobs: Jobs, run_id: str, first: _FirstLooks | None) -> None:
        try:
            if first:
                first.wait()
            with turns.of_pages.turn():
                self._draw_again(jobs, run_id, first)
        except StoreError as error:  # the run of another server, of which nothing can be heard for the moment
            page.tell(error)

    def _draw_again(self, jobs: Jobs, run_id: str, first: _FirstLooks | None) -> None:
        run = jobs.get(run_id)
        if run is None:
            return
        self._show(jobs, run)  # first, since a fragment that has drawn nothing is empty until the page is drawn
        if not run.live:
            st.rerun()  # the whole page once more: the panel stops to tick, and Start says what it does
        if first and not self._begins(jobs, run):
            st.rerun()  # from now on the panel looks less often

    def _show(self, jobs: Jobs, run: Run) -> None:
        recipe = run.recipe
        if not isinstance(recipe, self.kind):
            return  # the page has said that it is of another kind
        snapshot = self.snapshot(jobs, run)
        run_status.status(jobs, run, snapshot.position)
        self.draw(recipe, run, snapshot)

    def show_recorded(self, recorded: RecordedRun) -> None:
        """The same of a run that comes with the program."""
        run = recorded.run
        if isinstance(run.recipe, self.kind):
            self.draw(run.recipe, run, snapshot_of_recorded(self, recorded, self.read.__module__, run.id, run.finished))

    def snapshot(self, jobs: Jobs, run: Run) -> Snapshot[D]:
        """The run as it is now, read again only when it has something new to show."""
        kept: Snapshot[D] = snapshot(self, jobs, run, self.read.__module__, run.id, run.started, jobs.version(run.id))
        return kept


class _FirstLooks:
    """The looks at a run until its first report: each waits until the run has changed.

    Drawing the same panel again would take time from the browser, and from a worker on the same machine.
    """

    def __init__(self, jobs: Jobs, run: Run) -> None:
        self._jobs = jobs
        self._run_id = run.id
        self._seen: object = None  # before the first look

    def wait(self) -> None:
        """Return when the run has changed since the last look, after `FIRST_WAIT` seconds at the latest."""
        end = monotonic() + FIRST_WAIT
        while self._seen is not None and self._now() == self._seen and monotonic() < end:
            sleep(FIRST_STEP)
        self._seen = self._now()

    def _now(self) -> object:
        return self._jobs.version(self._run_id), self._jobs.awaits(self._run_id)


def _await_heir(jobs: Jobs, run_id: str) -> None:
    run = run_status.found(jobs, run_id)
    if run is not None and run.status != "interrupted":
        st.rerun()


@st.cache_resource(max_entries=64, show_spinner=False)  # underlined arguments are not part of the key
def snapshot(
    _panel: LivePanel[R, D],
    _jobs: Jobs,
    _run: Run,
    module: str,
    run_id: str,
    started: datetime | None,
    version: Version | None,
) -> Snapshot[D]:
    """What `LivePanel.read` makes of this version of a run, one for all visitors."""
    assert isinstance(_run.recipe, _panel.kind)
    return _panel.read(_run.recipe, _run, _jobs.events(run_id))


@st.cache_resource(max_entries=8, show_spinner=False)
def snapshot_of_recorded(
    _panel: LivePanel[R, D], _recorded: RecordedRun, module: str, run_id: str, finished: datetime | None
) -> Snapshot[D]:
    """What `LivePanel.read` makes of a recorded run, one for all visitors."""
    assert isinstance(_recorded.run.recipe, _panel.kind)
    return _panel.read(_recorded.run.recipe, _recorded.run, _recorded.events)


def missing(run_id: str) -> bool:
    """Say that no run has this id, and give True; where the store cannot be read, nobody knows.

    Any text may stand in a link.
    """
    if server.why_no_store():
        return False
    which = f"run {run_id}" if _NAME.fullmatch(run_id) else "such run"
    st.warning(literal(f"There is no {which} in this store. It may have been deleted, or belong to another server."))
    return True
