"""What a visitor's link says: checked, shown by a control, written."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from time import monotonic
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qs, urlsplit

import streamlit as st
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx

from kdviz.recipes.base import shortened
from kdviz.recipes.number_lists import with_point
from kdviz.store.rights import KEY
from kdviz.widgets.literal import literal

T = TypeVar("T")
_WRITTEN = "written_in_link"
_PAGE, _ARRIVED = "page", "arrived"  # where the visitor is, and whether this run of the page is the first there
_OVERTAKEN = 1.0  # seconds after which no rerun is older than a callback
OF_STAGE = ("stage", "talk", "scene")  # how the page is shown, whatever it shows
DEFAULT, FIRST = "Shown is the default.", "Shown is the first."


def read(name: str, parse: Callable[[str], T | None], usual: T, takes: str, shown: str = DEFAULT) -> T:
    """What the URL gives, as `parse` reads it; `usual` where it gives nothing.

    Where `parse` makes nothing of it, the page says what `name` takes and what is `shown` instead: the usual.
    """
    text = st.query_params.get(name)
    if text is None:
        return usual
    value = parse(text)
    if value is None:
        st.warning(literal(f"{name} is {shortened(text)}; it takes {takes}. {shown}"))
        return usual
    return value


def choice(name: str, options: Collection[str], usual: str = "", shown: str = DEFAULT) -> str:
    """One of several; says on the page what is off, where a bound control would show its default in silence."""
    return read(name, {option: option for option in options}.get, usual, f"one of {', '.join(options)}", shown)


def number(name: str, least: float, most: float, usual: float, shown: str | None = None) -> float:
    """A number between two limits."""
    takes = f"a number from {least:g} to {most:g}"
    return read(name, lambda text: number_in(text, least, most), usual, takes, shown or f"Shown is {usual:g}.")


def whole(name: str, most: int) -> int:
    """A whole number from 1 to `most`, such as the place of an image; the first where it is none."""
    return read(name, lambda text: whole_in(text, 1, most), 1, f"a whole number from 1 to {most:,}", FIRST)


def numbers(name: str, start: Sequence[float], limit: float) -> tuple[float, ...]:
    """As many numbers between -limit and limit as there are to start from, with commas between them."""

    def parse(text: str) -> tuple[float, ...] | None:
        values = [number_in(part, -limit, limit) for part in text.split(",")]
        known = tuple(value for value in values if value is not None)
        return known if len(known) == len(values) == len(start) else None

    takes = f"{len(start)} numbers from {-limit:g} to {limit:g}, with commas between them"
    return read(name, parse, tuple(start), takes, "Shown are those to start from.")


def number_in(text: str, least: float = -math.inf, most: float = math.inf) -> float | None:
    """The finite number between two limits that a text is; None where it is none."""
    try:
        value = float(with_point(text))
    except ValueError:
        return None
    return value if math.isfinite(value) and least <= value <= most else None


def whole_in(text: str, least: int, most: int) -> int | None:
    """The whole number between two limits that a text is, in ASCII digits; None where it is none."""
    written = text.isascii() and text.isdecimal() and len(text) < 12
    return int(text) if written and least <= int(text) <= most else None


def write(name: str, text: str) -> None:
    """Let the URL say something, or nothing more of it where the text is empty: that is the default."""
    write_all({name: text})


def write_all(texts: Mapping[str, str]) -> None:
    """`write` several: where a callback is broken off at the first, the others are caught up as well."""
    written = st.session_state.setdefault(_WRITTEN, {})
    notes = {name: _note(written.get(name), st.query_params.get(name, ""), text) for name, text in texts.items()}
    written.update(notes)
    _tell(texts)


def writer(name: str) -> Callable[[str], None]:
    """`write` for one name, made before something slow: a callback that is broken off meanwhile still is caught up."""
    written, before = st.session_state.setdefault(_WRITTEN, {}), st.query_params.get(name, "")

    def write(text: str) -> None:
        written[name] = _note(written.get(name), before, text)
        _tell({name: text})

    return write


class _Note(NamedTuple):
    """What was written for one name; kept while a rerun may come that the browser asked for before."""

    page: str
    moment: float
    text: str
    before: frozenset[str]  # what such a rerun brings

    def holds(self) -> bool:
        return self.page == page() and monotonic() - self.moment <= _OVERTAKEN


def _note(earlier: _Note | None, before: str, text: str) -> _Note:
    overtaken = {earlier.text, *earlier.before} if earlier is not None and earlier.holds() else set()
    return _Note(page(), monotonic(), text, frozenset({before, *overtaken}))


def catch_up() -> None:
    """Write once more what a callback has just written, where the URL does not say it.

    Where the visitor touches something else during a callback, Streamlit breaks it off at its next message to the
    browser or look at the session's state, and the rerun that follows brings the URL from before.
    """
    written = st.session_state.get(_WRITTEN, {})
    for name, note in list(written.items()):
        if not note.holds():
            del written[name]
        elif st.query_params.get(name, "") in note.before:
            _set(name, note.text)


def replace(parameters: Mapping[str, str], instead_of: Collection[str]) -> None:
    """Let the URL say this, and no longer what it says under the names `instead_of`; all else in it stays."""
    st.session_state.pop(_WRITTEN, None)
    others = {name: st.query_params.get_all(name) for name in st.query_params if name not in instead_of}
    st.query_params.from_dict({**others, **parameters})


def _tell(texts: Mapping[str, str]) -> None:
    """Write it, and tell the browser even where nothing changes: another run may have told it something else."""
    if not [name for name, text in texts.items() if _set(name, text)]:
        st.query_params.update({})


def _set(name: str, text: str) -> bool:
    """Whether the URL did not say so before."""
    if (text or None) == st.query_params.get(name):
        return False
    if text:
        st.query_params[name] = text
    else:
        st.query_params.pop(name, None)
    return True


def arrive() -> bool:
    """Note which page the visitor is on, and give a page that is new all that its address says; whether it is new."""
    before, st.session_state[_PAGE] = st.session_state.get(_PAGE), page()
    st.session_state[_ARRIVED] = before != page()
    if st.session_state[_ARRIVED]:
        _put_back()
    return bool(st.session_state[_ARRIVED])


def _put_back() -> None:
    """From one page to another Streamlit drops what a control of the first had in its link: the seed, the data set.

    It still knows what the browser asked for.
    """
    context = get_script_run_ctx()
    asked = "" if context is None else context.query_string
    lost = {name: given for name, given in parse_qs(asked, keep_blank_values=True).items() if _dropped(name)}
    if context is None or not lost:
        return
    with context.session_state.query_params() as parameters:
        parameters.set_initial_query_params(asked)  # from which the controls of this page begin
    st.query_params.update(lost)


def _dropped(name: str) -> bool:
    return name not in st.query_params and name != KEY and not name.lower().startswith("embed")


def brings_a_run() -> bool:
    """Whether the visitor has just come by a link that names a run and, but for the data set, nothing else."""
    given = set(st.query_params).difference(OF_STAGE)
    return bool(st.session_state.get(_ARRIVED)) and {"run"} <= given <= {"run", "data", "study"}


def taken_along() -> dict[str, str]:
    """What of the URL goes with a visitor from page to page: the data set."""
    return {"data": st.query_params["data"]} if "data" in st.query_params else {}


def on_stage() -> bool:
    """Whether the visitor shows the page on the stage."""
    return st.query_params.get("stage") == "1"


def page() -> str:
    """The path of the page that the visitor's browser shows."""
    return urlsplit(st.context.url or "").path


def switch(
    name: str, label: str, words: Mapping[str, str], *, on_change: Callable[[], None] | None = None, **options: Any
) -> str:
    """One of several, of which the first is the default.

    The URL has its name and not its words, so that a link holds in every language: a bound control with words of its
    own would write those.
    """
    names, key = list(words), f"switch_{name}"
    st.session_state[key] = choice(name, names, names[0])

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
