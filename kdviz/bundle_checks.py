"""What a bundle's documents must be before anything of them is taken: plain JSON, and figures that fit the recipe.

A bundle comes from anywhere. What it says ends on pages and in files, so texts in it are names and nothing else.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

from kdviz.catalogue import ARCHITECTURES, CLASSES, PIXELS
from kdviz.comparison import Comparison
from kdviz.errors import PlainError
from kdviz.kinds import AnyRecipe, Ending, Event
from kdviz.methods import CONTROL, METHODS
from kdviz.recipe import Recipe
from kdviz.records import Compared, Finished, Inside, Moment, Progress, Result, Scores, Trial, Watched
from kdviz.sweep import Sweep
from kdviz.sweep_records import CellTrial, FinishedStack, Grown, Swept

_NAME = re.compile(r"[\w .,:;%()/=+×·–-]{0,120}")  # what methods, stages, devices and versions are called
_LARGEST = 2**63
_SAYS: dict[type[AnyRecipe], tuple[type[Event], ...]] = {
    Recipe: (Watched, Progress),
    Comparison: (Watched, Moment, Finished, Inside),
    Sweep: (Moment, Grown, FinishedStack, Progress),
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
    return {f"seed {seed}": set(recipe.students or (recipe.student,)) for seed in recipe.seeds}


def check_result(recipe: AnyRecipe, result: Ending) -> None:
    """Raise BundleError unless this is a result that the recipe can have."""
    fits = result.recipe.id == recipe.id == result.run_id and type(result.recipe) is type(recipe)
    if fits and isinstance(result, Result):
        fits = _possible(result)
    elif fits and isinstance(result, Compared):
        asked = {(method, seed) for method in result.recipe.methods for seed in result.recipe.seeds}
        fits = (
            {(trial.method, trial.seed) for trial in result.trials} == asked
            and {summary.method for summary in result.summaries} == set(result.recipe.methods)
            and all(map(_tested, (*result.trials, *result.controls, *result.teachers)))
        )
    elif fits and isinstance(result, Swept):
        fits = _swept(result)
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


def _tested(one: Scores | Trial) -> bool:
    return 0 <= one.test_errors <= one.test_images and one.test_images > 0 and _share(one.test_accuracy)


def _share(value: float) -> bool:
    return 0 <= value <= 1 or math.isnan(value)


def _possible(result: Result) -> bool:
    three = (result.teacher, result.distilled, result.plain)
    return all(_tested(scores) and scores.architecture in ARCHITECTURES for scores in three)


def _swept(result: Swept) -> bool:
    sweep, choice = result.recipe, result.choice
    cells = set(sweep.trained_cells)
    if not all(_tried(trial) and trial.cell in cells and trial.seed in sweep.seeds for trial in result.trials):
        return False
    if {summary.cell for summary in result.summaries} != cells:
        return False
    if choice is None:
        return True
    runs = [sweep.recipe_of(choice.cell, seed).id for seed in sweep.seeds] if choice.cell in cells else []
    return (
        [each.recipe.id for each in choice.results] == runs
        and all(map(_possible, choice.results))
        and cells >= set(choice.tied)
    )


def _tried(trial: CellTrial) -> bool:
    counted = 0 <= trial.validation_errors <= trial.validation_images and trial.validation_images > 0
    return counted and _share(trial.validation_accuracy)


def _sensible(recipe: AnyRecipe, event: Event) -> bool:
    if isinstance(event, Watched):
        return _watchable(event)
    if isinstance(event, Grown | FinishedStack):
        return isinstance(recipe, Sweep) and _of_stack(recipe, event)
    if isinstance(event, Moment | Finished | Inside):
        return _of_method(event)
    return _counts(event)


def _of_stack(sweep: Sweep, event: Grown | FinishedStack) -> bool:
    stack = event.stack
    if not stack.cells or stack.seed not in sweep.seeds or not set(stack.cells) <= set(sweep.trained_cells):
        return False
    if isinstance(event, Grown):
        lists = (event.loss_kd, event.loss_ce, event.validation_accuracy, event.nll, event.ece, event.agreement)
        return _counts(event) and all(len(figures) == len(stack.cells) for figures in lists)
    return (
        tuple(trial.cell for trial in event.trials) == stack.cells
        and all(map(_tried, event.trials))
        and _watchable(event.watched)
        and all(moment.stack == stack and _of_stack(sweep, moment) for moment in event.moments)
    )


def _of_method(event: Moment | Finished | Inside) -> bool:
    if event.method not in (*METHODS, CONTROL, "teacher"):
        return False
    if isinstance(event, Finished):
        tried = all(trial.method == event.method and _tested(trial) for trial in event.trials)
        return tried and all(map(_of_method, event.moments)) and all(map(_of_method, event.looks))
    if isinstance(event, Inside):
        return 0 <= event.step <= event.steps
    return _counts(event) and len(event.loss_kd) == len(event.loss_ce) > 0


def _counts(event: Progress | Moment | Grown) -> bool:
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
