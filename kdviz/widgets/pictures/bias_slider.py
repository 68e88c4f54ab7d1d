"""Curves over a bias that is added to some classes' logits, drawn in the browser, with one slider for all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import streamlit as st

from kdviz.widgets.components import component

_bias_slider = component("bias_slider")


@dataclass(frozen=True)
class Line:
    """A quantity at each bias of the picture. The browser gets few digits: see `short`."""

    key: str  # its place in the sentence; {{key_before}} is its value where nothing is added
    name: str
    style: Literal["student", "student dashed", "ink", "ink dashed", "ink dotted"]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None


@dataclass(frozen=True)
class Panel:
    """A chart of its own over the same biases."""

    title: str
    where: str  # on which images
    kind: Literal["count", "share"]
    lines: Sequence[Line]
    known: float | None = None  # a level that is known, {{known}} in the sentence
    known_name: str = ""


@dataclass(frozen=True)
class Rule:
    """Where a rule without labels puts the bias: of several networks the lowest, the mean and the highest."""

    low: float
    mean: float
    high: float


@dataclass(frozen=True)
class Says:
    """Sentences whose places are open: the browser fills them."""

    rule: str  # below the slider, with {{rule}}
    none: str  # nothing is added
    moved: str


@dataclass(frozen=True)
class Picture:
    """All that the browser draws. A place of a sentence is {{bias}}, {{rule}}, {{known}}, a line's key or a count's."""

    at: Sequence[float]  # rising, at equal distances; the slider stops at each
    digits: int  # of a bias, behind the point
    panels: Sequence[Panel]
    rule: Rule
    label: str  # of the number field
    slider: str  # what a screen reader calls the slider
    says: Says
    counts: Mapping[str, str]


def show(picture: Picture, *, key: str, parameter: str) -> float | None:
    """The charts and their slider; the bias that the link names, None where it names none.

    The browser moves everything by itself, and tells the link the bias on release.
    """
    wanted = in_link(parameter, picture.at)

    def keep() -> None:
        _keep(st.session_state[key].get("bias"), parameter, picture)

    bias = nearest(picture.at, 0.0) if wanted is None else wanted
    _bias_slider(key=key, data={**asdict(picture), "bias": bias}, on_bias_change=keep)
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
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    least, most = at[0], at[-1]
    if not least <= value <= most:
        st.warning(f"{parameter} is {text}; it takes a number from {least:.3g} to {most:.3g}. Shown is 0.")
        return None
    return nearest(at, value)


def _keep(value: object, parameter: str, picture: Picture) -> None:
    """Keep the bias in the URL, unless it is 0. What a browser sends is not to be trusted."""
    at = picture.at
    if isinstance(value, bool) or not isinstance(value, int | float) or not at[0] <= value <= at[-1]:
        return
    text = f"{nearest(at, value):.{picture.digits}f}"
    if float(text):
        st.query_params[parameter] = text
    else:
        st.query_params.pop(parameter, None)
