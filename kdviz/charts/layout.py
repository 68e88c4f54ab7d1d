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
    x: float | None  # the logarithm to base 10 on a logarithmic axis; None where the line lies across the figure
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
    """Name the lines of a figure that is laid out, on a y axis that then spans `span`; Plotly reads markup in a name.

    Names stand over the ends of their lines where all of them have room; else in the legend. Lines that lie across are
    named at the left edge, moved apart where they would meet.
    """
    margin, (low, high) = figure.layout.margin, span
    height = figure.layout.height - margin.t - margin.b - _AXIS
    figure.update_yaxes(range=[low, high])
    for across in (False, True):
        own = [end for end in ends if (end.x is None) is across]
        lines = [height * (end.y - low) / (high - low) for end in own]
        wanted = [line + _ABOVE for line in lines]
        places = apart(wanted, _LINE, _LINE / 2, height - _LINE / 2)
        if not across:
            meet = any(abs(place - want) > 1 for place, want in zip(places, wanted, strict=True))
            figure.update_layout(showlegend=meet, legend=LEGEND)
            if meet:
                figure.update_layout(height=figure.layout.height + _LINE * len(own))
                continue
        for end, line, place in zip(own, lines, places, strict=True):
            where = {"x": 0, "xref": "paper", "xanchor": "left"} if across else {"x": end.x, "xanchor": "right"}
            figure.add_annotation(
                text=f'<span style="color:{end.colour}">━</span> {end.name}',
                y=end.y,
                yshift=place - line,
                yanchor="middle",
                showarrow=False,
                font={"color": colours.text, "size": 12},
                bgcolor=colours.paper,  # readable where a curve passes behind it
                borderpad=0,
                opacity=0.85,
                **where,
            )
    return figure


def spanned(values: Iterable[float]) -> tuple[float, float]:
    """From below the lowest to above the highest of these, with room for names."""
    given = list(values)
    low, high = min(given), max(given)
    room = 0.12 * (high - low or abs(high) or 1.0)
    return low - room / 2, high + room


def apart(heights: Sequence[float], least: float, bottom: float, top: float) -> list[float]:
    """The same heights moved as little as it takes for each to be `least` from the next, between `bottom` and `top`."""
    order = sorted(range(len(heights)), key=heights.__getitem__)
    groups: list[list[float]] = []  # what must move together: sum and count of heights, the spaces below them taken off
    for rank, place in enumerate(order):
        groups.append([heights[place] - rank * least, 1])
        while len(groups) > 1 and groups[-2][0] / groups[-2][1] > groups[-1][0] / groups[-1][1]:
            total, count = groups.pop()
            groups[-1] = [groups[-1][0] + total, groups[-1][1] + count]
    closed = [total / count for total, count in groups for _ in range(int(count))]
    highest = top - (len(order) - 1) * least
    placed = {
        place: max(bottom, min(highest, low)) + rank * least
        for rank, (place, low) in enumerate(zip(order, closed, strict=True))
    }
    return [placed[place] for place in range(len(heights))]


def faint(colour: str) -> str:
    """A colour of the palette as a wash behind lines."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.18)"


def hover(text: str, *, name: bool = False) -> str:
    """A hover template without Plotly's box for the trace; with `name`, the trace's name stands above the text."""
    return f"{'%{fullData.name}<br>' if name else ''}{text}<extra></extra>"
