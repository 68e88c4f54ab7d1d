"""What every page has: style sheet, palette, heading, sentences, refusals and tables."""

import runpy
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from html import escape
from typing import Literal, TypeVar

import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from kdviz.charts.layout import CONFIG
from kdviz.charts.palette import Palette, palette
from kdviz.settings import ASSETS
from kdviz.widgets import link
from kdviz.widgets.literal import literal, without_folders

_ROUTED = "routed"
_ENTERED = "just_entered"
_ROUTER = ASSETS.parent / "app.py"


K = TypeVar("K", bound=str)


def style() -> None:
    """The style sheet and the name of the program, on all pages."""
    st.session_state[_ROUTED] = True
    shown, printed = colours(), palette("light")  # paper is white
    on_screen = f":root {{ {_variables(shown)} {_variables(printed, 'print-')} }}"
    st.html(f"<style>{on_screen} @media print {{ :root {{ {_variables(printed)} }} }}</style>")
    add_styles("page")
    if st.context.theme.type == "dark":
        add_styles("print_dark")
    logo = _asset("logo.svg").format(teacher=shown.teacher, text=shown.text)
    st.logo(logo, size="large", link=None)


def _variables(of: Palette, prefix: str = "") -> str:
    """The colours of a palette as the style sheets know them."""
    return " ".join(f"--kd-{prefix}{name}: {colour};" for name, colour in asdict(of).items())


def add_styles(name: str) -> None:
    """A style sheet of `assets/styles`, for this page."""
    st.html(_Sheet(_asset(f"styles/{name}.css")))


def add_own_styles(slug: str) -> None:
    """The style sheet of this page alone, `assets/styles/pages/{slug}.css`, where it has one.

    In the sheet of all pages its rules would need `.stApp:has(…)`, which the browser checks at every change of a page.
    """
    if slug in _own_styles():
        add_styles(f"pages/{slug}")


@cache
def _own_styles() -> frozenset[str]:
    return frozenset(path.stem for path in (ASSETS / "styles" / "pages").glob("*.css"))


@dataclass(frozen=True)
class _Sheet:
    """A style sheet as `st.html` takes it as it is: of a string it asks first whether a file is called so."""

    text: str

    def _repr_html_(self) -> str:
        return f"<style>{self.text}</style>"


@cache  # every run of every page needs them
def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


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
    if link.arrive():
        st.session_state[_ENTERED] = True


def entered() -> bool:
    """Whether the visitor has just come to this page; once for each visit."""
    return bool(st.session_state.pop(_ENTERED, False))


def heading(question: str, lead: str) -> None:
    """The question as the page's title, and one or two sentences."""
    st.title(question, anchor=False)
    st.html(f'<p class="kd-lead">{escape(lead)}</p>')


def say(text: str) -> None:
    """One sentence or two about what the picture now shows."""
    st.html(f'<p class="kd-say">{escape(text)}</p>')


def refuse(what: str, why: str) -> None:
    """What was not done, and why; the reason may quote a visitor's text, so it is shown letter by letter."""
    st.error(literal(what), icon=":material/error:")
    st.text(without_folders(why))


def problem(error: object) -> None:
    """What is wrong, in one sentence."""
    st.error(literal(without_folders(error)), icon=":material/error:")


def tell(message: object) -> None:
    """What a visitor should know that a run or a worker has said."""
    st.info(literal(without_folders(message)))


def chart(figure: go.Figure, key: str, alt: str) -> None:
    """A Plotly figure, for what is finished and explored; `alt` is what a screen reader says of it.

    On the stage it is as high as the screen leaves room, where its letters are enlarged: see the style sheet `stage`.
    """
    height: Literal["content", "stretch"] = "content"
    if link.on_stage():
        height = "stretch"
        figure = go.Figure(figure)  # others are shown the same one
        figure.update_layout(height=None)
        figure.update_annotations(bgcolor="rgba(0,0,0,0)", yshift=5)  # titles of rows, which are nearer to one another
    st.plotly_chart(figure, key=key, config=CONFIG, alt=alt, height=height)


def unfolded(label: str, key: str, *, icon: str | None = None, expanded: bool = False) -> DeltaGenerator | None:
    """The place for what is folded until somebody wants it; None while nobody does.

    It is made only then: a table or a chart that nobody sees would cost the server time, and a browser its program.
    """
    place = st.expander(label, key=key, icon=icon, expanded=expanded, on_change="rerun")
    return place if place.open else None


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], left: Collection[int] = (0,)) -> str:
    """A Markdown table; columns with a number in `left`, from 0, are set to the left, the others to the right."""
    sides = [":--" if number in left else "--:" for number in range(len(headings))]
    return "\n".join(f"| {' | '.join(map(str, cells))} |" for cells in (headings, sides, *rows))


def switch(label: str, titles: Mapping[K, str], key: str) -> K:
    """One of several, with their titles; the first is the default. The label is for screen readers."""
    names = list(titles)
    chosen: K = st.segmented_control(
        label,
        names,
        format_func=titles.__getitem__,
        default=names[0],
        required=True,
        key=key,
        label_visibility="collapsed",
        wrap=True,
    )
    return chosen
