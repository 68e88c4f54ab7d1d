"""The pictures of the temperature lesson: one image's softmax at every T, and a race of several T."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from kdviz.records.softmax import entropy, softmax
from kdviz.store.gallery import Gallery
from kdviz.widgets.components import component, to_base64
from kdviz.widgets.pictures import chosen_image as state
from kdviz.widgets.pictures.soft_targets import OnTemperature, Picture, valid_temperature

DECIDED = 2.0  # times as likely as the second: at the slider's lower end, 0.1, the first then has all but 0.1 %
LANES = (0.5, 1.0, 2.0, 5.0, 20.0)

_temperature_lesson = component("temperature")
_race = component("race")


@dataclass(frozen=True)
class AtT:
    """What one image's softmax says at one temperature."""

    order: tuple[int, ...]  # classes, the largest logit first
    shares: tuple[float, ...]  # by class
    bits: float  # entropy


def at_temperature(picture: Picture, temperature: float) -> AtT:
    """The softmax of a picture's logits, as the browser draws it."""
    order = tuple(int(i) for i in np.argsort(-np.asarray(picture.logits), kind="stable"))
    shares = tuple(softmax(picture.logits, temperature).tolist())
    return AtT(order, shares, float(entropy(picture.logits, temperature)) / math.log(2))


def unsure_but_decided(shown: Gallery) -> list[int]:
    """Images the teacher is unsure of, whose likeliest class is yet ahead enough for both limits of T to be seen."""
    top = np.sort(shown.logits.astype(np.float64), axis=1)[:, ::-1]
    decided = top[:, 0] - top[:, 1] >= math.log(DECIDED)
    return [index for index in state.least_sure(shown, len(shown.labels)) if decided[index]][: state.LEAST_SURE]


def temperature_picture(*, key: str, picture: Picture, temperature: float, on_commit: OnTemperature) -> None:
    """The classes sorted by logit, the share of each over T and the entropy over T; `on_commit` gets T on release."""

    def commit() -> None:
        value = valid_temperature(st.session_state[key].get("T"))
        if value is not None:
            on_commit(value)

    pixels = None if picture.pixels is None else to_base64(picture.pixels.astype(np.uint8))
    facts = {"label": picture.label, "caption": picture.caption, "pixels": pixels}
    _temperature_lesson(key=key, data={**_classes(picture), **facts, "T": temperature}, on_T_change=commit)


def race(*, key: str, picture: Picture, temperature: float, grown: float, on_commit: Callable[[float], None]) -> None:
    """Lanes of one temperature each, while the logits grow from 0 to what they are; `on_commit` gets how far.

    The last lane has the visitor's own temperature, and follows it.
    """

    def commit() -> None:
        value = st.session_state[key].get("grown")
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            on_commit(min(1.0, max(0.0, float(value))))

    data = {**_classes(picture), "temperatures": list(LANES), "T": temperature, "grown": grown}
    _race(key=key, data=data, on_grown_change=commit)


def _classes(picture: Picture) -> dict[str, Any]:
    return {
        "names": list(picture.class_names),
        "logits": [float(z) for z in picture.logits],
        "group": picture.group,
    }


def grown_in_link() -> float:
    """How far the race's logits have grown, from the URL; what cannot be is said and passed over."""
    text = st.query_params.get("grown")
    if text is None:
        return 1.0
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        st.warning(f"grown is {text}; it takes a number from 0 to 1. Shown is 1.")
        return 1.0
    return value


def keep_grown(value: float) -> None:
    """Keep the race's place in the URL, unless it is over."""
    if value >= 1:
        st.query_params.pop("grown", None)
    else:
        st.query_params["grown"] = f"{value:.2f}"
