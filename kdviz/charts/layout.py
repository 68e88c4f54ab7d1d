"""What all Plotly figures share: legends, margins, intervals, titles of rows, washes of colour."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from kdviz.charts.palette import Palette, Role

# How a page shows a figure: on a phone the bar would lie on the legend, and the wheel scrolls the page.
CONFIG = {"displayModeBar": False, "scrollZoom": False}
LEGEND = {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0}
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star")
DASHES = ("solid", "dot", "dashdot", "longdash")
HIDDEN = {"showticklabels": False, "showgrid": False, "zeroline": False}  # of an axis whose places say nothing

_AXIS = 45  # pixels below the plot: ticks and title of the x axis
_LINE = 16  # pixels that a name takes
_ABOVE = 11  # pixels from the end of a line to the middle of its name


@dataclass(frozen=True)
class LineEnd:
    """The last point of a line, on the axes of its figure, with its name and colour."""

    name: str
    x: float
    y: float
    colour: str


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


def name_lines(figure: go.Figure, ends: Sequence[LineEnd], span: tuple[float, float], colours: Palette) -> go.Figure:
    """Write each line's name over its end, on a y axis that then spans `span`; names that would meet move apart.

    In place of a legend; the figure must be laid out. Plotly reads markup in a name, and places x by its logarithm on
    a logarithmic axis.
    """
    margin, low, high = figure.layout.margin, *span
    height = figure.layout.height - (margin.t or 0) - (margin.b or 0) - _AXIS
    figure.update_yaxes(range=[low, high])
    figure.update_layout(showlegend=False)
    heights = [height * (end.y - low) / (high - low) + _ABOVE for end in ends]
    for end, own, placed in zip(ends, heights, apart(heights, _LINE, _LINE / 2, height - _LINE / 2), strict=True):
        figure.add_annotation(
            text=end.name,
            x=end.x,
            y=end.y,
            yshift=placed - own + _ABOVE,
            xanchor="right",
            yanchor="middle",
            showarrow=False,
            font={"color": end.colour, "size": 12},
            bgcolor=colours.paper,
            borderpad=0,
            opacity=0.9,
        )
    return figure


def apart(heights: Sequence[float], least: float, bottom: float, top: float) -> list[float]:
    """The same heights moved as little as it takes for each to be `least` from the next, between `bottom` and `top`."""
    order = sorted(range(len(heights)), key=lambda place: heights[place])
    placed = sorted(heights)
    for _ in range(len(placed)):  # each round pushes neighbours apart by half of what is missing on either side
        for lower in range(len(placed) - 1):
            missing = least - (placed[lower + 1] - placed[lower])
            if missing > 0:
                placed[lower] -= missing / 2
                placed[lower + 1] += missing / 2
    for place in range(len(placed)):
        placed[place] = max(placed[place], bottom + place * least)
    for place in reversed(range(len(placed))):
        placed[place] = min(placed[place], top - (len(placed) - 1 - place) * least)
    by_line = dict(zip(order, placed, strict=True))
    return [by_line[place] for place in range(len(heights))]


def faint(colour: str) -> str:
    """A colour of the palette as a wash behind lines."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.18)"


def hover(text: str, *, name: bool = False) -> str:
    """A hover template without Plotly's box for the trace; with `name`, the trace's name stands above the text."""
    return f"{'%{fullData.name}<br>' if name else ''}{text}<extra></extra>"
