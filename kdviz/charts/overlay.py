"""Curves of several runs over one another, whatever kind of study each of them is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import plotly.graph_objects as go

from kdviz.charts.comparison_live import short_title
from kdviz.charts.palette import Palette
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import PLAIN
from kdviz.recipes.single import Recipe
from kdviz.recipes.sweep import Cell, Sweep
from kdviz.records.comparison import Moment
from kdviz.records.kinds import AnyRecipe, Ending, Event
from kdviz.records.single import Progress
from kdviz.records.sweep import FinishedStack, Grown, Swept

MOST_RUNS = 6  # more colours than that cannot be told apart
POINTS = 80  # of a line, at most
WITHOUT = "without a teacher"
# One colour and one mark for each run, neither the teacher's nor the label's; told apart by colour-blind eyes as well
# (by lightness where the hue fails). The first is the student's own.
LIGHT = ("#7b3294", "#0f7b8a", "#8f6a00", "#b3216f", "#3a4a5c")
DARK = ("#c9a0dc", "#5fd0de", "#e3c35a", "#ff8fc4", "#c3ccd6")
MARKS = ("circle", "square", "diamond", "triangle-up", "cross", "star")
DASHES = ("solid", "dot", "dashdot", "longdash", "longdashdot", "2px,6px", "12px,3px,3px,3px", "18px,4px")
PLAIN_DASH = "dash"  # as on every page


@dataclass(frozen=True)
class Line:
    """One student's accuracy on the validation images over its epochs, in the mean over its seeds."""

    way: str  # who it is, within its run
    plain: bool  # without a teacher
    planned: int  # epochs of its training
    epochs: tuple[float, ...]
    accuracy: tuple[float, ...]


def lines(recipe: AnyRecipe, events: Sequence[Event], result: Ending | None = None) -> list[Line]:
    """What there is to draw of a run, as far as it has got; nothing of a lesson's study, whose arms are no curves."""
    if isinstance(recipe, Recipe):
        return _of_run(recipe, events)
    if isinstance(recipe, Comparison):
        return _of_comparison(recipe, events)
    return _of_sweep(events, result) if isinstance(recipe, Sweep) else []


def _of_run(recipe: Recipe, events: Sequence[Event]) -> list[Line]:
    reports = [event for event in events if isinstance(event, Progress)]
    return [
        _line(
            "distilled" if role == "distilled" else WITHOUT,
            role == "plain",
            recipe.epochs,
            [(recipe.epochs * r.step / r.steps, r.validation_accuracy) for r in reports if r.role == role],
        )
        for role in ("distilled", "plain")
        if any(report.role == role for report in reports)
    ]


def _of_comparison(comparison: Comparison, events: Sequence[Event]) -> list[Line]:
    """Of a way with several stages the last one: the student's own training."""
    moments: dict[str, list[Moment]] = {name: [] for name in comparison.methods}
    for event in events:
        if isinstance(event, Moment) and event.method in moments and event.stage_number == event.stages:
            moments[event.method].append(event)
    return [
        _line(
            short_title(name),
            name == PLAIN,
            of_method[-1].epochs,
            [(m.epochs * m.step / m.steps, _mean(m.validation_accuracy)) for m in of_method],
        )
        for name, of_method in moments.items()
        if of_method
    ]


def _of_sweep(events: Sequence[Event], result: Ending | None) -> list[Line]:
    """The chosen cell and its control; as long as nothing is chosen, the best one so far."""
    grown = {(one.stack.id, one.step): one for one in _grown(events)}
    stacks: dict[str, list[Grown]] = {}
    for (stack, _), one in sorted(grown.items(), key=lambda item: item[0]):
        stacks.setdefault(stack, []).append(one)
    choice = result.choice if isinstance(result, Swept) else None
    cell, word = (choice.cell, "") if choice else (_best(stacks.values()), ", best so far")
    if cell is None:
        return []
    named = f"T = {cell.temperature:g}, α = {cell.alpha:g}{word}"
    curves = [] if cell.trained_as == cell.plain else [_curve(stacks.values(), cell, named)]
    return [line for line in (*curves, _curve(stacks.values(), cell.plain, WITHOUT)) if line.epochs]


def _grown(events: Iterable[Event]) -> Iterable[Grown]:
    for event in events:
        if isinstance(event, Grown):
            yield event
        elif isinstance(event, FinishedStack):
            yield from event.moments


