"""Curves of a run with a mistake over those of the same run without it, and of networks that were picked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pandas as pd

from kdviz.charts.comparison_live import rounded_up
from kdviz.charts.palette import Palette
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.study_facts.mistakes import FRESH, REPORTED
from kdviz.records.study import FinishedArm

Spec = dict[str, Any]

HEIGHT, PICKED_HEIGHT = 116, 300
FAINT = 0.32
LEAST = 0.01  # of the soft term's axis: linear up to here, logarithmic beyond
DECADES = (0.1, 1.0, 10.0, 100.0)


@dataclass(frozen=True)
class Trace:
    """One quantity along a training: the mean of all seeds and their range, or one seed alone."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def first(self) -> float:
        """At the first report."""
        return self.y[0]

    @property
    def last(self) -> float:
        """At the end."""
        return self.y[-1]


def trace(arm: FinishedArm, name: str, seed: int | None = None) -> Trace:
    """A quantity of an arm, over all seeds or of one; empty where it has none."""
    curves = [each for each in arm.curves if each.name == name and seed in (None, each.seed)]
    columns = list(zip(*(curve.y for curve in curves), strict=True))
    return Trace(
        tuple(curves[0].x) if curves else (),
        tuple(sum(column) / len(column) for column in columns),
        tuple(min(column) for column in columns),
        tuple(max(column) for column in columns),
    )


@dataclass(frozen=True)
class Axis:
    """A vertical axis: its ends, and the Vega-Lite scale and axis besides."""

    low: float
    high: float
    scale: Spec
    axis: Spec


def soft_axis(shown: Sequence[Trace], most: float) -> Axis:
    """Of the soft term: from 0 to `most`, and below 0 as far as somebody goes there; logarithmic away from 0."""
    least = min((value for each in shown for value in each.low), default=0.0)
    low = -(10 ** math.ceil(math.log10(-least))) if least < -LEAST else 0.0
    ticks = [0.0, *DECADES, *(-each for each in DECADES if -each >= low)]
    return Axis(
        low,
        most,
        {"type": "symlog", "constant": LEAST},
        {"values": sorted(each for each in ticks if each <= most), "format": "~r"},
    )


def hard_axis(shown: Sequence[Trace]) -> Axis:
    """Of the hard term: whole decades, logarithmic."""
    values = [value for each in shown for value in (*each.low, *each.high) if value > 0] or [0.1, 1.0]
    low, high = (10.0 ** way(math.log10(end)) for way, end in ((math.floor, min(values)), (math.ceil, max(values))))
    high = max(high, 10 * low)
    decades = [low * 10.0**step for step in range(round(math.log10(high / low)) + 1)]
    return Axis(low, high, {"type": "log"}, {"values": decades, "format": "~r"})


def share_axis(shown: Sequence[Trace], usual: float = 0.0) -> Axis:
    """Of a share: from the usual floor to 1, or from 0 where somebody ends below the floor."""
    below = any(each.y and min(each.last, each.low[-1]) < usual for each in shown)
    return Axis(0.0 if below else usual, 1.0, {}, {"format": ".0%", "tickCount": 4})


def axis_of(name: str, shown: Sequence[Trace], data: str, most_soft: float) -> Axis:
    """The axis of one panel."""
    if name == "loss_kd":
        return soft_axis(shown, most_soft)
    if name == "loss_ce":
        return hard_axis(shown)
    return share_axis(shown, 0.0 if name == "gradient_share_kd" else DATA_SETS[data].chart_floor)


def most_soft(arms: Sequence[FinishedArm]) -> float:
    """Where the axis of the soft term ends in all pictures of a study, so that mistakes can be compared."""
    highest = max(chain((value for arm in arms for value in trace(arm, "loss_kd").high), [1.0]))
    return rounded_up(highest)


def frame(wrong: Trace, right: Trace) -> pd.DataFrame:
    """One row per point: x, y, low, high and whose it is."""
    parts = [
        pd.DataFrame({"x": each.x, "y": each.y, "low": each.low, "high": each.high, "run": run})
        for run, each in (("right", right), ("wrong", wrong))
    ]
    return pd.concat(parts, ignore_index=True)


