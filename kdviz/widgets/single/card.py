"""A single run in the list of runs and on its card."""

from typing import Any

from kdviz.recipes.single import Recipe
from kdviz.records.single import Result
from kdviz.widgets import run_figures as figures
from kdviz.widgets.lesson import sentence
from kdviz.widgets.run_figures import Card, MainFigures
from kdviz.widgets.single.live import PANEL
from kdviz.widgets.single.summary import verdict


def settings(recipe: Recipe) -> dict[str, Any]:
    """Every setting; those of the teacher's training where it is trained for this run."""
    unused = {"teacher_epochs", "teacher_labels", "teacher_augmentation"} if recipe.pretrained else set()
    return recipe.model_dump(exclude=unused)


def main_figures(result: Result) -> MainFigures:
    """The distilled student and the one without a teacher."""
    return MainFigures("distilled", result.distilled.test_accuracy, result.plain.test_accuracy)


def table(result: Result) -> None:
    """The three networks."""
    rows = (("Teacher", result.teacher), ("Distilled", result.distilled), ("No teacher", result.plain))
    figures.table(figures.of_scores(who, scores) for who, scores in rows)


CARD = Card(PANEL, settings, main_figures, table, verdict, footing=lambda _: sentence("runs", "intervals-of-one-run"))