def _best(stacks: Iterable[Sequence[Grown]]) -> Cell | None:
    """The taught cell with the best mean accuracy after the most epochs that any has been trained for."""
    found: dict[tuple[int, Cell], list[float]] = {}
    for moments in stacks:
        last = moments[-1]
        for cell, accuracy in zip(last.stack.cells, last.validation_accuracy, strict=True):
            if cell.alpha > 0 and math.isfinite(accuracy):
                found.setdefault((last.stack.epochs, cell), []).append(accuracy)
    best = max(found, key=lambda key: (key[0], fmean(found[key])), default=None)
    return None if best is None else best[1]


def _curve(stacks: Iterable[Sequence[Grown]], cell: Cell, way: str) -> Line:
    """The cell's mean over seeds and folds, where all of them have a report; of the most epochs it was trained for."""
    of_cell = [moments for moments in stacks if cell in moments[0].stack.cells]
    epochs = max((moments[0].stack.epochs for moments in of_cell), default=0)
    found: dict[float, list[float]] = {}
    longest = [moments for moments in of_cell if moments[0].stack.epochs == epochs]
    for moments in longest:
        for one in moments:
            found.setdefault(one.step / one.steps, []).append(one.validation_accuracy[one.stack.cells.index(cell)])
    means = [(epochs * share, _mean(each)) for share, each in sorted(found.items()) if len(each) == len(longest)]
    return _line(way, cell.alpha == 0, epochs, means)


def _line(way: str, plain: bool, planned: int, points: Sequence[tuple[float, float]]) -> Line:
    stride = -(-len(points) // POINTS) or 1  # evenly spread and with the last
    known = [(epoch, accuracy) for epoch, accuracy in points[::-1][::stride][::-1] if math.isfinite(accuracy)]
    return Line(way, plain, planned, tuple(epoch for epoch, _ in known), tuple(accuracy for _, accuracy in known))


def _mean(values: Iterable[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return fmean(known) if known else math.nan


def overlay_figure(
    runs: Mapping[str, Sequence[Line]], floor: float, colours: Palette, *, share: bool = False
) -> go.Figure:
    """Validation accuracy over the epochs; a colour and a mark for each run, a dash for each of its students.

    With `share`, over each training's share that is done, so that long and short ones can be compared.
    `runs` by short names, which may hold nothing but what a recipe says: Plotly reads markup in them.
    `floor`: where the axis begins, unless a line ends below it.
    """
    figure = go.Figure()
    shown = list(runs.items())[:MOST_RUNS]
    for number, (name, of_run) in enumerate(shown):
        colour, taught = run_colours(colours)[number], iter(_dashes())
        for line in of_run:
            figure.add_trace(
                go.Scatter(
                    x=[epoch / line.planned for epoch in line.epochs] if share else line.epochs,
                    y=line.accuracy,
                    name=f"{name}: {line.way}",
                    mode="lines+markers",
                    line={"color": colour, "dash": PLAIN_DASH if line.plain else next(taught), "width": 2},
                    marker={
                        "symbol": MARKS[number] + ("-open" if line.plain else ""),
                        "size": 8,
                        "maxdisplayed": 8,
                        "color": colour,
                        "line": {"width": 1.5, "color": colour},
                    },
                    hovertemplate="%{fullData.name}<br>" + ("%{x:.0%}" if share else "epoch %{x:.3~g}") + ": %{y:.2%}"
                    "<extra></extra>",
                )
            )
    entries = sum(len(of_run) for _, of_run in shown)
    ends = [line.accuracy[-1] for _, of_run in shown for line in of_run if line.accuracy]
    figure.update_xaxes(rangemode="tozero", tickformat=".0%" if share else "~g")
    figure.update_xaxes(title_text="of the training" if share else "epoch")
    figure.update_yaxes(title_text="right on the validation images", tickformat=".1~%")
    if ends and min(ends) >= floor:
        figure.update_yaxes(range=[floor, 1])
    figure.update_layout(
        height=400 + 12 * entries,
        showlegend=True,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    return figure


def run_colours(colours: Palette) -> tuple[str, ...]:
    """The colours of the runs, in their order."""
    dark = int(colours.paper[1:3], 16) < 128
    return (colours.student, *(DARK if dark else LIGHT))


def _dashes() -> Iterable[str]:
    while True:
        yield from DASHES
