"""A finished sweep to explore: slices of its heat map with intervals, and all its parameters side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import pandas as pd
import plotly.graph_objects as go

from kdviz.charts.palette import Palette
from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.recipes.sweep import Cell
from kdviz.records.base import Mean
from kdviz.records.intervals import wilson_interval
from kdviz.records.sweep import CellSummary, Swept

Along = Literal["temperature", "alpha"]
CellMeasure = Literal["validation_accuracy", "agreement", "nll", "ece"]

MEASURES: Mapping[CellMeasure, str] = MappingProxyType(
    {
        "validation_accuracy": "Accuracy",
        "agreement": "Agreement with the teacher",
        "nll": "NLL, nats",
        "ece": "ECE",
    }
)
# On a phone the names of the axes would lie on one another.
_BRIEF: Mapping[CellMeasure, str] = MappingProxyType(
    {"validation_accuracy": "right", "agreement": "agrees", "nll": "NLL", "ece": "ECE"}
)
IN_PERCENT: tuple[CellMeasure, ...] = ("validation_accuracy", "agreement")
NAMES: Mapping[str, str] = MappingProxyType(
    {
        "temperature": "T",
        "alpha": "α",
        "learning_rate": "learning rate",
        "student": "student",
        "labels": "labels",
        "epochs": "epochs",
    }
)
_MOST_TICKS = 8
_QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)  # round values of alpha
_ROUND = tuple(step * 10.0**power for power in range(-6, 4) for step in (1, 2, 5))  # ticks of a logarithmic axis


class Point(NamedTuple):
    """A cell of a slice: where it stands, and what became of it."""

    at: float
    cell: Cell
    summary: CellSummary


def summary_of(swept: Swept, cell: Cell) -> CellSummary | None:
    """A cell's summary; the cells with alpha = 0 share that of the student without a teacher."""
    return next((each for each in swept.summaries if each.cell == cell.trained_as), None)


def best_taught(swept: Swept) -> Cell | None:
    """The choice, or where that is labels only, the best cell with a teacher: what slices are drawn through."""
    if swept.choice is not None and swept.choice.cell.alpha > 0:
        return swept.choice.cell
    known = [each for each in swept.summaries if math.isfinite(each.validation_accuracy.mean)]
    taught = [each for each in known if each.cell.alpha > 0 and each.epochs == swept.recipe.epochs]
    return max(taught or known, key=lambda each: each.validation_accuracy.mean).cell if known else None


def points(swept: Swept, cell: Cell, along: Along) -> list[Point]:
    """The cells that differ from this one in T alone, or in alpha alone; in order, without those that diverged."""
    return _sorted(swept, [other for other in swept.recipe.cells if _alike(cell, other, but={along})], along)


def all_points(swept: Swept, cell: Cell, along: Along) -> list[Point]:
    """All cells of the same student, learning rate and number of labels: what there is where none lie on a line."""
    both = {"temperature", "alpha"}
    return _sorted(swept, [other for other in swept.recipe.cells if _alike(cell, other, but=both)], along)


def _alike(cell: Cell, other: Cell, but: set[str]) -> bool:
    return all(getattr(cell, name) == getattr(other, name) for name in Cell.model_fields if name not in but)


def _sorted(swept: Swept, cells: Sequence[Cell], along: Along) -> list[Point]:
    found = [(cell, summary_of(swept, cell)) for cell in dict.fromkeys(cells)]
    alive = [
        Point(getattr(cell, along), cell, summary)
        for cell, summary in found
        if summary is not None and math.isfinite(summary.validation_accuracy.mean)
    ]
    return sorted(alive, key=lambda point: point.at)


def interval(swept: Swept, summary: CellSummary, measure: CellMeasure) -> tuple[float, float] | None:
    """The 95 % interval of a cell's mean: over seeds and folds; of a single student's accuracy, Wilson's."""
    mean: Mean = getattr(summary, measure)
    if mean.low is not None and mean.high is not None:
        return mean.low, mean.high
    trials = [t for t in swept.trials if t.cell == summary.cell and t.epochs == summary.epochs]
    if len(trials) != 1 or measure != "validation_accuracy" or trials[0].diverged:
        return None
    return wilson_interval(trials[0].validation_accuracy, trials[0].validation_images)


def slice_figure(swept: Swept, cell: Cell, along: Along, measure: CellMeasure, colours: Palette) -> go.Figure:
    """A measure over T or over alpha with its intervals, all else as in `cell`; plain training as a band.

    Where no other cell lies on the line, as after a random search, all cells are shown.
    """
    figure = go.Figure()
    line = points(swept, cell, along)
    shown = line if len(line) > 1 else all_points(swept, cell, along)
    ends = (shown[0].at, shown[-1].at) if shown else (0.0, 1.0)
    _plain_band(figure, swept, cell, measure, ends, colours)
    _cells(figure, swept, shown, measure, joined=shown is line, colours=colours)
    _marked(figure, swept, cell, along, measure, shown, colours)
    where = sorted({point.at for point in shown})
    figure.update_xaxes(title_text=NAMES[along], **_axis(where, along))
    figure.update_yaxes(tickformat=".1~%" if measure in IN_PERCENT else ".3~f")
    plain = summary_of(swept, cell.plain)
    summaries = [*(point.summary for point in shown), *([plain] if plain else [])]
    figure.update_yaxes(range=_heights(swept, summaries, measure))
    legend = {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0}
    figure.update_layout(height=320, legend=legend, margin={"l": 10, "r": 14, "t": 10, "b": 10})
    return figure


