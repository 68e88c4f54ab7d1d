"""The command that sweeps: `python -m kdviz sweep`, in this process or on a cluster."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import closing
from statistics import fmean
from typing import Any

import click

from kdviz import cluster, settings
from kdviz.cli_training import Bar, asked, claim, look_up, options, parts, show, stoppable, stopped, train_here
from kdviz.console import FAILURE, INTERRUPTED, USAGE_ERROR, end
from kdviz.jobs import Jobs
from kdviz.kinds import Ending, Event, Part
from kdviz.records import Moment, Progress
from kdviz.runs import RunStore
from kdviz.sweep import LONG, Stack, Sweep
from kdviz.sweep_plan import expected
from kdviz.sweep_records import Estimate, FinishedStack, Grown, Swept

_LOOK = 0.2  # seconds between two looks at what a cluster has done
_ESTIMATE = "kdviz.studies.estimate:sweep"


@click.command()
@options(Sweep)
@click.option("--yes", is_flag=True, help="Begin even if it will take more than an hour.")
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    default=settings.scheduler,
    help="Dask scheduler whose workers train, as tcp://host:8786. [default: KDVIZ_SCHEDULER, else this process]",
)
def sweep(again: bool, as_json: bool, yes: bool, scheduler: str | None, **values: Any) -> None:
    """Train a student for each temperature, alpha and seed; choose a cell without the test images; test it once."""
    recipe = asked(Sweep, values)
    if scheduler is not None and not scheduler.strip():
        end("--scheduler is empty; it takes a Dask scheduler's address, as tcp://host:8786.", USAGE_ERROR)
    store = RunStore(settings.database_url())
    trouble = ""
    with stoppable(recipe, store):
        ending: Ending | None = look_up(recipe, store, again)
        if ending is None and scheduler is None:
            if not yes:
                _ask(recipe, store, again, _measured_here(recipe))
            claim(recipe, store, again)
            ending = train_here(recipe, store, SweepBar(recipe, store.finished(recipe.id)))
        elif ending is None:
            jobs = Jobs(store, scheduler)
            with closing(jobs):
                if not yes:
                    _ask(recipe, store, again, _measured_there(recipe, jobs))
                claim(recipe, store, again)
                ending = _follow(recipe, store, jobs)
            trouble = jobs.trouble
    show(ending, as_json)
    if trouble:
        end(trouble, FAILURE)


def _measured_here(recipe: Sweep) -> float:
    """Seconds that it will take."""
    import torch

    from kdviz.studies import estimate

    torch.set_num_threads(cluster.torch_threads())
    return estimate.estimate(recipe).seconds


def _measured_there(recipe: Sweep, jobs: Jobs) -> float:
    """The same on a cluster, whose workers share the students."""
    said = jobs.call(_ESTIMATE, recipe.model_dump_json(), key=f"estimate-{recipe.id}").result()
    return Estimate.model_validate_json(said).seconds / max(1, jobs.cluster.workers)


def _ask(recipe: Sweep, store: RunStore, again: bool, seconds: float) -> None:
    """A sweep that takes long is begun only by somebody who knows it."""
    if not again and store.finished(recipe.id):
        return  # it was begun before
    if seconds > LONG:
        end(f"this sweep would take about {seconds / 3600:.1f} hours; --yes begins it all the same.", USAGE_ERROR)


def _follow(recipe: Sweep, store: RunStore, jobs: Jobs) -> Swept:
    """Let the cluster train, and show how far it is."""
    heard = 0
    try:
        run = jobs.submit(recipe)
        with SweepBar(recipe, store.finished(recipe.id)) as bar:
            while run.live:
                time.sleep(_LOOK)
                run = jobs.get(run.id) or end(f"run {run.id} was deleted by another process.", FAILURE)
                for event in jobs.events(run.id, heard):
                    heard += 1
                    bar.hear(event)
    except KeyboardInterrupt:
        jobs.cancel(recipe.id)
        jobs.close()  # what is finished gets to the store
        end(f"{jobs.trouble} {stopped(store.finished(recipe.id))}".strip(), INTERRUPTED)
    if not isinstance(run.result, Swept):
        jobs.close()
        kept = parts(store.finished(recipe.id))
        more = f" Finished before are {kept}: the same command goes on." if kept else ""
        end(f"{jobs.trouble} {run.message}{more}".strip(), FAILURE)
    return run.result


class SweepBar(Bar):
    """The progress bar of a sweep: its students, whoever trains them."""

    def __init__(self, recipe: Sweep, finished: Iterable[Part]) -> None:
        super().__init__()
        self._begun = time.monotonic()
        stacks = expected(recipe)
        self._students, self._work = sum(len(stack.cells) for stack in stacks), sum(map(_work, stacks))
        self._shares = {part.stack: 1.0 for part in finished if isinstance(part, FinishedStack)}
        self._before = self._done()

    def hear(self, event: Event) -> None:
        """What a worker says."""
        if isinstance(event, Grown | FinishedStack):
            share = event.step / event.steps if isinstance(event, Grown) else 1.0
            self._shares[event.stack] = max(share, self._shares.get(event.stack, 0.0))
        if isinstance(event, Moment):
            now = (
                f"teacher of {event.stage}, epoch {event.epoch}/{event.epochs}, {fmean(event.validation_accuracy):.1%}"
            )
        elif isinstance(event, Progress):
            now = f"the choice once more, {event.role}, epoch {event.epoch}/{event.epochs}"
        elif isinstance(event, Grown):
            best = max((x for x in event.validation_accuracy if x == x), default=0.0)  # noqa: PLR0124, no number
            now = f"seed {event.stack.seed}, epoch {event.epoch}/{event.stack.epochs}, best {best:.1%}{self._left()}"
        else:
            return
        students = sum(len(stack.cells) for stack, share in self._shares.items() if share == 1)
        self.move(self._done(), f"{students:,} of {self._students:,} students, {now}")

    def _done(self) -> float:
        """The share of all students' epochs that are trained."""
        return sum(share * _work(stack) for stack, share in self._shares.items()) / self._work

    def _left(self) -> str:
        done = self._done()
        if done <= self._before:
            return ""
        seconds = (time.monotonic() - self._begun) * (1 - done) / (done - self._before)
        return f", {seconds:.0f} s left"


def _work(stack: Stack) -> int:
    return len(stack.cells) * stack.epochs
