"""The playground: students that learn in the visitor's browser. Python says where their data is, and then has no part.

What a visitor sets the browser writes into the address bar by itself, so that a server that is gone is not missed.
"""

from typing import Any

import streamlit as st

from kdviz.recipes.catalogue import ARCHITECTURES, DATA_SETS
from kdviz.texts import lesson
from kdviz.widgets.components import component
from kdviz.widgets.server import ServedPack

_playground = component("playground")


def playground(*, key: str, served: ServedPack) -> None:
    """The whole page in the browser. It fetches `pack` and `weights` by itself; `served` says where from.

    What is set comes from the URL as it stands there, `query`: the browser says what is off with it.
    """
    data = {
        **facts_of(served),
        "students": list(ARCHITECTURES),  # those that a recipe can name, for the way to the lab
        "query": {name: text for name, text in st.query_params.items() if name != "data"},
        "challenges": dict(lesson.read("playground").words),
    }
    _playground(key=key, data=data)


def facts_of(served: ServedPack) -> dict[str, Any]:
    """What training and drawing in the browser need: where the images and the teacher are, and the classes' names."""
    return {
        "pack": served.pack,
        "weights": served.weights,
        "data": served.data,
        "names": list(DATA_SETS[served.data].class_names),
        "frame": _frame_of(served.data),
    }


def _frame_of(data: str) -> str:
    """How a drawing is brought to 28x28: as MNIST was, or as scikit-learn's 8x8 digits are."""
    return "8x8" if data == "digits" else "mnist"
