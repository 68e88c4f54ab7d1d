"""A student's safetensors file, checked without torch: names, shapes and sizes are those of its architecture.

Format: eight bytes with the length of the header, the header as JSON, the tensors one after the other.
"""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import Any

from kdviz.errors import PlainError
from kdviz.recipes.catalogue import ARCHITECTURES, CLASSES, IMAGE_SIDE

_LENGTH = 8  # bytes, little-endian
_LONGEST_HEADER = 100_000
_FLOAT = 4  # bytes of a number in single precision


class WeightsError(PlainError):
    """A file that does not hold the weights of the architecture; the message is one plain sentence."""


def shapes(architecture: str) -> dict[str, tuple[int, ...]]:
    """The shape of each weight, by the names that `models.build` gives them."""
    facts = ARCHITECTURES[architecture]
    found: dict[str, tuple[int, ...]] = {}

    def layer(number: int, *weight: int, bias: int) -> None:
        found[f"{number}.weight"] = weight
        found[f"{number}.bias"] = (bias,)

    if not facts.convolutional:
        for number, (inputs, outputs) in enumerate(pairwise(facts.widths)):
            layer(1 + 2 * number, inputs, outputs, bias=outputs)  # after the flattening, with a ReLU between two
        return found
    channels, side = 1, IMAGE_SIDE
    for number, width in enumerate(facts.widths):
        layer(3 * number, width, channels, 3, 3, bias=width)  # followed by a ReLU and a pooling
        channels, side = width, side // 2
    layer(3 * len(facts.widths) + 1, channels * side * side, CLASSES, bias=CLASSES)
    return found


def check(content: bytes, architecture: str) -> None:
    """Raise WeightsError unless these are all weights of the architecture, in single precision, and nothing else."""
    if architecture not in ARCHITECTURES:
        raise WeightsError("The weights are of a network that this version does not know.")
    header, length = _header(content)
    header.pop("__metadata__", None)
    wanted = shapes(architecture)
    if header.keys() != wanted.keys():
        raise WeightsError(f"The weights are not those of {architecture}.")
    covered = 0
    for name, entry in sorted(header.items(), key=lambda item: _offsets(item[1])):
        size = _FLOAT * math.prod(wanted[name])
        if entry.get("dtype") != "F32" or entry.get("shape") != list(wanted[name]):
            raise WeightsError(f"The weights are not those of {architecture}.")
        if _offsets(entry) != (covered, covered + size):
            raise WeightsError("The weights are damaged.")
        covered += size
    if length + covered != len(content):
        raise WeightsError("The weights are damaged.")


def _header(content: bytes) -> tuple[dict[str, Any], int]:
    """The header and where it ends."""
    end = _LENGTH + int.from_bytes(content[:_LENGTH], "little")
    if not _LENGTH < end <= min(len(content), _LENGTH + _LONGEST_HEADER):
        raise WeightsError("The weights are damaged.")
    try:
        header = json.loads(content[_LENGTH:end])
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise WeightsError("The weights are damaged.")
    return header, end


def _offsets(entry: Any) -> tuple[int, int]:
    """Where a tensor begins and ends, after the header."""
    offsets = entry.get("data_offsets") if isinstance(entry, dict) else None
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(type(offset) is int for offset in offsets):
        raise WeightsError("The weights are damaged.")
    return offsets[0], offsets[1]
