"""Browser-side components: the folders of `kdviz/components`, declared in `pyproject.toml`."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.components.v2.types import ComponentRenderer
from streamlit.errors import StreamlitAPIException

from kdviz.errors import PlainError

NOT_INSTALLED = (
    "kdviz is not installed in this Python environment, so the browser cannot load its pictures: "
    "run `pip install -e .` in kdviz's folder (`pip install -r requirements.txt` does it too) and start the app again."
)


def component(name: str) -> ComponentRenderer:
    """The component in the folder `name`; the browser fetches its modules by HTTP, only the data go by the socket.

    It is registered when it is first mounted: Streamlit knows the folders of installed packages only while it runs.
    Mounting it raises `PlainError` if kdviz is not installed.
    """

    @cache
    def registered() -> ComponentRenderer:
        return st.components.v2.component(f"kdviz.{name}", js="index.js")

    def mount(**arguments: Any) -> Any:
        try:
            return registered()(**arguments)
        except StreamlitAPIException as error:
            if "asset_dir" not in str(error):
                raise
            raise PlainError(NOT_INSTALLED) from error

    return mount


def to_base64(values: NDArray[Any]) -> str:
    """The array's bytes, row by row, as text that fits into JSON."""
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")


def half_precision(values: NDArray[np.floating[Any]]) -> str:
    """Little-endian half-precision numbers in base64; a number beyond their range becomes the largest there is."""
    most = float(np.finfo(np.float16).max)
    return to_base64(np.clip(values, -most, most).astype("<f2"))
