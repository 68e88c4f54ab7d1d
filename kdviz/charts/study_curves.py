"""What the arms of a study measured along an axis of its own: over passes, angles, digits or T."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import log10

import plotly.graph_objects as go

from kdviz.charts.curves import SeedCurve, seed_curve
from kdviz.charts.kept import kept
from kdviz.charts.layout import (
    DASHES,
    LEGEND,
    LineEnd,
    faint,
    hover,
    intervals,
    laid_out,
    name_lines,
    spanned,
    symbol_of,
)
from kdviz.charts.palette import Palette, Role
from kdviz.records.study import FinishedArm


@dataclass(frozen=True)
class ArmCurve(SeedCurve):
    """A share that an arm has at each place, with the arm's name and role."""

    name: str
    role: Role


def arm_curve(arm: FinishedArm, curve: str, name: str, role: Role) -> ArmCurve | None:
    """One quantity of an arm over all seeds; None where it was not measured."""
    measured = seed_curve(arm, curve)
    return ArmCurve(measured.x, measured.mean, measured.low, measured.high, name, role) if measured.x else None


@kept
def together(
    curves: Sequence[ArmCurve], x_title: str, y_title: str, colours: Palette, *, log: bool = False, apart: bool = False
) -> go.Figure:
    """Several arms in one figure, each with the range of its seeds; `apart`: the places are no scale, as digits."""
    picture = go.Figure()
    for place, curve in enumerate(curves):
        number = sum(other.role == curve.role for other in curves[:place])  # of the lines in this colour
        colour = colours.roles[curve.role]
        picture.add_scatter(
            x=curve.x,
            y=curve.mean,
            name=escape(curve.name),
            mode="markers" if apart else "lines+markers",
            line={"color": colour, "width": 2, "dash": DASHES[number % len(DASHES)]},
            marker={"color": colour, "size": 9, "symbol": symbol_of(curve.role, number)},
            error_y=intervals(zip(curve.mean, curve.low, curve.high, strict=True), colour, thickness=1, width=3),
            hovertemplate=hover("%{x:~g}: %{y:.1%}", name=True),
        )
    places = sorted({place for curve in curves for place in curve.x})
    picture.update_xaxes(title_text=escape(x_title), tickvals=places, ticktext=[f"{place:g}" for place in places])
    if log:
        picture.update_xaxes(type="log")
    picture.update_yaxes(title_text=escape(y_title), tickformat="~%")
    if apart:  # whose axis would begin at 0
        picture.update_yaxes(range=[max(0.0, min(min(curve.low) for curve in curves) - 0.05), 1.01])
        return laid_out(picture, 330 + 20 * len(curves), right=15, legend=LEGEND, scattermode="group")
    ends = [
        LineEnd(escape(c.name), log10(c.x[-1]) if log else c.x[-1], c.mean[-1], colours.roles[c.role]) for c in curves
    ]
    span = spanned([end for curve in curves for end in (*curve.low, *curve.high)])
    return name_lines(laid_out(picture, 360, right=15), ends, span, colours)


@kept
def terms(
    soft: SeedCurve, hard: SeedCurve, names: tuple[str, str], x_title: str, most: float, colours: Palette
) -> go.Figure:
    """What the soft and the hard term of a loss add to it, small, with the range of the seeds; from 0 to `most`."""
    picture = go.Figure()
    for curve, name, colour in zip((soft, hard), names, (colours.teacher, colours.label), strict=True):
        edges = {"x": curve.x, "mode": "lines", "line": {"width": 0}, "showlegend": False, "hoverinfo": "skip"}
        picture.add_scatter(y=curve.low, **edges)
        picture.add_scatter(y=curve.high, fill="tonexty", fillcolor=faint(colour), **edges)
        picture.add_scatter(
            x=curve.x,
            y=curve.mean,
            name=escape(name),
            mode="lines",
            line={"color": colour, "width": 2},
            hovertemplate=hover("%{fullData.name} %{y:.3f}"),
        )
    picture.update_xaxes(title_text=escape(x_title))
    picture.update_yaxes(range=[0, most], nticks=5)
    return laid_out(picture, 200, top=5, showlegend=False, hovermode="x unified")


@kept
def gap(upper: ArmCurve, lower: ArmCurve, x_title: str, least: float, colours: Palette) -> go.Figure:
    """Two curves of one arm, small, with what lies between them filled; the axis begins at `least`."""
    picture = go.Figure()
    colour = colours.roles[upper.role]
    for curve, fill, dash in ((upper, None, "dot"), (lower, "tonexty", "solid")):
        picture.add_scatter(
            x=curve.x,
            y=curve.mean,
            name=escape(curve.name),
            mode="lines",
            line={"color": colour, "width": 2, "dash": dash},
            fill=fill,
            fillcolor=faint(colour),
            hovertemplate=hover("%{fullData.name} %{y:.1%}"),
        )
    picture.update_xaxes(title_text=escape(x_title))
    picture.update_yaxes(tickformat=".0%", range=[least, 1.005])
    return laid_out(picture, 200, top=5, showlegend=False, hovermode="x unified")
