"""Pictures of a softmax: of a test image, a drawing or edited logits, over T, as a race; the matrix of look-alikes.

Everything a finger moves is drawn in the browser. Python hears of a value once, on release.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kdviz.widgets import link
from kdviz.widgets.components import component, half_precision, keep_committed, numbers_within, to_base64, within

T_MIN, T_MAX, DEFAULT_TEMPERATURE = 0.1, 100.0, 1.0
LARGEST_LOGIT = 100.0
LANES = (0.5, 1.0, 2.0, 5.0, 20.0)
GROUP = {"group": "temperature"}  # in the data of all pictures of a page whose T moves together

OnTemperature = Callable[[float], None]

_soft_targets = component("soft_targets")
_weights = component("weights")
_similarity = component("similarity")
_temperature = component("temperature")
_race = component("race")


@dataclass(frozen=True)
class ShownLogits:
    """What is shown at a temperature: the logits of one image or example, and its label where it has one."""

    class_names: tuple[str, ...]
    logits: tuple[float, ...]
    label: int | None = None
    pixels: NDArray[np.uint8] | None = None  # (28, 28) grey levels
    caption: str = ""

    def packed(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "names": list(self.class_names),
            "logits": [float(z) for z in self.logits],
            "label": self.label,
            "caption": self.caption,
            "pixels": None if self.pixels is None else to_base64(self.pixels.astype(np.uint8)),
            **GROUP,
        }


def temperature_of_link() -> float:
    """T from the URL; what is no temperature is said and passed over."""
    shown = f"Shown is T = {DEFAULT_TEMPERATURE:g}."
    return link.number("T", T_MIN, T_MAX, DEFAULT_TEMPERATURE, shown)


def set_temperature(value: float) -> None:
    """Keep T in the URL, short enough to be read."""
    link.write("T", f"{value:.3g}")


def soft_targets(*, key: str, picture: ShownLogits, temperature: float, invites: bool = False) -> None:
    """The teacher's softmax of one image over a temperature slider, which `invites` lets move once by itself."""
    _mount(key, {"mode": "image", "invites": invites, **picture.packed()}, temperature)


def draw_digit(
    *, key: str, class_names: Sequence[str], network: str, frame: Literal["mnist", "8x8"], temperature: float
) -> None:
    """The same picture of a digit that the visitor draws; the network runs in the browser on every stroke.

    `network` is one whose weights `send_weights` gives to the browser. `frame` says how a drawing is brought to 28x28:
    as MNIST was, or as scikit-learn's 8x8 digits are.
    """
    data = {"mode": "draw", "names": list(class_names), "network": network, "frame": frame, "caption": "Your drawing"}
    _mount(key, {**data, **GROUP}, temperature)


def edit_logits(*, key: str, picture: ShownLogits, start: Sequence[float], temperature: float) -> None:
    """The same picture of logits that the visitor moves, and can set back to `start`; the URL keeps them."""

    def keep(logits: Sequence[float]) -> None:
        given, begun = (",".join(f"{value:.4g}" for value in values) for values in (logits, start))
        link.write("logits", "" if given == begun else given)

    commit = keep_committed(key, "logits", lambda sent: numbers_within(sent, len(start), LARGEST_LOGIT), keep)
    data = {"mode": "edit", **picture.packed(), "start": [float(z) for z in start]}
    _mount(key, data, temperature, commit)


def temperature_picture(*, key: str, picture: ShownLogits, temperature: float) -> None:
    """The classes sorted by logit, the share of each over T and the entropy over T."""
    commit = keep_committed(key, "T", valid_temperature, set_temperature)
    _temperature(key=key, data={**picture.packed(), "T": temperature}, on_T_change=commit)


def race(*, key: str, picture: ShownLogits, temperature: float) -> None:
    """Lanes of one temperature each, while the logits grow from 0 to what they are; the URL keeps how far.

    The last lane has the visitor's own temperature, and follows it.
    """

    def keep(grown: float) -> None:
        link.write("grown", "" if grown >= 1 else f"{grown:.2f}")  # unless it is over

    commit = keep_committed(key, "grown", lambda sent: within(sent, 0.0, 1.0), keep)
    place = {"temperatures": list(LANES), "T": temperature, "grown": link.number("grown", 0.0, 1.0, 1.0)}
    _race(key=key, data={**replace(picture, pixels=None).packed(), **place}, on_grown_change=commit)


def send_weights(name: str, layers: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> None:
    """Give a multi-layer network to the browser: (weights (out, in), biases (out,)) of each layer, ReLU between.

    Call it on every run of the page; the weights travel once, after that the browser is told they are the same.
    """
    packed = [
        {"weight": half_precision(w), "bias": half_precision(b), "inputs": w.shape[1], "outputs": w.shape[0]}
        for w, b in layers
    ]
    _weights(key=f"kdviz_weights_{name}", data={"name": name, "layers": packed, "digest": _digest(packed)})


def similarity(
    *,
    key: str,
    logits: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    class_names: Sequence[str],
) -> None:
    """The class-by-class mean soft targets of logits (N, classes) with true classes `labels` (N,).

    T is not part of its data: it follows the sliders of its group in the browser, so the logits travel once.
    """
    packed = {
        "names": list(class_names),
        "logits": half_precision(logits),
        "labels": to_base64(labels.astype(np.uint8)),
    }
    commit = keep_committed(key, "T", valid_temperature, set_temperature)
    _similarity(key=key, data={**packed, **GROUP, "digest": _digest(packed)}, on_T_change=commit)


def _mount(
    key: str, data: dict[str, Any], temperature: float, on_logits_change: Callable[[], None] | None = None
) -> None:
    commit = keep_committed(key, "T", valid_temperature, set_temperature)
    _soft_targets(key=key, data={**data, "T": temperature}, on_T_change=commit, on_logits_change=on_logits_change)


def valid_temperature(value: object) -> float | None:
    """The temperature that a browser sent, brought onto the axis; None if it is no number."""
    return within(value, T_MIN, T_MAX)


def _digest(packed: object) -> str:
    return hashlib.sha256(json.dumps(packed).encode()).hexdigest()[:16]
