"""Curves over the temperature from a study's record, as the browser's small charts take them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from kdviz.records.study import Curve, FinishedArm

Format = Literal["share", "exact", "number"]  # per cent, per cent with two decimals, a number as it is
Axis = Literal["linear", "share", "log"]
_DIGITS = 5


@dataclass(frozen=True)
class Line:
    """One curve: the mean over the seeds, and the range of all seeds."""

    name: str
    style: str  # classes of over_t.css: teacher, student, label-line, plain, soft-line; dashed, dotted
    y: tuple[float | None, ...]
    low: tuple[float | None, ...] | None = None
    high: tuple[float | None, ...] | None = None


@dataclass(frozen=True)
class Panel:
    """A small chart of lines over the same temperatures."""

    title: str
    unit: str
    at: tuple[float, ...]
    lines: tuple[Line, ...]
    format: Format = "number"
    axis: Axis = "linear"
    least: float = 0.0  # a logarithmic axis shows nothing below


def curves_named(arm: FinishedArm, name: str) -> list[Curve]:
    """One quantity of an arm, a curve for each seed."""
    return [curve for curve in arm.curves if curve.name == name]


def line(arm: FinishedArm, name: str, title: str, style: str, at: Sequence[float]) -> Line:
    """The mean of an arm's seeds at the temperatures `at`, with the range of the seeds; ends say it of a flat one."""
    rows = [np.interp(np.log(at), np.log(curve.x), curve.y) for curve in curves_named(arm, name)]
    if not rows:
        return Line(title, style, (None,) * len(at))
    mean = _plain(np.mean(rows, axis=0))
    if len(rows) == 1:
        return Line(title, style, mean)
    return Line(title, style, mean, _plain(np.min(rows, axis=0)), _plain(np.max(rows, axis=0)))


def packed(panels: Sequence[Panel]) -> dict[str, Any]:
    """All panels ready for JSON; they share their temperatures."""
    return {
        "at": list(panels[0].at) if panels else [],
        "panels": [
            {
                "title": panel.title,
                "unit": panel.unit,
                "format": panel.format,
                "axis": panel.axis,
                "least": panel.least,
                "lines": [
                    {
                        "name": each.name,
                        "className": each.style,
                        "y": list(each.y),
                        **({"low": list(each.low), "high": list(each.high)} if each.low and each.high else {}),
                    }
                    for each in panel.lines
                ],
            }
            for panel in panels
        ],
    }


def _plain(values: Any) -> tuple[float | None, ...]:
    """JSON has no word for what is no number, and a browser needs few digits."""
    return tuple(float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None for value in values)
