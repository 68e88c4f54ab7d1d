"""The trained students that ship, for the lesson After distillation: as files, and as a browser gets them.

Their first layer takes pixels from 0 (black) to 1. Reading needs no torch; `runners.shipped_students` makes the files.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from kdviz import settings
from kdviz.store import teacher_files
from kdviz.store.playground import framed

FORMAT = "kdviz-students-1"
ROLES = ("distilled", "plain")
Layers = list[tuple[NDArray[np.float32], NDArray[np.float32]]]


def path_of(data: str) -> Path:
    """Where the students of a data set lie in the program's own folder."""
    return settings.ASSETS / "students" / f"{data}.safetensors"


def write(path: Path, weights: Mapping[str, NDArray[np.float32]], about: Mapping[str, object]) -> None:
    """Write the weights of all students, "distilled.1.weight" and so on, and `about` as JSON in the file's metadata."""
    with teacher_files.replacement(path) as temporary:
        save_file(dict(weights), temporary, metadata={name: json.dumps(value) for name, value in about.items()})


def layers(data: str) -> dict[str, Layers]:
    """(weights (in, out), biases (out,)) of each layer of each student, by the names of `ROLES`."""
    with safe_open(path_of(data), framework="numpy") as file:
        names = sorted(file.keys())  # the numbers of the layers have one digit
        return {
            role: [
                (file.get_tensor(name), file.get_tensor(name.replace("weight", "bias")))
                for name in names
                if name.startswith(f"{role}.") and name.endswith(".weight")
            ]
            for role in ROLES
        }


def about(data: str) -> dict[str, Any]:
    """How the students were made: `training`, `distillation` and `figures`."""
    with safe_open(path_of(data), framework="numpy") as file:
        return {name: json.loads(text) for name, text in file.metadata().items()}


def packed(data: str) -> bytes:
    """The students as a browser gets them, in the way of `store.playground`.

    The header: {"format": "kdviz-students-1", "students": ["distilled", "plain"], "layers": [{"inputs": 784,
    "outputs": 32}, …]}. Then of each student, layer by layer, its weights (in, out) and its biases (out,), float32
    little-endian.
    """
    students = layers(data)
    shapes = [{"inputs": weight.shape[0], "outputs": weight.shape[1]} for weight, _ in students[ROLES[0]]]
    header = {"format": FORMAT, "students": list(ROLES), "layers": shapes}
    return framed(header, [array.astype("<f4") for role in ROLES for layer in students[role] for array in layer])
