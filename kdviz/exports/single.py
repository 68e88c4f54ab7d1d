"""What is exported of a single run, and what an imported one must be."""

from collections.abc import Iterator
from typing import Any

from kdviz.exports.checks import are_tested, is_step
from kdviz.exports.subject import Subject, with_interval
from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.recipes.single import Recipe
from kdviz.records.kinds import Event
from kdviz.records.single import Progress, Result


def printed(recipe: Recipe) -> str:
    """What the script that repeats the run prints."""
    return "the distilled student's test accuracy"


def rows(result: Result) -> Iterator[dict[str, Any]]:
    """A row for each of the three networks."""
    for role, scores in (("teacher", result.teacher), ("distilled", result.distilled), ("plain", result.plain)):
        yield {"role": role, "seed": result.recipe.seed, **with_interval(scores.model_dump())}


def subject(result: Result, student: str) -> Subject | None:
    """The run's student of that name."""
    recipe = result.recipe
    if student not in students(recipe):
        return None
    alpha = recipe.alpha if student == "distilled" else 0.0
    taught = f"distilled from {recipe.teacher} with T = {recipe.temperature:g} and α = {alpha:g}"
    return Subject(
        taught=taught if alpha > 0 else "trained on labels alone",
        temperature=recipe.temperature,
        alpha=alpha,
        recipe=recipe,
        seed=recipe.seed,
        scores=result.distilled if student == "distilled" else result.plain,
        result=result,
    )


def students(recipe: Recipe) -> dict[str, set[str]]:
    """The architectures of the students that such a run may keep, by the students' names."""
    return {"distilled": {recipe.student}, "plain": {recipe.student}}


def result_fits(result: Result) -> bool:
    """Whether the recipe can have this result."""
    trained = result.threads > 0 and not result.seconds < 0
    return trained and all(
        are_tested(scores)
        and scores.architecture in ARCHITECTURES
        and min(scores.parameters, scores.multiply_adds, scores.bytes) > 0
        and scores.images_seen >= 0
        and not scores.seconds < 0
        for scores in (result.teacher, result.distilled, result.plain)
    )


def event_fits(recipe: Recipe, event: Event) -> bool:
    """Whether the run can report this."""
    return isinstance(event, Progress) and is_step(event)
