"""A run in words and figures, for lists and tables: its kind, its settings, its result, and how it differs from others.

Only what a recipe or a result says: never tags or notes, which are a visitor's own text.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import short_title
from kdviz.recipes.single import Recipe
from kdviz.recipes.study import Study
from kdviz.recipes.sweep import Sweep
from kdviz.records.kinds import AnyRecipe, Ending
from kdviz.reports.text import ranges
from kdviz.store.run import Run
from kdviz.widgets.comparison.card import CARD as COMPARISON
from kdviz.widgets.controls import labels
from kdviz.widgets.run_figures import Card, MainFigures
from kdviz.widgets.single.card import CARD as SINGLE
from kdviz.widgets.study.card import CARD as STUDY
from kdviz.widgets.sweep.card import CARD as SWEEP

CARDS: Mapping[type[AnyRecipe], Card] = {Recipe: SINGLE, Comparison: COMPARISON, Sweep: SWEEP, Study: STUDY}

MOST_IN_A_NAME = 2  # settings that a short name says
_NAMED_FIRST = ("study", "name", "data", "student", "temperature", "alpha", "labels", "seed", "epochs")
_BRIEF = {"temperature": "T = ", "alpha": "α = ", "labels": "labels: ", "seed": "seed ", "epochs": "epochs: "}
_OF_CELLS = ("study", "search", "temperature", "alpha")  # what a sweep's name does without, or says already
_LABELS = {
    "study": "Kind",
    "name": "Study",
    "quick": "Quick version",
    "arms": "Arms",
    "methods": "Ways to teach",
    "control": "With another teacher’s student",
}


def card_of(recipe: AnyRecipe) -> Card:
    """What the kind of run that a recipe asks for says of itself."""
    return CARDS[type(recipe)]


def main_figures(result: Ending | None) -> MainFigures | None:
    """The main figures of a result; None where there are none yet, or where a training diverged."""
    figures = None if result is None else card_of(result.recipe).main_figures(result)
    return figures if figures is not None and math.isfinite(figures.accuracy) else None


def seconds(run: Run) -> float | None:
    """How long the run took; None while it is not known."""
    if run.result is not None:
        return run.result.seconds
    if run.started is None or run.finished is None:
        return None
    return (run.finished - run.started).total_seconds()


def settings(recipe: AnyRecipe) -> dict[str, str]:
    """Every setting that plays a part in the recipe, by its name, as a person would write it down."""
    values = {"study": recipe.kind}
    values |= {name: value for name, value in card_of(recipe).settings(recipe).items() if name not in values}
    return {name: _text(name, value) for name, value in values.items()}


def label(setting: str) -> str:
    """The setting's name for people."""
    return _LABELS.get(setting) or labels().get(setting) or setting.replace("_", " ").capitalize()


def differing(recipes: Sequence[AnyRecipe]) -> dict[str, list[str]]:
    """The settings in which these recipes differ, with what each has; a dash where a kind of study has no such."""
    of_each = [settings(recipe) for recipe in recipes]
    names = dict.fromkeys(name for values in of_each for name in values)
    rows = {name: [values.get(name, "–") for values in of_each] for name in names}
    return {name: row for name, row in rows.items() if len(set(row)) > 1}


def short_names(runs: Sequence[Run]) -> dict[str, str]:
    """A name for each run by what tells it from the others: "3f2a1b · T = 4, α = 0.5", "3f2a1b · halving"."""
    rows = differing([run.recipe for run in runs])
    telling = _telling(rows, len(runs))
    names = {}
    for number, run in enumerate(runs):
        own = {name: rows[name][number] for name in telling if rows[name][number] != "–"}
        search = getattr(run.recipe, "search", "")
        if search:  # a sweep's lists are long, and each of its students says its own T and α
            own = {name: value for name, value in own.items() if name not in _OF_CELLS and ", " not in value}
        parts = [search, *(_brief(name, value) for name, value in own.items())]
        names[run.id] = " · ".join(filter(None, (_short_id(run), ", ".join(filter(None, parts)))))
    return names


def _short_id(run: Run) -> str:
    """The beginning of its id: "3f2a1b", of an imported run "imported 3f2a1b"."""
    return f"imported {run.id.rpartition('-')[2][:6]}" if run.imported else run.id[:6]


def _telling(rows: Mapping[str, Sequence[str]], runs: int) -> list[str]:
    """The few settings that tell most of the runs apart, those first by which people know them."""
    left = list(dict.fromkeys((*(name for name in _NAMED_FIRST if name in rows), *rows)))
    chosen: list[str] = []

    def told_apart(names: Sequence[str]) -> int:
        return len(set(zip(*(rows[name] for name in names), strict=True)))

    while left and len(chosen) < MOST_IN_A_NAME and (not chosen or told_apart(chosen) < runs):
        best = max(left, key=lambda name: told_apart([*chosen, name]))
        chosen.append(best)
        left.remove(best)
    return [name for name in dict.fromkeys((*_NAMED_FIRST, *rows)) if name in chosen]


def span(values: Sequence[float]) -> str:
    """Several values in as few characters as a table has: "1–20 (5)"."""
    if len(values) < 3:
        return ", ".join(f"{value:g}" for value in values)
    return f"{values[0]:g}–{values[-1]:g} ({len(values)})"


def _brief(name: str, value: str) -> str:
    if name in _BRIEF:
        return f"{_BRIEF[name]}{value}"
    return value if name in _NAMED_FIRST else f"{label(name).lower()}: {value}"


def _text(name: str, value: Any) -> str:
    if value is None:
        return "all" if name.endswith("labels") else "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in ("seed", "test_seeds"):
        return ranges(value) if isinstance(value, tuple) else str(value)
    if name == "methods":
        return ", ".join(short_title(method) for method in value)
    if isinstance(value, tuple):
        return ", ".join("all" if one is None else one if isinstance(one, str) else f"{one:,g}" for one in value)
    return f"{value:g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
