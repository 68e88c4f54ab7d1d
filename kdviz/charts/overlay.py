"""Curves of several runs over one another, whatever kind of study each of them is."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, cycle
from statistics import fmean
from types import MappingProxyType
from typing import Any

import plotly.graph_objects as go

from kdviz.charts.compact import finite_mean, thinned
from kdviz.charts.comparison_live import moments_of
from kdviz.charts.layout import LEGEND, SYMBOLS, hover, laid_out
from kdviz.charts.palette import Palette
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import PLAIN, short_title
from kdviz.recipes.single import Recipe
from kdviz.recipes.study import Study
from kdviz.recipes.sweep import Cell, Sweep
from kdviz.records.kinds import AnyRecipe, Ending, Event
from kdviz.records.single import Progress
from kdviz.records.sweep import FinishedStack, StackProgress, SweepResult

MOST_RUNS = 6  # more colours than that cannot be told apart
POINTS = 80  # of a line, at most
WITHOUT = "without a teacher"
# One colour and one mark for each run, neither the teacher's nor the label's; told apart by colour-blind eyes as well
# (by lightness where the hue fails). The first is the student's own.
LIGHT = ("#7b3294", "#0f7b8a", "#8f6a00", "#b3216f", "#3a4a5c")
DARK = ("#c9a0dc", "#5fd0de", "#e3c35a", "#ff8fc4", "#c3ccd6")
DASHES = ("solid", "dot", "dashdot", "longdash", "longdashdot", "2px,6px", "12px,3px,3px,3px", "18px,4px")
PLAIN_DASH = "dash"  # as on every page


@dataclass(frozen=True)
class LearningCurve:
    """One student's accuracy on the validation images over its epochs, in the mean over its seeds."""

    way: str  # who it is, within its run
    plain: bool  # without a teacher
    planned: int  # epochs of its training
    epochs: tuple[float, ...]
    accuracy: tuple[float, ...]


def learning_curves(recipe: AnyRecipe, events: Sequence[Event], result: Ending | None = None) -> list[LearningCurve]:
    """What there is to draw of a run, as far as it has got; nothing of a lesson's study, whose arms are no curves."""
    return _CURVES[type(recipe)](recipe, events, result)


def _of_single(recipe: Recipe, events: Sequence[Event], _: Ending | None) -> list[LearningCurve]:
    reports = [event for event in events if isinstance(event, Progress)]
    return [
        _thinned(
            "distilled" if role == "distilled" else WITHOUT,
            role == "plain",
            recipe.epochs,
            [
                (recipe.epochs * report.step / report.steps, report.validation_accuracy)
                for report in reports
                if report.role == role
            ],
        )
        for role in ("distilled", "plain")
        if any(report.role == role for report in reports)
    ]


def _of_comparison(comparison: Comparison, events: Sequence[Event], _: Ending | None) -> list[LearningCurve]:
    """Of a method with several stages the last one: the student's own training."""
    curves = []
    for name, moments in moments_of(comparison.methods, events).items():
        own = [moment for moment in moments if moment.stage_number == moment.stages]
        points = [(moment.epochs * moment.step / moment.steps, _mean(moment.validation_accuracy)) for moment in own]
        if own:
            curves.append(_thinned(short_title(name), name == PLAIN, own[-1].epochs, points))
    return curves


def _of_sweep(_: Sweep, events: Sequence[Event], result: Ending | None) -> list[LearningCurve]:
    """The chosen cell and its control; as long as nothing is chosen, the best one so far."""
    reports = {(report.stack.id, report.step): report for report in _reports(events)}
    stacks: dict[str, list[StackProgress]] = {}
    for (stack, _step), report in sorted(reports.items(), key=lambda item: item[0]):
        stacks.setdefault(stack, []).append(report)
    choice = result.choice if isinstance(result, SweepResult) else None
    cell, word = (choice.cell, "") if choice else (_best(stacks.values()), ", best so far")
    if cell is None:
        return []
    named = f"T = {cell.temperature:g}, α = {cell.alpha:g}{word}"
    curves = [] if cell.trained_as == cell.plain else [_of_cell(stacks.values(), cell, named)]
    return [curve for curve in (*curves, _of_cell(stacks.values(), cell.plain, WITHOUT)) if curve.epochs]


_CURVES: Mapping[type[AnyRecipe], Callable[[Any, Sequence[Event], Ending | None], list[LearningCurve]]] = (
    MappingProxyType({Recipe: _of_single, Comparison: _of_comparison, Sweep: _of_sweep, Study: lambda *_: []})
)


