"""The pictures of Hinton's table: ours beside the paper's with Poisson intervals, errors over a bias, errors over T."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go

from kdviz.charts.palette import Palette
from kdviz.study_records import FinishedArm, Row, Studied

LINE = 54  # pixels of a row: its title, and its two dots below
APART = 0.11  # ours above, the paper's below, in rows
ALIKE = 0.05  # a difference that chance alone makes less often than this is shown


@dataclass(frozen=True)
class Count:
    """Errors with the exact 95 % interval of their expectation."""

    errors: float
    low: float
    high: float


@dataclass(frozen=True)
class Line:
    """A row of the table."""

    arm: str
    title: str
    role: Literal["teacher", "student", "label"]
    ours: Count
    paper: Count | None
    p_value: float | None  # of a difference at least so large if both had one expectation

    @property
    def differs(self) -> bool:
        """Whether chance alone hardly explains the difference."""
        return self.p_value is not None and self.p_value < ALIKE


def lines(studied: Studied) -> list[Line]:
    """The rows that the paper has; of several seeds, the first."""
    found = []
    for arm in studied.recipe.chosen:
        finished = studied.arm(arm.name)
        if arm.published is None or finished is None or not finished.rows:
            continue
        figures = finished.rows[0].figures
        paper = None
        if "paper_errors" in figures:
            paper = Count(figures["paper_errors"], figures["paper_low"], figures["paper_high"])
        ours = Count(figures["test_errors"], figures["errors_low"], figures["errors_high"])
        found.append(Line(arm.name, arm.title, arm.role, ours, paper, figures.get("paper_p_value")))
    return found


def table(studied: Studied) -> pd.DataFrame:
    """The same in words, with the threes where the paper counts them."""
    rows = []
    for line in lines(studied):
        finished = studied.arm(line.arm)
        assert finished is not None  # `lines` looked
        figures = finished.rows[0].figures
        row = {"": line.title, "Here": said(line.ours)}
        if line.paper is not None:
            row["Paper"] = said(line.paper)
            row["Difference"] = "shown" if line.differs else "not shown"
        row[f"3s wrong here, of {figures['threes']:,.0f}"] = f"{figures['three_errors']:,.0f}"
        if line.paper is not None:
            row["… in the paper"] = f"{figures['paper_three_errors']:,.0f}" if "paper_three_errors" in figures else ""
        rows.append(row)
    return pd.DataFrame(rows)


def said(count: Count) -> str:
    """A count with its interval."""
    return f"{count.errors:,.0f} ({count.low:,.0f} to {count.high:,.0f})"


def paper_figure(studied: Studied, colours: Palette) -> go.Figure:
    """A dot with its interval for each row, and the paper's below it. Errors on a logarithmic axis."""
    picture, shown = go.Figure(), lines(studied)
    tint = {"teacher": colours.teacher, "student": colours.student, "label": colours.plain}
    for number, line in enumerate(shown):
        both = [("here", line.ours, -APART, tint[line.role], "circle")]
        if line.paper is not None:
            both.append(("in the paper", line.paper, APART, colours.text, "diamond-open"))
        for whose, count, shift, colour, symbol in both:
            picture.add_trace(
                go.Scatter(
                    x=[count.errors],
                    y=[number + shift],
                    name=whose,
                    legendgroup=whose,
                    showlegend=number == 0,
                    mode="markers",
                    marker={"color": colour, "symbol": symbol, "size": 10, "line": {"width": 2, "color": colour}},
                    error_x={
                        "array": [count.high - count.errors],
                        "arrayminus": [count.errors - count.low],
                        "color": colour,
                        "thickness": 1.5,
                        "width": 4,
                    },
                    hovertemplate=f"{escape(line.title)}<br>{whose}: {said(count)}<extra></extra>",
                )
            )
        picture.add_annotation(
            text=escape(line.title),
            x=0,
            xref="paper",
            xanchor="left",
            y=number - 0.42,
            yanchor="middle",
            showarrow=False,
            font={"color": colours.text, "size": 13},
        )
    ticks = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
    picture.update_xaxes(
        type="log", title_text="wrong on the test images", tickvals=list(ticks), ticktext=[f"{t:,}" for t in ticks]
    )
    picture.update_yaxes(range=[len(shown) - 0.45, -0.75], showticklabels=False, showgrid=False, zeroline=False)
    picture.update_layout(
        height=110 + LINE * max(1, len(shown)),
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.01, "x": 0},
        margin={"l": 10, "r": 15, "t": 5, "b": 10},
    )
    return picture


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


