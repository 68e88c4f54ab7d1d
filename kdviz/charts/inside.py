"""What students look like inside, as the picture of the three kinds of knowledge takes it."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any, Literal

from kdviz.charts.compact import pixels, rounded, thinned
from kdviz.charts.palette import Palette
from kdviz.charts.vega import Spec, filling, legend, number, one_of, tooltip_row
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import METHODS, PLAIN, TEACHER, Family
from kdviz.records.base import Watched
from kdviz.records.comparison import ComparisonResult, Inside, MethodMeasure, Moment

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


def picture(recipe: Comparison, watched: Watched, looks: Sequence[Inside], moments: Sequence[Moment]) -> dict[str, Any]:
    """All that the picture draws, ready for JSON: the teacher once, and for each method its looks in their order.

    `moments` tell when in the students' training each look was.

    A figure that is no number, where a training diverged, is None.
    """
    taught = [moment for moment in moments if moment.method != TEACHER]
    begun = min((moment.seconds for moment in taught), default=0.0)
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
            name: history(of_method, [moment for moment in taught if moment.method == name], begun)
            for name in recipe.methods
            if name == PLAIN or METHODS[name].family in KINDS
            if (of_method := [look for look in looks if look.method == name])
        },
    }


def history(looks: Sequence[Inside], moments: Sequence[Moment], begun: float) -> dict[str, Any]:
    """One method's looks, column by column: an entry for each look; seconds since the students began."""
    return {
        "steps": [look.step for look in looks],
        "seconds": [
            max((round(moment.seconds - begun, 2) for moment in moments if moment.step <= look.step), default=0.0)
            for look in looks
        ],
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


LEARNING = ("network", "step", "accuracy")  # the columns of `learning`
MOMENTS = 60  # of each network that its line shows at most
_HEIGHT = 180
# Students have one colour; a dash tells what they are taught.
_DASHES: Mapping[str, tuple[int, ...]] = {
    "offline": (1, 0),
    "hints": (7, 3),
    "attention": (2, 2),
    "fsp": (9, 3, 2, 3),
    "rkd": (4, 4),
    "similarity": (1, 3),
}


def learning(recipe: Comparison, moments: Sequence[Moment]) -> list[dict[str, Any]]:
    """The rows of `learning_spec`: network, update, accuracy on the validation images (the mean over the seeds).

    Of teachers the one that learns first.
    """
    names = {TEACHER: "teacher", **_students(recipe)}
    own = {
        name: [m for m in moments if m.method == name and (name != TEACHER or m.stage_number == 1)] for name in names
    }
    return [
        {"network": names[name], "step": moment.step, "accuracy": fmean(moment.validation_accuracy)}
        for name, of_network in own.items()
        for moment in thinned(of_network, MOMENTS)
        if moment.validation_accuracy
    ]


def learning_spec(recipe: Comparison, steps: int, colours: Palette) -> Spec:
    """Lines of accuracy over the updates: the teacher's from its first report on, then each student's."""
    students = _students(recipe)
    own = {title: colours.plain if name == PLAIN else colours.student for name, title in students.items()}
    dashes = {title: list(_DASHES.get(name, (5, 3))) for name, title in students.items()}
    key = legend("Accuracy, validation images", symbolType="stroke", symbolSize=200, symbolStrokeWidth=2.5, columns=4)
    axis = {"title": "update", "format": ",d", "grid": False, "tickCount": 4, "labelFlush": True}
    # A fixed width for the labels: the plot does not jump when a label grows.
    fixed = {"format": ".0%", "tickCount": 4, "minExtent": 42, "maxExtent": 42}
    return {
        **filling(_HEIGHT),
        "mark": {"type": "line", "clip": True, "strokeWidth": 2, "point": {"size": 60, "opacity": 0}},
        "encoding": {
            "x": number("step", [0, steps], axis),
            "y": number("accuracy", [0, 1], fixed),
            "color": one_of("network", {"teacher": colours.teacher, **own}, key),
            "strokeDash": one_of("network", {"teacher": [1, 0], **dashes}, key),
            "tooltip": [tooltip_row("network"), tooltip_row("step", ",d"), tooltip_row("accuracy", ".1%")],
        },
    }


def _students(recipe: Comparison) -> dict[str, str]:
    """What the picture calls each student that it shows."""
    shown = (name for name in recipe.methods if name == PLAIN or METHODS[name].family in KINDS)
    return {name: NAMES.get(name, METHODS[name].title) for name in shown}


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
