"""All studies' verdicts in one picture: a bar for each comparison of a taught student, in points of right answers."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go

from kdviz.charts.kept import kept
from kdviz.charts.layout import HIDDEN, hover, intervals, laid_out, row_title
from kdviz.charts.palette import Palette
from kdviz.records.base import Word
from kdviz.records.study import Judgement, StudyResult
from kdviz.reports import findable

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
    found: float | None = None  # what would have been found, where no difference is shown


@kept
def gains(studied: StudyResult) -> list[Gain]:
    """The verdicts on students that had a teacher; if there are such, only those against labels alone.

    The main measure is a share of right answers, or a count of errors, which is turned into one.
    """
    arms = {arm.name: arm for arm in studied.recipe.chosen}
    main = studied.recipe.facts.measures[0]
    of_students = [
        judged
        for judged in studied.judgements
        if judged.measure == main.name
        and arms[judged.arm].role == "student"
        and math.isfinite(judged.verdict.difference)
    ]
    against_labels = [judged for judged in of_students if arms[judged.against].role == "label"]
    gains = []
    for judgement in against_labels or of_students:
        verdict, scale = judgement.verdict, _scale(studied, judgement)
        if scale is None or verdict.interval is None:
            continue
        low, high = sorted(scale * end for end in verdict.interval)
        arm, against = arms[judgement.arm].title, arms[judgement.against].title
        found = findable.in_study(studied, judgement)
        gains.append(
            Gain(
                study=studied.recipe.study,
                arm=arm,
                against=against,
                difference=scale * verdict.difference,
                low=low,
                high=high,
                word=verdict.word,
                found=None if found is None else abs(scale) * found,
            )
        )
    return gains


def _scale(studied: StudyResult, judgement: Judgement) -> float | None:
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


@kept
def overview_figure(
    studies: Mapping[str, Sequence[Gain]], axis: str, ends: tuple[float, float], colours: Palette
) -> go.Figure:
    """A row for each comparison below its study's title; `studies` by title, in order."""
    picture, y = go.Figure(), 0.0
    picture.add_vline(x=0, line={"color": colours.plain, "width": 1.5, "dash": "dash"})
    for title, of_study in studies.items():
        row_title(picture, f"<b>{escape(title)}</b>", -(y + TITLE / 2), colours)
        y += TITLE
        for gain in of_study:
            colour = {"better": colours.student, "worse": colours.text}.get(gain.word, colours.plain)
            at, low, high = place(gain.difference), place(gain.low), place(gain.high)
            picture.add_scatter(
                x=[at],
                y=[-(y + BAR / 2)],
                mode="markers",
                marker={"color": colour, "size": 8, "symbol": _SYMBOLS.get(gain.word, "circle-open")},
                error_x=intervals([(at, low, high)], colour, thickness=2, width=0),
                hovertemplate=hover(
                    f"{escape(gain.arm)}<br>against {escape(gain.against)}<br>{gain.word}: "
                    f"{gain.difference:+.2f} ({gain.low:+.2f} to {gain.high:+.2f})"
                ),
            )
            y += BAR
        y += BAR / 2
    picture.update_yaxes(range=[-y, 0], **HIDDEN)
    picture.update_xaxes(
        title_text=escape(axis),
        range=list(ends),
        zeroline=False,
        tickvals=[place(tick) for tick in _TICKS],
        ticktext=[f"{tick:+d}".replace("-", "−") if tick else "0" for tick in _TICKS],
    )
    return laid_out(picture, int(y) + 60, right=15, top=5, showlegend=False)
