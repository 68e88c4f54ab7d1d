"""All studies' verdicts in one picture: a bar for each comparison of a taught student, in points of right answers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go

from kdviz.charts.palette import Palette
from kdviz.records.base import Word
from kdviz.records.study import Judgement, Studied

BAR = 9  # pixels of a comparison
TITLE = 26  # of a study's title
_POINTS = 100
_TICKS = (-100, -30, -10, -3, -1, 0, 1, 3, 10, 30, 100)
_SYMBOLS: Mapping[Word, str] = {"better": "circle", "worse": "x", "no difference shown": "circle-open"}


@dataclass(frozen=True)
class Gain:
    """What a teacher is worth in one comparison: percentage points of right answers, more is better."""

    study: str
    arm: str  # titles
    against: str
    difference: float
    low: float
    high: float
    word: Word


def gains(studied: Studied) -> list[Gain]:
    """The verdicts on students that had a teacher; if there are such, only those against labels alone.

    The main measure is a share of right answers, or a count of errors, which is turned into one.
    """
    arms = {arm.name: arm for arm in studied.recipe.chosen}
    main = studied.recipe.facts.measures[0]
    judged = [
        each
        for each in studied.judgements
        if each.measure == main.name and arms[each.arm].role == "student" and math.isfinite(each.verdict.difference)
    ]
    against_labels = [each for each in judged if arms[each.against].role == "label"]
    found = []
    for each in against_labels or judged:
        scale = _scale(studied, each)
        low, high = each.verdict.low, each.verdict.high
        if scale is None or low is None or high is None:
            continue
        ends = scale * low, scale * high
        found.append(
            Gain(
                studied.recipe.study,
                arms[each.arm].title,
                arms[each.against].title,
                scale * each.verdict.difference,
                min(ends),
                max(ends),
                each.verdict.word,
            )
        )
    return found


def _scale(studied: Studied, judgement: Judgement) -> float | None:
    """From the measure's unit to percentage points of right answers."""
    main = studied.recipe.facts.measures[0]
    if main.kind == "share" and main.better == "higher":
        return _POINTS
    arm = studied.arm(judgement.arm)
    images = arm.rows[0].figures.get("test_images") if arm is not None and arm.rows else None
    return -_POINTS / images if main.kind == "count" and main.better == "lower" and images else None


def place(points: float) -> float:
    """Where a difference lies on the axis: logarithmic away from zero, as some are a point and some are eighty."""
    return math.copysign(math.log10(1 + abs(points)), points)


def ends(gains: Sequence[Gain]) -> tuple[float, float]:
    """From where to where an axis reaches that shows all of them, and zero, as places."""
    low, high = place(min([0.0, *(gain.low for gain in gains)])), place(max([0.0, *(gain.high for gain in gains)]))
    room = 0.04 * (high - low) or 1.0
    return low - room, high + room


def overview_figure(
    studies: Mapping[str, Sequence[Gain]], axis: str, ends: tuple[float, float], colours: Palette
) -> go.Figure:
    """A row for each comparison below its study's title; `studies` by title, in order."""
    picture, y = go.Figure(), 0.0
    picture.add_vline(x=0, line={"color": colours.plain, "width": 1.5, "dash": "dash"})
    for title, of_study in studies.items():
        picture.add_annotation(
            text=f"<b>{escape(title)}</b>",
            x=0,
            xref="paper",
            xanchor="left",
            y=-(y + TITLE / 2),
            yanchor="middle",
            showarrow=False,
            bgcolor=colours.paper,
            font={"color": colours.text, "size": 13},
        )
        y += TITLE
        for gain in of_study:
            colour = _colour(gain, colours)
            picture.add_trace(
                go.Scatter(
                    x=[place(gain.difference)],
                    y=[-(y + BAR / 2)],
                    mode="markers",
                    marker={"color": colour, "size": 8, "symbol": _SYMBOLS.get(gain.word, "circle-open")},
                    error_x={
                        "array": [place(gain.high) - place(gain.difference)],
                        "arrayminus": [place(gain.difference) - place(gain.low)],
                        "color": colour,
                        "thickness": 2,
                        "width": 0,
                    },
                    hovertemplate=f"{escape(gain.arm)}<br>against {escape(gain.against)}<br>{gain.word}: "
                    f"{gain.difference:+.2f} ({gain.low:+.2f} to {gain.high:+.2f})<extra></extra>",
                )
            )
            y += BAR
        y += BAR / 2
    picture.update_yaxes(range=[-y, 0], showticklabels=False, showgrid=False, zeroline=False)
    picture.update_xaxes(
        title_text=escape(axis),
        range=list(ends),
        zeroline=False,
        tickvals=[place(each) for each in _TICKS],
        ticktext=[f"{each:+d}".replace("-", "−") if each else "0" for each in _TICKS],
    )
    picture.update_layout(height=int(y) + 60, showlegend=False, margin={"l": 10, "r": 15, "t": 5, "b": 10})
    return picture


def _colour(gain: Gain, colours: Palette) -> str:
    return {"better": colours.student, "worse": colours.text}.get(gain.word, colours.plain)