def panel_spec(
    axis: Axis, epochs: float, colour: str, colours: Palette, names: tuple[str, str], title: str, *, telling: bool
) -> Spec:
    """One small chart: the run with the mistake over the wide faint line of the right one; bands are the seeds' range.

    `names` are what the two runs are called in a tooltip, the right one first; a chart that is `telling` stands out.
    """
    x: Spec = {
        "field": "x",
        "type": "quantitative",
        "scale": {"domain": [0, epochs], "nice": False},
        "axis": {"title": None, "grid": False, "tickCount": 4, "format": "~g", "labelFlush": True},
    }
    y: Spec = {
        "field": "y",
        "type": "quantitative",
        "scale": {"domain": [axis.low, axis.high], "nice": False, **axis.scale},
        "axis": {"title": None, "minExtent": 40, "maxExtent": 40, **axis.axis},
    }
    of = {run: [{"filter": f"datum.run === '{run}'"}] for run in ("right", "wrong")}
    number = axis.axis["format"].replace(".0%", ".1%").replace("~r", ".3~r")

    def tooltip(name: str) -> list[Spec]:
        return [
            {"datum": name, "type": "nominal", "title": "run"},
            {"field": "x", "type": "quantitative", "format": ".2~f", "title": "epoch"},
            {"field": "y", "type": "quantitative", "format": number, "title": "value"},
        ]

    told: Spec = {"fontWeight": "bold", "color": colours.teacher} if telling else {"fontWeight": "normal"}
    line: Spec = {"type": "line", "clip": True, "strokeCap": "round"}
    return {
        "title": {"text": title, "anchor": "start", "frame": "bounds", "fontSize": 13, "offset": 8, **told},
        "height": HEIGHT,
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": {"view": {"stroke": None}},
        "encoding": {"x": x},
        "layer": [
            {
                "transform": of["right"],
                "mark": {**line, "color": colours.text, "opacity": FAINT, "strokeWidth": 6},
                "encoding": {"y": y, "tooltip": tooltip(names[0])},
            },
            {
                "transform": of["wrong"],
                "mark": {"type": "area", "clip": True, "color": colour, "opacity": 0.18},
                "encoding": {"y": {**y, "field": "low"}, "y2": {"field": "high"}},
            },
            {
                "transform": of["wrong"],
                "mark": {**line, "color": colour, "strokeWidth": 2.5, "point": {"size": 70, "opacity": 0}},
                "encoding": {"y": y, "tooltip": tooltip(names[1])},
            },
        ],
    }


def picked_frame(test: FinishedArm, validation: FinishedArm | None, names: Sequence[str]) -> pd.DataFrame:
    """Accuracy of the picked network over the tries: `names` of what is reported, of fresh images, of the right way."""
    traces = [trace(test, REPORTED), trace(test, FRESH)]
    traces += [trace(validation, REPORTED)] if validation is not None else []
    parts = [
        pd.DataFrame({"tries": each.x, "accuracy": each.y, "line": name})
        for each, name in zip(traces, names, strict=False)
    ]
    return pd.concat(parts, ignore_index=True)


def picked_spec(shown: pd.DataFrame, names: Sequence[str], tries: str, colours: Palette) -> Spec:
    """Lines over the number of tries, logarithmic; the axis is as narrow as they are."""
    low, high = float(shown.accuracy.min()), float(shown.accuracy.max())
    margin = max(0.1 * (high - low), 2e-4)
    return {
        "height": PICKED_HEIGHT,
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": {"view": {"stroke": None}},
        "mark": {"type": "line", "strokeWidth": 2.5, "point": {"size": 50}},
        "encoding": {
            "x": {
                "field": "tries",
                "type": "quantitative",
                "scale": {"type": "log", "domain": [1, float(shown.tries.max())], "nice": False},
                "axis": {
                    "title": tries,
                    "grid": False,
                    "values": sorted(shown.tries.unique().tolist()),
                    "format": ",d",
                },
            },
            "y": {
                "field": "accuracy",
                "type": "quantitative",
                "scale": {"domain": [low - margin, high + margin], "nice": False},
                "axis": {"title": None, "format": ".2%", "tickCount": 5},
            },
            "color": {
                "field": "line",
                "type": "nominal",
                "scale": {"domain": list(names), "range": [colours.student, colours.student, colours.label]},
                "legend": None,
            },
            "strokeDash": {
                "field": "line",
                "type": "nominal",
                "scale": {"domain": list(names), "range": [[1, 0], [5, 4], [1, 0]]},
                "legend": None,
            },
            "tooltip": [
                {"field": "line", "type": "nominal", "title": "accuracy"},
                {"field": "tries", "type": "quantitative", "format": ",d"},
                {"field": "accuracy", "type": "quantitative", "format": ".2%"},
            ],
        },
    }