def over_biases(finished: FinishedArm | None) -> Biases | None:
    """What an arm with moved biases measured, for its first seed."""
    if finished is None or not finished.rows:
        return None
    row: Row = finished.rows[0]
    curves = {curve.name: curve for curve in finished.curves if curve.seed == row.seed}
    names = ("test_errors", "three_errors", "share_predicted")
    if "bias" not in row.figures or not set(names) <= curves.keys():
        return None
    first, second, third = (tuple(curves[name].y) for name in names)
    return Biases(tuple(curves["test_errors"].x), first, second, third, row.figures["bias"])


ALL, THREES = "all test images", "3s"


def bias_frame(measured: Biases, *, threes: bool) -> pd.DataFrame:
    """A row for each bias and line: bias, errors, images."""
    kinds = {ALL: measured.test_errors} | ({THREES: measured.three_errors} if threes else {})
    return pd.DataFrame(
        [
            {"bias": bias, "errors": errors, "images": name}
            for name, values in kinds.items()
            for bias, errors in zip(measured.biases, values, strict=True)
        ]
    )


def bias_spec(measured: Biases, chosen: float, colours: Palette, axis: str, *, threes: bool) -> dict[str, Any]:
    """A Vega-Lite picture of errors over the bias; its node stays while the slider moves. Data: `bias_frame`."""
    shown = [ALL, THREES] if threes else [ALL]
    lines = {
        "mark": {"type": "line", "strokeWidth": 2},
        "encoding": {
            "x": {"field": "bias", "type": "quantitative", "title": axis},
            "y": {
                "field": "errors",
                "type": "quantitative",
                "title": "wrong on the test images",
                "scale": {"type": "symlog", "constant": 20},
                "axis": {"values": [0, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000], "format": ",d"},
            },
            "color": {
                "field": "images",
                "type": "nominal",
                "title": None,
                "legend": {"orient": "top"},
                "scale": {"domain": shown, "range": [colours.student, colours.label][: len(shown)]},
            },
            "strokeDash": {
                "field": "images",
                "type": "nominal",
                "title": None,
                "scale": {"domain": shown, "range": [[1, 0], [5, 3]][: len(shown)]},
            },
        },
    }
    return {
        "height": 300,
        "layer": [
            lines,
            *_rule(measured, measured.rule, "without labels", 4, colours, {"strokeDash": [5, 4], "strokeWidth": 1.5}),
            *_rule(measured, chosen, "yours", 20, colours, {"strokeWidth": 2}),
        ],
    }


def _rule(
    measured: Biases, at: float, text: str, y: int, colours: Palette, style: dict[str, Any]
) -> list[dict[str, Any]]:
    """An upright line with its name, `y` pixels below the top, on the side where there is more room."""
    right = at > (measured.biases[0] + measured.biases[-1]) / 2
    side = {"align": "right", "dx": -5} if right else {"align": "left", "dx": 5}
    where = {"x": {"field": "at", "type": "quantitative"}}
    data = {"values": [{"at": at}]}  # of its own: else it is drawn once for each row
    name = {"type": "text", "text": text, "color": colours.text, "baseline": "top", **side}
    return [
        {"data": data, "mark": {"type": "rule", "color": colours.text, **style}, "encoding": where},
        {"data": data, "mark": name, "encoding": {**where, "y": {"value": y}}},
    ]


def over_temperatures(studied: Studied, units: int) -> dict[float, float]:
    """Mean errors of the students with so many units a layer, by T."""
    found = {}
    for arm in studied.recipe.chosen:
        summary = studied.summary(arm.name)
        if arm.name.startswith(f"units-{units}-") and arm.x is not None and summary is not None:
            found[arm.x] = summary.means["test_errors"].mean
    return dict(sorted(found.items()))
