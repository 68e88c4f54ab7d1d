"""Browser-side components: the folders of `kdviz/components`, declared in `pyproject.toml`."""

import base64
import json
import math
from collections.abc import Callable
from functools import cache
from typing import Any, TypeGuard, TypeVar

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.components.v2.types import ComponentRenderer
from streamlit.errors import StreamlitAPIException

from kdviz import settings
from kdviz.charts.kept import kept
from kdviz.errors import PlainError
from kdviz.texts import lesson as lesson_text
from kdviz.texts.blocks import LessonText

Checked = TypeVar("Checked")

NOT_INSTALLED = (
    "kdviz is not installed in this Python environment, so the browser cannot load its pictures: "
    "run `pip install -e .` in kdviz's folder (`pip install -r requirements.txt` does it too) and start the app again."
)


def component(name: str) -> ComponentRenderer:
    """The component in the folder `name`; the browser fetches its modules by HTTP, only the data go by the socket.

    What it says it has from `send_words`, unless its data has `words`.
    It is registered when it is first mounted: Streamlit knows the folders of installed packages only while it runs.
    Mounting it raises `PlainError` if kdviz is not installed.
    """

    @cache
    def registered() -> ComponentRenderer:
        return st.components.v2.component(f"kdviz.{name}", js="index.js")

    def mount(*, data: Any = None, **arguments: Any) -> Any:
        try:
            return registered()(data=data, **arguments)
        except StreamlitAPIException as error:
            if "asset_dir" not in str(error):
                raise
            raise PlainError(NOT_INSTALLED) from error

    return mount


_words = component("words")


def send_words() -> None:
    """Give the browser what its pictures say, the labels of the text `pictures`, and in which language it is.

    On every run of every page: the module that takes it also leads from page to page.

    The message is so large that Streamlit keeps it in the browser: from the second run on only its hash travels.
    It is bytes, as Streamlit would write and compare anything else anew for each run.
    """
    _words(key="kdviz_words", data=_packed_words(lesson_text.read("pictures"), settings.language()))


@kept
def _packed_words(text: LessonText, language: str) -> bytes:
    return json.dumps({"words": dict(text.words), "language": language}).encode()


def keep_committed(
    key: str, name: str, check: Callable[[Any], Checked | None], keep: Callable[[Checked], None]
) -> Callable[[], None]:
    """The callback for what the component `key` commits as `name`.

    What a browser sends is not to be trusted: `keep` gets what `check` makes of it, and nothing where that is None.
    """

    def commit() -> None:
        value = check(st.session_state[key].get(name))
        if value is not None:
            keep(value)

    return commit


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a browser sent a finite number; JSON turns 10.0 into the integer 10."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def within(value: object, least: float, most: float) -> float | None:
    """The number that a browser sent, brought between two limits; None if it is none."""
    return min(most, max(least, float(value))) if is_number(value) else None


def numbers_within(value: object, count: int, limit: float) -> tuple[float, ...] | None:
    """That many numbers that a browser sent, each brought between -limit and limit; None if they are not."""
    if not isinstance(value, list) or len(value) != count or not all(map(is_number, value)):
        return None
    return tuple(min(limit, max(-limit, float(number))) for number in value)


def to_base64(values: NDArray[Any]) -> str:
    """The array's bytes, row by row, as text that fits into JSON."""
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")


def half_precision(values: NDArray[np.floating[Any]]) -> str:
    """Little-endian half-precision numbers in base64; a number beyond their range becomes the largest there is."""
    most = float(np.finfo(np.float16).max)
    return to_base64(np.clip(values, -most, most).astype("<f2"))
