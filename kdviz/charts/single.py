"""The figures of a single run: Vega-Lite specifications while it is trained, and all its curves at the end.

The axes of the first span the whole run from its first step, so that nothing jumps.
"""

from collections.abc import Sequence
from typing import Literal

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from kdviz.charts.compact import thinned
from kdviz.charts.kept import kept
from kdviz.charts.layout import laid_out
from kdviz.charts.palette import Palette
from kdviz.charts.vega import Spec, filling, legend, number, one_of, tooltip_row
from kdviz.recipes.base import Conditions, Loss
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.records.single import Progress

Parts = Literal["amount", "share", "gradient"]
Quality = Literal["validation_accuracy", "agreement"]

ZOOM = "zoom"  # the parameter of a chart that holds what part of it is looked at
HEIGHT = 230
# The soft term as it enters the loss, by the recipe's choice of it.
SOFT_TERMS: dict[Loss, str] = {"kl": "α·T²·KL", "soft-ce": "α·T²·CE(p, q)", "mse": "α·MSE of the logits"}
MOMENTS = 80  # of each network that a chart shows at most
FEW_LABELS = 5000  # with fewer, accuracies spread so far that the axis begins at 0
COLUMNS = [name for name in Progress.model_fields if name != "watched_logits"]
NAMES = {"teacher": "teacher", "distilled": "distilled", "plain": "without a teacher"}
TITLES: dict[Parts | Quality, str] = {
    "amount": "Loss of the taught student, nats",
    "share": "Share of the loss",
    "gradient": "Share of the gradient",
    "validation_accuracy": "Accuracy, validation images",
    "agreement": "Agreement with the teacher, validation images",
}
PANELS = ("Terms of the loss, nats, logarithmic", "Share of the soft term", "Accuracy", "Agreement with the teacher")


def floor(recipe: Conditions) -> float:
    """Where an axis of accuracy begins, so that the end of a training fills the chart."""
    few = min(recipe.labels or FEW_LABELS, recipe.teacher_labels or FEW_LABELS) < FEW_LABELS
    return 0.0 if few else DATA_SETS[recipe.data].chart_floor


def thin(progress: Sequence[Progress], most: int = MOMENTS) -> list[Progress]:
    """At most `most` reports of each network, evenly spread and with its last: all that a chart can show."""
    of_networks = ([report for report in progress if report.role == role] for role in NAMES)
    return sorted((report for own in of_networks for report in thinned(own, most)), key=lambda report: report.seconds)


def curves(progress: Sequence[Progress]) -> pd.DataFrame:
    """One row per report: role, step and all that a chart may show."""
    return pd.DataFrame([[getattr(report, column) for column in COLUMNS] for report in progress], columns=COLUMNS)


def contributions(frame: pd.DataFrame, parts: Parts) -> pd.DataFrame:
    """Long form of the distilled student's two terms: step, term, value."""
    distilled = frame[frame.role == "distilled"]
    if parts == "gradient":
        shares = distilled.gradient_share_kd.fillna(0.0)
        soft, hard = shares, 1 - shares
    else:
        total = (distilled.loss_kd + distilled.loss_ce).where(lambda sums: sums > 0, 1.0)
        scale = total if parts == "share" else 1.0
        soft, hard = distilled.loss_kd / scale, distilled.loss_ce / scale
    terms = {"soft": soft, "hard": hard}
    return pd.concat(pd.DataFrame({"step": distilled.step, "term": term, "value": terms[term]}) for term in terms)


def height(long: pd.DataFrame, parts: Parts) -> tuple[float, float]:
    """(top of the axis, largest sum of both terms) of `contributions`.

    The amount ends at the sixth report, which is known early, so that the axis then stays; what was higher is cut off.
    """
    if parts != "amount" or long.empty:
        return 1.0, 1.0
    totals = long.groupby("step").value.sum()
    return float(totals.iloc[min(5, len(totals) - 1)]), float(totals.max())


def contributions_spec(top: float, steps: int, parts: Parts, soft: str, colours: Palette, *, more: str = "") -> Spec:
    """Stacked areas of the soft and the hard term of `contributions`.

    `top` is where the axis ends, see `height`; `soft` is the soft term as a formula; `more` stands after the title.
    """
    said = f"datum.label == 'soft' ? '{soft}, the teacher' : '(1−α)·CE, the labels'"
    key = legend(TITLES[parts] + more, labelExpr=said, symbolType="square")
    axis: Spec = {"format": "%"} if parts != "amount" else {}
    form = ".1%" if parts != "amount" else ".4f"
    return {
        **_zoomable(),
        "mark": {"type": "area", "clip": True, "opacity": 0.85, "line": {"strokeWidth": 1}},
        "encoding": {
            "x": _steps(steps),
            "y": _measure("value", [0, top], axis) | {"stack": "zero"},
            "order": {"field": "term", "type": "nominal", "sort": "descending"},
            "color": one_of("term", {"soft": colours.teacher, "hard": colours.label}, key),
            "tooltip": [tooltip_row("term"), tooltip_row("step", ",d"), tooltip_row("value", form)],
        },
    }


