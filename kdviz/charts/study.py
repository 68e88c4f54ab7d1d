"""A lesson's study as a picture: arms over an axis with their intervals, or one below the other."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import plotly.graph_objects as go

from kdviz.charts.kept import kept
from kdviz.charts.layout import (
    DASHES,
    HIDDEN,
    LineEnd,
    hover,
    intervals,
    laid_out,
    name_lines,
    outlined,
    row_title,
    spanned,
    symbol_of,
)
from kdviz.charts.palette import Palette, Role
from kdviz.recipes.study import Study
from kdviz.recipes.study_facts.facts import Arm, Measure
from kdviz.records.base import Mean
from kdviz.records.study import StudyResult
from kdviz.reports.study import formatted, published_of

PUBLISHED = "as published"
MANY_ACROSS = 2
ROW = 48  # pixels of an arm: its title, and its dots below
FAINT = 0.35  # a seed's dot
_SYMBOL_OF: Mapping[Role, str] = {"teacher": "square", "student": "circle", "label": "circle-open"}


@dataclass(frozen=True)
class MeasuredArm:
    """One arm on one measure: the mean over its seeds with its interval, and each seed's figure."""

    arm: Arm
    mean: Mean
    seeds: tuple[tuple[int, float], ...]  # seed and figure


@kept
def measured_arms(studied: StudyResult, measure: Measure) -> list[MeasuredArm]:
    """The arms that have the measure, in the order of the facts."""
    measured = []
    for arm in studied.recipe.chosen:
        finished, mean = studied.arm(arm.name), studied.mean(arm.name, measure.name)
        if finished is None or mean is None or not math.isfinite(mean.mean):
            continue
        rows = [row for row in finished.rows if measure.name in row.figures]
        measured.append(MeasuredArm(arm, mean, tuple((row.seed, row.figures[measure.name]) for row in rows)))
    return measured


@kept
def figure(studied: StudyResult, measure: Measure, colours: Palette) -> go.Figure:
    """The picture of a measure: over the study's axis where its arms have a place there, else a dot plot."""
    shown = measured_arms(studied, measure)
    published = published_of(studied.recipe) if measure == studied.recipe.facts.measures[0] else {}
    placed = sum(point.arm.x is not None for point in shown)
    if placed > 1 and 2 * placed >= len(shown):
        return over_axis(studied.recipe, shown, measure, colours, published)
    return dots(shown, measure, colours, published)


@kept
def over_axis(
    study: Study,
    shown: Sequence[MeasuredArm],
    measure: Measure,
    colours: Palette,
    published: Mapping[str, float],
    log_ticks: Sequence[float] = (),
) -> go.Figure:
    """A line for each of the facts' lines, with interval bars; arms without a place on the axis lie across it.

    With `log_ticks` the measure has a logarithmic axis with these ticks.
    """
    axis, picture = escape(study.facts.x_title), go.Figure()

    def place_of(x: float | None) -> float:
        return math.log10(x or 1.0) if study.facts.x_log else x or 0.0

    def height_of(y: float) -> float:
        return math.log10(max(y, log_ticks[0])) if log_ticks else y

    lines: dict[str, list[MeasuredArm]] = {}
    for point in shown:
        if point.arm.x is not None:
            lines.setdefault(point.arm.line or point.arm.title, []).append(point)
    drawn: list[str] = []  # the colours of the lines so far
    ends: list[LineEnd] = []
    for name, of_line in lines.items():
        first = of_line[0].arm
        colour = colours.roles[first.role]
        before = drawn.count(colour)
        drawn.append(colour)
        of_line.sort(key=lambda point: point.arm.x or 0.0)
        # A colour for the role, marks and dashes for lines of one role; labels alone are dashed, as on every page.
        dash = "dash" if first.role == "label" and before == 0 else DASHES[before % len(DASHES)]
        picture.add_scatter(
            x=[point.arm.x for point in of_line],
            y=[point.mean.mean for point in of_line],
            name=escape(name),
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2},
            marker={"color": colour, "symbol": symbol_of(first.role, before), "size": 9},
            error_y=_intervals(of_line, colour),
            customdata=[_interval(point, measure) for point in of_line],
            hovertemplate=hover(f"{axis} %{{x:~g}}: %{{customdata}}", name=True),
        )
        ends.append(LineEnd(escape(name), place_of(of_line[-1].arm.x), height_of(of_line[-1].mean.mean), colour))
        reported = [point for point in of_line if point.arm.name in published]
        _paper(picture, [(point.arm.x, published[point.arm.name]) for point in reported], colours)
        if reported and not any(end.name == PUBLISHED for end in ends):
            arm = reported[-1].arm
            ends.append(LineEnd(PUBLISHED, place_of(arm.x), height_of(published[arm.name]), colours.text))
    for point in shown:
        if point.arm.x is None:
            colour = colours.roles[point.arm.role]
            picture.add_hline(y=point.mean.mean, line={"color": colour, "dash": "dash", "width": 1.5})
            ends.append(LineEnd(escape(point.arm.title), None, height_of(point.mean.mean), colour))
    places = sorted({point.arm.x for point in shown if point.arm.x is not None})
    picture.update_xaxes(title_text=axis, tickvals=places, tickformat="~g")
    if sum(end.x is None for end in ends) > MANY_ACROSS:  # room for their names beside the points
        left, right = place_of(places[0]), place_of(places[-1])
        picture.update_xaxes(range=[left - 0.5 * (right - left), right + 0.05 * (right - left)])
    if study.facts.x_log:
        picture.update_xaxes(type="log", ticktext=[_short(place) for place in places])
    picture.update_yaxes(title_text=escape(axis_title(measure)), tickformat=_ticks(measure))
    if log_ticks:
        picture.update_yaxes(type="log", tickvals=log_ticks, tickformat=",")
    figures = [end for point in shown for end in (point.mean.mean, *(point.mean.interval or ()))]
    span = spanned([*map(height_of, figures), *(end.y for end in ends)])
    return name_lines(laid_out(picture, 400, right=15), ends, span, colours)


