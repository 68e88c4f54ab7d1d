"""What all Plotly figures share: legends, margins, intervals, titles of rows, washes of colour."""

from collections.abc import Iterable, Sequence
from typing import Any

import plotly.graph_objects as go

from kdviz.charts.palette import Palette, Role

# How a page shows a figure: on a phone the bar would lie on the legend, and the wheel scrolls the page.
CONFIG = {"displayModeBar": False, "scrollZoom": False}
LEGEND = {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0}
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star")
DASHES = ("solid", "dot", "dashdot", "longdash")
HIDDEN = {"showticklabels": False, "showgrid": False, "zeroline": False}  # of an axis whose places say nothing


def laid_out(figure: go.Figure, height: float, *, right: int = 10, top: int = 10, **layout: Any) -> go.Figure:
    """The figure with its height and narrow margins in pixels, and whatever `layout` says besides."""
    margin = {"l": 10, "r": right, "t": top, "b": 10}
    return figure.update_layout(height=int(height), margin=margin, **layout)


def intervals(
    figures: Iterable[tuple[float, float | None, float | None]], colour: str, *, thickness: float = 1.5, width: int = 5
) -> dict[str, Any]:
    """Error bars of (mean, low, high), in the units of the axis; none where an end is None."""
    ends = [(mean, mean if low is None else low, mean if high is None else high) for mean, low, high in figures]
    return {
        "array": [high - mean for mean, _, high in ends],
        "arrayminus": [mean - low for mean, low, _ in ends],
        "color": colour,
        "thickness": thickness,
        "width": width,
    }


def outlined(colour: str, symbol: str | Sequence[str], size: int, border: float = 2) -> dict[str, Any]:
    """A marker whose open symbols are drawn as boldly as its full ones."""
    return {"color": colour, "symbol": symbol, "size": size, "line": {"width": border, "color": colour}}


def symbol_of(role: Role, before: int) -> str:
    """The mark of a line that comes after so many `before` in its colour; open for what learns from labels alone."""
    return SYMBOLS[before % len(SYMBOLS)] + ("-open" if role == "label" else "")


def row_title(figure: go.Figure, text: str, y: float, colours: Palette) -> None:
    """A title above a row of a dot plot, at the left edge, over the lines behind it; Plotly reads markup in `text`."""
    font = {"color": colours.text, "size": 13}
    placed = {"x": 0, "xref": "paper", "xanchor": "left", "y": y, "yanchor": "middle"}
    figure.add_annotation(text=text, showarrow=False, font=font, bgcolor=colours.paper, **placed)


def faint(colour: str) -> str:
    """A colour of the palette as a wash behind lines."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.18)"


def hover(text: str, *, name: bool = False) -> str:
    """A hover template without Plotly's box for the trace; with `name`, the trace's name stands above the text."""
    return f"{'%{fullData.name}<br>' if name else ''}{text}<extra></extra>"
