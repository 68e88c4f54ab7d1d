"""A single run in the list of runs and on its card."""

from typing import Any

from kdviz.recipes.single import Recipe
from kdviz.records.single import Result
from kdviz.widgets import run_figures as figures
from kdviz.widgets.lesson import sentence
from kdviz.widgets.run_figures import MainFigures
from kdviz.widgets.single.summary import verdict

__all__ = ["footing", "main_figures", "settings", "table", "usual", "verdict"]


def usual(recipe: Recipe) -> Recipe:
    """The recipe with the defaults that suit its data set."""
    return Recipe.suited(recipe.data)


def settings(recipe: Recipe) -> dict[str, Any]:
    """Every setting that plays a part, by its name."""
    values = recipe.model_dump()
    if recipe.pretrained:
        for name in ("teacher_epochs", "teacher_labels", "teacher_augmentation"):
            del values[name]
    return values


def main_figures(result: Result) -> MainFigures | None:
    """The distilled student and the one without a teacher."""
    return MainFigures("distilled", result.distilled.test_accuracy, result.plain.test_accuracy).known


def table(result: Result) -> None:
    """The three networks."""
    rows = (("Teacher", result.teacher), ("Distilled", result.distilled), ("No teacher", result.plain))
    figures.table(figures.of_scores(who, scores) for who, scores in rows)


def footing(_result: Result) -> str:
    """What the intervals are about."""
    return sentence("runs", "intervals-of-one-run")
