"""Page furniture, written once: style, header, sentence, refusal."""

from __future__ import annotations

import runpy
from html import escape
from urllib.parse import urlsplit

import streamlit as st

from kdviz.charts.palette import Palette, palette
from kdviz.settings import ASSETS
from kdviz.widgets.components import source

_ROUTED = "routed"
_PAGE = "page"  # where the visitor is
_DATA = "data_set_of_the_visit"
_ROUTER = ASSETS.parent / "app.py"


def style() -> None:
    """The style sheet and the name of the program, on all pages."""
    st.session_state[_ROUTED] = True
    palette = colours()
    variables = f":root {{ --kd-teacher: {palette.teacher}; --kd-paper: {palette.paper}; --kd-text: {palette.text}; }}"
    sheets = ["page.css", "print_dark.css"] if st.context.theme.type == "dark" else ["page.css"]
    st.html(f"<style>{variables}\n{source(sheets)}</style>")
    st.logo(_logo(palette), size="large", link=None)


def _logo(palette: Palette) -> str:
    """A softmax at rising temperature, and the name."""
    bars = "".join(
        f'<rect x="{4 + 9 * i}" y="{34 - height}" width="6" height="{height}" rx="1.5" fill="{palette.teacher}"/>'
        for i, height in enumerate((8, 26, 14, 10))
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="132" height="40" viewBox="0 0 132 40" role="img" '
        f'aria-label="kdviz"><title>kdviz</title>{bars}<text x="48" y="31" font-family="Source Sans, sans-serif" '
        f'font-size="27" font-weight="700" fill="{palette.text}">kdviz</text></svg>'
    )


def colours() -> Palette:
    """The palette of the theme this visitor sees."""
    return palette("dark" if st.context.theme.type == "dark" else "light")


def enter() -> None:
    """What every page begins with, before it shows anything."""
    if _ROUTED not in st.session_state:
        # Because there is a folder called pages, a fresh server runs the first page it is asked for by itself. The
        # router must have run for Streamlit to leave that folder alone.
        runpy.run_path(str(_ROUTER))
        st.stop()
    _keep_data_set()


def header(question: str, lead: str) -> None:
    """The page's question and what answers it."""
    enter()
    heading(question, lead)


def heading(question: str, lead: str) -> None:
    """The question as the page's title, and one or two sentences."""
    st.title(question, anchor=False)
    st.html(f'<p class="kd-lead">{escape(lead)}</p>')


def _keep_data_set() -> None:
    """Who goes from one page to the next stays with the data set: the links of the sidebar carry none."""
    here = urlsplit(st.context.url or "").path
    kept = st.session_state.get(_DATA)
    if st.session_state.get(_PAGE, here) != here and kept is not None and not st.query_params:
        st.query_params["data"] = kept
    st.session_state[_PAGE], st.session_state[_DATA] = here, st.query_params.get("data")


def say(text: str) -> None:
    """One sentence or two about what the picture now shows."""
    st.html(f'<p class="kd-say" role="status">{escape(text)}</p>')


def refuse(what: str, why: str) -> None:
    """What was not done, and why; the reason may quote a visitor's text, so it is shown letter by letter."""
    st.error(what, icon=":material/error:")
    st.text(why)
