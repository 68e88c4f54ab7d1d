"""Browser-side components: Streamlit v2 components put together from the files in `assets/components`."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.components.v2.types import ComponentRenderer

ASSETS = Path(__file__).resolve().parents[2] / "assets" / "components"


def source(files: Sequence[str]) -> str:
    """The texts of several asset files, one after the other: what components share is written once."""
    return "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in files)


def component(name: str, *, js: Sequence[str], css: Sequence[str] = (), html: str | None = None) -> ComponentRenderer:
    """A component from files; call at module scope.

    Several scripts become one module, so that a component travels as one piece and needs no build step.
    """
    return st.components.v2.component(
        f"kdviz_{name}",
        html=source([html]) if html else None,
        css=source(css) if css else None,
        js=source(js),
    )


def to_base64(values: NDArray[Any]) -> str:
    """The array's bytes, row by row, as text that fits into JSON."""
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")


def half_precision(values: NDArray[np.floating[Any]]) -> str:
    """Little-endian half-precision numbers in base64; a number beyond their range becomes the largest there is."""
    most = float(np.finfo(np.float16).max)
    return to_base64(np.clip(values, -most, most).astype("<f2"))
