"""A finished comparison to explore: accuracy against cost, and reliability diagrams."""

import math
from collections.abc import Sequence
from typing import Literal

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from kdviz.charts.kept import kept
from kdviz.charts.layout import LEGEND, hover, intervals, laid_out, outlined
from kdviz.charts.palette import Palette
from kdviz.recipes.methods import METHODS, PLAIN, short_title
from kdviz.records.comparison import Bin, ComparisonResult, Summary, Trial
from kdviz.records.intervals import wilson_interval

Cost = Literal["seconds", "multiply_adds", "images_seen"]
COSTS: dict[Cost, str] = {
    "seconds": "seconds for each seed",
    "multiply_adds": "multiply-adds for each seed",
    "images_seen": "images learnt from, for each seed",
}
# With names beside the marks, neighbours would write over each other: a mark of its own for each, and a legend.
SYMBOLS = ("diamond", "circle", "square", "triangle-up", "cross", "star", "triangle-down", "pentagon", "hexagon", "x")
COLUMNS = 3  # of reliability diagrams
FEWEST_IMAGES = 5  # of a mark in one: the accuracy of fewer says nothing


def trials_of(compared: ComparisonResult, method: str) -> list[Trial]:
    """A method's trials, one for each seed."""
    return [trial for trial in compared.trials if trial.method == method]


def interval(compared: ComparisonResult, summary: Summary) -> tuple[float, float] | None:
    """The 95 % interval of a method's test accuracy: over the seeds, or with one seed over the test images."""
    mean = summary.means["test_accuracy"]
    trials = trials_of(compared, summary.method)
    if mean.interval or len(trials) != 1 or not math.isfinite(mean.mean):
        return mean.interval
    return wilson_interval(trials[0].test_accuracy, trials[0].test_images)


@kept
def cost_figure(compared: ComparisonResult, cost: Cost, colours: Palette) -> go.Figure:
    """Test accuracy with its interval against cost; a method with a teacher once without and once with its training."""
    figure = go.Figure()
    shown = [summary for summary in compared.summaries if math.isfinite(summary.means["test_accuracy"].mean)]
    for number, summary in enumerate(shown):
        mean = summary.means["test_accuracy"].mean
        costs = [float(getattr(expense, cost)) for expense in (summary.expense, summary.expense_with_teacher)]
        asks_teacher = METHODS[summary.method].asks_teacher
        places = 2 if asks_teacher else 1
        colour = colour_of(summary.method, colours)
        symbol = SYMBOLS[number % len(SYMBOLS)]
        ends = interval(compared, summary) or (mean, mean)
        figure.add_scatter(
            x=costs[:places],
            y=[mean] * places,
            mode="lines+markers",
            name=short_title(summary.method),
            line={"color": colour, "dash": "dot", "width": 1.5},
            marker=outlined(colour, [symbol, f"{symbol}-open"][:places], 11),
            error_y=intervals([(mean, *ends), (mean, mean, mean)][:places], colour),
            customdata=["without the teacher’s training", "with it"] if asks_teacher else ["asks no teacher"],
            hovertemplate=hover(f"%{{fullData.name}}, %{{customdata}}<br>%{{y:.2%}} right, %{{x:.3~s}} {COSTS[cost]}"),
        )
    # The title is the same for all: where Plotly draws another figure in place of one, the old title can stay.
    figure.update_xaxes(title_text="for each seed", rangemode="tozero", tickformat="~g" if cost == "seconds" else "~s")
    figure.update_xaxes(ticksuffix={"seconds": " s", "images_seen": " images"}.get(cost, ""))
    figure.update_yaxes(title_text="right on the test images", tickformat=".1~%")
    legend = {**LEGEND, "itemsizing": "constant"}
    return laid_out(figure, 440, right=20, top=20, showlegend=True, legend=legend)


def colour_of(method: str, colours: Palette) -> str:
    """The colour of a way of teaching in all charts: whether a trained teacher was asked."""
    if method == PLAIN:
        return colours.plain
    return colours.teacher if METHODS[method].asks_teacher else colours.student


def pooled(trials: Sequence[Trial]) -> list[Bin]:
    """The reliability bars of several seeds as one, each image counted once for every seed.

    Those of fewer than `FEWEST_IMAGES` are left out.
    """
    bars = []
    for bins in zip(*(trial.reliability for trial in trials), strict=True):
        count = sum(of_seed.count for of_seed in bins)
        if count >= FEWEST_IMAGES:
            confidence, accuracy = (
                sum(of_seed.count * getattr(of_seed, name) for of_seed in bins) / count
                for name in ("confidence", "accuracy")
            )
            bars.append(Bin(count=count, confidence=confidence, accuracy=accuracy))
    return bars


@kept
def reliability_figure(compared: ComparisonResult, colours: Palette) -> go.Figure:
    """Accuracy against confidence for each method; a mark's area is its number of test images."""
    methods = [summary.method for summary in compared.summaries]
    columns = min(COLUMNS, len(methods))
    rows = -(-len(methods) // columns)
    figure = make_subplots(
        rows=rows,
        cols=columns,
        shared_xaxes=True,
        shared_yaxes=True,
        horizontal_spacing=0.04,
        vertical_spacing=min(0.12, 0.3 / rows),
        subplot_titles=[short_title(method) for method in methods],
    )
    for i, method in enumerate(methods):
        place = {"row": i // columns + 1, "col": i % columns + 1}
        bars = pooled(trials_of(compared, method))
        most = max((bar.count for bar in bars), default=1)
        dotted = {"color": colours.plain, "dash": "dot", "width": 1}
        figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line=dotted, hoverinfo="skip", **place)
        colour = colour_of(method, colours)
        sizes = [4 + 14 * math.sqrt(bar.count / most) for bar in bars]
        figure.add_scatter(
            x=[bar.confidence for bar in bars],
            y=[bar.accuracy for bar in bars],
            mode="lines+markers",
            name=short_title(method),
            line={"color": colour, "width": 1.5},
            cliponaxis=False,
            marker={"color": colour, "size": sizes, "opacity": 0.8},
            customdata=[bar.count for bar in bars],
            hovertemplate=hover("%{customdata:,} images: confidence %{x:.1%}, right %{y:.1%}"),
            **place,
        )
    figure.update_xaxes(range=[0, 1.03], tickformat=".0%")
    figure.update_yaxes(range=[0, 1.05], tickformat=".0%")
    figure.update_xaxes(title_text="confidence", row=rows)
    figure.update_yaxes(title_text="right", col=1)
    return laid_out(figure, 90 + 190 * rows, top=30, showlegend=False)
