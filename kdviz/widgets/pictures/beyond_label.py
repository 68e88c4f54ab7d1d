"""What the label leaves out: a soft target's entropy over T, and two images of one class beside each other."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kdviz.charts.kept import kept
from kdviz.records.softmax import softmax
from kdviz.store.gallery import Gallery
from kdviz.widgets.components import component
from kdviz.widgets.pictures.soft_targets import GROUP, T_MAX, T_MIN, ShownLogits

PAIR_TEMPERATURE = 4.0  # at which the two images of a class are the ones that differ most
LEAST, MOST = 1 / 3, 1 / 2  # of what the first class gets, the second is to get

_beyond_label = component("beyond_label")


@kept  # a gallery is the same for all: once for each class
def most_different(shown: Gallery, label: int, temperature: float = PAIR_TEMPERATURE) -> tuple[int, int] | None:
    """The two test images of a class, p and q, with the largest KL(p || q) at T.

    Only images that the teacher gets right; None where there are not two of them.
    """
    right = (shown.logits.argmax(axis=1) == shown.labels) & (shown.labels == label)
    images = np.flatnonzero(right)
    if len(images) < 2:
        return None
    p = softmax(shown.logits[images], temperature)
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


def shares(picture: ShownLogits, temperature: float) -> Shares:
    """Whether the second class gets between a third and half of what the first gets at T.

    `low` and `high` say that T is; `none` that no T of the slider does it for these logits.
    """
    logits = np.array(picture.logits)
    second, first = (int(i) for i in np.argsort(logits, kind="stable")[-2:])
    gap = float(logits[first] - logits[second])
    softened = softmax(logits, temperature)
    ratio = math.exp(-gap / temperature)  # of the two, whatever the other classes get
    state: Literal["right", "low", "high", "none"] = "low" if ratio < LEAST else "high"
    if not math.exp(-gap / T_MIN) <= MOST or not math.exp(-gap / T_MAX) >= LEAST:
        state = "none"
    elif LEAST <= ratio <= MOST:
        state = "right"
    return Shares(first, second, float(softened[first]), float(softened[second]), state)


def beyond_label(
    *,
    key: str,
    picture: ShownLogits | None,
    pair: tuple[ShownLogits, ShownLogits] | None,
    temperature: float,
    words: Mapping[str, str],
) -> None:
    """Both figures. Without a `picture` the curve waits for logits from the browser, such as a drawing's.

    `words` are the labels and sentences of the text, with their places open: the browser fills them at every T.
    """
    logits = {"names": [], "logits": None, **GROUP} if picture is None else picture.packed()
    images = [image.packed() for image in pair] if pair else None
    _beyond_label(key=key, data={**logits, "T": temperature, "pair": images, "words": dict(words)})
