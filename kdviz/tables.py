"""A run's result as lines of text, and as the JSON document that scripts read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kdviz.comparison import Comparison
from kdviz.kinds import AnyRecipe
from kdviz.records import Result, Scores
from kdviz.study import Study
from kdviz.sweep import Sweep

MOST_LISTED = 8  # values of a list in a line


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


def numbers(values: Sequence[float]) -> str:
    """Values as the command line takes them, `1,2,4`; of many the ends and how many there are, `0 to 1 (21)`."""
    if len(values) > MOST_LISTED:
        return f"{values[0]:g} to {values[-1]:g} ({len(values)})"
    return ",".join(f"{value:g}" for value in values)


def ranges(whole: Sequence[int]) -> str:
    """Rising whole numbers as the command line takes them: `0-4,7`."""
    runs: list[list[int]] = []
    for number in whole:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def document(result: Result) -> dict[str, Any]:
    """The result with the distilled student's figures on top, where scripts look for them first."""
    whole = result.model_dump(mode="json")
    distilled = whole["distilled"]
    return {
        "run_id": whole["run_id"],
        "recipe": whole["recipe"],
        **{name: distilled[name] for name in ("test_accuracy", "test_errors", "agreement", "nll", "ece")},
        "images_per_second": distilled["images_per_second"],
        "seconds": whole["seconds"],
        **{role: whole[role] for role in ("teacher", "distilled", "plain")},
        **{name: whole[name] for name in ("device", "threads", "torch")},
    }


_COLUMNS: tuple[tuple[str, Callable[[Scores], str]], ...] = (
    ("network", lambda s: s.architecture),
    ("parameters", lambda s: f"{s.parameters:,}"),
    ("test accuracy", lambda s: f"{s.test_accuracy:.2%}"),
    ("errors", lambda s: f"{s.test_errors:,} of {s.test_images:,}"),
    ("NLL", lambda s: f"{s.nll:.4f}"),
    ("ECE", lambda s: f"{s.ece:.4f}"),
    ("agreement", lambda s: "" if s.agreement is None else f"{s.agreement:.2%}"),
    ("seconds", lambda s: f"{s.seconds:.2f}"),
    ("images/s", lambda s: f"{s.images_per_second:,.0f}"),
)


def scores_table(result: Result) -> str:
    """The three networks of a run, a line each."""
    roles = (("teacher", result.teacher), ("distilled", result.distilled), ("plain", result.plain))
    rows = [[role, *(value(scores) for _, value in _COLUMNS)] for role, scores in roles]
    return table(["", *(name for name, _ in _COLUMNS)], rows)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns under their headings: the first to the left, figures to the right."""
    lines = [list(header), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