def dots(shown: Sequence[MeasuredArm], measure: Measure, colours: Palette, published: Mapping[str, float]) -> go.Figure:
    """The arms one below the other, titles above their dots; dashed, the mean that they are judged against."""
    picture = go.Figure()
    rows = {point.arm.name: number for number, point in enumerate(shown)}
    means = {point.arm.name: point.mean.mean for point in shown}
    for name in dict.fromkeys(point.arm.against for point in shown if point.arm.against in means):
        judged = [rows[name], *(rows[point.arm.name] for point in shown if point.arm.against == name)]
        ends = {"x0": means[name], "x1": means[name], "y0": min(judged) - 0.3, "y1": max(judged) + 0.45}
        dashed = {"color": colours.plain, "dash": "dash", "width": 1.5}
        picture.add_shape(type="line", **ends, line=dashed, layer="below")
    for point in shown:
        colour, row = colours.roles[point.arm.role], rows[point.arm.name]
        if len(point.seeds) > 1:
            picture.add_scatter(
                x=[value for _, value in point.seeds],
                y=[row] * len(point.seeds),
                mode="markers",
                marker={"color": colour, "size": 7, "opacity": FAINT},
                customdata=[[seed, with_unit(measure, value)] for seed, value in point.seeds],
                hovertemplate=hover("seed %{customdata[0]}: %{customdata[1]}"),
            )
        picture.add_scatter(
            x=[point.mean.mean],
            y=[row],
            mode="markers",
            marker=outlined(colour, _SYMBOL_OF[point.arm.role], 11),
            error_x=_intervals([point], colour),
            customdata=[_interval(point, measure)],
            hovertemplate=hover(f"{escape(point.arm.title)}: %{{customdata}}"),
        )
        row_title(picture, escape(point.arm.title), row - 0.36, colours)
        if point.arm.name in published:
            _paper(picture, [(published[point.arm.name], row)], colours)
    picture.update_xaxes(title_text=escape(axis_title(measure)), tickformat=_ticks(measure), zeroline=False)
    picture.update_yaxes(range=[len(shown) - 0.4, -0.7], **HIDDEN)
    return laid_out(picture, 70 + ROW * max(1, len(shown)), right=15, top=5, showlegend=False)


def with_unit(measure: Measure, value: float) -> str:
    """A figure with its unit, for a hover."""
    unit = {"share": "%", "count": ""}.get(measure.kind, measure.unit)
    return f"{formatted(measure, value)} {unit}".strip()


def _intervals(shown: Sequence[MeasuredArm], colour: str) -> dict[str, Any]:
    return intervals([(point.mean.mean, point.mean.low, point.mean.high) for point in shown], colour)


def _paper(picture: go.Figure, places: Sequence[tuple[float | None, float]], colours: Palette) -> None:
    """What a paper reports: an open diamond."""
    if places:
        picture.add_scatter(
            x=[x for x, _ in places],
            y=[y for _, y in places],
            mode="markers",
            name=PUBLISHED,
            showlegend=not any(trace.name == PUBLISHED for trace in picture.data),
            legendgroup="published",
            marker={"symbol": "diamond-open", "size": 11, "color": colours.text, "line": {"width": 2}},
            hovertemplate=hover("as published: %{x}"),
        )


def _interval(point: MeasuredArm, measure: Measure) -> str:
    text = with_unit(measure, point.mean.mean)
    ends = " to ".join(with_unit(measure, end) for end in point.mean.interval or ())
    return f"{text} ({ends})" if ends else text


def _short(place: float) -> str:
    """A place on an axis, with two digits at least: 0.036, 2.5, 10,000."""
    return f"{place:,.0f}" if place >= 100 else f"{place:.2g}"


def axis_title(measure: Measure) -> str:
    """What a measure's axis says."""
    return f"{measure.title}, {measure.unit}" if measure.unit and measure.unit not in measure.title else measure.title


def _ticks(measure: Measure) -> str:
    return ".1~%" if measure.kind == "share" else "~g"
