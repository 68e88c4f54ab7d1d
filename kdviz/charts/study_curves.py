"""What the arms of a study measured along an axis of its own: over passes, angles, digits or T."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from statistics import fmean
from typing import Literal

import plotly.graph_objects as go

from kdviz.charts.palette import Palette
from kdviz.records.study import FinishedArm

Role = Literal["teacher", "student", "label"]

_SYMBOLS = ("circle", "square", "diamond", "triangle-up")
_DASHES = ("solid", "dot", "dashdot", "longdash")


@dataclass(frozen=True)
class Line:
    """The mean over the seeds, which are shares, and their range."""

    name: str
    role: Role
    x: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


def line(arm: FinishedArm, curve: str, name: str, role: Role) -> Line | None:
    """One quantity of an arm over all seeds; None where it was not measured."""
    rows = [each for each in arm.curves if each.name == curve]
    if not rows:
        return None
    at_each = list(zip(*(each.y for each in rows), strict=True))
    return Line(
        name,
        role,
        tuple(rows[0].x),
        tuple(fmean(values) for values in at_each),
        tuple(min(values) for values in at_each),
        tuple(max(values) for values in at_each),
    )


def together(
    lines: Sequence[Line], x_title: str, y_title: str, colours: Palette, *, log: bool = False, apart: bool = False
) -> go.Figure:
    """Several arms in one figure, each with the range of its seeds; `apart`: the places are no scale, as digits."""
    picture, seen = go.Figure(), {"teacher": 0, "student": 0, "label": 0}
    for each in lines:
        number = seen[each.role]
        seen[each.role] += 1
        colour = {"teacher": colours.teacher, "student": colours.student, "label": colours.plain}[each.role]
        picture.add_trace(
            go.Scatter(
                x=each.x,
                y=each.mean,
                name=escape(each.name),
                mode="markers" if apart else "lines+markers",
                line={"color": colour, "width": 2, "dash": _DASHES[number % len(_DASHES)]},
                marker={
                    "color": colour,
                    "size": 9,
                    "symbol": _SYMBOLS[number % len(_SYMBOLS)] + ("-open" if each.role == "label" else ""),
                },
                error_y={
                    "array": [high - mean for high, mean in zip(each.high, each.mean, strict=True)],
                    "arrayminus": [mean - low for mean, low in zip(each.mean, each.low, strict=True)],
                    "color": colour,
                    "thickness": 1,
                    "width": 3,
                },
                hovertemplate="%{fullData.name}<br>%{x:~g}: %{y:.1%}<extra></extra>",
            )
        )
    places = sorted({place for each in lines for place in each.x})
    picture.update_xaxes(title_text=escape(x_title), tickvals=places, ticktext=[f"{place:g}" for place in places])
    if log:
        picture.update_xaxes(type="log")
    picture.update_yaxes(title_text=escape(y_title), tickformat="~%")
    if apart:  # whose axis would begin at 0
        picture.update_yaxes(range=[max(0.0, min(min(each.low) for each in lines) - 0.05), 1.01])
    picture.update_layout(
        height=330 + 20 * len(lines),
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
        margin={"l": 10, "r": 15, "t": 10, "b": 10},
        scattermode="group" if apart else "overlay",
    )
    return picture


def gap(upper: Line, lower: Line, x_title: str, least: float, colours: Palette) -> go.Figure:
    """Two lines of one arm, small, with what lies between them filled; the axis begins at `least`."""
    picture = go.Figure()
    colour = {"teacher": colours.teacher, "student": colours.student, "label": colours.plain}[upper.role]
    for each, fill, dash in ((upper, None, "dot"), (lower, "tonexty", "solid")):
        picture.add_trace(
            go.Scatter(
                x=each.x,
                y=each.mean,
                name=escape(each.name),
                mode="lines",
                line={"color": colour, "width": 2, "dash": dash},
                fill=fill,
                fillcolor=_faint(colour),
                hovertemplate="%{fullData.name} %{y:.1%}<extra></extra>",
            )
        )
    picture.update_xaxes(title_text=escape(x_title))
    picture.update_yaxes(tickformat=".0%", range=[least, 1.005])
    picture.update_layout(
        height=200, showlegend=False, hovermode="x unified", margin={"l": 10, "r": 10, "t": 5, "b": 10}
    )
    return picture


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.18)"
