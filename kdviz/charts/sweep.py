"""A finished sweep to explore: slices of its heat map with intervals, and all its parameters side by side."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import pandas as pd
import plotly.graph_objects as go

from kdviz.charts.kept import kept
from kdviz.charts.layout import LEGEND, faint, hover, intervals, laid_out
from kdviz.charts.palette import Palette
from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.recipes.sweep import Cell
from kdviz.records.base import Mean
from kdviz.records.intervals import wilson_interval
from kdviz.records.sweep import CellSummary, SweepResult
from kdviz.records.sweep_so_far import SHARES, SweepMeasure

Along = Literal["temperature", "alpha"]

MEASURES: Mapping[SweepMeasure, str] = {
    "validation_accuracy": "Accuracy",
    "agreement": "Agreement with the teacher",
    "nll": "NLL, nats",
    "ece": "ECE",
}
# On a phone the names of the axes would lie on one another.
_BRIEF: Mapping[SweepMeasure, str] = {
    "validation_accuracy": "right, %",
    "agreement": "agrees, %",
    "nll": "NLL",
    "ece": "ECE",
}
NAMES: Mapping[str, str] = {
    "temperature": "T",
    "alpha": "α",
    "learning_rate": "learning rate",
    "student": "student",
    "labels": "labels",
    "epochs": "epochs",
}
_MOST_TICKS = 8
_QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)  # round values of alpha
_ROUND = tuple(step * 10.0**power for power in range(-6, 4) for step in (1, 2, 5))  # ticks of a logarithmic axis


class CellPoint(NamedTuple):
    """A cell of a slice: where it stands, and what became of it."""

    at: float
    cell: Cell
    summary: CellSummary


def best_taught(swept: SweepResult) -> Cell | None:
    """The choice, or where that is labels only, the best cell with a teacher: what slices are drawn through."""
    if swept.choice is not None and swept.choice.cell.alpha > 0:
        return swept.choice.cell
    known = [summary for summary in swept.summaries if math.isfinite(summary.validation_accuracy.mean)]
    taught = [summary for summary in known if summary.cell.alpha > 0 and summary.epochs == swept.recipe.epochs]
    return max(taught or known, key=lambda summary: summary.validation_accuracy.mean).cell if known else None


def points(swept: SweepResult, cell: Cell, along: Along, *, anywhere: bool = False) -> list[CellPoint]:
    """The cells that differ from this one in T alone or in alpha alone, or `anywhere` in both; in order.

    Without those that diverged.
    """
    free = {"temperature", "alpha"} if anywhere else {along}
    fixed = [name for name in Cell.model_fields if name not in free]
    alive = [
        CellPoint(getattr(other, along), other, summary)
        for other in dict.fromkeys(swept.recipe.cells)
        if all(getattr(cell, name) == getattr(other, name) for name in fixed)
        if (summary := swept.summary(other)) and math.isfinite(summary.validation_accuracy.mean)
    ]
    return sorted(alive, key=lambda point: point.at)


def interval(swept: SweepResult, summary: CellSummary, measure: SweepMeasure) -> tuple[float, float] | None:
    """The 95 % interval of a cell's mean: over seeds and folds; of a single student's accuracy, Wilson's."""
    mean: Mean = getattr(summary, measure)
    trials = [trial for trial in swept.trials if trial.cell == summary.cell and trial.epochs == summary.epochs]
    if mean.interval or len(trials) != 1 or measure != "validation_accuracy" or trials[0].diverged:
        return mean.interval
    return wilson_interval(trials[0].validation_accuracy, trials[0].validation_images)


