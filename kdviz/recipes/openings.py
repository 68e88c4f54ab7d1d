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

# The rate falls to nothing at the end: students of several seeds then differ less, and a verdict sees more.
SMALL_STEPS: Mapping[str, Any] = MappingProxyType({"schedule": "one-cycle"})
# The pair between which every way of teaching works; the control of offline would train a second large teacher.
CONVOLUTIONAL = {"teacher": "cnn-32-64", "student": "cnn-8-16", "control": False, **SMALL_STEPS}
TRANSFERRED = ("offline", "hints", "rkd")  # one of each kind: answers, features, how images relate
# Where a teacher has most to give: it answers for all the images that have no label. With all labels a student of this
# size learns from the labels alone nearly all that its teacher could tell it.
FEW_LABELS: Mapping[str, Any] = MappingProxyType({"labels": 100, "alpha": 0.9})
_SEEDS, _MORE_SEEDS = (
    range(3),
    range(5),
)  # three are the fewest that allow a verdict; small sets need more, and are quick
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def watch_it_train(data: str, values: Mapping[str, Any] = _NOTHING) -> Recipe:
    """A single run's defaults for a data set, with what `values` changes: the trained teacher, where one ships.

    Raises `RecipeError`.
    """
    ships = SHIPPED_TEACHERS.get(data) == values.get("teacher", Recipe().teacher)
    return Recipe.suited(data, {"pretrained": ships, **SMALL_STEPS, **values})


def three_ways(data: str, values: Mapping[str, Any] = _NOTHING) -> Comparison:
    """That page's defaults of a comparison for a data set, with what `values` changes. Raises `RecipeError`."""
    return Comparison.suited(data, {**SMALL_STEPS, **values})


def three_ways_begun(data: str) -> Comparison:
    """The comparison with which that page opens."""
    return three_ways(data, {**FEW_LABELS, "seeds": tuple(_MORE_SEEDS if data in SUITED else _SEEDS)})


def what_is_transferred(data: str, values: Mapping[str, Any] = _NOTHING) -> Comparison:
    """The defaults of that lesson's comparison for a data set, with what `values` changes. Raises `RecipeError`."""
    epochs = {} if data in SUITED else {"epochs": 1}
    return Comparison.suited(data, {**CONVOLUTIONAL, "methods": (PLAIN, *TRANSFERRED), **epochs, **values})


def explorer(data: str, values: Mapping[str, Any] = _NOTHING) -> Sweep:
    """The Explorer's defaults of a sweep for a data set, with what `values` changes. Raises `RecipeError`."""
    return Sweep.suited(data, {**SMALL_STEPS, **values})


OPENINGS: Mapping[str, Callable[[str], Recipe | Comparison | Sweep]] = {
    "watch_it_train": lambda data: watch_it_train(data, FEW_LABELS),
    "three_ways": three_ways_begun,
    "what_is_transferred": what_is_transferred,
    "explorer": explorer,
}
