"""A run's ending as text and as a JSON document, whatever kind of run it is."""

from __future__ import annotations

from typing import Any

from kdviz.recipes.comparison import Comparison
from kdviz.recipes.study import Study
from kdviz.recipes.sweep import Sweep
from kdviz.records.comparison import Compared
from kdviz.records.kinds import AnyRecipe, Ending
from kdviz.records.study import Studied
from kdviz.records.sweep import Swept
from kdviz.reports import comparison as comparison_tables
from kdviz.reports import single as tables
from kdviz.reports import study as study_tables
from kdviz.reports import sweep as sweep_tables
from kdviz.reports.text import numbers, ranges


def text(ending: Ending) -> str:
    """What a run came to, as a table."""
    if isinstance(ending, Compared):
        return comparison_tables.text(ending)
    if isinstance(ending, Studied):
        return study_tables.text(ending)
    return sweep_tables.text(ending) if isinstance(ending, Swept) else tables.scores_table(ending)


def document(ending: Ending) -> dict[str, Any]:
    """What a run came to, for scripts."""
    if isinstance(ending, Compared):
        return comparison_tables.document(ending)
    if isinstance(ending, Studied):
        return study_tables.document(ending)
    return sweep_tables.document(ending) if isinstance(ending, Swept) else tables.document(ending)


def title(recipe: AnyRecipe) -> str:
    """A recipe in a line."""
    if isinstance(recipe, Comparison):
        return (
            f"{recipe.data}: {', '.join(recipe.methods)}; student {recipe.student}, teacher {recipe.teacher}, "
            f"T = {recipe.temperature:g}, alpha = {recipe.alpha:g}, {recipe.epochs} epochs, "
            f"{'seed' if len(recipe.seeds) == 1 else 'seeds'} {ranges(recipe.seeds)}"
        )
    if isinstance(recipe, Sweep):
        return _title_of_sweep(recipe)
    if isinstance(recipe, Study):
        quick = ", quick" if recipe.quick else ""
        arms = f"; arms {', '.join(recipe.arms)}" if recipe.arms else ""
        return f"{recipe.data}: {recipe.facts.title} ({recipe.study}{quick}), seeds {ranges(recipe.seeds)}{arms}"
    return (
        f"{recipe.data}: teacher {recipe.teacher}, student {recipe.student}, T = {recipe.temperature:g}, "
        f"alpha = {recipe.alpha:g}, {recipe.epochs} epochs, seed {recipe.seed}"
    )


def _title_of_sweep(sweep: Sweep) -> str:
    """What is varied first, then what all students share."""
    if sweep.search == "random":
        ends = ((values[0], values[-1]) for values in (sweep.temperatures, sweep.alphas))
        varied = [f"{name} {low:g} to {high:g}" for name, (low, high) in zip(("T", "alpha"), ends, strict=True)]
    else:
        varied = [f"T {numbers(sweep.temperatures)}", f"alpha {numbers(sweep.alphas)}"]
    students = sweep.students or (sweep.student,)
    if sweep.learning_rates:
        varied.append(f"learning rate {numbers(sweep.learning_rates)}")
    if sweep.label_counts:
        varied.append(f"labels {numbers(sweep.label_counts)}")
    how = {"grid": [], "random": [f"{sweep.draws} random draws"], "halving": ["successive halving"]}[sweep.search]
    shared = [
        f"{'student' if len(students) == 1 else 'students'} {', '.join(students)}",
        f"teacher {sweep.teacher}",
        *how,
        f"{sweep.epochs} {'epoch' if sweep.epochs == 1 else 'epochs'}",
        f"{'seed' if len(sweep.seeds) == 1 else 'seeds'} {ranges(sweep.seeds)}",
        *([] if sweep.folds is None else [f"{sweep.folds} folds"]),
    ]
    return f"{sweep.data}: {' x '.join(varied)}; {', '.join(shared)}"
