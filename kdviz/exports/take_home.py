"""A student to take home: one HTML file in which it answers what is drawn, without a server. Torch-free.

Its modules are the app's own, each in the file's import map under its place in `kdviz/components`.
"""

import base64
import html
import json
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from kdviz.errors import PlainError
from kdviz.exports import model_cards
from kdviz.recipes.catalogue import DATA_SETS, NETWORKS
from kdviz.records import weights
from kdviz.records.base import TrainedStudent
from kdviz.records.compressed import CompressedStudent
from kdviz.store import playground
from kdviz.store.run import Run
from kdviz.texts import lesson

MOST_BYTES = 600_000  # of the file
_MOST_PARAMETERS = 180_000  # of half precision, as text a third longer, beside 100 kB of modules
_COMPONENTS = Path(__file__).resolve().parents[1] / "components"
_BEGIN = "take_home/page.js"
_STYLES = ("kdviz.shared/base.css", "kdviz.shared/picture.css", "take_home/style.css")
_IMPORT = re.compile(r'((?:from|import)\s*)"(\.\.?/[^"]+)"')


class TakeHomeError(PlainError):
    """A student that no page can hold; the message is one plain sentence."""


def page(student: TrainedStudent, data: str, right: str) -> bytes:
    """The file; `right` says how often the student is right. Raises TakeHomeError and WeightsError."""
    layers = dense_layers(student)
    words = lesson.read("take_home").words
    facts = DATA_SETS[data]
    header = {
        "format": playground.WEIGHTS_FORMAT,
        "layers": [{"inputs": weight.shape[1], "outputs": weight.shape[0]} for weight, _ in layers],
    }
    packed = playground.framed(header, [array.astype("<f2") for layer in layers for array in layer])
    document = {
        "weights": base64.b64encode(packed).decode(),
        "names": list(facts.class_names),
        "frame": "8x8" if facts.form == "scikit-learn" else "mnist",
        "words": dict(words),
    }
    places = {
        **{name: html.escape(text) for name, text in words.items()},
        "title": html.escape(_filled(words["title"], {"data": facts.title})),
        "about": html.escape(_filled(words["about"], {"network": student.architecture, "right": right})),
        "note": html.escape(_filled(words["note"], {"student": student.name})),
        "styles": "\n".join((_COMPONENTS / name).read_text(encoding="utf-8") for name in _STYLES),
        "modules": json.dumps({"imports": modules()}),
        "student": json.dumps(document).replace("<", "\\u003c"),  # nothing in it ends the script
    }
    content = _filled((_COMPONENTS / "take_home/page.html").read_text(encoding="utf-8"), places).encode()
    if len(content) > MOST_BYTES:
        raise TakeHomeError(
            f"{student.architecture} makes a page of {len(content) / 1000:,.0f} kB; it takes up to "
            f"{MOST_BYTES // 1000} kB, as a smaller student has."
        )
    return content


def fits(architecture: str) -> bool:
    """Whether a page can hold such a student: without convolutions, and small enough in half precision."""
    network = NETWORKS[architecture]
    return network.kind in ("dense", "factored") and network.parameters < _MOST_PARAMETERS


def right(run: Run, student: str, smaller: CompressedStudent | None = None) -> str:
    """How often a student of the run is right, before rounding; nothing where the run does not say."""
    try:
        scores = model_cards.subject(run, student if smaller is None else smaller.of).scores
    except model_cards.CardError:
        return ""
    accuracy = scores.test_accuracy if smaller is None else smaller.measured.runtimes[-1].test_accuracy
    return f"right on {accuracy:.2%} of the {scores.test_images:,} test images"


def dense_layers(student: TrainedStudent) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Weights (outputs, inputs) and biases of each layer, with a factored one multiplied out.

    Raises TakeHomeError where the student has convolutions, and WeightsError.
    """
    weights.check(student.weights, student.architecture)
    kind = NETWORKS[student.architecture].kind
    if kind not in ("dense", "factored"):
        raise TakeHomeError(f"{student.architecture} cannot be in a page: it has convolutions; onnx has them.")
    tensors = load(student.weights)
    numbers = sorted({int(name.split(".")[0]) for name in tensors})
    factor = tensors[f"{numbers.pop(0)}.weight"] if kind == "factored" else None
    layers = [(tensors[f"{number}.weight"], tensors[f"{number}.bias"]) for number in numbers]
    if factor is not None:
        layers[0] = (factor @ layers[0][0], layers[0][1])
    return [(np.ascontiguousarray(weight.T), bias) for weight, bias in layers]


def modules() -> dict[str, str]:
    """The page's modules and all that they import, as data: addresses by their place in `kdviz/components`."""
    found: dict[str, str] = {}
    waiting = [_BEGIN]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue

        def absolute(match: re.Match[str], name: str = name) -> str:
            place = _resolved(PurePosixPath(name).parent, match[2])
            waiting.append(place)
            return f'{match[1]}"{place}"'

        text = _IMPORT.sub(absolute, (_COMPONENTS / name).read_text(encoding="utf-8"))
        found[name] = "data:text/javascript;base64," + base64.b64encode(text.encode()).decode()
    return found


def _resolved(folder: PurePosixPath, path: str) -> str:
    parts = list(folder.parts)
    for part in path.split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _filled(text: str, places: Mapping[str, str]) -> str:
    """The text with each {{place}} filled, in one pass: what is filled in is not looked at again."""
    return re.sub(r"{{([\w-]+)}}", lambda match: places.get(match[1], match[0]), text)
