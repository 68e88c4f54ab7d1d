"""What runs are called on their pages."""

import pytest

from kdviz.recipes.comparison import Comparison
from kdviz.recipes.openings import OPENINGS
from kdviz.recipes.single import Recipe
from kdviz.recipes.study import Study
from kdviz.recipes.sweep import Sweep
from kdviz.reports.called import called


@pytest.mark.parametrize(
    ("recipe", "name"),
    [
        (Recipe(), "all labels, T = 5, α = 0.7"),
        (OPENINGS["watch_it_train"]("mnist"), "100 labels, T = 5, α = 0.9"),
        (Recipe.suited("digits", {"labels": 10, "student": "784-30-30-10", "epochs": 4}),
         "10 labels, T = 5, α = 0.7, student 784-30-30-10, 4 epochs"),
        (Comparison(temperature=2.5), "all labels, T = 2.5, α = 0.7"),
        (Sweep.suited("digits"), "all labels"),
        (Sweep.suited("digits", {"label_counts": (30, 100, 300)}), "30, 100 and 300 labels"),
        (Sweep.suited("digits", {"students": ("784-30-30-10", "784-128-10")}),
         "all labels, students 784-128-10 and 784-30-30-10"),
        (Study.of("few-labels", "digits"), "Few labels, many images"),
    ],
)  # fmt: skip
def test_a_run_is_called_by_what_it_was(recipe, name):
    assert called(recipe) == name
