"""Curves of several runs over one another, whatever kind of study each of them is."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import plotly.graph_objects as go

from kdviz.charts.compact import finite_mean, thinned
from kdviz.charts.comparison_live import moments_of
from kdviz.charts.layout import LEGEND, SYMBOLS, hover, laid_out, outlined
from kdviz.charts.palette import Palette
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import PLAIN, short_title
from kdviz.recipes.single import Recipe
from kdviz.recipes.study import Study
from kdviz.recipes.sweep import Cell, Sweep
from kdviz.records.kinds import AnyRecipe, Ending, Event
from kdviz.records.single import Progress
from kdviz.records.sweep import SweepResult
from kdviz.records.sweep_so_far import SweepSoFar, gather

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
    curves = []
    for role, way in (("distilled", "distilled"), ("plain", WITHOUT)):
        own = [event for event in events if isinstance(event, Progress) and event.role == role]
        points = [(recipe.epochs * report.step / report.steps, report.validation_accuracy) for report in own]
        if own:
            curves.append(_thinned(way, role == "plain", recipe.epochs, points))
    return curves


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
    so_far = gather(events)
    choice = result.choice if isinstance(result, SweepResult) else None
    cell, word = (choice.cell, "") if choice else (_best(so_far), ", best so far")
    if cell is None:
        return []
    named = f"T = {cell.temperature:g}, α = {cell.alpha:g}{word}"
    curves = [] if cell.trained_as == cell.plain else [_of_cell(so_far, cell, named)]
    return [curve for curve in (*curves, _of_cell(so_far, cell.plain, WITHOUT)) if curve.epochs]


_CURVES: Mapping[type[AnyRecipe], Callable[[Any, Sequence[Event], Ending | None], list[LearningCurve]]] = {
    Recipe: _of_single,
    Comparison: _of_comparison,
    Sweep: _of_sweep,
    Study: lambda *_: [],
}


def _best(so_far: SweepSoFar) -> Cell | None:
    """The taught cell with the best mean accuracy after the most epochs that any has been trained for."""
    accuracies: dict[tuple[int, Cell], float] = {}
    for (cell, epochs), students in so_far.students.items():
        known = [student for student in students.values() if student.reports]
        mean = finite_mean(student.reports[-1].validation_accuracy[student.at] for student in known)
        if cell.alpha > 0 and mean is not None:
            accuracies[epochs, cell] = mean
    best = max(accuracies, key=lambda key: (key[0], accuracies[key]), default=None)
    return None if best is None else best[1]


def _of_cell(so_far: SweepSoFar, cell: Cell, way: str) -> LearningCurve:
    """The cell's mean over seeds and folds, where all of them have a report; of the most epochs it was trained for."""
    epochs = so_far.longest.get(cell, 0)
    students = [student for student in so_far.students.get((cell, epochs), {}).values() if student.reports]
    accuracies: dict[float, list[float]] = {}  # by the share of the training that is done
    for student in students:
        for report in student.reports:
            accuracies.setdefault(report.step / report.steps, []).append(report.validation_accuracy[student.at])
    means = [(epochs * share, _mean(all_)) for share, all_ in sorted(accuracies.items()) if len(all_) == len(students)]
    return _thinned(way, cell.alpha == 0, epochs, means)


def _thinned(way: str, plain: bool, planned: int, points: Sequence[tuple[float, float]]) -> LearningCurve:
    known = [(epoch, accuracy) for epoch, accuracy in thinned(points, POINTS) if math.isfinite(accuracy)]
    epochs, accuracies = (tuple(values) for values in zip(*known, strict=True)) if known else ((), ())
    return LearningCurve(way, plain, planned, epochs, accuracies)


def _mean(values: Iterable[float]) -> float:
    mean = finite_mean(values)
    return math.nan if mean is None else mean


def overlay_figure(
    runs: Mapping[str, Sequence[LearningCurve]],
    floor: float,
    colours: Palette,
    *,
    share: bool = False,
    brief: bool = False,
) -> go.Figure:
    """Validation accuracy over the epochs; a colour and a mark for each run, a dash for each of its students.

    With `share`, over each training's share that is done, so that long and short ones can be compared. With `brief`,
    for large letters, the legend names who is taught; who is not is told apart by the dash.
    `runs` by short names, which may hold nothing but what a recipe says: Plotly reads markup in them.
    `floor`: where the axis begins, unless a line ends below it.
    """
    figure = go.Figure()
    shown = list(runs.items())[:MOST_RUNS]
    for number, (name, of_run) in enumerate(shown):
        colour, taught = run_colours(colours)[number], cycle(DASHES)
        taught_at_all = not all(curve.plain for curve in of_run)
        for curve in of_run:
            marker = outlined(colour, SYMBOLS[number] + ("-open" if curve.plain else ""), 8, border=1.5)
            figure.add_scatter(
                x=[epoch / curve.planned for epoch in curve.epochs] if share else curve.epochs,
                y=curve.accuracy,
                name=f"{name}: {curve.way}",
                mode="lines+markers",
                showlegend=not (brief and curve.plain and taught_at_all),
                line={"color": colour, "dash": PLAIN_DASH if curve.plain else next(taught), "width": 2},
                marker={**marker, "maxdisplayed": 8},
                hovertemplate=hover(("%{x:.0%}" if share else "epoch %{x:.3~g}") + ": %{y:.2%}", name=True),
            )
    entries = sum(len(of_run) for _, of_run in shown)
    if brief and not all(trace.showlegend for trace in figure.data):
        place = {"xref": "paper", "x": 1, "xanchor": "right", "yref": "paper", "y": 0, "yanchor": "bottom"}
        figure.add_annotation(text=f"dashed: {WITHOUT}", showarrow=False, **place)
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