@kept
def slice_figure(swept: SweepResult, cell: Cell, along: Along, measure: SweepMeasure, colours: Palette) -> go.Figure:
    """A measure over T or over alpha with its intervals, all else as in `cell`; plain training as a band.

    Where no other cell lies on the line, as after a random search, all cells are shown. An open mark is a cell that
    was given up before the last epoch; the chosen cell, and the one that is looked at, have a ring.
    """
    figure = go.Figure()
    line = points(swept, cell, along)
    shown = line if len(line) > 1 else points(swept, cell, along, anywhere=True)
    value = "%{y:.2%}" if measure in SHARES else "%{y:.4f}"
    levels = [_level(swept, point.summary, measure) for point in shown]
    plain = swept.summary(cell.plain)
    if plain is not None and math.isfinite(getattr(plain, measure).mean):
        levels.append(_level(swept, plain, measure))
        sides = [shown[0].at, shown[-1].at] if shown else [0.0, 1.0]
        _plain_band(figure, sides, levels[-1], f"labels only: {value}", colours.plain)
    most = max((point.summary.epochs for point in shown), default=0)
    whole = [point.summary.epochs == most for point in shown]
    symbols = ["circle" if trained else "circle-open" for trained in whole]
    of_cells = levels[: len(shown)]
    figure.add_scatter(
        x=[point.at for point in shown],
        y=[mean for mean, _, _ in of_cells],
        mode="lines+markers" if shown is line and all(whole) else "markers",
        name="with the teacher",
        line={"color": colours.student, "width": 2},
        marker={"size": 8, "color": colours.student, "symbol": symbols},
        error_y=intervals(of_cells, colours.student),
        customdata=[f"T = {p.cell.temperature:g}, α = {p.cell.alpha:g}, {p.summary.epochs} epochs" for p in shown],
        hovertemplate=hover(f"%{{customdata}}: {value}"),
    )
    rings = {cell: ("this cell", "square-open")}
    if swept.choice:
        rings[swept.choice.cell] = ("the choice", "circle-open")
    for point, (mean, _, _) in zip(shown, of_cells, strict=True):
        if point.cell in rings:
            name, symbol = rings[point.cell]
            ring = {"size": 17, "symbol": symbol, "color": colours.text, "line": {"width": 2}}
            figure.add_scatter(x=[point.at], y=[mean], mode="markers", name=name, marker=ring, hoverinfo="skip")
    figure.update_xaxes(title_text=NAMES[along], **_axis(sorted({point.at for point in shown}), along))
    figure.update_yaxes(tickformat=".1~%" if measure in SHARES else ".3~f", range=_heights(levels, measure))
    return laid_out(figure, 320, right=14, legend=LEGEND)


Level = tuple[float, float | None, float | None]  # mean, low, high


def _level(swept: SweepResult, summary: CellSummary, measure: SweepMeasure) -> Level:
    return getattr(summary, measure).mean, *(interval(swept, summary, measure) or (None, None))


def _plain_band(figure: go.Figure, ends: Sequence[float], level: Level, text: str, colour: str) -> None:
    """A line between the ends of the slice, and its interval where it has one."""
    mean, low, high = level
    if low is not None:
        figure.add_scatter(
            x=[*ends, *reversed(ends)],
            y=[high, high, low, low],
            fill="toself",
            mode="lines",
            line={"width": 0},
            fillcolor=faint(colour),
            hoverinfo="skip",
            showlegend=False,
        )
    line = {"color": colour, "dash": "dash", "width": 2}
    figure.add_scatter(x=ends, y=[mean, mean], mode="lines", name="labels only", line=line, hovertemplate=hover(text))


def _axis(ticks: Sequence[float], along: Along) -> dict[str, Any]:
    """Ticks at the values themselves as long as there are few, else at round ones; T on a logarithmic axis."""
    if len(ticks) > _MOST_TICKS:
        low, high = ticks[0], ticks[-1]
        ticks = [tick for tick in _ROUND if low <= tick <= high] if along == "temperature" else _QUARTERS
    scale = {"type": "log"} if along == "temperature" else {}
    return {"tickvals": ticks, "ticktext": [f"{value:g}" for value in ticks], "showgrid": False, **scale}


def _heights(levels: Sequence[Level], measure: SweepMeasure) -> list[float] | None:
    """The range of the upright axis: as far as the intervals reach, but not so far that the means look alike."""
    means = [mean for mean, _, _ in levels if math.isfinite(mean)]
    if not means:
        return None
    ends = [*means, *(end for _, *interval in levels for end in interval if end is not None)]
    room = 2 * max(max(means) - min(means), 0.02 * max(means))
    low, high = max(min(ends), min(means) - room), min(max(ends), max(means) + room)
    edge = 0.06 * (high - low)
    return [max(0.0, low - edge), min(1.0, high + edge) if measure in SHARES else high + edge]


