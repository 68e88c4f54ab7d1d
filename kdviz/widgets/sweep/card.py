"""A sweep in the list of runs and on its card."""

import math
from typing import Any

from kdviz.recipes.sweep import Cell, Sweep
from kdviz.records.sweep import SweepResult
from kdviz.reports import findable
from kdviz.reports.phrases import count
from kdviz.widgets import run_figures as figures
from kdviz.widgets.comparison.words import difference
from kdviz.widgets.lesson import sentence
from kdviz.widgets.run_figures import Card, MainFigures, settings_of_many
from kdviz.widgets.sweep.live import PANEL


def cell_name(cell: Cell) -> str:
    """A cell by its T and α."""
    return "without a teacher" if cell.alpha == 0 else f"T = {cell.temperature:g}, α = {cell.alpha:g}"


def settings(sweep: Sweep) -> dict[str, Any]:
    """Every setting that plays a part, by its name."""
    unused = {"draws" if sweep.search != "random" else "", "folds" if sweep.folds is None else ""}
    named = {**settings_of_many(sweep), "test_seeds": sweep.seeds_of_test}
    return {name: value for name, value in named.items() if name not in unused}


def main_figures(swept: SweepResult) -> MainFigures | None:
    """The choice; None where every cell has a student that diverged."""
    choice = swept.choice
    if choice is None:
        return None
    return MainFigures(cell_name(choice.cell), choice.test_accuracy.mean, choice.plain_test_accuracy.mean)


def table(swept: SweepResult) -> None:
    """The choice and the student without a teacher."""
    rows = []
    if choice := swept.choice:
        rows = [(cell_name(choice.cell), choice.test_accuracy), ("No teacher", choice.plain_test_accuracy)]
    figures.table(figures.of_mean(who, accuracy) for who, accuracy in rows)


def verdict(swept: SweepResult) -> str:
    """The choice, how many cells may be as good, and its one test, in two sentences."""
    choice = swept.choice
    if choice is None:
        return "Every student diverged: nothing could be chosen."
    ties, judged = "", choice.against_plain
    if choice.tied:
        others = count(len(choice.tied), "other cell")
        ties = f" {others[0].upper()}{others[1:]} may be as good."
    by = (
        f", {difference('test_accuracy', judged, findable.of_choice(swept))}"
        if math.isfinite(judged.difference)
        else ""
    )
    return sentence(
        "runs",
        "chosen",
        images=choice.chosen_on,
        cell=cell_name(choice.cell),
        ties=ties,
        whose=sentence("runs", "chosen-anew" if swept.recipe.has_fresh_test else "chosen-once-more"),
        verdict=f"{judged.word}{by}",
    )


def footing(swept: SweepResult) -> str:
    """What the intervals of the choice's test are over."""
    return figures.footing(swept.recipe.seeds_of_test)


CARD = Card(PANEL, settings, main_figures, table, verdict, footing)
