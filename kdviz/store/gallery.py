"""The test images with what the shipped teacher says of each, as NumPy arrays: what the soft-target pages show.

Reading needs no torch; `runners.shipped_teacher.fill_gallery` makes the file.
"""

import json
import math
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from kdviz import settings
from kdviz.recipes.catalogue import DATA_SETS, DataSet
from kdviz.records.softmax import entropy

_TOLERANCE = 1e-3  # between the likelihood measured here and where the teacher was made: machines round differently


@dataclass(frozen=True)
class Gallery:
    """All test images of a data set and its teacher's logits."""

    facts: DataSet
    images: NDArray[np.uint8]  # (N, 28, 28)
    labels: NDArray[np.uint8]  # (N,)
    logits: NDArray[np.float32]  # (N, classes)

    @cached_property  # once for all visitors, as they share the gallery
    def entropy(self) -> NDArray[np.float64]:
        """Entropy of the teacher's softmax at T = 1 in bits, (N,): how unsure it is of each image."""
        return entropy(self.logits) / math.log(2)

    @cached_property
    def least_sure(self) -> tuple[int, ...]:
        """All images, first those that the teacher gets right, the least sure first."""
        right = self.logits.argmax(axis=1) == self.labels
        return tuple(map(int, np.argsort(-np.where(right, self.entropy, -1.0), kind="stable")))


def path_of(data: str) -> Path:
    """Where the gallery lies: with the program for scikit-learn's digits, else among what was computed here."""
    shipped = settings.ASSETS / "teachers" / f"{data}-gallery.npz"
    if shipped.exists():
        return shipped
    fingerprint = f"{shipped_figures(data)['nll']:.12f}".replace(".", "")  # another teacher, another gallery
    return settings.state_dir() / "gallery" / f"{data}-{fingerprint}.npz"


def read(data: str) -> Gallery | None:
    """The gallery of a data set; None where it is not made yet, is damaged, or was made of other images or labels.

    In the last case the teacher's answers are not those it was measured by: other files lay in the data folder then.
    """
    path = path_of(data)
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as arrays:
            made = Gallery(DATA_SETS[data], arrays["images"], arrays["labels"], arrays["logits"])
    except (OSError, EOFError, ValueError, KeyError, BadZipFile, zlib.error):
        return None
    return made if abs(_nll(made) - shipped_figures(data)["nll"]) < _TOLERANCE else None


def _nll(made: Gallery) -> float:
    """Mean negative log-likelihood of the labels."""
    logits = made.logits.astype(np.float64)
    highest = logits.max(axis=1, keepdims=True)
    right = np.take_along_axis(logits - highest, made.labels.astype(np.int64)[:, None], axis=1)[:, 0]
    return float((np.log(np.exp(logits - highest).sum(axis=1)) - right).mean())


def shipped_weights(data: str) -> list[tuple[NDArray[np.float16], NDArray[np.float16]]]:
    """(weights (out, in), biases (out,)) of each layer of the shipped teacher, in half precision."""
    with safe_open(settings.ASSETS / "teachers" / f"{data}.safetensors", framework="numpy") as file:
        names = sorted((name for name in file.keys() if name.endswith(".weight")), key=lambda n: int(n.split(".")[0]))  # noqa: SIM118
        return [(file.get_tensor(name).T, file.get_tensor(name.replace("weight", "bias"))) for name in names]


def shipped_figures(data: str) -> dict[str, float]:
    """Test accuracy and the other figures of the shipped teacher, as measured when it was made."""
    with safe_open(settings.ASSETS / "teachers" / f"{data}.safetensors", framework="numpy") as file:
        return dict(json.loads(file.metadata()["figures"]))