def frame(swept: SweepResult) -> pd.DataFrame:
    """A row for each student that differs, the best first: its parameters, its means with intervals, its verdict."""
    choice = swept.choice
    rows = []
    for summary in swept.summaries:
        low, high = interval(swept, summary, "validation_accuracy") or (math.nan, math.nan)
        against = summary.against_plain
        means: dict[str, float] = {measure: getattr(summary, measure).mean for measure in MEASURES}
        rows.append(
            {
                **summary.cell.model_dump(),
                "epochs": summary.epochs,
                **means,
                "low": low,
                "high": high,
                "difference": against.difference if against else math.nan,
                "verdict": against.word if against else "",
                "chosen": choice is not None and summary.cell == choice.cell.trained_as,
                "tied": choice is not None and summary.cell in choice.tied,
                "students": summary.trials,
                "diverged": summary.diverged,
            }
        )
    return pd.DataFrame(rows).sort_values(["validation_accuracy", "nll"], ascending=[False, True], na_position="last")


def varied(swept: SweepResult) -> list[str]:
    """The parameters with more than one value in this sweep, T and alpha always among them."""
    cells = swept.recipe.trained_cells
    several = {name for name in Cell.model_fields if len({getattr(cell, name) for cell in cells}) > 1}
    names = [name for name in Cell.model_fields if name in several | {"temperature", "alpha"}]
    return [*names, "epochs"] if len(swept.recipe.rungs) > 1 else names


@kept
def parallel_figure(swept: SweepResult, colours: Palette) -> go.Figure:
    """A line for each cell through all its parameters and measures, coloured by accuracy; what diverged is left out."""
    rows = frame(swept)
    rows = rows[rows.validation_accuracy.notna()].iloc[::-1]  # the best lines lie on top
    rows[list(SHARES)] *= 100
    dimensions = [_dimension(name, rows[name]) for name in varied(swept)]
    dimensions += [
        {"label": label, "values": rows[measure], "range": _wide(rows[measure])} for measure, label in _BRIEF.items()
    ]
    figure = go.Figure(
        go.Parcoords(
            dimensions=dimensions,
            line={"color": rows.validation_accuracy, "colorscale": [[0, colours.plain], [1, colours.student]]},
            labelfont={"color": colours.text, "size": 13},
            tickfont={"color": colours.text, "size": 12},
            rangefont={"color": "rgba(0,0,0,0)", "size": 1},  # the ticks say it
        )
    )
    return figure.update_layout(height=360, margin={"l": 40, "r": 40, "t": 50, "b": 20})


def _dimension(name: str, values: pd.Series) -> dict[str, Any]:
    """An axis of a parameter: T, learning rate and labels by their logarithm, students by their names."""
    distinct = sorted(set(values.dropna()))
    if name == "labels" and values.isna().any():
        distinct.append(None)
    if name == "student":
        distinct.sort(key=lambda student: ARCHITECTURES[student].parameters)
    if name in ("student", "labels", "epochs") or (len(distinct) <= _MOST_TICKS and name != "alpha"):
        # Few values stand at equal distances, whatever they are.
        place = {value: number for number, value in enumerate(distinct)}
        at = [place[None if pd.isna(value) else value] for value in values]
        texts = ["all" if value is None else f"{value:g}" if name != "student" else value for value in distinct]
        return {"label": NAMES[name], "values": at, "tickvals": list(place.values()), "ticktext": texts}
    if name == "alpha":
        return {"label": NAMES[name], "values": values, "range": _wide(values)}
    ticks = [tick for tick in _ROUND if distinct[0] <= tick <= distinct[-1]]
    return {
        "label": NAMES[name],
        "values": [math.log10(value) for value in values],
        "tickvals": [math.log10(tick) for tick in ticks],
        "ticktext": [f"{tick:g}" for tick in ticks],
    }


def _wide(values: pd.Series) -> list[float]:
    """A range that is no point, as an axis needs it."""
    low, high = float(values.min()), float(values.max())
    return [low, high] if high > low else [low - 0.5, high + 0.5]
