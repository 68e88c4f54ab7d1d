"""What each page that trains opens with: its default recipe for a data set, of which a run is recorded."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from kdviz.recipes.base import SUITED
from kdviz.recipes.catalogue import SHIPPED_TEACHERS
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import PLAIN
from kdviz.recipes.single import Recipe
from kdviz.recipes.sweep import Sweep

# The pair between which every way of teaching works; the control of offline would train a second large teacher.
CONVOLUTIONAL = {"teacher": "cnn-32-64", "student": "cnn-8-16", "control": False}
TRANSFERRED = ("offline", "hints", "rkd")  # one of each kind: answers, features, how images relate
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def watch_it_train(data: str, values: Mapping[str, Any] = _NOTHING) -> Recipe:
    """A single run's defaults for a data set, with what `values` changes: the trained teacher, where one ships.

    Raises `RecipeError`.
    """
    ships = SHIPPED_TEACHERS.get(data) == values.get("teacher", Recipe().teacher)
    return Recipe.suited(data, {"pretrained": ships, **values})


def what_is_transferred(data: str, values: Mapping[str, Any] = _NOTHING) -> Comparison:
    """The defaults of that lesson's comparison for a data set, with what `values` changes. Raises `RecipeError`."""
    epochs = {} if data in SUITED else {"epochs": 1}
    return Comparison.suited(data, {**CONVOLUTIONAL, "methods": (PLAIN, *TRANSFERRED), **epochs, **values})


OPENINGS: Mapping[str, Callable[[str], Recipe | Comparison | Sweep]] = {
    "watch_it_train": watch_it_train,
    "three_ways": Comparison.suited,
    "what_is_transferred": what_is_transferred,
    "explorer": Sweep.suited,
}