def quality_spec(steps: int, quality: Quality, floor: float, colours: Palette) -> Spec:
    """Lines of accuracy or agreement, one per network; dashed without a teacher."""
    key = legend(TITLES[quality], symbolType="stroke", symbolSize=200, symbolStrokeWidth=2.5)
    roles = {NAMES["teacher"]: colours.teacher, NAMES["distilled"]: colours.student, NAMES["plain"]: colours.plain}
    return {
        **_zoomable(),
        "transform": [{"filter": f"isValid(datum.{quality})"}],
        "mark": {"type": "line", "clip": True, "strokeWidth": 2, "point": {"size": 60, "opacity": 0}},
        "encoding": {
            "x": _steps(steps),
            "y": _measure(quality, [floor, 1], {"format": ".0%"}),
            "color": one_of("network", roles, key),
            "strokeDash": one_of("network", dict(zip(roles, ([1, 0], [1, 0], [5, 3]), strict=True)), key),
            "tooltip": [tooltip_row("network"), tooltip_row("step", ",d"), tooltip_row(quality, ".2%")],
        },
    }


def quality(frame: pd.DataFrame, steps: int, teacher_accuracy: float | None) -> pd.DataFrame:
    """The rows of `curves` with the networks' names for people; a teacher that was trained before is a level line."""
    if teacher_accuracy is not None and "teacher" not in set(frame.role):
        level = {"role": "teacher", "validation_accuracy": teacher_accuracy}
        frame = pd.concat([frame, pd.DataFrame([{"step": 0, **level}, {"step": steps, **level}])])
    return frame.assign(network=frame.role.map(NAMES))[["network", "step", "validation_accuracy", "agreement"]]


def _zoomable() -> Spec:
    """Drag to move, Shift and wheel to zoom: the wheel alone scrolls the page."""
    zoom = {"type": "interval", "zoom": "wheel![event.shiftKey]"}
    return {**filling(HEIGHT), "params": [{"name": ZOOM, "select": zoom, "bind": "scales"}]}


def _steps(steps: int) -> Spec:
    axis = {"title": "update", "format": ",d", "grid": False, "tickCount": 4, "labelFlush": True}
    return number("step", [0, steps], axis)


def _measure(field: str, ends: list[float], axis: Spec) -> Spec:
    # A fixed width for the labels: the plot does not jump when a label grows.
    return number(field, ends, {"tickCount": 4, "minExtent": 42, "maxExtent": 42, **axis})


@kept
def run_figure(frame: pd.DataFrame, loss: Loss, colours: Palette) -> go.Figure:
    """Loss terms (logarithmic), the soft term's share of loss and gradient, accuracies and agreement, over the updates.

    `frame` as from `curves`.
    """
    figure = make_subplots(rows=4, cols=1, shared_xaxes=True, vertical_spacing=0.06, subplot_titles=PANELS)
    distilled = frame[frame.role == "distilled"]
    _line(figure, 1, distilled.step, distilled.loss_kd, SOFT_TERMS[loss], colours.teacher)
    _line(figure, 1, distilled.step, distilled.loss_ce, "(1−α)·CE", colours.label)
    total = distilled.loss_kd + distilled.loss_ce
    _line(figure, 2, distilled.step, distilled.loss_kd / total, "of the loss", colours.teacher)
    _line(figure, 2, distilled.step, distilled.gradient_share_kd, "of the gradient", colours.student, "dot")
    plain = frame[frame.role == "plain"]
    for network, role, colour in ((distilled, "distilled", colours.student), (plain, "plain", colours.plain)):
        _line(figure, 3, network.step, network.validation_accuracy, f"{NAMES[role]}, validation", colour)
        _line(figure, 3, network.step, network.training_accuracy, f"{NAMES[role]}, training", colour, "dot")
    _line(figure, 4, distilled.step, distilled.agreement, NAMES["distilled"], colours.student)
    _line(figure, 4, plain.step, plain.agreement, NAMES["plain"], colours.plain, "dash")
    figure.update_yaxes(type="log", dtick=1, row=1)
    figure.update_yaxes(tickformat=".0%", range=[0, 1], row=2)
    for row in (3, 4):
        figure.update_yaxes(tickformat=".0%", row=row)
    figure.update_xaxes(title_text="update", row=4)
    return laid_out(figure, 720, top=30, hovermode="x unified", legend={"orientation": "h"})


def _line(figure: go.Figure, row: int, x: pd.Series, y: pd.Series, name: str, colour: str, dash: str = "solid") -> None:
    line = {"color": colour, "dash": dash, "width": 2}
    figure.add_scatter(x=x, y=y, name=name, mode="lines", line=line, row=row, col=1)
