"""Curves of a run with a mistake over those of the same run without it, and of networks that were picked."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from kdviz.charts.compact import rounded_up
from kdviz.charts.curves import SeedCurve, seed_curve
from kdviz.charts.kept import kept
from kdviz.charts.palette import Palette
from kdviz.charts.vega import Spec, filling, number, one_of, tooltip_row
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.study_facts.mistakes import FRESH, REPORTED
from kdviz.records.study import FinishedArm

HEIGHT, PICKED_HEIGHT = 116, 300
FAINT = 0.32
LEAST = 0.01  # of the soft term's axis: linear up to here, logarithmic beyond
DECADES = (0.1, 1.0, 10.0, 100.0)


@dataclass(frozen=True)
class Axis:
    """A vertical axis: its ends, and the Vega-Lite scale and axis besides."""

    low: float
    high: float
    scale: Spec
    axis: Spec


def soft_axis(shown: Sequence[SeedCurve], most: float) -> Axis:
    """Of the soft term: from 0 to `most`, and below 0 as far as a curve goes there; logarithmic away from 0."""
    least = min((value for curve in shown for value in curve.low), default=0.0)
    low = -(10 ** math.ceil(math.log10(-least))) if least < -LEAST else 0.0
    ticks = [0.0, *DECADES, *(-decade for decade in DECADES if -decade >= low)]
    ticks = sorted(tick for tick in ticks if tick <= most)
    return Axis(low, most, {"type": "symlog", "constant": LEAST}, {"values": ticks, "format": "~r"})


def hard_axis(shown: Sequence[SeedCurve]) -> Axis:
    """Of the hard term: whole decades, logarithmic."""
    values = [value for curve in shown for value in (*curve.low, *curve.high) if value > 0] or [0.1, 1.0]
    low, high = (10.0 ** way(math.log10(end)) for way, end in ((math.floor, min(values)), (math.ceil, max(values))))
    high = max(high, 10 * low)
    decades = [low * 10.0**step for step in range(round(math.log10(high / low)) + 1)]
    return Axis(low, high, {"type": "log"}, {"values": decades, "format": "~r"})


def share_axis(shown: Sequence[SeedCurve], usual: float = 0.0) -> Axis:
    """Of a share: from the usual floor to 1, or from 0 where a curve ends below the floor."""
    below = any(curve.x and curve.low[-1] < usual for curve in shown)
    return Axis(0.0 if below else usual, 1.0, {}, {"format": ".0%", "tickCount": 4})


def axis_of(name: str, shown: Sequence[SeedCurve], data: str, most_soft: float) -> Axis:
    """The axis of one panel."""
    if name == "loss_kd":
        return soft_axis(shown, most_soft)
    if name == "loss_ce":
        return hard_axis(shown)
    return share_axis(shown, 0.0 if name == "gradient_share_kd" else DATA_SETS[data].chart_floor)


@kept
def most_soft(arms: Sequence[FinishedArm]) -> float:
    """Where the axis of the soft term ends in all pictures of a study, so that mistakes can be compared."""
    return rounded_up(max([1.0, *(value for arm in arms for value in seed_curve(arm, "loss_kd").high)]))


@kept
def rows(wrong: SeedCurve, right: SeedCurve) -> pa.Table:
    """One row per point: x, y, low, high and whose it is."""
    both = (("right", right), ("wrong", wrong))
    numbers = {"x": "x", "y": "mean", "low": "low", "high": "high"}
    columns = {name: [*getattr(right, of), *getattr(wrong, of)] for name, of in numbers.items()}
    return pa.table({**columns, "run": [run for run, curve in both for _ in curve.x]})


def panel_spec(
    axis: Axis, epochs: float, colour: str, colours: Palette, names: tuple[str, str], title: str, *, telling: bool
) -> Spec:
    """One small chart: the run with the mistake over the wide faint line of the right one; bands are the seeds' range.

    `names` are what the two runs are called in a tooltip, the right one first; a chart that is `telling` stands out.
    """
    x = number("x", [0, epochs], {"grid": False, "tickCount": 4, "format": "~g", "labelFlush": True})
    y = number("y", [axis.low, axis.high], {"minExtent": 40, "maxExtent": 40, **axis.axis}, axis.scale)
    of = {run: [{"filter": f"datum.run === '{run}'"}] for run in ("right", "wrong")}
    form = axis.axis["format"].replace(".0%", ".1%").replace("~r", ".3~r")

    def tooltip(name: str) -> list[Spec]:
        run = {"datum": name, "type": "nominal", "title": "run"}
        return [run, tooltip_row("x", ".2~f", title="epoch"), tooltip_row("y", form, title="value")]

    weight: Spec = {"fontWeight": "bold", "color": colours.teacher} if telling else {"fontWeight": "normal"}
    line: Spec = {"type": "line", "clip": True, "strokeCap": "round"}
    return {
        **filling(HEIGHT),
        "title": {"text": title, "anchor": "start", "frame": "bounds", "fontSize": 13, "offset": 8, **weight},
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
    curves = [seed_curve(test, REPORTED), seed_curve(test, FRESH)]
    curves += [seed_curve(validation, REPORTED)] if validation is not None else []
    parts = [
        pd.DataFrame({"tries": curve.x, "accuracy": curve.mean, "line": name})
        for curve, name in zip(curves, names, strict=False)
    ]
    return pd.concat(parts, ignore_index=True)


def picked_spec(shown: pd.DataFrame, names: Sequence[str], tries: str, colours: Palette) -> Spec:
    """Lines over the number of tries, logarithmic; the axis is as narrow as they are."""
    low, high = float(shown.accuracy.min()), float(shown.accuracy.max())
    margin = max(0.1 * (high - low), 2e-4)
    ticks = {"title": tries, "grid": False, "values": sorted(shown.tries.unique().tolist()), "format": ",d"}
    of_names = dict(zip(names, (colours.student, colours.student, colours.label), strict=True))
    return {
        **filling(PICKED_HEIGHT),
        "mark": {"type": "line", "strokeWidth": 2.5, "point": {"size": 50}},
        "encoding": {
            "x": number("tries", [1, float(shown.tries.max())], ticks, {"type": "log"}),
            "y": number("accuracy", [low - margin, high + margin], {"format": ".2%", "tickCount": 5}),
            "color": one_of("line", of_names),
            "strokeDash": one_of("line", dict(zip(names, ([1, 0], [5, 4], [1, 0]), strict=True))),
            "tooltip": [
                tooltip_row("line", title="accuracy"),
                tooltip_row("tries", ",d"),
                tooltip_row("accuracy", ".2%"),
            ],
        },
    }
