"""What each kind of run says of itself in the list of runs and on a run's card: its room's `card`, its live panel."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from kdviz.recipes.comparison import Comparison
from kdviz.recipes.single import Recipe
from kdviz.recipes.study import Study
from kdviz.recipes.sweep import Sweep
from kdviz.records.kinds import AnyRecipe, Ending
from kdviz.widgets.comparison import card as comparison_card
from kdviz.widgets.comparison import live as comparison_live
from kdviz.widgets.live_panel import LivePanel
from kdviz.widgets.run_figures import MainFigures
from kdviz.widgets.single import card as single_card
from kdviz.widgets.single import live as single_live
from kdviz.widgets.study import card as study_card
from kdviz.widgets.study import live as study_live
from kdviz.widgets.sweep import card as sweep_card
from kdviz.widgets.sweep import live as sweep_live


class Card(Protocol):
    """The module `card` of a room. Recipes and results are those of its kind."""

    def usual(self, recipe: Any, /) -> AnyRecipe:
        """The recipe of this kind with the defaults that suit its data set."""

    def settings(self, recipe: Any, /) -> dict[str, Any]:
        """Every setting that plays a part in the recipe, by its name."""

    def main_figures(self, result: Any, /) -> MainFigures | None:
        """The figures that a list shows; None where there are none, or where a training diverged."""

    def table(self, result: Any, /) -> None:
        """Draw the figures of its students or arms."""

    def footing(self, result: Any, /) -> str:
        """On what the intervals of the table rest."""

    def verdict(self, result: Any, /) -> str:
        """What the figures allow to say, in a sentence or two."""


@dataclass(frozen=True)
class Room:
    """A kind of run as the list of runs needs it."""

    card: Card
    panel: LivePanel[Any, Any]


ROOMS: Mapping[type[AnyRecipe], Room] = MappingProxyType(
    {
        Recipe: Room(single_card, single_live.PANEL),
        Comparison: Room(comparison_card, comparison_live.PANEL),
        Sweep: Room(sweep_card, sweep_live.PANEL),
        Study: Room(study_card, study_live.PANEL),
    }
)


def room_of(recipe: AnyRecipe) -> Room:
    """The room of the kind of run that a recipe asks for."""
    return ROOMS[type(recipe)]


def main_figures(result: Ending | None) -> MainFigures | None:
    """The main figures of a result; None where there is none yet."""
    return None if result is None else room_of(result.recipe).card.main_figures(result)
