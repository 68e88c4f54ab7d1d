"""What each kind of run says of itself in the list of runs and on a run's card: its room's `card`, its live panel."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from kdviz.recipes.comparison import Comparison
from kdviz.recipes.single import Recipe
from kdviz.recipes.study import Study
from kdviz.recipes.sweep import Sweep
from kdviz.records.kinds import AnyRecipe, Ending
from kdviz.widgets.comparison import live as comparison_live
from kdviz.widgets.comparison.card import CARD as COMPARISON
from kdviz.widgets.live_panel import LivePanel
from kdviz.widgets.run_figures import Card, MainFigures
from kdviz.widgets.single import live as single_live
from kdviz.widgets.single.card import CARD as SINGLE
from kdviz.widgets.study import live as study_live
from kdviz.widgets.study.card import CARD as STUDY
from kdviz.widgets.sweep import live as sweep_live
from kdviz.widgets.sweep.card import CARD as SWEEP


@dataclass(frozen=True)
class Room:
    """A kind of run as the list of runs needs it."""

    card: Card
    panel: LivePanel[Any, Any]


ROOMS: Mapping[type[AnyRecipe], Room] = MappingProxyType(
    {
        Recipe: Room(SINGLE, single_live.PANEL),
        Comparison: Room(COMPARISON, comparison_live.PANEL),
        Sweep: Room(SWEEP, sweep_live.PANEL),
        Study: Room(STUDY, study_live.PANEL),
    }
)


def room_of(recipe: AnyRecipe) -> Room:
    """The room of the kind of run that a recipe asks for."""
    return ROOMS[type(recipe)]


def main_figures(result: Ending | None) -> MainFigures | None:
    """The main figures of a result; None where there are none yet, or where a training diverged."""
    figures = None if result is None else room_of(result.recipe).card.main_figures(result)
    return figures if figures is not None and math.isfinite(figures.accuracy) else None
