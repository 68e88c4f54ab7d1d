"""Train a recipe once more and print its accuracy: the one module that exported scripts import.

Its names never change, so that a script of today runs with every later version of the same `ENGINE`.
"""

import sys

from kdviz.errors import PlainError
from kdviz.jobs.cluster import torch_threads
from kdviz.jobs.worker import carry_out
from kdviz.records.kinds import RECIPES, Ending
from kdviz.reports.spelling import spelled_out

study = carry_out  # its name in scripts exported by the first versions

__all__ = ["RECIPES", "Ending", "report", "study", "torch_threads", "train"]


def train(recipe: str, run_id: str, threads: int | None = None) -> Ending:
    """Train a recipe in JSON from its beginning; nothing is stored but its teachers. Time left goes to stderr.

    `run_id` is the id that the recipe had: where this version gives it another, stderr says so. `threads`, those of
    the run, decide the last bits of sums; as many as a worker has if not given.
    """
    import torch

    checked = RECIPES.validate_json(recipe)
    if checked.id != run_id:
        print("This version of kdviz trains in another way: the accuracy may differ.", file=sys.stderr)
    torch.set_num_threads(threads or torch_threads())
    try:
        for event in carry_out(checked, finished=[]):
            if isinstance(event, Ending):
                return event
            if (seconds_left := getattr(event, "seconds_left", None)) is not None:
                print(f"\r{seconds_left:6.0f} s left", end="", file=sys.stderr)
    except PlainError as error:
        sys.exit(str(error))
    finally:
        print(file=sys.stderr)
    raise AssertionError("every run ends with a result")


def report(ending: Ending) -> None:
    """Print the main figure of each student, or of each way to teach, as a mean over the seeds."""
    spelled_out()
    figures = ending.main_figures
    if not figures:
        sys.exit("Every student diverged; nothing was chosen.")
    for name, figure in figures.items():
        print(f"{name}: {figure}")
