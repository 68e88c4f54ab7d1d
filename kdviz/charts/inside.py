"""What students look like inside, as the picture of the three kinds of knowledge takes it."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from kdviz.charts.compact import pixels, rounded
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import METHODS, PLAIN, Family
from kdviz.records.base import Watched
from kdviz.records.comparison import ComparisonResult, Inside, MethodMeasure

Kind = Literal["response", "feature", "relation"]
# Where in the picture a method of a family is shown.
KINDS: Mapping[Family, Kind] = {"offline": "response", "feature": "feature", "relation": "relation"}
# What a method hands on, in a word or two.
NAMES: Mapping[str, str] = {
    "offline": "Soft targets",
    "hints": "Hints",
    "attention": "Attention",
    "fsp": "Flow",
    "rkd": "Distances",
    "similarity": "Similarity",
}
_DIGITS = 4  # more than a cell can show


def shown_methods(recipe: Comparison) -> dict[Kind, list[str]]:
    """The methods of a comparison that the picture has a column for, in the order of `METHODS`."""
    shown: dict[Kind, list[str]] = {kind: [] for kind in KINDS.values()}
    for name in recipe.methods:
        if kind := KINDS.get(METHODS[name].family):
            shown[kind].append(name)
    return shown


def picture(recipe: Comparison, watched: Watched, looks: Sequence[Inside]) -> dict[str, Any]:
    """All that the picture draws, ready for JSON: the teacher once, and for each method its looks in their order.

    A figure that is no number, where a training diverged, is None.
    """
    return {
        "T": recipe.temperature,
        "names": list(DATA_SETS[recipe.data].class_names),
        "labels": watched.labels,
        "indices": watched.indices,
        "images": [pixels(tuple(image)) for image in watched.images],
        "kinds": shown_methods(recipe),
        "titles": {name: NAMES.get(name, METHODS[name].title) for name in recipe.methods},
        "teacher": _teacher(watched, looks),
        "methods": {
            name: history(of_method)
            for name in recipe.methods
            if name == PLAIN or METHODS[name].family in KINDS
            if (of_method := [look for look in looks if look.method == name])
        },
    }


def history(looks: Sequence[Inside]) -> dict[str, Any]:
    """One method's looks, column by column: an entry for each look."""
    return {
        "steps": [look.step for look in looks],
        "last": looks[-1].steps,
        **{name: [_rounded(getattr(look, name)) for look in looks] for name in ("cka", "logits", "relations")},
        "singular": _rounded([look.singular_values for look in looks]),
    }


def _teacher(watched: Watched, looks: Sequence[Inside]) -> dict[str, Any]:
    """The teacher stands still: what any look says of it is true of all."""
    facts: dict[str, Any] = {"logits": _rounded(watched.teacher_logits)}
    if looks:
        look = looks[0]
        facts |= {
            "layers": look.teacher_layers,
            "studentLayers": look.student_layers,
            "relations": _rounded(look.teacher_relations),
            "singular": rounded(look.teacher_singular_values, _DIGITS),
        }
    return facts


def _rounded(rows: Sequence[Sequence[float]]) -> list[list[float | None]]:
    return [rounded(row, _DIGITS) for row in rows]


# The columns of the table: measure, title, how its number is written.
_COLUMNS: tuple[tuple[MethodMeasure, str, str], ...] = (
    ("test_accuracy", "right", "{:.2%}"),
    ("nll", "NLL", "{:.4f}"),
    ("ece", "ECE", "{:.4f}"),
    ("agreement", "agreement", "{:.2%}"),
    ("fidelity_kl", "KL to teacher", "{:.4f}"),
)


def table(result: ComparisonResult) -> str:
    """A finished comparison's methods side by side as a Markdown table: means over the seeds, on the test images."""
    header = "| | kind | " + " | ".join(title for _, title, _ in _COLUMNS) + " |\n|:--|:--|" + "--:|" * len(_COLUMNS)
    rows = [
        f"| {METHODS[summary.method].title} | {_kind(summary.method)} | "
        + " | ".join(form.format(summary.means[measure].mean).replace("%", "\u00a0%") for measure, _, form in _COLUMNS)
        + " |"
        for summary in result.summaries
    ]
    return "\n".join([header, *rows])


def _kind(method: str) -> str:
    family = METHODS[method].family
    return KINDS.get(family, family)
