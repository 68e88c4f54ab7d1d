"""The picture of the soft targets, on a test image, a drawing or edited logits, and the matrix of look-alikes.

Everything a finger moves is drawn in the browser. Python hears of a value once, on release.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kdviz.widgets.components import component, half_precision, keep_committed, numbers_within, to_base64, within

T_MIN, T_MAX = 0.1, 100.0
LARGEST_LOGIT = 100.0
GROUP = "temperature"

OnTemperature = Callable[[float], None]
OnLogits = Callable[[tuple[float, ...]], None]


_soft_targets = component("soft_targets")
_weights = component("weights")
_similarity = component("similarity")


@dataclass(frozen=True)
class ShownLogits:
    """What is shown at a temperature: the logits of one image or example, and its label where it has one.

    Pictures, pads and matrices of one `group` follow one temperature.
    """

    class_names: tuple[str, ...]
    logits: tuple[float, ...]
    label: int | None = None
    pixels: NDArray[np.uint8] | None = None  # (28, 28) grey levels
    caption: str = ""
    start: tuple[float, ...] | None = None  # what a reset of edited logits restores; None: the logits above
    group: str = GROUP


@dataclass(frozen=True)
class Pad:
    """Where a digit is drawn for the network `network`, whose weights `send_weights` gives to the browser.

    `frame` says how a drawing is brought to 28x28: as MNIST was, or as scikit-learn's 8x8 digits are.
    """

    class_names: tuple[str, ...]
    network: str
    frame: Literal["mnist", "8x8"] = "mnist"
    caption: str = "Your drawing"
    group: str = GROUP


def soft_targets(*, key: str, picture: ShownLogits, temperature: float, on_commit: OnTemperature) -> None:
    """The teacher's softmax of one image over a temperature slider; `on_commit` gets T when the finger lets go."""
    pixels = None if picture.pixels is None else to_base64(picture.pixels.astype(np.uint8))
    _mount(key, {"mode": "image", **_facts(picture), "pixels": pixels}, temperature, on_commit)


def draw_digit(*, key: str, pad: Pad, temperature: float, on_commit: OnTemperature) -> None:
    """The same picture of a digit that the visitor draws; the network runs in the browser on every stroke."""
    data = {
        "mode": "draw",
        "names": list(pad.class_names),
        "network": pad.network,
        "frame": pad.frame,
        "caption": pad.caption,
        "group": pad.group,
    }
    _mount(key, data, temperature, on_commit)


def edit_logits(
    *, key: str, picture: ShownLogits, temperature: float, on_commit: OnTemperature, on_logits: OnLogits
) -> None:
    """The same picture of logits that the visitor moves; `on_logits` gets all of them when the finger lets go."""
    count = len(picture.logits)
    commit = keep_committed(key, "logits", lambda sent: numbers_within(sent, count, LARGEST_LOGIT), on_logits)
    start = picture.logits if picture.start is None else picture.start
    data = {"mode": "edit", **_facts(picture), "start": [float(z) for z in start]}
    _mount(key, data, temperature, on_commit, commit)


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
    group: str = GROUP,
) -> None:
    """The class-by-class mean soft targets of logits (N, classes) with true classes `labels` (N,).

    T is not part of its data: it follows the slider of its `group` in the browser, so the logits travel once.
    """
    packed = {
        "names": list(class_names),
        "logits": half_precision(logits),
        "labels": to_base64(labels.astype(np.uint8)),
    }
    _similarity(key=key, data={**packed, "group": group, "digest": _digest(packed)})


def _facts(picture: ShownLogits) -> dict[str, Any]:
    return {
        "names": list(picture.class_names),
        "logits": [float(z) for z in picture.logits],
        "label": picture.label,
        "caption": picture.caption,
        "group": picture.group,
    }


def _mount(
    key: str,
    data: dict[str, Any],
    temperature: float,
    on_commit: OnTemperature,
    on_logits_change: Callable[[], None] | None = None,
) -> None:
    commit = keep_committed(key, "T", valid_temperature, on_commit)
    _soft_targets(key=key, data={**data, "T": temperature}, on_T_change=commit, on_logits_change=on_logits_change)


def valid_temperature(value: object) -> float | None:
    """The temperature that a browser sent, brought onto the axis; None if it is no number."""
    return within(value, T_MIN, T_MAX)


def _digest(packed: object) -> str:
    return hashlib.sha256(json.dumps(packed).encode()).hexdigest()[:16]
