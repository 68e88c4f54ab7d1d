"""Curves over a bias that is added to some classes' logits, drawn in the browser, with one slider for all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import streamlit as st

from kdviz.widgets import link
from kdviz.widgets.components import component, is_number, keep_committed

_bias_slider = component("bias_slider")


@dataclass(frozen=True)
class BiasCurve:
    """A quantity at each bias of the picture. The browser gets few digits: see `short`."""

    key: str  # its place in the sentence; {{key_before}} is its value where nothing is added
    name: str
    style: Literal["student", "student dashed", "ink", "ink dashed", "ink dotted"]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None


@dataclass(frozen=True)
class BiasPanel:
    """A chart of its own over the same biases."""

    title: str
    where: str  # on which images
    kind: Literal["count", "share"]
    lines: Sequence[BiasCurve]
    known: float | None = None  # a level that is known, {{known}} in the sentence
    known_name: str = ""


@dataclass(frozen=True)
class BiasRule:
    """Where a rule without labels puts the bias: of several networks the lowest, the mean and the highest."""

    low: float
    mean: float
    high: float


@dataclass(frozen=True)
class BiasSentences:
    """Sentences whose places are open: the browser fills them."""

    rule: str  # below the slider, with {{rule}}
    none: str  # nothing is added
    moved: str


@dataclass(frozen=True)
class BiasPicture:
    """All that the browser draws. A place of a sentence is {{bias}}, {{rule}}, {{known}}, a line's key or a count's."""

    at: Sequence[float]  # rising, at equal distances; the slider stops at each
    digits: int  # of a bias, behind the point
    panels: Sequence[BiasPanel]
    rule: BiasRule
    label: str  # of the number field
    slider: str  # what a screen reader calls the slider
    says: BiasSentences
    counts: Mapping[str, str]


def show(picture: BiasPicture, *, key: str, parameter: str) -> float | None:
    """The charts and their slider; the bias that the link names, None where it names none.

    The browser moves everything by itself, and tells the link the bias on release.
    """
    wanted = in_link(parameter, picture.at)

    bias = nearest(picture.at, 0.0) if wanted is None else wanted
    committed = keep_committed(key, "bias", lambda sent: sent, lambda sent: _keep(sent, parameter, picture))
    _bias_slider(key=key, data={**asdict(picture), "bias": bias}, on_bias_change=committed)
    return wanted


def nearest(at: Sequence[float], bias: float) -> float:
    """The bias of the picture that is nearest."""
    return min(at, key=lambda place: abs(place - bias))


def short(values: Sequence[float]) -> list[float]:
    """A browser needs few digits."""
    return [float(f"{value:.5g}") for value in values]


def in_link(parameter: str, at: Sequence[float]) -> float | None:
    """The bias of the link, as near as the picture has it; what is none is said and passed over."""
    text = st.query_params.get(parameter)
    if text is None:
        return None
    value, least, most = link.number_in(text), at[0], at[-1]
    if value is None or not least <= value <= most:
        st.warning(f"{parameter} is {text}; it takes a number from {least:.3g} to {most:.3g}. Shown is 0.")
        return None
    return nearest(at, value)


def _keep(sent: object, parameter: str, picture: BiasPicture) -> None:
    """Keep the bias in the URL, unless it is 0. What a browser sends is not to be trusted."""
    at = picture.at
    if is_number(sent) and at[0] <= sent <= at[-1]:
        text = f"{nearest(at, sent):.{picture.digits}f}"
        link.write(parameter, text if float(text) else "")
