"""Vega-Lite specifications of a run's curves while they grow. The axes span the whole run from its first step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import pandas as pd

from kdviz.charts.palette import Palette
from kdviz.records import Progress

Spec = dict[str, Any]
Parts = Literal["amount", "share", "gradient"]
Quality = Literal["validation_accuracy", "agreement"]

HEIGHT = 230
NAMES = {"teacher": "teacher", "distilled": "distilled", "plain": "without a teacher"}


def curves(progress: Sequence[Progress]) -> pd.DataFrame:
    """One row per report: role, step and all that a chart may show."""
    columns = ("role", "step", "loss_kd", "loss_ce", "gradient_share_kd", "validation_accuracy", "agreement")
    return pd.DataFrame([[getattr(report, column) for column in columns] for report in progress], columns=list(columns))


def contributions(frame: pd.DataFrame, parts: Parts) -> pd.DataFrame:
    """Long form of the distilled student's two terms: step, term, value."""
    distilled = frame[frame.role == "distilled"]
    if parts == "gradient":
        shares = distilled.gradient_share_kd.fillna(0.0)
        soft, hard = shares, 1 - shares
    else:
        total = (distilled.loss_kd + distilled.loss_ce).where(lambda sums: sums > 0, 1.0)
        scale = total if parts == "share" else 1.0
        soft, hard = distilled.loss_kd / scale, distilled.loss_ce / scale
    return pd.concat(
        [
            pd.DataFrame({"step": distilled.step, "term": "soft", "value": soft}),
            pd.DataFrame({"step": distilled.step, "term": "hard", "value": hard}),
        ]
    )


def contributions_spec(frame: pd.DataFrame, steps: int, parts: Parts, colours: Palette) -> Spec:
    """Stacked areas of the soft and the hard term; in the amount, the first huge values are cut off."""
    top = 1.0
    if parts == "amount":
        totals = frame.groupby("step").value.sum() if len(frame) else pd.Series([1.0])
        top = float(totals.iloc[min(5, len(totals) - 1)])  # the sixth report: known early, and then it stays
    axis: Spec = {"format": "%"} if parts != "amount" else {}
    return {
        **_frame(),
        "mark": {"type": "area", "clip": True, "opacity": 0.85, "line": {"strokeWidth": 1}},
        "encoding": {
            "x": _steps(steps),
            "y": _measure("value", [0, top], axis, stack="zero"),
            "order": {"field": "term", "type": "nominal", "sort": "descending"},
            "color": _colour("term", {"soft": colours.teacher, "hard": colours.label}),
            "tooltip": [
                {"field": "term", "type": "nominal"},
                {"field": "step", "type": "quantitative", "format": ",d"},
                {"field": "value", "type": "quantitative", "format": ".1%" if parts != "amount" else ".4f"},
            ],
        },
    }


def quality_spec(steps: int, quality: Quality, floor: float, colours: Palette) -> Spec:
    """Lines of accuracy or agreement, one per network; dashed without a teacher."""
    roles = {NAMES["teacher"]: colours.teacher, NAMES["distilled"]: colours.student, NAMES["plain"]: colours.plain}
    encoding: Spec = {
        "x": _steps(steps),
        "y": _measure(quality, [floor, 1], {"format": ".0%"}),
        "color": _colour("network", roles),
        "strokeDash": {
            "field": "network",
            "scale": {"domain": list(roles), "range": [[1, 0], [1, 0], [5, 3]]},
            "legend": None,
        },
        "tooltip": [
            {"field": "network", "type": "nominal"},
            {"field": "step", "type": "quantitative", "format": ",d"},
            {"field": quality, "type": "quantitative", "format": ".2%"},
        ],
    }
    return {
        **_frame(),
        "transform": [{"filter": f"isValid(datum.{quality})"}],
        "mark": {"type": "line", "clip": True, "strokeWidth": 2, "point": {"size": 60, "opacity": 0}},
        "encoding": encoding,
    }


def quality(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of `curves` with the networks' names for people."""
    return frame.assign(network=frame.role.map(NAMES))[["network", "step", "validation_accuracy", "agreement"]]


def _frame() -> Spec:
    return {
        "height": HEIGHT,
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        # Drag to move, Shift and wheel to zoom: the wheel alone scrolls the page.
        "params": [
            {"name": "zoom", "select": {"type": "interval", "zoom": "wheel![event.shiftKey]"}, "bind": "scales"}
        ],
        "config": {"view": {"stroke": None}},
    }


def _steps(steps: int) -> Spec:
    return {
        "field": "step",
        "type": "quantitative",
        "scale": {"domain": [0, steps], "nice": False},
        "axis": {"title": "update", "format": ",d", "grid": False, "tickCount": 4, "labelFlush": True},
    }


def _measure(field: str, domain: list[float], axis: Spec, **more: Any) -> Spec:
    return {
        "field": field,
        "type": "quantitative",
        "scale": {"domain": domain, "nice": False},
        # A fixed width for the labels: the plot does not jump when a label grows.
        "axis": {"title": None, "tickCount": 4, "minExtent": 34, "maxExtent": 34, **axis},
        **more,
    }


def _colour(field: str, colours: dict[str, str]) -> Spec:
    return {
        "field": field,
        "type": "nominal",
        "scale": {"domain": list(colours), "range": list(colours.values())},
        "legend": None,
    }
