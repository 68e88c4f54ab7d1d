"""What all Vega-Lite specifications share: a frame that fills its column, encodings of numbers and of colours."""

from collections.abc import Mapping, Sequence
from typing import Any

Spec = dict[str, Any]


def filling(height: float) -> Spec:
    """A chart as wide as its column, without a frame, `height` pixels high."""
    return {
        "height": height,
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": {"view": {"stroke": None}},
    }


def enlarged(spec: Spec, height: float) -> Spec:
    """The chart with `height` pixels and little room around its axes: for the stage, which enlarges all of it."""
    axis, key = {"labelPadding": 5, "titlePadding": 4}, {"offset": 6}
    return {**spec, "height": height, "config": {**spec["config"], "axis": axis, "legend": key}}


def number(field: str, ends: Sequence[float], axis: Spec, scale: Spec | None = None) -> Spec:
    """The encoding of a number on an axis that ends where `ends` say; without a title unless `axis` has one.

    Each label stands at its line, the first and the last as well, which Streamlit's theme would move inwards.
    """
    domain = {"domain": list(ends), "nice": False, **(scale or {})}
    plain = {"title": None, "labelFlush": False}
    return {"field": field, "type": "quantitative", "scale": domain, "axis": {**plain, **axis}}


def one_of(field: str, values: Mapping[Any, Any], legend: Spec | None = None) -> Spec:
    """The encoding of a name by a colour or a dash of its own, with a legend where one is given."""
    scale = {"domain": list(values), "range": list(values.values())}
    return {"field": field, "type": "nominal", "scale": scale, "legend": legend}


def legend(title: str, **more: Any) -> Spec:
    """A legend above the plot, part of the chart: full screen and a saved picture have it and its title too."""
    return {"orient": "top", "title": title, "titleFontWeight": "bold", "titleLimit": 0, "labelLimit": 0, **more}


def tooltip_row(field: str, form: str = "", **more: Any) -> Spec:
    """A line of a tooltip: a number by its format, or a name."""
    return {"field": field, **({"type": "quantitative", "format": form} if form else {"type": "nominal"}), **more}
