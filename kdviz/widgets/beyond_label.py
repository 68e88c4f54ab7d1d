"""What the label leaves out: a soft target's entropy over T, and two images of one class beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kdviz.gallery import Gallery
from kdviz.widgets.components import component, to_base64
from kdviz.widgets.soft_targets import GROUP, T_MAX, T_MIN, Picture

PAIR_TEMPERATURE = 4.0  # at which the two images of a class are the ones that differ most
SECOND, FIRST = 0.1, 0.5  # the second class gets more than this, and the first still does

_beyond_label = component(
    "beyond_label",
    html="beyond_label.html",
    css=("base.css", "over_t.css", "beyond_label.css"),
    js=("shared.js", "svg.js", "over_t.js", "beyond_label.js"),
)


def soft_targets_of(logits: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """softmax(logits / T) along the last axis."""
    scaled = np.asarray(logits, dtype=float) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    softened: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
    return softened


def most_different(shown: Gallery, label: int, temperature: float = PAIR_TEMPERATURE) -> tuple[int, int] | None:
    """The two test images of a class, p and q, with the largest KL(p || q) at T.

    Only images that the teacher gets right; None where there are not two of them.
    """
    right = (shown.logits.argmax(axis=1) == shown.labels) & (shown.labels == label)
    images = np.flatnonzero(right)
    if len(images) < 2:
        return None
    p = soft_targets_of(shown.logits[images], temperature)
    logs = np.log(np.maximum(p, np.finfo(float).tiny))  # a class may have underflowed to 0
    divergence = (p * logs).sum(axis=1, keepdims=True) - p @ logs.T
    one, other = np.unravel_index(divergence.argmax(), divergence.shape)
    return int(images[one]), int(images[other])


@dataclass(frozen=True)
class Shares:
    """What the first and the second class get at a temperature, and whether that is what was asked for."""

    first: int
    second: int
    first_share: float
    second_share: float
    state: Literal["right", "low", "high", "none"]


def shares(picture: Picture, temperature: float) -> Shares:
    """Whether the second class gets more than a tenth at T while the first keeps more than half.

    `low` and `high` say that T is; `none` that no T does it for these logits.
    """
    logits = np.array(picture.logits)
    second, first = (int(i) for i in np.argsort(logits, kind="stable")[-2:])

    def at(temperature: float) -> tuple[float, float]:
        softened = soft_targets_of(logits, temperature)
        return float(softened[first]), float(softened[second])

    possible = any(p > FIRST and q > SECOND for p, q in map(at, np.geomspace(T_MIN, T_MAX, 200)))
    p, q = at(temperature)
    state: Literal["right", "low", "high", "none"] = "low"
    if p > FIRST and q > SECOND:
        state = "right"
    elif not possible:
        state = "none"
    elif p <= FIRST:
        state = "high"
    return Shares(first, second, p, q, state)


def beyond_label(
    *,
    key: str,
    picture: Picture | None,
    pair: tuple[Picture, Picture] | None,
    temperature: float,
    words: Mapping[str, str],
    group: str = GROUP,
) -> None:
    """Both figures. Without a `picture` the curve waits for logits from the browser, such as a drawing's.

    `words` are the labels and sentences of the text, with their places open: the browser fills them at every T.
    """
    data = {
        "T": temperature,
        "group": group,
        "names": list(picture.class_names) if picture else [],
        "logits": [float(z) for z in picture.logits] if picture else None,
        "pair": [_image(one) for one in pair] if pair else None,
        "words": dict(words),
    }
    _beyond_label(key=key, data=data)


def _image(picture: Picture) -> dict[str, object]:
    return {
        "names": list(picture.class_names),
        "logits": [float(z) for z in picture.logits],
        "label": picture.label,
        "caption": picture.caption,
        "pixels": None if picture.pixels is None else to_base64(picture.pixels.astype(np.uint8)),
    }
