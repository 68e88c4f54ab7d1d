"""A run as a short Python script that repeats it with this package and prints the same accuracy. Torch-free."""

from __future__ import annotations

import json

from kdviz.recipes.comparison import Comparison
from kdviz.recipes.study import Study
from kdviz.recipes.sweep import Sweep
from kdviz.records.kinds import RECIPES, AnyRecipe

_SINGLE = """\
print(f"distilled: {ending.distilled.test_accuracy}")
"""
_COMPARISON = """\
for summary in ending.summaries:  # the mean over the seeds
    print(f"{summary.method}: {summary.means['test_accuracy'].mean}")
"""
_SWEEP = """\
if ending.choice is None:
    sys.exit("Every student diverged; nothing was chosen.")
cell = ending.choice.cell  # the mean over the seeds
print(f"T = {cell.temperature:g}, alpha = {cell.alpha:g}: {ending.choice.test_accuracy.mean}")
"""
_STUDY = """\
measure = recipe.facts.measures[0].name
for summary in ending.summaries:  # the mean over the seeds
    if measure in summary.means:
        print(f"{summary.arm}: {summary.means[measure].mean}")
"""
_SCRIPT = """\
# Repeats run {id} of kdviz and prints {what}: the same as before on the same kind of machine.
#
# Run it where Python finds the package: in the project's folder, or from anywhere with
#     PYTHONPATH=<the project's folder> python <this file>
# KDVIZ_DATA_DIR says where the data sets are. The app's runs are not touched.

import sys

import torch
{imports}
from kdviz.records.kinds import RECIPES, Ending

RECIPE = r'''
{recipe}
'''

recipe = RECIPES.validate_json(RECIPE)
if recipe.id != "{id}":
    print("This version of kdviz trains in another way: the accuracy may differ.", file=sys.stderr)
torch.set_num_threads({threads})  # {why}

for event in worker.study(recipe, finished=[]):
    if isinstance(event, Ending):
        ending = event
    elif hasattr(event, "seconds_left"):
        print(f"\\r{{event.seconds_left:6.0f}} s left", end="", file=sys.stderr)
print(file=sys.stderr)

{report}"""


def script(recipe: AnyRecipe, threads: int | None = None) -> str:
    """The script's text, which holds nothing of the run but its recipe.

    `threads`, those of the run, decide the last bits of its sums; as many as a worker has if not given.
    """
    checked = RECIPES.validate_json(recipe.model_dump_json())  # whatever made the recipe: names and numbers only
    what, report = "the distilled student's test accuracy", _SINGLE
    if isinstance(checked, Comparison):
        what, report = "each method's mean test accuracy", _COMPARISON
    elif isinstance(checked, Sweep):
        what, report = "the test accuracy of what was chosen", _SWEEP
    elif isinstance(checked, Study):
        what, report = f"each arm's mean of {checked.facts.measures[0].name}", _STUDY
    known = threads is not None
    return (
        _SCRIPT.format(
            id=checked.id,
            what=what,
            imports="from kdviz.jobs import worker" if known else "from kdviz.jobs import cluster, worker",
            recipe=json.dumps(checked.model_dump(mode="json"), indent=2),
            threads=int(threads) if threads is not None else "cluster.torch_threads()",
            why="as many as the run had" if known else "as many as a worker has",
            report=report.rstrip(),
        )
        + "\n"
    )