def _reports(events: Iterable[Event]) -> Iterator[StackProgress]:
    for event in events:
        if isinstance(event, StackProgress):
            yield event
        elif isinstance(event, FinishedStack):
            yield from event.moments


def _best(stacks: Iterable[Sequence[StackProgress]]) -> Cell | None:
    """The taught cell with the best mean accuracy after the most epochs that any has been trained for."""
    accuracies: dict[tuple[int, Cell], list[float]] = {}
    for moments in stacks:
        last = moments[-1]
        for cell, accuracy in zip(last.stack.cells, last.validation_accuracy, strict=True):
            if cell.alpha > 0 and math.isfinite(accuracy):
                accuracies.setdefault((last.stack.epochs, cell), []).append(accuracy)
    best = max(accuracies, key=lambda key: (key[0], fmean(accuracies[key])), default=None)
    return None if best is None else best[1]


def _of_cell(stacks: Iterable[Sequence[StackProgress]], cell: Cell, way: str) -> LearningCurve:
    """The cell's mean over seeds and folds, where all of them have a report; of the most epochs it was trained for."""
    of_cell = [reports for reports in stacks if cell in reports[0].stack.cells]
    epochs = max((reports[0].stack.epochs for reports in of_cell), default=0)
    longest = [reports for reports in of_cell if reports[0].stack.epochs == epochs]
    accuracies: dict[float, list[float]] = {}  # by the share of the training that is done
    for report in chain.from_iterable(longest):
        accuracy = report.validation_accuracy[report.stack.cells.index(cell)]
        accuracies.setdefault(report.step / report.steps, []).append(accuracy)
    means = [(epochs * share, _mean(all_)) for share, all_ in sorted(accuracies.items()) if len(all_) == len(longest)]
    return _thinned(way, cell.alpha == 0, epochs, means)


def _thinned(way: str, plain: bool, planned: int, points: Sequence[tuple[float, float]]) -> LearningCurve:
    known = [(epoch, accuracy) for epoch, accuracy in thinned(points, POINTS) if math.isfinite(accuracy)]
    epochs, accuracies = (tuple(values) for values in zip(*known, strict=True)) if known else ((), ())
    return LearningCurve(way, plain, planned, epochs, accuracies)


def _mean(values: Iterable[float]) -> float:
    mean = finite_mean(values)
    return math.nan if mean is None else mean


def overlay_figure(
    runs: Mapping[str, Sequence[LearningCurve]], floor: float, colours: Palette, *, share: bool = False
) -> go.Figure:
    """Validation accuracy over the epochs; a colour and a mark for each run, a dash for each of its students.

    With `share`, over each training's share that is done, so that long and short ones can be compared.
    `runs` by short names, which may hold nothing but what a recipe says: Plotly reads markup in them.
    `floor`: where the axis begins, unless a line ends below it.
    """
    figure = go.Figure()
    shown = list(runs.items())[:MOST_RUNS]
    for number, (name, of_run) in enumerate(shown):
        colour, taught = run_colours(colours)[number], cycle(DASHES)
        for curve in of_run:
            figure.add_trace(
                go.Scatter(
                    x=[epoch / curve.planned for epoch in curve.epochs] if share else curve.epochs,
                    y=curve.accuracy,
                    name=f"{name}: {curve.way}",
                    mode="lines+markers",
                    line={"color": colour, "dash": PLAIN_DASH if curve.plain else next(taught), "width": 2},
                    marker={
                        "symbol": SYMBOLS[number] + ("-open" if curve.plain else ""),
                        "size": 8,
                        "maxdisplayed": 8,
                        "color": colour,
                        "line": {"width": 1.5, "color": colour},
                    },
                    hovertemplate=hover(("%{x:.0%}" if share else "epoch %{x:.3~g}") + ": %{y:.2%}", name=True),
                )
            )
    entries = sum(len(of_run) for _, of_run in shown)
    ends = [curve.accuracy[-1] for _, of_run in shown for curve in of_run if curve.accuracy]
    figure.update_xaxes(rangemode="tozero", tickformat=".0%" if share else "~g")
    figure.update_xaxes(title_text="of the training" if share else "epoch")
    figure.update_yaxes(title_text="right on the validation images", tickformat=".1~%")
    if ends and min(ends) >= floor:
        figure.update_yaxes(range=[floor, 1])
    return laid_out(figure, 400 + 12 * entries, showlegend=True, legend=LEGEND)


def run_colours(colours: Palette) -> tuple[str, ...]:
    """The colours of the runs, in their order."""
    dark = int(colours.paper[1:3], 16) < 128
    return (colours.student, *(DARK if dark else LIGHT))
