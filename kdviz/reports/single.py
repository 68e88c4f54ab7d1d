"""A single run's recipe and result as lines of text, and as the JSON document that scripts read."""

from collections.abc import Callable, Sequence
from typing import Any

from kdviz.recipes.single import Recipe
from kdviz.records.base import Scores
from kdviz.records.kinds import Part
from kdviz.records.single import Result
from kdviz.reports.teachers import worse_of
from kdviz.reports.text import shown, table

PARTS = ""  # a single run is trained in one go

_COLUMNS: tuple[tuple[str, Callable[[Scores], str]], ...] = (
    ("network", lambda s: s.architecture),
    ("parameters", lambda s: f"{s.parameters:,}"),
    ("test accuracy", lambda s: f"{s.test_accuracy:.2%}"),
    ("errors", lambda s: f"{s.test_errors:,} of {s.test_images:,}"),
    ("NLL", lambda s: f"{s.nll:.4f}"),
    ("ECE", lambda s: f"{s.ece:.4f}"),
    ("agreement", lambda s: "" if s.agreement is None else f"{s.agreement:.2%}"),
    ("seconds", lambda s: f"{s.seconds:.2f}"),
    ("images/s", lambda s: f"{s.images_per_second:,.0f}"),
)


def title(recipe: Recipe) -> str:
    """The recipe in a line."""
    return (
        f"{recipe.data}: teacher {recipe.teacher}, student {recipe.student}, T = {recipe.temperature:g}, "
        f"alpha = {recipe.alpha:g}, {recipe.epochs} epochs, seed {recipe.seed}{shown(recipe.transfer_classes)}"
    )


def columns(recipe: Recipe) -> list[str]:
    """Student, T, alpha and seed."""
    return [recipe.student, f"{recipe.temperature:g}", f"{recipe.alpha:g}", f"seed {recipe.seed}"]


def text(result: Result) -> str:
    """The three networks of a run, a line each."""
    roles = (("teacher", result.teacher), ("distilled", result.distilled), ("plain", result.plain))
    rows = [[role, *(value(scores) for _, value in _COLUMNS)] for role, scores in roles]
    paragraphs = [table(["", *(name for name, _ in _COLUMNS)], rows)]
    if worse := worse_of(result):
        paragraphs.append(f"The teacher is {worse.in_words}")
    return "\n\n".join(paragraphs)


def document(result: Result) -> dict[str, Any]:
    """The result with the distilled student's figures on top, where scripts look for them first."""
    whole = result.model_dump(mode="json")
    first = ("test_accuracy", "test_errors", "agreement", "nll", "ece", "images_per_second")
    figures = {name: whole["distilled"][name] for name in first}
    return {"run_id": whole["run_id"], "recipe": whole["recipe"], **figures, "seconds": whole["seconds"], **whole}


def accuracy(result: Result) -> str:
    """Test accuracy of the distilled student."""
    return f"{result.distilled.test_accuracy:.2%}"


def finished_parts(finished: Sequence[Part]) -> str:
    """Nothing: a single run has no parts."""
    return ""


def text_so_far(recipe: Recipe, finished: Sequence[Part]) -> str:
    """Nothing: a single run has no results before its end."""
    return ""
