"""What a visitor's link says: checked, shown by a control, written."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st


def check_choice(name: str, options: Sequence[str]) -> None:
    """Say what is off with a choice in the URL; the control then shows its default."""
    given = st.query_params.get(name)
    if given is not None and given not in options:
        st.warning(f"{name} is {given}; it takes one of {', '.join(options)}. Shown is the default.")


def write(name: str, text: str) -> None:
    """Let the URL say something, or nothing more of it where the text is empty: that is the default."""
    if text:
        st.query_params[name] = text
    else:
        st.query_params.pop(name, None)


def switch(
    name: str, label: str, words: Mapping[str, str], *, on_change: Callable[[], None] | None = None, **options: Any
) -> str:
    """One of several, of which the first is the default.

    The URL has its name and not its words, so that a link holds in every language: a bound control with words of its
    own would write those.
    """
    names, key = list(words), f"switch_{name}"
    check_choice(name, names)
    given = st.query_params.get(name)
    st.session_state[key] = given if given in words else names[0]

    def keep() -> None:
        write(name, "" if st.session_state[key] == names[0] else st.session_state[key])
        if on_change is not None:
            on_change()

    chosen = st.segmented_control(
        label,
        names,
        required=True,
        wrap=True,
        key=key,
        on_change=keep,
        format_func=words.__getitem__,
        **options,
    )
    return chosen or names[0]


def number(name: str, least: float, most: float, usual: float) -> float:
    """The number that the URL gives; says on the page what is none between the limits, and passes it over."""
    text = st.query_params.get(name)
    value = usual if text is None else number_in(text)
    if value is None or not least <= value <= most:
        st.warning(f"{name} is {text}; it takes a number from {least:g} to {most:g}. Shown is {usual:g}.")
        return usual
    return value


def number_in(text: str) -> float | None:
    """The finite number that a text is; None where it is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