def _axis(values: Sequence[float], along: Along) -> dict[str, Any]:
    """Ticks at the values themselves as long as there are few, else at round ones; T on a logarithmic axis."""
    ticks = list(values)
    if len(ticks) > _MOST_TICKS:
        low, high = ticks[0], ticks[-1]
        ticks = [tick for tick in _ROUND if low <= tick <= high] if along == "temperature" else list(_QUARTERS)
    axis: dict[str, Any] = {"tickvals": ticks, "ticktext": [f"{value:g}" for value in ticks], "showgrid": False}
    if along == "temperature":
        axis["type"] = "log"
    return axis


def _heights(swept: Swept, summaries: Sequence[CellSummary], measure: CellMeasure) -> list[float] | None:
    """The range of the upright axis: as far as the intervals reach, but not so far that the means look alike."""
    means = [getattr(each, measure).mean for each in summaries if math.isfinite(getattr(each, measure).mean)]
    if not means:
        return None
    ends = [interval(swept, each, measure) for each in summaries]
    low = min([*means, *(end[0] for end in ends if end)])
    high = max([*means, *(end[1] for end in ends if end)])
    room = 2 * max(max(means) - min(means), 0.02 * max(means))
    low, high = max(low, min(means) - room), min(high, max(means) + room)
    edge = 0.06 * (high - low)
    return [max(0.0, low - edge), min(1.0, high + edge) if measure in IN_PERCENT else high + edge]


def _plain_band(
    figure: go.Figure, swept: Swept, cell: Cell, measure: CellMeasure, ends: tuple[float, float], colours: Palette
) -> None:
    plain = summary_of(swept, cell.plain)
    if plain is None or not math.isfinite(getattr(plain, measure).mean):
        return
    found = interval(swept, plain, measure)
    if found is not None:
        figure.add_trace(
            go.Scatter(
                x=[*ends, *reversed(ends)],
                y=[found[1], found[1], found[0], found[0]],
                fill="toself",
                mode="lines",
                line={"width": 0},
                fillcolor=_faint(colours.plain),
                hoverinfo="skip",
                showlegend=False,
            )
        )
    mean = getattr(plain, measure).mean
    figure.add_trace(
        go.Scatter(
            x=list(ends),
            y=[mean, mean],
            mode="lines",
            name="labels only",
            line={"color": colours.plain, "dash": "dash", "width": 2},
            hovertemplate=f"labels only: {_said(measure)}<extra></extra>",
        )
    )


def _cells(
    figure: go.Figure, swept: Swept, shown: Sequence[Point], measure: CellMeasure, *, joined: bool, colours: Palette
) -> None:
    """Mean and interval of each cell; an open mark for one that was given up before the last epoch."""
    most = max((point.summary.epochs for point in shown), default=0)
    up, down, about = [], [], []
    for point in shown:
        mean = getattr(point.summary, measure).mean
        low, high = interval(swept, point.summary, measure) or (mean, mean)
        up.append(high - mean)
        down.append(mean - low)
        about.append(f"T = {point.cell.temperature:g}, α = {point.cell.alpha:g}, {point.summary.epochs} epochs")
    figure.add_trace(
        go.Scatter(
            x=[point.at for point in shown],
            y=[getattr(point.summary, measure).mean for point in shown],
            mode="lines+markers" if joined and all(point.summary.epochs == most for point in shown) else "markers",
            name="with the teacher",
            line={"color": colours.student, "width": 2},
            marker={
                "size": 8,
                "color": colours.student,
                "symbol": ["circle" if point.summary.epochs == most else "circle-open" for point in shown],
            },
            error_y={"array": up, "arrayminus": down, "color": colours.student, "thickness": 1.5, "width": 5},
            customdata=about,
            hovertemplate=f"%{{customdata}}: {_said(measure)}<extra></extra>",
        )
    )


def _marked(
    figure: go.Figure,
    swept: Swept,
    cell: Cell,
    along: Along,
    measure: CellMeasure,
    shown: Sequence[Point],
    colours: Palette,
) -> None:
    """A ring around the cell that was chosen, and around the one that is looked at."""
    chosen = swept.choice.cell if swept.choice else None
    here = [point for point in shown if point.cell in (chosen, cell)]
    for point in here:
        figure.add_trace(
            go.Scatter(
                x=[point.at],
                y=[getattr(point.summary, measure).mean],
                mode="markers",
                name="the choice" if point.cell == chosen else "this cell",
                marker={
                    "size": 17,
                    "symbol": "circle-open" if point.cell == chosen else "square-open",
                    "color": colours.text,
                    "line": {"width": 2},
                },
                hoverinfo="skip",
            )
        )


