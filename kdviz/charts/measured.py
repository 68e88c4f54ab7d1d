"""How often networks are right against what each takes, with the front of those that no other beats in both."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from types import MappingProxyType

import plotly.graph_objects as go

from kdviz.charts.kept import kept
from kdviz.charts.layout import hover, intervals, laid_out
from kdviz.charts.palette import Palette
from kdviz.recipes.methods import PLAIN
from kdviz.records.measurement import InRuntime, Measurement
from kdviz.reports.measurement import called

HEIGHT = 420  # pixels
_ROOM = 1.3  # by which factor the axis reaches beyond the first and the last network
_NEAR, _ALIKE = 1.1, 0.1  # two marks cover each other: their costs differ by less than the factor, points by less

# What a network takes, each in the unit of its axis.
COSTS: Mapping[str, Callable[[InRuntime], float]] = MappingProxyType(
    {
        "stored": lambda found: found.stored_bytes / 1000,  # kB
        "sent": lambda found: found.compressed_bytes / 1000,  # kB
        "latency": lambda found: 1000 * found.one_image.median,  # microseconds
        "energy": lambda found: 1e6 * found.energy.joules,  # microjoules
    }
)


@dataclass(frozen=True)
class Place:
    """A network in the picture."""

    network: Measurement
    found: InRuntime
    cost: float  # in the unit of the axis
    right: float  # per cent


def places(networks: Sequence[Measurement], runtime: str, cost: str) -> list[Place]:
    """The networks that the runtime carries out, from the cheapest to the dearest."""
    given = ((network, found) for network in networks for found in network.runtimes if found.runtime == runtime)
    shown = (Place(network, found, COSTS[cost](found), 100 * found.test_accuracy) for network, found in given)
    return sorted(shown, key=lambda place: (place.cost, -place.right))


def front(sorted_by_cost: Sequence[Place]) -> list[Place]:
    """Those that no other beats: whatever costs less is less often right. Of equals the first."""
    best: list[Place] = []
    for place in sorted_by_cost:
        if not best or place.right > best[-1].right:
            best.append(place)
    return best


def beside(shown: Sequence[Place]) -> list[bool]:
    """Whether a mark has its number beside it, since the mark before would cover it; never two in a row."""
    aside = [False]
    for before, place in pairwise(shown):
        near = place.cost < _NEAR * before.cost and abs(place.right - before.right) < _ALIKE
        aside.append(near and not aside[-1])
    return aside


@kept
def measured_figure(
    networks: Sequence[Measurement], runtime: str, cost: str, axes: tuple[str, str], colours: Palette
) -> go.Figure:
    """A mark for each network that the runtime carries out, numbered from the cheapest; filled on the front.

    `axes` are the titles of the axis across and of the one upright.
    """
    shown = places(networks, runtime, cost)
    picture, best = go.Figure(), front(shown)
    picture.add_scatter(
        x=[place.cost for place in best],
        y=[place.right for place in best],
        mode="lines",
        line={"color": colours.plain, "width": 1.5, "dash": "dot", "shape": "hv"},
        hoverinfo="skip",
    )
    for number, (place, aside) in enumerate(zip(shown, beside(shown), strict=False), 1):
        low, high = (100 * end for end in place.found.test_accuracy_interval)
        name, colour = escape(called(place.network)), _colour(place.network, colours)
        inside, number_in = (colour, colours.paper) if place in best else (colours.paper, colour)
        number_in = colour if aside else number_in
        picture.add_scatter(
            x=[place.cost],
            y=[place.right],
            mode="markers+text",
            text=[str(number)],
            textposition="middle right" if aside else "middle center",
            zorder=int(place in best),  # the front is never covered
            textfont={"color": number_in, "size": 11},
            marker={"color": inside, "size": 17, "opacity": 1, "line": {"width": 2, "color": colour}},
            error_y=intervals([(place.right, low, high)], colour, thickness=1, width=0),
            hovertemplate=hover(f"{name}<br>%{{x:,.3~g}}, %{{y:.2f}} % ({low:.2f} to {high:.2f})"),
        )
    if shown:
        low, high = shown[0].cost / _ROOM, shown[-1].cost * _ROOM
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)))
        ticks = [times * 10**decade for decade in decades for times in (1, 2, 5)]
        picture.update_xaxes(type="log", range=[math.log10(low), math.log10(high)])
        picture.update_xaxes(tickvals=ticks, ticktext=[f"{tick:,.6g}" for tick in ticks])
    picture.update_xaxes(title_text=escape(axes[0]))
    picture.update_yaxes(title_text=escape(axes[1]), ticksuffix=" %")
    return laid_out(picture, HEIGHT, showlegend=False)


def _colour(network: Measurement, colours: Palette) -> str:
    if network.name == "teacher":
        return colours.teacher
    return colours.plain if network.name.partition("-")[0] == PLAIN else colours.student
