"""A finished sweep to explore: slices of its heat map with intervals, and all its parameters side by side."""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import pandas as pd
import plotly.graph_objects as go

from kdviz.charts.layout import LEGEND, faint, hover, intervals, laid_out
from kdviz.charts.palette import Palette
from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.recipes.sweep import Cell
from kdviz.records.base import Mean
from kdviz.records.intervals import wilson_interval
from kdviz.records.sweep import CellSummary, SweepResult

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


class CellPoint(NamedTuple):
    """A cell of a slice: where it stands, and what became of it."""

    at: float
    cell: Cell
    summary: CellSummary


def summary_of(swept: SweepResult, cell: Cell) -> CellSummary | None:
    """A cell's summary; the cells with alpha = 0 share that of the student without a teacher."""
    return next((summary for summary in swept.summaries if summary.cell == cell.trained_as), None)


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
    alike = [
        other for other in swept.recipe.cells if all(getattr(cell, name) == getattr(other, name) for name in fixed)
    ]
    alive = [
        CellPoint(getattr(other, along), other, summary)
        for other in dict.fromkeys(alike)
        if (summary := summary_of(swept, other)) and math.isfinite(summary.validation_accuracy.mean)
    ]
    return sorted(alive, key=lambda point: point.at)


def interval(swept: SweepResult, summary: CellSummary, measure: CellMeasure) -> tuple[float, float] | None:
    """The 95 % interval of a cell's mean: over seeds and folds; of a single student's accuracy, Wilson's."""
    mean: Mean = getattr(summary, measure)
    if mean.low is not None and mean.high is not None:
        return mean.low, mean.high
    trials = [trial for trial in swept.trials if trial.cell == summary.cell and trial.epochs == summary.epochs]
    if len(trials) != 1 or measure != "validation_accuracy" or trials[0].diverged:
        return None
    return wilson_interval(trials[0].validation_accuracy, trials[0].validation_images)


def slice_figure(swept: SweepResult, cell: Cell, along: Along, measure: CellMeasure, colours: Palette) -> go.Figure:
    """A measure over T or over alpha with its intervals, all else as in `cell`; plain training as a band.

    Where no other cell lies on the line, as after a random search, all cells are shown.
    """
    figure = go.Figure()
    line = points(swept, cell, along)
    shown = line if len(line) > 1 else points(swept, cell, along, anywhere=True)
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
    return laid_out(figure, 320, right=14, legend=LEGEND)


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


def _heights(swept: SweepResult, summaries: Sequence[CellSummary], measure: CellMeasure) -> list[float] | None:
    """The range of the upright axis: as far as the intervals reach, but not so far that the means look alike."""
    means = [mean for summary in summaries if math.isfinite(mean := getattr(summary, measure).mean)]
    if not means:
        return None
    ends = [end for summary in summaries for end in interval(swept, summary, measure) or ()]
    low, high = min([*means, *ends]), max([*means, *ends])
    room = 2 * max(max(means) - min(means), 0.02 * max(means))
    low, high = max(low, min(means) - room), min(high, max(means) + room)
    edge = 0.06 * (high - low)
    return [max(0.0, low - edge), min(1.0, high + edge) if measure in IN_PERCENT else high + edge]


def _plain_band(
    figure: go.Figure, swept: SweepResult, cell: Cell, measure: CellMeasure, ends: tuple[float, float], colours: Palette
) -> None:
    plain = summary_of(swept, cell.plain)
    mean = math.nan if plain is None else getattr(plain, measure).mean
    if plain is None or not math.isfinite(mean):
        return
    band = interval(swept, plain, measure)
    if band is not None:
        figure.add_trace(
            go.Scatter(
                x=[*ends, *reversed(ends)],
                y=[band[1], band[1], band[0], band[0]],
                fill="toself",
                mode="lines",
                line={"width": 0},
                fillcolor=faint(colours.plain),
                hoverinfo="skip",
                showlegend=False,
            )
        )
    figure.add_trace(
        go.Scatter(
            x=list(ends),
            y=[mean, mean],
            mode="lines",
            name="labels only",
            line={"color": colours.plain, "dash": "dash", "width": 2},
            hovertemplate=hover(f"labels only: {_value(measure)}"),
        )
    )


def _cells(
    figure: go.Figure,
    swept: SweepResult,
    shown: Sequence[CellPoint],
    measure: CellMeasure,
    *,
    joined: bool,
    colours: Palette,
) -> None:
    """Mean and interval of each cell; an open mark for one that was given up before the last epoch."""
    most = max((point.summary.epochs for point in shown), default=0)
    means = [getattr(point.summary, measure).mean for point in shown]
    ends = [interval(swept, point.summary, measure) or (None, None) for point in shown]
    about = [f"T = {p.cell.temperature:g}, α = {p.cell.alpha:g}, {p.summary.epochs} epochs" for p in shown]
    figure.add_trace(
        go.Scatter(
            x=[point.at for point in shown],
            y=means,
            mode="lines+markers" if joined and all(point.summary.epochs == most for point in shown) else "markers",
            name="with the teacher",
            line={"color": colours.student, "width": 2},
            marker={
                "size": 8,
                "color": colours.student,
                "symbol": ["circle" if point.summary.epochs == most else "circle-open" for point in shown],
            },
            error_y=intervals(means, [low for low, _ in ends], [high for _, high in ends], colours.student),
            customdata=about,
            hovertemplate=hover(f"%{{customdata}}: {_value(measure)}"),
        )
    )


def _marked(
    figure: go.Figure,
    swept: SweepResult,
    cell: Cell,
    along: Along,
    measure: CellMeasure,
    shown: Sequence[CellPoint],
    colours: Palette,
) -> None:
    """A ring around the cell that was chosen, and around the one that is looked at."""
    chosen = swept.choice.cell if swept.choice else None
    for point in shown:
        if point.cell not in (chosen, cell):
            continue
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


def _value(measure: CellMeasure) -> str:
    return "%{y:.2%}" if measure in IN_PERCENT else "%{y:.4f}"


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
    names = [
        name
        for name in Cell.model_fields
        if name in ("temperature", "alpha") or len({getattr(cell, name) for cell in cells}) > 1
    ]
    return [*names, "epochs"] if len(swept.recipe.rungs) > 1 else names


def parallel_figure(swept: SweepResult, colours: Palette) -> go.Figure:
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
    return figure.update_layout(height=360, margin={"l": 40, "r": 40, "t": 50, "b": 20})


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
