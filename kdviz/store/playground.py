"""What the playground sends to a browser once: images with the teachers' logits, and the trained teacher's weights.

Both are made of bytes that a browser decodes by itself: gzip of a little-endian uint32, the length of a header; the
header, JSON in UTF-8; and then arrays one after the other, as `packed` and `weights` say. Reading needs no torch;
`runners.playground` makes the packs and the logits of the teachers that ship as logits alone.
"""

import gzip
import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from kdviz import settings
from kdviz.recipes.catalogue import CLASSES, DATA_SETS, IMAGE_SIDE, PIXELS
from kdviz.store import gallery

PACK_FORMAT, WEIGHTS_FORMAT = "kdviz-playground-1", "kdviz-weights-1"
_CHECKED = "of the published content"  # packs made before this was seen to may have other labels: they are made again
TRAINED = "trained"
OTHERS = ("early", "smoothed")  # the teachers that ship as logits
TEACHERS = (TRAINED, *OTHERS)
LARGEST_LOGIT = float(np.finfo(np.float16).max)


@dataclass(frozen=True)
class Pack:
    """Training images and, after them, held-out images of the validation split; of each, every teacher's logits."""

    data: str
    training: int  # so many of the images
    images: NDArray[np.uint8]  # (N, 28, 28) grey levels
    labels: NDArray[np.uint8]  # (N,)
    logits: Mapping[str, NDArray[np.float16]]  # by the names of TEACHERS, each (N, classes)

    @property
    def held_out(self) -> int:
        """How many images no student learns from."""
        return len(self.labels) - self.training


def path_of(data: str) -> Path:
    """Where the pack lies: with the program for scikit-learn's digits, else among what was computed here."""
    shipped = shipped_path(data)
    if shipped.exists():
        return shipped
    return settings.state_dir() / "playground" / f"{data}-{_fingerprint(data)}.gz"


def shipped_path(data: str) -> Path:
    """Where a pack that may be passed on is shipped."""
    return settings.ASSETS / "teachers" / f"{data}-playground.gz"


def logits_path(data: str) -> Path:
    """Where the logits of the teachers of `OTHERS` are shipped, and how they were made."""
    return settings.ASSETS / "teachers" / f"{data}-playground.safetensors"


def read(data: str) -> bytes | None:
    """The pack of a data set as it is sent, or None where it has not been made yet."""
    try:
        return path_of(data).read_bytes()
    except FileNotFoundError:
        return None


def weights(data: str) -> bytes:
    """The shipped trained teacher for a browser.

    The header: {"format": "kdviz-weights-1", "layers": [{"inputs": 784, "outputs": 512}, …]}. Then of each layer its
    weights (out, in) and its biases (out,), float16 little-endian. ReLU stands between the layers; pixels are -1 to 1.
    """
    layers = gallery.shipped_weights(data)
    header = {
        "format": WEIGHTS_FORMAT,
        "layers": [{"inputs": weight.shape[1], "outputs": weight.shape[0]} for weight, _ in layers],
    }
    return framed(header, [array.astype("<f2") for layer in layers for array in layer])


def packed(pack: Pack) -> bytes:
    """A pack as it is sent.

    The header: {"format": "kdviz-playground-1", "data": …, "names": […], "training": …, "held_out": …,
    "teachers": ["trained", "early", "smoothed"]}. Then images, uint8 (N, 784), those of the training first; labels,
    uint8 (N,); of each teacher in that order logits, float16 little-endian (N, classes).
    """
    header = {
        "format": PACK_FORMAT,
        "data": pack.data,
        "names": list(DATA_SETS[pack.data].class_names),
        "training": pack.training,
        "held_out": pack.held_out,
        "teachers": list(TEACHERS),
    }
    logits = [pack.logits[teacher].astype("<f2") for teacher in TEACHERS]
    return framed(header, [pack.images, pack.labels, *logits])


def unpacked(content: bytes) -> Pack:
    """The pack that was sent; raises ValueError where the bytes are none."""
    header, arrays = _header_of(gzip.decompress(content))
    if header.get("format") != PACK_FORMAT:
        raise ValueError(f"The format is {header.get('format')}, not {PACK_FORMAT}.")
    count, teachers = header["training"] + header["held_out"], header["teachers"]
    if len(arrays) != count * (PIXELS + 1 + 2 * CLASSES * len(teachers)):
        raise ValueError(f"{len(arrays):,} bytes are not {count:,} images with the logits of {len(teachers)} teachers.")
    images = np.frombuffer(arrays, np.uint8, count * PIXELS)
    labels = np.frombuffer(arrays, np.uint8, count, offset=len(images))
    logits = np.frombuffer(arrays, "<f2", offset=len(images) + count).reshape(len(teachers), count, CLASSES)
    shaped = images.reshape(count, IMAGE_SIDE, IMAGE_SIDE)
    return Pack(header["data"], header["training"], shaped, labels, dict(zip(teachers, logits, strict=True)))


def shipped_logits(data: str) -> dict[str, NDArray[np.float16]]:
    """The logits of the teachers of `OTHERS` for the pack's images, each (N, classes)."""
    with safe_open(logits_path(data), framework="numpy") as file:
        return {teacher: file.get_tensor(teacher) for teacher in OTHERS}


def about(data: str) -> dict[str, Any]:
    """How the teachers of `OTHERS` were made: by name their training, cost and figures; and of which `images`."""
    with safe_open(logits_path(data), framework="numpy") as file:
        return {name: json.loads(text) for name, text in file.metadata().items()}


def digest(images: NDArray[np.uint8]) -> str:
    """What names the images that logits belong to."""
    return hashlib.sha256(np.ascontiguousarray(images).tobytes()).hexdigest()[:16]


def _fingerprint(data: str) -> str:
    """Other images, other teachers or another format: another pack."""
    made_of = [PACK_FORMAT, _CHECKED, gallery.shipped_figures(data), about(data)]
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:12]


def framed(header: Mapping[str, Any], arrays: Sequence[NDArray[Any]]) -> bytes:
    """Gzip of the length of the header, a little-endian uint32, the header in JSON, and the arrays' bytes."""
    text = json.dumps(header, separators=(",", ":")).encode()
    content = b"".join([struct.pack("<I", len(text)), text, *(array.tobytes() for array in arrays)])
    return gzip.compress(content, compresslevel=9, mtime=0)  # without the time: the same content, the same bytes


def _header_of(content: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack_from("<I", content)
    return json.loads(content[4 : 4 + length]), content[4 + length :]
