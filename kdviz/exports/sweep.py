"""What is exported of a sweep, and what an imported one must be."""

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from kdviz.exports import comparison, single
from kdviz.exports.checks import are_counted, is_mean_share, is_share, is_step, is_watchable
from kdviz.exports.subject import Subject, with_interval
from kdviz.recipes.sweep import Sweep
from kdviz.records.comparison import Moment
from kdviz.records.kinds import Event
from kdviz.records.single import Progress
from kdviz.records.sweep import CellSummary, CellTrial, Choice, FinishedStack, StackProgress, SweepResult
from kdviz.records.sweep_plan import survivors
from kdviz.records.sweep_so_far import SHARES
from kdviz.reports.sweep import document


def printed(recipe: Sweep) -> str:
    """What the script that repeats the run prints."""
    return "the test accuracy of what was chosen"


def rows(result: SweepResult) -> Iterator[dict[str, Any]]:
    """A row for each cell, seed and fold, then the choice's students."""
    figures = document(result)
    for role, name in (("trial", "rows"), ("control", "controls")):
        yield from ({"role": role, **row} for row in figures[name])
    if result.choice is not None:
        cell = result.choice.cell.model_dump()
        for run in result.choice.results:
            yield {"role": "choice", **cell, "seed": run.recipe.seed, **with_interval(run.distilled.model_dump())}


def subject(result: SweepResult, student: str) -> Subject | None:
    """The choice's student of the seed that the name tells: "seed 3"."""
    runs = result.choice.results if result.choice else []
    return next((single.subject(run, "distilled") for run in runs if student == f"seed {run.recipe.seed}"), None)


def students(recipe: Sweep) -> dict[str, set[str]]:
    """The architectures of the students that such a run may keep, by the students' names."""
    return {f"seed {seed}": set(recipe.architectures) for seed in recipe.seeds_of_test}


def result_fits(result: SweepResult) -> bool:
    """Whether the recipe can have this result."""
    sweep = result.recipe
    return (
        all(map(_is_possible, result.trials))
        and _are_all_tried(sweep, result.trials)
        and [summary.cell for summary in result.summaries] == list(sweep.trained_cells)
        and all(_is_summed_up(summary, result.trials) for summary in result.summaries)
        and (result.choice is None or _is_choice(sweep, result.choice))
    )


def event_fits(recipe: Sweep, event: Event) -> bool:
    """Whether the run can report this: of a stack, of a teacher, or of the choice's students."""
    if isinstance(event, Moment):
        return comparison.event_fits(recipe, event)
    if isinstance(event, Progress):
        return is_step(event)
    return isinstance(event, StackProgress | FinishedStack) and _stack_fits(recipe, event)


def _is_choice(sweep: Sweep, choice: Choice) -> bool:
    cells = set(sweep.trained_cells)
    runs = [sweep.recipe_of(choice.cell, seed).id for seed in sweep.seeds_of_test] if choice.cell in cells else []
    return (
        [run.recipe.id for run in choice.results] == runs
        and all(map(single.result_fits, choice.results))
        and cells >= set(choice.tied)
        and is_mean_share(choice.test_accuracy, [run.distilled.test_accuracy for run in choice.results])
        and is_mean_share(choice.plain_test_accuracy, [run.plain.test_accuracy for run in choice.results])
    )


def _are_all_tried(sweep: Sweep, trials: Sequence[CellTrial]) -> bool:
    """A trial for each student of the sweep, none twice, and none of another."""
    by_student = {(trial.epochs, trial.cell, trial.seed, trial.fold): trial for trial in trials}
    folds = [None] if sweep.folds is None else range(sweep.folds)
    cells = sweep.trained_cells
    possible = set(product(sweep.rungs, cells, sweep.seeds, folds))
    if len(by_student) != len(trials) or not possible >= by_student.keys():
        return False
    for epochs in sweep.rungs:  # of the first one all, then those that survive
        wanted = [by_student.get(student) for student in product([epochs], cells, sweep.seeds, folds)]
        tried = [trial for trial in wanted if trial is not None]
        if len(tried) != len(wanted):
            return False
        cells = survivors(cells, tried)
    return True


def _is_summed_up(summary: CellSummary, trials: Sequence[CellTrial]) -> bool:
    """Whether it is about the trials of its cell after the most epochs."""
    of_cell = [trial for trial in trials if trial.cell == summary.cell]
    longest = max((trial.epochs for trial in of_cell), default=0)
    last = [trial for trial in of_cell if trial.epochs == longest]

    def shares(name: str) -> list[float]:
        """What a diverged student answers by chance is no figure."""
        return [math.nan if trial.diverged else getattr(trial, name) for trial in last]

    return (
        (summary.epochs, summary.trials) == (longest, len(last))
        and summary.diverged == sum(trial.diverged for trial in last)
        and all(is_mean_share(getattr(summary, name), shares(name)) for name in SHARES)
    )


def _is_possible(trial: CellTrial) -> bool:
    counted = are_counted(trial.validation_accuracy, trial.validation_errors, trial.validation_images)
    return counted and is_share(trial.agreement) and not trial.seconds < 0


def _stack_fits(sweep: Sweep, event: StackProgress | FinishedStack) -> bool:
    stack = event.stack
    if not stack.cells or stack.seed not in sweep.seeds or not set(stack.cells) <= set(sweep.trained_cells):
        return False
    if isinstance(event, StackProgress):
        lists = (event.loss_kd, event.loss_ce, event.validation_accuracy, event.nll, event.ece, event.agreement)
        return is_step(event) and all(len(figures) == len(stack.cells) for figures in lists)
    return (
        tuple(trial.cell for trial in event.trials) == stack.cells
        and all(map(_is_possible, event.trials))
        and is_watchable(event.watched)
        and all(moment.stack == stack and _stack_fits(sweep, moment) for moment in event.moments)
    )
