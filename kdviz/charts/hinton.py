"""The pictures of Hinton's table: ours beside the paper's with intervals, errors over a bias and over T."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from math import ceil, floor, log10
from textwrap import wrap

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from kdviz.charts.curves import curves_named
from kdviz.charts.kept import kept
from kdviz.charts.layout import HIDDEN, LEGEND, hover, intervals, laid_out, outlined, row_title
from kdviz.charts.palette import Palette, Role
from kdviz.records.base import Mean
from kdviz.records.study import FinishedArm, StudyResult

ROW = 60  # pixels of a row: its title, and its two dots below
ABOVE_AND_BELOW = 85  # pixels: the legend and the numbers of the axis
APART = 0.14  # ours above, the paper's below, in rows
APART_BESIDE = 0.22  # the same where no title stands between two rows
TITLE = 34  # letters in a line of a title that stands beside its row
NUMBER = 46  # pixels to the right of the axis for the largest count
ALIKE = 0.05  # a difference that chance alone makes less often than this is shown
FEW_TIMES = 3  # the fewest errors, as far as a bias is worth seeing


@dataclass(frozen=True)
class TableRow:
    """A network of the table: its errors here and in the paper."""

    arm: str
    title: str
    role: Role
    ours: Mean  # errors with the exact 95 % interval of their expectation
    paper: Mean | None
    p_value: float | None  # of a difference at least so large if both had one share of errors
    figures: Mapping[str, float]  # of its first seed

    @property
    def differs(self) -> bool:
        """Whether chance alone hardly explains the difference."""
        return self.p_value is not None and self.p_value < ALIKE


def table_rows(studied: StudyResult) -> list[TableRow]:
    """The rows that the paper has; of several seeds, the first."""
    rows = []
    for arm in studied.recipe.chosen:
        finished = studied.arm(arm.name)
        if arm.published is None or finished is None or not finished.rows:
            continue
        figures = finished.rows[0].figures
        paper = None
        if "paper_errors" in figures:
            paper = Mean(mean=figures["paper_errors"], low=figures["paper_low"], high=figures["paper_high"])
        ours = Mean(mean=figures["test_errors"], low=figures["errors_low"], high=figures["errors_high"])
        rows.append(TableRow(arm.name, arm.title, arm.role, ours, paper, figures.get("paper_p_value"), figures))
    return rows


def table(studied: StudyResult) -> pd.DataFrame:
    """The same in words, with the threes where the paper counts them."""
    rows = []
    for row in table_rows(studied):
        figures, cells = row.figures, {"": row.title, "Here": with_interval(row.ours)}
        if row.paper is not None:
            cells["Paper"] = with_interval(row.paper)
            cells["Difference"] = "shown" if row.differs else "not shown"
        cells[f"3s wrong here, of {figures['threes']:,.0f}"] = f"{figures['three_errors']:,.0f}"
        if row.paper is not None:
            cells["… in the paper"] = f"{figures['paper_three_errors']:,.0f}" if "paper_three_errors" in figures else ""
        rows.append(cells)
    return pd.DataFrame(rows)


def with_interval(count: Mean) -> str:
    """A count with its interval, as text."""
    low, high = count.interval or (count.mean, count.mean)
    return f"{count.mean:,.0f} ({low:,.0f} to {high:,.0f})"


@kept
def paper_figure(studied: StudyResult, colours: Palette, *, beside: bool = False) -> go.Figure:
    """A dot with its interval for each row, and the paper's below it. Errors on a logarithmic axis.

    The rows' titles stand above their dots, or `beside` them where there is more width than height.
    """
    picture, shown = go.Figure(), table_rows(studied)
    keys: dict[str, str] = {}  # the shape of each kind of count
    apart = APART_BESIDE if beside else APART
    for number, row in enumerate(shown):
        both = [("wrong here", row.ours, -apart, colours.roles[row.role], "circle")]
        if row.paper is not None:
            both.append(("wrong in the paper", row.paper, apart, colours.text, "diamond-open"))
        for whose, count, shift, colour, symbol in both:
            keys[whose] = symbol
            picture.add_scatter(
                x=[count.mean],
                y=[number + shift],
                name=whose,
                legendgroup=whose,
                showlegend=False,
                mode="markers",
                marker=outlined(colour, symbol, 10),
                error_x=intervals([(count.mean, count.low, count.high)], colour, width=4),
                hovertemplate=hover(f"{escape(row.title)}<br>{whose}: {with_interval(count)}"),
            )
            picture.add_scatter(
                x=[count.high],
                y=[number + shift],
                legendgroup=whose,  # it leaves with its dot
                showlegend=False,
                mode="text",
                text=f"\u2003{count.mean:,.0f}",
                textposition="middle right",
                textfont={"color": colour, "size": 12},
                cliponaxis=False,
                hoverinfo="skip",
            )
        if not beside:
            row_title(picture, escape(row.title), number - 0.43, colours)
    # A dot has the colour of what it is of; the key tells the shapes apart.
    for whose, symbol in keys.items():
        marker = outlined(colours.text, symbol, 10)
        picture.add_scatter(x=[None], y=[None], name=whose, legendgroup=whose, mode="markers", marker=marker)
    ticks = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
    picture.update_xaxes(
        type="log",
        tickvals=list(ticks),
        ticktext=[f"{t:,}" for t in ticks],
        range=_ends(shown),
    )
    if beside:
        titles = ["<br>".join(wrap(escape(row.title), TITLE)) for row in shown]
        picture.update_yaxes(range=[len(shown) - 0.5, -0.5], tickvals=list(range(len(shown))), ticktext=titles)
        picture.update_yaxes(showgrid=False, zeroline=False, tickfont={"color": colours.text})
    else:
        picture.update_yaxes(range=[len(shown) - 0.45, -0.75], **HIDDEN)
    # The first row has few errors: there is room on its right, as far as the margin goes.
    free = {"x": 1.09, "xanchor": "right", "y": 1, "yanchor": "top", "bgcolor": "rgba(0,0,0,0)"}
    legend = free if beside else {**LEGEND, "y": 1.01}
    return laid_out(picture, ABOVE_AND_BELOW + ROW * max(1, len(shown)), right=NUMBER, top=5, legend=legend)


def _ends(shown: Sequence[TableRow]) -> list[float] | None:
    """The axis as far as intervals go, in decades; the counts stand to the right of it."""
    counts = [count for row in shown for count in (row.ours, row.paper) if count is not None]
    ends = [end for count in counts for end in count.interval or ()]
    if not ends:
        return None
    low, high = (log10(max(end, 1)) for end in (min(ends), max(ends)))
    spare = 0.03 * max(high - low, 0.1)
    return [low - spare, high + spare]


@dataclass(frozen=True)
class Biases:
    """Errors over what is added to the logits of some classes."""

    biases: tuple[float, ...]
    test_errors: tuple[float, ...]
    three_errors: tuple[float, ...]
    share_predicted: tuple[float, ...]  # how often these classes are the answer, for the images without labels
    rule: float  # where the known frequency of these classes puts it

    def nearest(self, bias: float) -> int:
        """The place in the lists that is nearest to a bias."""
        return min(range(len(self.biases)), key=lambda number: abs(self.biases[number] - bias))

    @property
    def known(self) -> float:
        """How frequent these classes are known to be: the share at which the rule stops, between two measured ones."""
        return float(np.interp(self.rule, self.biases, self.share_predicted))

    def worth_seeing(self) -> Biases:
        """The part around 0 and the rule, up to whole numbers, with at most `FEW_TIMES` the fewest errors.

        Further out there are only more errors, and the valley would be too flat to be read.
        """
        most = FEW_TIMES * min(self.test_errors)
        few = [bias for bias, errors in zip(self.biases, self.test_errors, strict=True) if errors <= most]
        low, high = floor(min(*few, 0.0, self.rule)), ceil(max(*few, 0.0, self.rule))
        inside = [number for number, bias in enumerate(self.biases) if low <= bias <= high]
        part = slice(inside[0], inside[-1] + 1)
        names = ("biases", "test_errors", "three_errors", "share_predicted")
        return replace(self, **{name: getattr(self, name)[part] for name in names})


def over_biases(finished: FinishedArm | None) -> Biases | None:
    """What an arm with moved biases measured, for its first seed."""
    if finished is None or not finished.rows:
        return None
    row, names = finished.rows[0], ("test_errors", "three_errors", "share_predicted")
    curves = [curve for name in names for curve in curves_named(finished, name, row.seed)]
    if "bias" not in row.figures or len(curves) < len(names):
        return None
    errors, of_threes, predicted = (tuple(curve.y) for curve in curves)
    return Biases(tuple(curves[0].x), errors, of_threes, predicted, row.figures["bias"])


def over_temperatures(studied: StudyResult, units: int) -> dict[float, float]:
    """Mean errors of the students with so many units a layer, by T."""
    arms = [arm for arm in studied.recipe.chosen if arm.name.startswith(f"units-{units}-")]
    means = {arm.x: mean for arm in arms if arm.x is not None and (mean := studied.mean(arm.name, "test_errors"))}
    return {t: means[t].mean for t in sorted(means)}
