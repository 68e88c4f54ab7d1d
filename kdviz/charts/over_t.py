"""Curves over the temperature from a study's record, as the browser's small charts take them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from kdviz.charts.compact import short
from kdviz.charts.curves import curves_named
from kdviz.records.study import FinishedArm

Format = Literal["share", "exact", "number"]  # per cent, per cent with two decimals, a number as it is
AxisKind = Literal["linear", "share", "log"]
_DIGITS = 5


@dataclass(frozen=True)
class TemperatureLine:
    """One quantity over T: the mean over the seeds, and their range; None where it is no number."""

    name: str
    style: str  # classes of over_t.css: teacher, student, label-line, plain, soft-line; dashed, dotted
    y: tuple[float | None, ...]
    low: tuple[float | None, ...] | None = None
    high: tuple[float | None, ...] | None = None


@dataclass(frozen=True)
class TemperatureChart:
    """A small chart of lines over the same temperatures."""

    title: str
    unit: str
    at: tuple[float, ...]
    lines: tuple[TemperatureLine, ...]
    format: Format = "number"
    axis: AxisKind = "linear"
    least: float = 0.0  # a logarithmic axis shows nothing below


def line(arm: FinishedArm, name: str, title: str, style: str, at: Sequence[float]) -> TemperatureLine:
    """The mean of an arm's seeds at the temperatures `at`, with the range of the seeds"""
    rows = [np.interp(np.log(at), np.log(curve.x), curve.y) for curve in curves_named(arm, name)]
    if not rows:
        return TemperatureLine(title, style, (None,) * len(at))
    mean = _short(np.mean(rows, axis=0))
    if len(rows) == 1:
        return TemperatureLine(title, style, mean)
    return TemperatureLine(title, style, mean, _short(np.min(rows, axis=0)), _short(np.max(rows, axis=0)))


def packed(charts: Sequence[TemperatureChart]) -> dict[str, Any]:
    """All charts ready for JSON; they share their temperatures."""
    return {
        "at": list(charts[0].at) if charts else [],
        "panels": [
            {
                **{name: getattr(chart, name) for name in ("title", "unit", "format", "axis", "least")},
                "lines": [
                    {
                        "name": line.name,
                        "className": line.style,
                        "y": list(line.y),
                        **({"low": list(line.low), "high": list(line.high)} if line.low and line.high else {}),
                    }
                    for line in chart.lines
                ],
            }
            for chart in charts
        ],
    }


def _short(values: Any) -> tuple[float | None, ...]:
    return tuple(short(value, _DIGITS) for value in values)