def _said(measure: CellMeasure) -> str:
    return "%{y:.2%}" if measure in IN_PERCENT else "%{y:.4f}"


def _faint(colour: str) -> str:
    """A colour of the palette, as a wash behind lines."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.18)"


def frame(swept: Swept) -> pd.DataFrame:
    """A row for each student that differs, the best first: its parameters, its means with intervals, its verdict."""
    choice = swept.choice
    rows = []
    for summary in swept.summaries:
        found = interval(swept, summary, "validation_accuracy")
        against = summary.against_plain
        means: dict[str, float] = {measure: getattr(summary, measure).mean for measure in MEASURES}
        rows.append(
            {
                **summary.cell.model_dump(),
                "epochs": summary.epochs,
                **means,
                "low": found[0] if found else math.nan,
                "high": found[1] if found else math.nan,
                "difference": against.difference if against else math.nan,
                "verdict": against.word if against else "",
                "chosen": choice is not None and summary.cell == choice.cell.trained_as,
                "tied": choice is not None and summary.cell in choice.tied,
                "students": summary.trials,
                "diverged": summary.diverged,
            }
        )
    return pd.DataFrame(rows).sort_values(["validation_accuracy", "nll"], ascending=[False, True], na_position="last")


def varied(swept: Swept) -> list[str]:
    """The parameters with more than one value in this sweep, T and alpha always among them."""
    cells = swept.recipe.trained_cells
    values = {name: {getattr(cell, name) for cell in cells} for name in Cell.model_fields}
    found = [name for name in Cell.model_fields if name in ("temperature", "alpha") or len(values[name]) > 1]
    return [*found, "epochs"] if len(swept.recipe.rungs) > 1 else found


def parallel_figure(swept: Swept, colours: Palette) -> go.Figure:
    """A line for each cell through all its parameters and measures, coloured by accuracy; what diverged is left out."""
    rows = frame(swept)
    rows = rows[rows.validation_accuracy.notna()].iloc[::-1]  # the best lines lie on top
    dimensions = [_dimension(name, rows[name]) for name in varied(swept)]
    for measure in MEASURES:
        shown = rows[measure] * 100 if measure in IN_PERCENT else rows[measure]
        unit = ", %" if measure in IN_PERCENT else ""
        dimensions.append({"label": f"{_BRIEF[measure]}{unit}", "values": shown, "range": _wide(shown)})
    accuracy = rows.validation_accuracy * 100
    figure = go.Figure(
        go.Parcoords(
            dimensions=dimensions,
            line={"color": accuracy, "colorscale": [[0, colours.plain], [1, colours.student]]},
            labelfont={"color": colours.text, "size": 13},
            tickfont={"color": colours.text, "size": 12},
            rangefont={"color": "rgba(0,0,0,0)", "size": 1},  # the ticks say it
        )
    )
    figure.update_layout(height=360, margin={"l": 40, "r": 40, "t": 50, "b": 20})
    return figure


def _dimension(name: str, values: pd.Series) -> dict[str, Any]:
    """An axis of a parameter: T, learning rate and labels by their logarithm, students by their names."""
    distinct = sorted(set(values.dropna()))
    if name == "labels":
        distinct = [*distinct, *([None] if values.isna().any() else [])]
    if name == "student":
        distinct = sorted(distinct, key=lambda student: ARCHITECTURES[student].parameters)
    if name in ("student", "labels", "epochs") or (len(distinct) <= _MOST_TICKS and name != "alpha"):
        # Few values stand at equal distances, whatever they are.
        place = {value: number for number, value in enumerate(distinct)}
        at = [place[None if pd.isna(value) else value] for value in values]
        texts = ["all" if value is None else f"{value:g}" if name != "student" else value for value in distinct]
        return {"label": NAMES[name], "values": at, "tickvals": list(place.values()), "ticktext": texts}
    if name == "alpha":
        return {"label": NAMES[name], "values": values, "range": _wide(values)}
    logarithms = [math.log10(value) for value in values]
    ends = min(logarithms), max(logarithms)
    ticks = [tick for tick in _ROUND if ends[0] <= math.log10(tick) <= ends[1]]
    return {
        "label": NAMES[name],
        "values": logarithms,
        "tickvals": [math.log10(tick) for tick in ticks],
        "ticktext": [f"{tick:g}" for tick in ticks],
    }


def _wide(values: pd.Series) -> list[float]:
    """A range that is no point, as an axis needs it."""
    low, high = float(values.min()), float(values.max())
    return [low, high] if high > low else [low - 0.5, high + 0.5]
