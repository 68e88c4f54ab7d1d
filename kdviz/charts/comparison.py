"""A finished comparison to explore: accuracy against cost, and reliability diagrams."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from kdviz.charts.comparison_live import short_title
from kdviz.charts.palette import Palette
from kdviz.recipes.methods import METHODS, PLAIN
from kdviz.records.base import Expense
from kdviz.records.comparison import Bin, Compared, Summary, Trial
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


def trials_of(compared: Compared, method: str) -> list[Trial]:
    """A method's trials, one for each seed."""
    return [trial for trial in compared.trials if trial.method == method]


def interval(compared: Compared, summary: Summary) -> tuple[float, float] | None:
    """The 95 % interval of a method's test accuracy: over the seeds, or with one seed over the test images."""
    mean = summary.means["test_accuracy"]
    if mean.low is not None and mean.high is not None:
        return mean.low, mean.high
    trials = trials_of(compared, summary.method)
    if len(trials) != 1 or not math.isfinite(mean.mean):
        return None
    return wilson_interval(trials[0].test_accuracy, trials[0].test_images)


def cost_figure(compared: Compared, cost: Cost, colours: Palette) -> go.Figure:
    """Test accuracy with its interval against cost; who asked a teacher stands there with and without its training."""
    figure = go.Figure()
    shown = [each for each in compared.summaries if math.isfinite(each.means["test_accuracy"].mean)]
    for number, summary in enumerate(shown):
        mean = summary.means["test_accuracy"].mean
        alone, whole = (_amount(expense, cost) for expense in (summary.expense, summary.expense_with_teacher))
        asked = METHODS[summary.method].asks_teacher
        colour = colour_of(summary.method, colours)
        symbol = SYMBOLS[number % len(SYMBOLS)]
        low, high = interval(compared, summary) or (mean, mean)
        figure.add_trace(
            go.Scatter(
                x=[alone, whole] if asked else [alone],
                y=[mean, mean] if asked else [mean],
                mode="lines+markers",
                name=short_title(summary.method),
                line={"color": colour, "dash": "dot", "width": 1.5},
                marker={
                    "size": 11,
                    "color": colour,
                    "symbol": [symbol, f"{symbol}-open"] if asked else [symbol],
                    "line": {"width": 2, "color": colour},
                },
                error_y={
                    "array": [high - mean] + [0] * asked,
                    "arrayminus": [mean - low] + [0] * asked,
                    "color": colour,
                    "thickness": 1.5,
                    "width": 5,
                },
                customdata=["without the teacher’s training", "with it"] if asked else ["asks no teacher"],
                hovertemplate="%{fullData.name}, %{customdata}<br>%{y:.2%} right, %{x:.3~s} "
                f"{COSTS[cost]}<extra></extra>",
            )
        )
    # The title is the same for all: where Plotly draws another figure in place of one, the old title can stay.
    figure.update_xaxes(title_text="for each seed", rangemode="tozero", tickformat="~g" if cost == "seconds" else "~s")
    figure.update_xaxes(ticksuffix={"seconds": " s", "images_seen": " images"}.get(cost, ""))
    figure.update_yaxes(title_text="right on the test images", tickformat=".1~%")
    legend = {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0, "itemsizing": "constant"}
    figure.update_layout(height=440, showlegend=True, legend=legend, margin={"l": 10, "r": 20, "t": 20, "b": 10})
    return figure


def colour_of(method: str, colours: Palette) -> str:
    """The colour of a way of teaching in all charts: whether a trained teacher was asked."""
    if method == PLAIN:
        return colours.plain
    return colours.teacher if METHODS[method].asks_teacher else colours.student


def _amount(expense: Expense, cost: Cost) -> float:
    return float(getattr(expense, cost))


def pooled(trials: Sequence[Trial]) -> list[Bin]:
    """The reliability bars of several seeds as one, each image counted once for every seed.

    Those of fewer than `FEWEST_IMAGES` are left out.
    """
    bars = []
    for bins in zip(*(trial.reliability for trial in trials), strict=True):
        count = sum(one.count for one in bins)
        if count >= FEWEST_IMAGES:
            confidence = sum(one.count * one.confidence for one in bins) / count
            bars.append(
                Bin(count=count, confidence=confidence, accuracy=sum(b.count * b.accuracy for b in bins) / count)
            )
    return bars


def reliability_figure(compared: Compared, colours: Palette) -> go.Figure:
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
        diagonal = go.Scatter(
            x=[0, 1], y=[0, 1], mode="lines", line={"color": colours.plain, "dash": "dot", "width": 1}, hoverinfo="skip"
        )
        figure.add_trace(diagonal, **place)
        colour = colour_of(method, colours)
        figure.add_trace(
            go.Scatter(
                x=[bar.confidence for bar in bars],
                y=[bar.accuracy for bar in bars],
                mode="lines+markers",
                name=short_title(method),
                line={"color": colour, "width": 1.5},
                cliponaxis=False,
                marker={
                    "color": colour,
                    "size": [4 + 14 * math.sqrt(bar.count / most) for bar in bars],
                    "opacity": 0.8,
                },
                customdata=[bar.count for bar in bars],
                hovertemplate="%{customdata:,} images: confidence %{x:.1%}, right %{y:.1%}<extra></extra>",
            ),
            **place,
        )
    figure.update_xaxes(range=[0, 1.03], tickformat=".0%")
    figure.update_yaxes(range=[0, 1.05], tickformat=".0%")
    figure.update_xaxes(title_text="confidence", row=rows)
    figure.update_yaxes(title_text="right", col=1)
    figure.update_layout(height=90 + 190 * rows, showlegend=False, margin={"l": 10, "r": 10, "t": 30, "b": 10})
    return figure
