"""The command that sweeps: `python -m kdviz sweep`, in this process or on a cluster."""

import time
from contextlib import closing
from typing import Any

import click

from kdviz import settings
from kdviz.cli.console import FAILURE, INTERRUPTED, USAGE_ERROR, end, options, recipe_of, show
from kdviz.cli.local import ends_on_ctrl_c, open_store, reserve, stored_result, train_here
from kdviz.cli.progress import SweepBar
from kdviz.jobs import cluster
from kdviz.jobs.queue import Jobs
from kdviz.recipes.sweep import LONG, Sweep
from kdviz.records.kinds import Ending
from kdviz.records.sweep import Estimate, SweepResult
from kdviz.reports.kinds import report_of, stopped
from kdviz.store.runs import RunStore

_POLL = 0.2  # seconds between two looks at what a cluster has done
_ESTIMATE = "kdviz.runners.estimate:sweep"


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
    """Train a student for each temperature, alpha and seed; choose a cell without the test images.

    Then test the choice once, by networks of other seeds.
    """
    recipe = recipe_of(Sweep, values)
    if scheduler is not None and not scheduler.strip():
        end("--scheduler is empty; it takes a Dask scheduler's address, as tcp://host:8786.", USAGE_ERROR)
    store = open_store()
    trouble = ""
    with ends_on_ctrl_c(recipe, store):
        ending: Ending | None = stored_result(recipe, store, again)
        if ending is None and scheduler is None:
            if not yes:
                _refuse_if_long(recipe, store, again, _seconds_here(recipe))
            reserve(recipe, store, again)
            ending = train_here(recipe, store, SweepBar(recipe, store.finished(recipe.id)))
        elif ending is None:
            jobs = Jobs(store, scheduler)
            with closing(jobs):
                if not yes:
                    _refuse_if_long(recipe, store, again, _seconds_there(recipe, jobs))
                reserve(recipe, store, again)
                ending = _follow(recipe, store, jobs)
            trouble = jobs.trouble
    show(ending, as_json)
    if trouble:
        end(trouble, FAILURE)


def _seconds_here(recipe: Sweep) -> float:
    """Seconds that the sweep will take in this process."""
    import torch

    from kdviz.runners import estimate

    torch.set_num_threads(cluster.torch_threads())
    return estimate.estimate(recipe).seconds


def _seconds_there(recipe: Sweep, jobs: Jobs) -> float:
    """Seconds that the sweep will take on a cluster, whose workers share the students."""
    estimate = jobs.call(_ESTIMATE, recipe.model_dump_json(), key=f"estimate-{recipe.id}").result()
    return Estimate.model_validate_json(estimate).seconds / max(1, jobs.cluster.workers)


def _refuse_if_long(recipe: Sweep, store: RunStore, again: bool, seconds: float) -> None:
    """End the command where a new sweep would take more than an hour; `--yes` begins it all the same."""
    if not again and store.finished(recipe.id):
        return  # it was begun before
    if seconds > LONG:
        end(f"this sweep would take about {seconds / 3600:.1f} hours; --yes begins it all the same.", USAGE_ERROR)


def _follow(recipe: Sweep, store: RunStore, jobs: Jobs) -> SweepResult:
    """Let the cluster train, and show how far it is."""
    shown = 0
    try:
        run = jobs.submit(recipe)
        with SweepBar(recipe, store.finished(recipe.id)) as bar:
            while run.live:
                time.sleep(_POLL)
                run = jobs.get(run.id) or end(f"run {run.id} was deleted by another process.", FAILURE)
                for event in jobs.events(run.id, shown):
                    shown += 1
                    bar.show(event)
    except KeyboardInterrupt:
        jobs.cancel(recipe.id)
        jobs.close()  # what is finished gets to the store
        end(f"{jobs.trouble} {stopped(recipe, store.finished(recipe.id))}".strip(), INTERRUPTED)
    if not isinstance(run.result, SweepResult):
        jobs.close()
        kept = report_of(recipe).finished_parts(store.finished(recipe.id))
        more = f" Finished before are {kept}: the same command goes on." if kept else ""
        end(f"{jobs.trouble} {run.message}{more}".strip(), FAILURE)
    return run.result
