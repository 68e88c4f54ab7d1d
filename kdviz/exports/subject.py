"""A kept student and its figures, as model cards and tables want them."""

from dataclasses import dataclass
from typing import Any

from kdviz.recipes.comparison import Comparison
from kdviz.recipes.single import Recipe
from kdviz.records.base import Scores
from kdviz.records.comparison import ComparisonResult, Trial
from kdviz.records.intervals import wilson_interval
from kdviz.records.single import Result


@dataclass(frozen=True)
class Subject:
    """A student that a card is about: how it was trained, and how it did."""

    taught: str  # in words
    temperature: float
    alpha: float
    recipe: Recipe | Comparison
    seed: int
    scores: Scores | Trial
    result: Result | ComparisonResult

    @property
    def single(self) -> Recipe:
        """The recipe of a single run with this student's data, teacher and seed."""
        if isinstance(self.recipe, Recipe):
            return self.recipe
        fields = set(Recipe.model_fields) & set(type(self.recipe).model_fields)
        shared = self.recipe.model_dump(include=fields)
        more = {"teacher_epochs": self.recipe.epochs_of_teacher, "seed": self.seed, "pretrained": False}
        return Recipe.parse(shared | more)


def with_interval(row: dict[str, Any]) -> dict[str, Any]:
    """A row with the ends of its test accuracy's 95 % interval."""
    low, high = wilson_interval(row["test_accuracy"], row["test_images"])
    return {**row, "test_accuracy_low": low, "test_accuracy_high": high}
