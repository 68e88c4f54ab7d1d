"""Carry a recipe out in this process: reserve it in the store, train, store what is reported, end in order."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import NoReturn

import click

from kdviz import settings
from kdviz.cli.console import FAILURE, INTERRUPTED, end
from kdviz.cli.progress import TrainingBar
from kdviz.errors import PlainError
from kdviz.jobs import cluster, worker
from kdviz.records import kinds
from kdviz.records.base import TrainedStudent
from kdviz.records.kinds import AnyRecipe, Ending, Event, Part
from kdviz.reports.kinds import report_of, stopped
from kdviz.store.runs import RunStore, StoreError
from kdviz.store.teacher_files import TeacherFile

HEARTBEAT = 2.0  # seconds between two signs of life in the store
PATIENCE = 60.0  # seconds for which a store may be locked, or its disk full
PAUSE = 1.0  # seconds between two tries meanwhile


def carry_out(recipe: AnyRecipe, again: bool) -> Ending:
    """The run's result: the one in the store, or a new one."""
    store = open_store()
    with ends_on_ctrl_c(recipe, store):
        result = stored_result(recipe, store, again)
        if result is None:
            reserve(recipe, store, again)
            result = train_here(recipe, store, TrainingBar())
        return result


def open_store() -> RunStore:
    """The run store, or a temporary one where nothing can be kept: the training goes on, and that is said."""
    if kept_for_now := settings.make_state_dir():
        click.echo(kept_for_now, err=True)
    return RunStore(settings.database_url())


@contextmanager
def ends_on_ctrl_c(recipe: AnyRecipe, store: RunStore) -> Iterator[None]:
    """Ctrl-C, before the training or in it, ends the command and says what is kept."""
    try:
        yield
    except KeyboardInterrupt:
        finished: list[Part] = []
        with suppress(StoreError):  # locked: the run reads as interrupted before long
            finished = store.finished(recipe.id)
            store.cancel(recipe.id)
        end(stopped(recipe, finished), INTERRUPTED)


def stored_result(recipe: AnyRecipe, store: RunStore, again: bool) -> Ending | None:
    """The result in the store, unless `again` asks for a new one; ends the command where another process trains it."""
    run = store.get(recipe.id)
    if run and run.result and not again and not run.imported:
        click.echo(f"Found run {run.id}, finished before; --again trains it once more.", err=True)
        return run.result
    if run and run.live:
        _end_elsewhere(recipe)
    return None


def reserve(recipe: AnyRecipe, store: RunStore, again: bool) -> None:
    """Make the run this process's own; its finished parts are named, or deleted with `again`."""
    run = store.restart(recipe) if again else store.request(recipe)
    if run.owner != store.owner:
        _end_elsewhere(recipe)
    if finished := store.finished(recipe.id):
        click.echo(
            f"Goes on where it was stopped; finished before: {report_of(recipe).finished_parts(finished)}.", err=True
        )


def _end_elsewhere(recipe: AnyRecipe) -> NoReturn:
    end(f"Run {recipe.id} is under way in another process; look at it there, or wait.", FAILURE)


def train_here(recipe: AnyRecipe, store: RunStore, bar: TrainingBar) -> Ending:
    """Train in this process what is not finished yet."""
    import torch

    torch.set_num_threads(cluster.torch_threads())  # as a worker of the app has: the same result to the last bit
    finished = store.finished(recipe.id)
    store.begin(recipe.id)
    writer = EventWriter(store, recipe, finished)
    try:
        with bar:
            for event in worker.carry_out(recipe, finished):
                if isinstance(event, Ending):
                    writer.insist(partial(store.finish, recipe.id, event))
                    return event
                if isinstance(event, TrainedStudent):
                    writer.insist(partial(store.keep_student, recipe.id, event))
                elif event is not None and not isinstance(event, TeacherFile):
                    writer.add(event)
                    bar.show(event)
                writer.heartbeat()
    except KeyboardInterrupt:
        with suppress(StoreError):
            writer.flush()
        raise
    except StoreError as error:
        with suppress(StoreError):
            store.release([recipe.id])
        end(f"{error} {writer.stored_and_missing()}", FAILURE)
    except PlainError as error:
        with suppress(StoreError):  # the reason counts
            store.fail(recipe.id, str(error))
        raise
    raise AssertionError("every run ends with a result")


class EventWriter:
    """Writes a training's events to a store that may be locked for a while, or full until room is made.

    Progress waits in memory and the training goes on; a finished part, a student and the result are written before
    it goes on. Where the store takes nothing for `PATIENCE` seconds, StoreError.
    """

    def __init__(self, store: RunStore, recipe: AnyRecipe, finished: Sequence[Part]) -> None:
        self._store, self._recipe = store, recipe
        self._stored = list(finished)
        self._waiting: list[Event] = []
        self._written = 0  # events
        self._last_beat = self._last_try = time.monotonic()
        self._refused_since: float | None = None

    def add(self, event: Event) -> None:
        """Write an event as soon as the store takes it, a finished part now."""
        self._waiting.append(event)
        if isinstance(event, Part):
            self.insist(self.flush)
        elif self._refused_since is None or time.monotonic() - self._last_try > PAUSE:
            self._try(self.flush)

    def heartbeat(self) -> None:
        """Show now and then that this process lives."""
        if self._refused_since is None and time.monotonic() - self._last_beat > HEARTBEAT:
            self._last_beat = time.monotonic()
            self._try(partial(self._store.heartbeat, [self._recipe.id]))
            self._try(self._heed)

    def _heed(self) -> None:
        """End as with Ctrl-C where a page has asked for that."""
        if self._store.wishes([self._recipe.id], ("cancel",)):
            raise KeyboardInterrupt

    def insist(self, write: Callable[[], object]) -> None:
        """Write now, however often it has to be tried. Raises StoreError after `PATIENCE` seconds."""
        while not self._try(write):
            time.sleep(PAUSE)

    def flush(self) -> None:
        """Store what waits. Raises StoreError."""
        self._store.append(self._recipe.id, self._waiting, self._written + 1)
        self._written += len(self._waiting)
        self._stored += [event for event in self._waiting if isinstance(event, Part)]
        self._waiting = []

    def stored_and_missing(self) -> str:
        """Which parts of the run are stored, and which are not."""
        stored = kinds.newest(self._stored)
        known = {part.key for part in stored}
        lost = [event for event in self._waiting if isinstance(event, Part) and event.key not in known]
        finished_parts = report_of(self._recipe).finished_parts
        missing = finished_parts(lost) or "what came after that"
        verb = "is" if missing in ("one student", "what came after that") else "are"
        kept = finished_parts(stored) or "no finished parts"
        return f"Stored are {kept}; {missing} {verb} missing: the same command goes on."

    def _try(self, write: Callable[[], object]) -> bool:
        """Whether it was written. Raises StoreError after `PATIENCE` seconds of refusals."""
        try:
            write()
        except StoreError as error:
            now = self._last_try = time.monotonic()
            if self._refused_since is None:
                self._refused_since = now
                click.echo(f"\n{error} Waiting for it, up to {PATIENCE:.0f} s.", err=True)
            elif now - self._refused_since > PATIENCE:
                raise
            return False
        self._refused_since = None
        return True
