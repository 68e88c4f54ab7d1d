"""A run in words and figures, for lists and tables: its kind, its settings, its result, and how it differs from others.

Only what a recipe or a result says: never tags or notes, which are a visitor's own text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import PLAIN, short_title
from kdviz.recipes.single import Recipe
from kdviz.recipes.study import Study
from kdviz.recipes.sweep import Cell, Sweep
from kdviz.records.kinds import AnyRecipe, Ending
from kdviz.records.single import Result
from kdviz.records.study import StudyResult
from kdviz.records.sweep import SweepResult
from kdviz.reports.text import ranges
from kdviz.store.run import Run
from kdviz.widgets.controls import LABELS

KINDS: Mapping[type[AnyRecipe], str] = MappingProxyType(
    {Recipe: "single run", Comparison: "comparison", Sweep: "sweep", Study: "study"}
)
MOST_IN_A_NAME = 2  # settings that a short name says
_NAMED_FIRST = ("study", "name", "data", "student", "temperature", "alpha", "labels", "seed", "epochs")
_BRIEF = {"temperature": "T = ", "alpha": "α = ", "labels": "labels: ", "seed": "seed ", "epochs": "epochs: "}
_OF_CELLS = ("study", "search", "temperature", "alpha")  # what a sweep's name does without, or says already
# A sweep's lists stand where other recipes have one value; an empty one leaves that place to the value.
_LISTS = {
    "temperatures": "temperature",
    "alphas": "alpha",
    "learning_rates": "learning_rate",
    "students": "student",
    "label_counts": "labels",
    "seeds": "seed",
}
_LABELS = {
    **LABELS,
    "study": "Kind",
    "name": "Study",
    "quick": "Quick version",
    "arms": "Arms",
    "methods": "Ways to teach",
    "control": "With another teacher’s student",
}


@dataclass(frozen=True)
class Outcome:
    """What came of a run: the student it is about and the one without a teacher, right on the test images."""

    who: str  # "distilled", the best way of a comparison, the choice of a sweep
    accuracy: float  # mean over the seeds
    plain: float


def kind(recipe: AnyRecipe) -> str:
    """The kind of study in a word or two."""
    return KINDS[type(recipe)]


def cell_name(cell: Cell) -> str:
    """A cell of a sweep by its T and α."""
    return "without a teacher" if cell.alpha == 0 else f"T = {cell.temperature:g}, α = {cell.alpha:g}"


def outcome(result: Ending | None) -> Outcome | None:
    """The main figures of a result; None where there is none, or where a training diverged.

    A lesson's study has none: its arms answer a question together, and the best of them is no answer.
    """
    if result is None or isinstance(result, StudyResult):
        return None
    if isinstance(result, Result):
        found = Outcome("distilled", result.distilled.test_accuracy, result.plain.test_accuracy)
    elif isinstance(result, SweepResult):
        choice = result.choice
        if choice is None:
            return None
        found = Outcome(cell_name(choice.cell), choice.test_accuracy.mean, choice.plain_test_accuracy.mean)
    else:
        means = {summary.method: summary.means["test_accuracy"].mean for summary in result.summaries}
        taught = {name: mean for name, mean in means.items() if name != PLAIN and math.isfinite(mean)}
        best = max(taught, key=taught.__getitem__, default=PLAIN)
        plain = means.get(PLAIN, math.nan)
        found = Outcome(short_title(best), taught.get(best, plain), plain)
    return found if math.isfinite(found.accuracy) else None


def seconds(run: Run) -> float | None:
    """How long the run took; None while nobody can say."""
    if run.result is not None:
        return run.result.seconds
    if run.started is None or run.finished is None:
        return None
    return (run.finished - run.started).total_seconds()


def settings(recipe: AnyRecipe) -> dict[str, str]:
    """Every setting that plays a part in the recipe, by its name, as a person would write it down."""
    if isinstance(recipe, Study):
        return _of_study(recipe)
    values: dict[str, Any] = {"study": kind(recipe)}
    values |= {name: value for name, value in recipe.model_dump().items() if name not in values}
    for listed, alone in _LISTS.items():
        several = values.pop(listed, ())
        if several:
            values[alone] = several
    values["teacher_epochs"] = recipe.teacher_epochs if isinstance(recipe, Recipe) else recipe.epochs_of_teacher
    if values.get("pretrained"):
        for name in ("teacher_epochs", "teacher_labels", "teacher_augmentation"):
            del values[name]
    if values.get("search") != "random":
        values.pop("draws", None)
    if values.get("folds") is None:
        values.pop("folds", None)
    return {name: _text(name, value) for name, value in values.items()}


def _of_study(study: Study) -> dict[str, str]:
    values = {
        "study": kind(study),
        "name": study.facts.title,
        "data": study.data,
        "seed": study.seeds,
        "quick": study.quick,
        "arms": tuple(arm.name for arm in study.chosen) if study.arms else "all",
    }
    return {name: _text(name, value) for name, value in values.items()}


def usual(recipe: AnyRecipe) -> AnyRecipe:
    """The recipe of this kind with the defaults that suit its data set."""
    if isinstance(recipe, Study):
        return Study.of(recipe.study, recipe.data)
    return type(recipe).suited(recipe.data)


def label(setting: str) -> str:
    """The setting's name for people."""
    return _LABELS.get(setting, setting.replace("_", " ").capitalize())


def differing(recipes: Sequence[AnyRecipe]) -> dict[str, list[str]]:
    """The settings in which these recipes differ, with what each has; a dash where a kind of study has no such."""
    each = [settings(recipe) for recipe in recipes]
    names = dict.fromkeys(name for one in each for name in one)
    rows = {name: [one.get(name, "–") for one in each] for name in names}
    return {name: row for name, row in rows.items() if len(set(row)) > 1}


def short_names(runs: Sequence[Run]) -> dict[str, str]:
    """A name for each run by what tells it from the others: "3f2a1b · T = 4, α = 0.5", "3f2a1b · halving"."""
    rows = differing([run.recipe for run in runs])
    telling = _telling(rows, len(runs))
    names = {}
    for number, run in enumerate(runs):
        said = [_brief(name, rows[name][number]) for name in telling if rows[name][number] != "–"]
        if isinstance(run.recipe, Sweep):  # its lists are long, and each of its students says its own T and α
            own = {name: rows[name][number] for name in telling if name not in _OF_CELLS}
            said = [_brief(name, value) for name, value in own.items() if value != "–" and ", " not in value]
            said.insert(0, run.recipe.search)
        names[run.id] = " · ".join(filter(None, (run.id[:6], ", ".join(said))))
    return names


def _telling(rows: Mapping[str, Sequence[str]], runs: int) -> list[str]:
    """The few settings that tell most of the runs apart, those first by which people know them."""
    left = [name for name in _NAMED_FIRST if name in rows] + [name for name in rows if name not in _NAMED_FIRST]
    told: list[str] = []
    apart = 1
    while left and len(told) < MOST_IN_A_NAME and apart < runs:
        best = max(left, key=lambda name: len(set(zip(*(rows[each] for each in (*told, name)), strict=True))))
        told.append(best)
        left.remove(best)
        apart = len(set(zip(*(rows[each] for each in told), strict=True)))
    return [name for name in dict.fromkeys((*_NAMED_FIRST, *rows)) if name in told]


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
    if name == "seed":
        return ranges(value) if isinstance(value, tuple) else str(value)
    if name == "methods":
        return ", ".join(short_title(method) for method in value)
    if isinstance(value, tuple):
        return ", ".join("all" if one is None else one if isinstance(one, str) else f"{one:,g}" for one in value)
    return f"{value:g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
