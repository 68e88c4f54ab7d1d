"""What a bundle's documents must be before anything of them is taken: plain JSON, and figures that fit the recipe.

A bundle comes from anywhere. What it says ends on pages and in files, so texts in it are names and nothing else.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from itertools import product
from statistics import fmean
from typing import Any

from kdviz.errors import PlainError
from kdviz.exports import study_checks as study_fits
from kdviz.recipes.catalogue import ARCHITECTURES, CLASSES, PIXELS
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import CONTROL, METHODS
from kdviz.recipes.single import Recipe
from kdviz.recipes.study import Study
from kdviz.recipes.sweep import Cell, Sweep
from kdviz.records.base import Mean, Scores, Watched
from kdviz.records.comparison import ComparisonResult, FinishedMethod, Inside, Moment, Trial
from kdviz.records.kinds import AnyRecipe, Ending, Event
from kdviz.records.single import Progress, Result
from kdviz.records.study import FinishedArm, StudyProgress, StudyResult
from kdviz.records.sweep import CellSummary, CellTrial, FinishedStack, StackProgress, SweepResult
from kdviz.records.sweep_plan import survivors

_NAME = re.compile(r"[\w .,:;%()/=+×·–-]{0,120}")  # what methods, stages, devices and versions are called
_LARGEST = 2**63
_ROUNDING = 1e-3  # accuracies are worked out in single precision
_SAYS: dict[type[AnyRecipe], tuple[type[Event], ...]] = {
    Recipe: (Watched, Progress),
    Comparison: (Watched, Moment, FinishedMethod, Inside),
    Sweep: (Moment, StackProgress, FinishedStack, Progress),
    Study: (StudyProgress, FinishedArm),
}


class BundleError(PlainError):
    """A bundle that is refused as a whole; the message is one plain sentence."""


def refuse(why: str) -> BundleError:
    """The error for a bundle that is not taken."""
    return BundleError(f"{why}; nothing of it was taken.")


def damaged() -> BundleError:
    """Its files are not what they were."""
    return refuse("The bundle is damaged")


def document(content: bytes) -> Any:
    """A JSON document without what JSON does not have: no words for infinity, no name twice. Raises BundleError."""
    try:
        return json.loads(
            content.decode(),
            parse_constant=_not_json,
            parse_float=_finite,
            parse_int=_small,
            object_pairs_hook=_once,
        )
    except (ValueError, RecursionError):
        raise refuse("The bundle holds a file that cannot be read") from None


def names_only(found: Any) -> None:
    """Raise BundleError for a text in a document that is more than a name."""
    waiting = [found]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            if not _NAME.fullmatch(value):
                raise refuse("The bundle holds text where a name belongs")
        elif isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value


def students_of(recipe: AnyRecipe) -> dict[str, set[str]]:
    """The students that such a run may keep, each with the architectures it may have."""
    if isinstance(recipe, Recipe):
        return {"distilled": {recipe.student}}
    if isinstance(recipe, Comparison):
        return {name: {recipe.student} for name in (*recipe.methods, CONTROL)}
    if isinstance(recipe, Study):
        return {}
    return {f"seed {seed}": set(recipe.students or (recipe.student,)) for seed in recipe.seeds}


def check_result(recipe: AnyRecipe, result: Ending) -> None:
    """Raise BundleError unless this is a result that the recipe can have."""
    fits = result.recipe.id == recipe.id == result.run_id and type(result.recipe) is type(recipe) and _ran(result)
    if fits and isinstance(result, Result):
        fits = _possible(result)
    elif fits and isinstance(result, ComparisonResult):
        asked = {(method, seed) for method in result.recipe.methods for seed in result.recipe.seeds}
        fits = (
            {(trial.method, trial.seed) for trial in result.trials} == asked
            and {summary.method for summary in result.summaries} == set(result.recipe.methods)
            and all(map(_tested, (*result.trials, *result.controls, *result.teachers)))
        )
    elif fits and isinstance(result, SweepResult):
        fits = _swept(result)
    elif fits and isinstance(result, StudyResult):
        fits = study_fits.result(result)
    if not fits:
        raise refuse("The bundle's result is not that of its recipe")


def check_events(recipe: AnyRecipe, events: Iterable[Event]) -> None:
    """Raise BundleError unless a run of the recipe can say this."""
    for event in events:
        if not isinstance(event, _SAYS[type(recipe)]) or not _sensible(recipe, event):
            raise refuse("The bundle's progress is not that of its recipe")


def _not_json(word: str) -> Any:
    raise ValueError(word)


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(text)
    return number


def _small(text: str) -> int:
    if len(text) > 20 or abs(number := int(text)) >= _LARGEST:
        raise ValueError(text)
    return number


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def _ran(result: Ending) -> bool:
    """On a machine, for some time."""
    return result.threads > 0 and not result.seconds < 0


def _tested(one: Scores | Trial) -> bool:
    shares = all(_share(value) for value in (one.validation_accuracy, one.agreement) if value is not None)
    return shares and _counted(one.test_accuracy, one.test_errors, one.test_images)


def _counted(accuracy: float, errors: int, images: int) -> bool:
    """Whether errors among images are what the accuracy says, but for single precision."""
    there = 0 <= errors <= images and images > 0 and _share(accuracy)
    return there and (math.isnan(accuracy) or abs(accuracy - (1 - errors / images)) < _ROUNDING)


def _share(value: float) -> bool:
    return 0 <= value <= 1 or math.isnan(value)


def _mean_share(mean: Mean) -> bool:
    """A share whose interval holds it; t intervals may be wider than what a share can be."""
    low, high = mean.low, mean.high
    return _share(mean.mean) and (low is None or high is None or not (low > mean.mean or mean.mean > high))


def _mean_of(mean: Mean, values: Sequence[float]) -> bool:
    """Whether this is the mean of the values; where one is no number there is none."""
    known = _mean_share(mean) and bool(values)
    return known and (not math.isfinite(sum(values)) or abs(mean.mean - fmean(values)) < _ROUNDING)


def _possible(result: Result) -> bool:
    three = (result.teacher, result.distilled, result.plain)
    return _ran(result) and all(
        _tested(scores) and scores.architecture in ARCHITECTURES and _cost(scores) for scores in three
    )


def _cost(scores: Scores) -> bool:
    counts = (scores.parameters, scores.multiply_adds, scores.bytes)
    return min(counts) > 0 and scores.images_seen >= 0 and not scores.seconds < 0


def _swept(result: SweepResult) -> bool:
    sweep, choice = result.recipe, result.choice
    cells = set(sweep.trained_cells)
    if not all(map(_tried, result.trials)) or not _all_tried(sweep, result.trials):
        return False
    if [summary.cell for summary in result.summaries] != list(sweep.trained_cells):
        return False
    if not all(_summed_up(summary, result.trials) for summary in result.summaries):
        return False
    if choice is None:
        return True
    runs = [sweep.recipe_of(choice.cell, seed).id for seed in sweep.seeds] if choice.cell in cells else []
    return (
        [each.recipe.id for each in choice.results] == runs
        and all(map(_possible, choice.results))
        and cells >= set(choice.tied)
        and _mean_of(choice.test_accuracy, [each.distilled.test_accuracy for each in choice.results])
        and _mean_of(choice.plain_test_accuracy, [each.plain.test_accuracy for each in choice.results])
    )


def _all_tried(sweep: Sweep, trials: Sequence[CellTrial]) -> bool:
    """A trial for each student of the sweep, none twice, and none of another."""
    found: dict[tuple[int, Cell, int, int | None], CellTrial] = {}
    for trial in trials:
        found[trial.epochs, trial.cell, trial.seed, trial.fold] = trial
    folds = [None] if sweep.folds is None else range(sweep.folds)
    cells = sweep.trained_cells
    asked = set(product(sweep.rungs, cells, sweep.seeds, folds))
    if len(found) != len(trials) or not asked >= found.keys():
        return False
    for epochs in sweep.rungs:  # of the first one all, then those that survive
        wanted = [found.get(key) for key in product([epochs], cells, sweep.seeds, folds)]
        tried = [trial for trial in wanted if trial is not None]
        if len(tried) != len(wanted):
            return False
        cells = survivors(cells, tried)
    return True


def _summed_up(summary: CellSummary, trials: Sequence[CellTrial]) -> bool:
    """Whether it is about the trials of its cell after the most epochs."""
    of_cell = [trial for trial in trials if trial.cell == summary.cell]
    longest = max((trial.epochs for trial in of_cell), default=0)
    last = [trial for trial in of_cell if trial.epochs == longest]
    return (
        (summary.epochs, summary.trials) == (longest, len(last))
        and summary.diverged == sum(trial.diverged for trial in last)
        and _mean_of(summary.validation_accuracy, [_level(trial.validation_accuracy, trial) for trial in last])
        and _mean_of(summary.agreement, [_level(trial.agreement, trial) for trial in last])
    )


def _level(figure: float, trial: CellTrial) -> float:
    """What a diverged student answers by chance is no figure."""
    return math.nan if trial.diverged else figure


def _tried(trial: CellTrial) -> bool:
    return (
        _counted(trial.validation_accuracy, trial.validation_errors, trial.validation_images)
        and _share(trial.agreement)
        and not trial.seconds < 0
    )


def _sensible(recipe: AnyRecipe, event: Event) -> bool:
    if isinstance(event, Watched):
        return _watchable(event)
    if isinstance(event, StackProgress | FinishedStack):
        return isinstance(recipe, Sweep) and _of_stack(recipe, event)
    if isinstance(event, StudyProgress | FinishedArm):
        return isinstance(recipe, Study) and study_fits.event(recipe, event)
    if isinstance(event, Moment | FinishedMethod | Inside):
        return _of_method(event)
    return _counts(event)


def _of_stack(sweep: Sweep, event: StackProgress | FinishedStack) -> bool:
    stack = event.stack
    if not stack.cells or stack.seed not in sweep.seeds or not set(stack.cells) <= set(sweep.trained_cells):
        return False
    if isinstance(event, StackProgress):
        lists = (event.loss_kd, event.loss_ce, event.validation_accuracy, event.nll, event.ece, event.agreement)
        return _counts(event) and all(len(figures) == len(stack.cells) for figures in lists)
    return (
        tuple(trial.cell for trial in event.trials) == stack.cells
        and all(map(_tried, event.trials))
        and _watchable(event.watched)
        and all(moment.stack == stack and _of_stack(sweep, moment) for moment in event.moments)
    )


def _of_method(event: Moment | FinishedMethod | Inside) -> bool:
    if event.method not in (*METHODS, CONTROL, "teacher"):
        return False
    if isinstance(event, FinishedMethod):
        tried = all(trial.method == event.method and _tested(trial) for trial in event.trials)
        return tried and all(map(_of_method, event.moments)) and all(map(_of_method, event.looks))
    if isinstance(event, Inside):
        return 0 <= event.step <= event.steps
    return _counts(event) and len(event.loss_kd) == len(event.loss_ce) > 0


def _counts(event: Progress | Moment | StackProgress) -> bool:
    return 0 <= event.step <= event.steps and event.steps > 0 and event.epoch >= 0


def _watchable(watched: Watched) -> bool:
    """As many images as labels and as the teacher has answers, each a whole image."""
    count = len(watched.images)
    return (
        count == len(watched.labels) == len(watched.indices) == len(watched.teacher_logits)
        and all(len(image) == PIXELS and _within(image, 256) for image in watched.images)
        and _within(watched.labels, CLASSES)
    )


def _within(numbers: Iterable[int], end: int) -> bool:
    return all(0 <= number < end for number in numbers)
