"""The networks of letters that come with the program, without torch: for a browser, and how they were made."""

import json
from pathlib import Path
from typing import Any

from safetensors import safe_open

from kdviz import settings
from kdviz.recipes.letters import ALPHABET, CONTEXT, SHAPES, STRIDE
from kdviz.store.playground import framed

FORMAT = "kdviz-letters-1"
TEACHER_FILE = settings.ASSETS / "teachers" / "letters.safetensors"
STUDENT_FILE = settings.ASSETS / "students" / "letters.safetensors"
FILES = {"teacher": TEACHER_FILE, "student": STUDENT_FILE}


def about(role: str, path: Path | None = None) -> dict[str, Any]:
    """How a network was made: `training`, `figures` and more."""
    with safe_open(path or FILES[role], framework="numpy") as file:
        return {name: json.loads(text) for name, text in file.metadata().items()}


def packed(role: str) -> bytes:
    """A network as a browser gets it, in the way of `store.playground`.

    The header: {"format": "kdviz-letters-1", "alphabet": …, "context": 64, "stride": 32, "width": …, "layers": …,
    "heads": …, "tensors": [[name, length], …]}. Then each tensor, float16 little-endian, with torch's names and layout.
    """
    shape = SHAPES[role]
    with safe_open(FILES[role], framework="numpy") as file:
        arrays = {name: file.get_tensor(name) for name in sorted(file.keys())}
    header = {
        "format": FORMAT,
        "alphabet": ALPHABET,
        "context": CONTEXT,
        "stride": STRIDE,
        **{name: getattr(shape, name) for name in ("width", "layers", "heads")},
        "tensors": [[name, array.size] for name, array in arrays.items()],
    }
    return framed(header, [array.astype("<f2") for array in arrays.values()])
