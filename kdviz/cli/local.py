"""Carry a recipe out in this process: claim it in the store, train, keep what it says, end in order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import NoReturn

import click

from kdviz import settings
from kdviz.cli.console import FAILURE, INTERRUPTED, end
from kdviz.cli.progress import Bar
from kdviz.errors import PlainError
from kdviz.jobs import cluster
from kdviz.jobs import worker as work
from kdviz.records import kinds
from kdviz.records.base import Learnt
from kdviz.records.comparison import Finished
from kdviz.records.kinds import AnyRecipe, Ending, Event, Part
from kdviz.records.study import FinishedArm
from kdviz.records.sweep import FinishedStack
from kdviz.store.runs import RunStore, StoreError
from kdviz.store.teacher_files import Taught

BEAT = 2.0  # seconds between two signs of life in the store
PATIENCE = 60.0  # seconds for which a store may be locked, or its disk full
PAUSE = 1.0  # seconds between two tries meanwhile


def carry_out(recipe: AnyRecipe, again: bool) -> Ending:
    """The run's result: the one in the store, or a new one."""
    store = RunStore(settings.database_url())
    with stoppable(recipe, store):
        known = look_up(recipe, store, again)
        if known is None:
            claim(recipe, store, again)
            known = train_here(recipe, store, Bar())
        return known


@contextmanager
def stoppable(recipe: AnyRecipe, store: RunStore) -> Iterator[None]:
    """Ctrl-C, before the training or in it, ends the command with what is kept."""
    try:
        yield
    except KeyboardInterrupt:
        finished: list[Part] = []
        with suppress(StoreError):  # locked: the run reads as interrupted before long
            finished = store.finished(recipe.id)
            store.cancel(recipe.id)
        end(stopped(finished), INTERRUPTED)


def look_up(recipe: AnyRecipe, store: RunStore, again: bool) -> Ending | None:
    """The result in the store, unless it shall be had once more; ends where another process is at it."""
    known = store.get(recipe.id)
    if known and known.result and not again:
        click.echo(f"Found run {known.id}, finished before; --again trains it once more.", err=True)
        return known.result
    if known and known.live:
        _end_elsewhere(recipe)
    return None


def claim(recipe: AnyRecipe, store: RunStore, again: bool) -> None:
    """Make the run this process's own; what parts of it are finished is said, or forgotten with `again`."""
    run = store.restart(recipe) if again else store.request(recipe)
    if run.owner != store.owner:
        _end_elsewhere(recipe)
    if finished := store.finished(recipe.id):
        click.echo(f"Goes on where it was stopped; finished before: {parts(finished)}.", err=True)


def _end_elsewhere(recipe: AnyRecipe) -> NoReturn:
    end(f"Run {recipe.id} is under way in another process; look at it there, or wait.", FAILURE)


def train_here(recipe: AnyRecipe, store: RunStore, bar: Bar) -> Ending:
    """Train in this process what is not finished yet."""
    import torch

    torch.set_num_threads(cluster.torch_threads())  # as a worker of the app has: the same result to the last bit
    finished = store.finished(recipe.id)
    store.begin(recipe.id)
    notes = Notes(store, recipe.id, finished)
    try:
        with bar:
            for event in work.study(recipe, finished):
                if isinstance(event, Ending):
                    notes.insist(partial(store.finish, recipe.id, event))
                    return event
                if isinstance(event, Learnt):
                    notes.insist(partial(store.keep_student, recipe.id, event))
                elif event is not None and not isinstance(event, Taught):
                    notes.add(event)
                    bar.hear(event)
                notes.beat()
    except KeyboardInterrupt:
        with suppress(StoreError):
            notes.write()
        raise
    except StoreError as error:
        with suppress(StoreError):
            store.release([recipe.id])
        end(f"{error} {notes.kept()}", FAILURE)
    except PlainError as error:
        with suppress(StoreError):  # the reason counts
            store.fail(recipe.id, str(error))
        raise
    raise AssertionError("every run ends with a result")


class Notes:
    """What a training says, on its way to a store that may be locked for a while, or full until somebody makes room.

    Progress waits in memory and the training goes on; a finished part, a student or the end is insisted on. Where the
    store takes nothing for `PATIENCE` seconds, StoreError.
    """

    def __init__(self, store: RunStore, run_id: str, finished: Sequence[Part]) -> None:
        self._store, self._run_id = store, run_id
        self._stored = list(finished)
        self._waiting: list[Event] = []
        self._written = 0
        self._beaten = self._tried = time.monotonic()
        self._refused: float | None = None  # since when

    def add(self, event: Event) -> None:
        """Something that was said."""
        self._waiting.append(event)
        if isinstance(event, Part):
            self.insist(self.write)
        elif self._refused is None or time.monotonic() - self._tried > PAUSE:
            self._try(self.write)

    def beat(self) -> None:
        """Show now and then that this process lives."""
        if self._refused is None and time.monotonic() - self._beaten > BEAT:
            self._beaten = time.monotonic()
            self._try(partial(self._store.heartbeat, [self._run_id]))

    def insist(self, write: Callable[[], object]) -> None:
        """Write now, however often it has to be tried."""
        while not self._try(write):
            time.sleep(PAUSE)

    def write(self) -> None:
        """Store what waits. Raises StoreError."""
        self._store.append(self._run_id, self._waiting, self._written + 1)
        self._written += len(self._waiting)
        self._stored += [event for event in self._waiting if isinstance(event, Part)]
        self._waiting = []

    def kept(self) -> str:
        """What of the run is stored, and what is not, where the store takes no more."""
        stored = kinds.newest(self._stored)
        known = {kinds.part(one) for one in stored}
        lost = [event for event in self._waiting if isinstance(event, Part) and kinds.part(event) not in known]
        missing = parts(lost) or "what came after that"
        verb = "is" if missing in ("one student", "what came after that") else "are"
        return f"Stored are {parts(stored) or 'no finished parts'}; {missing} {verb} missing: the same command goes on."

    def _try(self, write: Callable[[], object]) -> bool:
        """Whether it was written. Raises StoreError where the store's time is up."""
        try:
            write()
        except StoreError as error:
            now = self._tried = time.monotonic()
            if self._refused is None:
                self._refused = now
                click.echo(f"\n{error} Waiting for it, up to {PATIENCE:.0f} s.", err=True)
            elif now - self._refused > PATIENCE:
                raise
            return False
        self._refused = None
        return True


def stopped(finished: Sequence[Part]) -> str:
    """For somebody who pressed Ctrl-C."""
    if not finished:
        return "stopped; the run's progress is kept, its result is not."
    what = {FinishedStack: "students", FinishedArm: "arms"}.get(type(finished[0]), "methods")
    return f"stopped; finished {what} are kept ({parts(finished)}): the same command goes on with the rest."


def parts(finished: Sequence[Part]) -> str:
    """What is finished, in words: methods of a comparison, students of a sweep, arms of a lesson's study."""
    methods = [part.method for part in finished if isinstance(part, Finished)]
    methods += [part.arm for part in finished if isinstance(part, FinishedArm)]
    students = sum(len(part.trials) for part in finished if isinstance(part, FinishedStack))
    counted = "one student" if students == 1 else f"{students:,} students"
    return ", ".join([*methods, *([counted] if students else [])])
