"""The playground: students that learn in the visitor's browser. Python gives it addresses, and keeps its URL."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from kdviz.recipes.catalogue import ARCHITECTURES, DATA_SETS, SHIPPED_TEACHERS
from kdviz.recipes.study_facts.smoothed_teacher import SHARE
from kdviz.store import playground as packs
from kdviz.widgets import link
from kdviz.widgets.components import component, keep_committed
from kdviz.widgets.server import ServedPack

# What the URL keeps of it, and how many characters each may have; the browser knows what they mean.
ENTRIES: Mapping[str, int] = {
    "T": 8,
    "alpha": 8,
    "labels": 8,
    "wrong": 8,
    "unlabelled": 1,
    "digits": 10,
    "bias": 8,
    "units": 4,
    "layers": 1,
    "rate": 8,
    "batch": 4,
    "teacher": 12,
    "seed": 6,
    "speed": 8,
    "image": 6,
}

_playground = component("playground")


def playground(*, key: str, served: ServedPack) -> None:
    """The whole page in the browser. It fetches `pack` and `weights` by itself; `served` says where from.

    What is set comes from the URL as it stands there, `query`: the browser says what is off with it.
    """
    facts = DATA_SETS[served.data]
    data: dict[str, Any] = {
        "pack": served.pack,
        "weights": served.weights,
        "data": served.data,
        "title": facts.title,
        "names": list(facts.class_names),
        "frame": "8x8" if served.data == "digits" else "mnist",  # how a drawing is brought to 28x28
        "early_updates": packs.about(served.data)["early"]["updates"],
        "smoothing": SHARE,
        "students": list(ARCHITECTURES),
        "query": entries_of(st.query_params),
    }
    _playground(
        key=key,
        data=data,
        on_query_change=keep_committed(key, "query", valid_query, keep_query),
        on_data_change=keep_committed(key, "data", valid_data, lambda name: link.write("data", name)),
    )


def entries_of(query: Mapping[str, str]) -> dict[str, str]:
    """The entries of a URL that are the playground's."""
    return {name: query[name] for name in ENTRIES if name in query}


def valid_query(sent: object) -> dict[str, str] | None:
    """The entries that a browser sent, without those that are unknown or too long; None where they are none."""
    if not isinstance(sent, dict):
        return None
    texts = {name: sent.get(name) for name in ENTRIES}
    return {
        name: text
        for name, text in texts.items()
        if isinstance(text, str) and text.isprintable() and 0 < len(text) <= ENTRIES[name]
    }


def valid_data(sent: object) -> str | None:
    """The data set that a browser asks for; None where there is no pack of it."""
    return sent if isinstance(sent, str) and sent in SHIPPED_TEACHERS else None


def keep_query(entries: Mapping[str, str]) -> None:
    """Let the URL have these entries and no other ones of the playground."""
    link.write_all({name: entries.get(name, "") for name in ENTRIES})
