"""What all visitors of one server share: the jobs, the galleries of test images, and the packs of the playground."""

from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYetError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

import streamlit as st

from kdviz import settings
from kdviz.errors import PlainError
from kdviz.jobs.queue import Jobs
from kdviz.recipes.base import shortened
from kdviz.recipes.catalogue import DATA_SETS, SHIPPED_TEACHERS
from kdviz.store import gallery, playground
from kdviz.store.classes import ClassStore
from kdviz.store.gallery import Gallery
from kdviz.store.runs import RunStore
from kdviz.widgets import media, turns
from kdviz.widgets.literal import literal, without_folders

FAVOURITE = "mnist"
FALLBACK = "digits"  # it lies in scikit-learn, and its gallery ships
PATIENCE = 20.0  # seconds a first visitor waits for MNIST to be found or downloaded
_MEANWHILE = "pack_meanwhile"  # the data set instead of which a visitor was shown the fallback


@dataclass
class Galleries:
    """The galleries read so far, and why one could not be had."""

    known: dict[str, Gallery] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    awaited: set[str] = field(default_factory=set)  # those that a visitor has waited for in vain


@dataclass(frozen=True)
class ServedPack:
    """Where a browser fetches what the playground needs of a data set: addresses relative to the app's own."""

    data: str
    pack: str
    weights: str  # of the trained teacher


@dataclass
class Packs:
    """The packs served so far, those that a worker is making, and why one could not be had."""

    served: dict[str, ServedPack] = field(default_factory=dict)
    calls: dict[str, Future[Any]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


@st.cache_resource(show_spinner=False)
def make_state_dir() -> str:
    """Find out, once, whether anything can be kept; the sentence that says so where it is for a while only."""
    return settings.make_state_dir()


@st.cache_resource(show_spinner=False)
def store() -> RunStore:
    """The run store, with what only it knows: tags and notes, what was deleted, the students."""
    make_state_dir()
    return RunStore(settings.database_url())


@st.cache_resource(show_spinner=False)
def classes() -> ClassStore:
    """The classes, in the database of the run store; what is left of those long over is deleted."""
    make_state_dir()
    found = ClassStore(settings.database_url())
    found.forget_idle()
    return found


class _Later:
    """The run store, opened where it is needed: what needs none works where it cannot be read."""

    def __init__(self) -> None:
        self._opened: RunStore | None = None

    def __getattr__(self, name: str) -> Any:
        if self._opened is None:
            self._opened = store()
        return getattr(self._opened, name)


def why_no_store() -> str:
    """Why the run store cannot be read now; "" where it can."""
    try:
        store().check()
    except PlainError as error:
        return str(error)
    return ""


@st.cache_resource(show_spinner=False)
def jobs() -> Jobs:
    """The one way to the workers; the embedded cluster starts in the background at the first call."""
    make_state_dir()
    started = Jobs(cast(RunStore, _Later()), settings.scheduler())
    started.start()
    return started


@st.cache_resource(show_spinner=False)
def _galleries() -> Galleries:
    return Galleries()


@st.cache_resource(show_spinner=False)
def _packs() -> Packs:
    return Packs()


def prepare() -> None:
    """Let a worker make what the first visitors would wait for, unless it is there: MNIST's gallery and its pack.

    A visitor who needs one that cannot be had is told why by the page.
    """
    with suppress(PlainError):
        if gallery.read(FAVOURITE) is None:
            _ask_for_gallery(FAVOURITE)
        _pack(FAVOURITE)


def home() -> str:
    """The data set of this server when a visitor names none: MNIST, or what there is.

    Says on the page which it is not, unless the visitor has named one.
    """
    if _gallery(FAVOURITE) is not None:
        return FAVOURITE
    if "data" not in st.query_params:
        _explain_fallback(FAVOURITE)
    return FALLBACK


def quiet_home() -> str:
    """As `home`, for a page that can do without galleries: says nothing, and only the first visitor waits."""
    shared = _galleries()
    if FAVOURITE in shared.awaited and FAVOURITE not in shared.known and gallery.read(FAVOURITE) is None:
        return FALLBACK
    return FAVOURITE if _gallery(FAVOURITE) is not None else FALLBACK


def choose_gallery() -> Gallery:
    """The gallery of the data set in the URL, MNIST if none is named; where it cannot be had, of scikit-learn's digits.

    Says on the page which it is not, why, and what to do.
    """
    data = _wanted()
    shown = _gallery(data)
    if shown is None:
        _explain_fallback(data)
        shown = _gallery(FALLBACK)
    assert shown is not None  # the fallback ships
    return shown


def choose_pack() -> tuple[ServedPack, str]:
    """The pack of the data set that `choose_gallery` would show, at once, and the one that is on its way.

    The second is "" where none is. No visitor waits: meanwhile scikit-learn's digits are shown, and they stay until
    `forget_meanwhile`, so that a run is not exchanged while it goes on. Says on the page what cannot be had.
    """
    data = _wanted()
    served = _pack(data)
    if served is not None and st.session_state.get(_MEANWHILE) != data:
        return served, ""
    fallback = _pack(FALLBACK)
    assert fallback is not None  # it ships
    if served is None and data in _packs().problems:
        _explain_fallback(data, _packs().problems)
        return fallback, ""
    st.session_state[_MEANWHILE] = data
    return fallback, data


def has_arrived(data: str) -> bool:
    """Whether the pack that was on its way is there."""
    return _pack(data) is not None


def is_awaited(data: str) -> bool:
    """Whether the pack is still on its way: neither there nor known not to be had."""
    return _pack(data) is None and data not in _packs().problems


def forget_meanwhile() -> None:
    """Show the pack that has arrived from now on."""
    st.session_state.pop(_MEANWHILE, None)


def _wanted() -> str:
    """The data set in the URL, MNIST if none is named; says on the page what has no trained teacher."""
    data = st.query_params.get("data", FAVOURITE)
    if data in SHIPPED_TEACHERS:
        return data
    takes = f"one of {', '.join(SHIPPED_TEACHERS)}, which have a trained teacher"
    st.warning(literal(f"data is {shortened(data)}; here it takes {takes}. Shown is {FAVOURITE}."))
    return FAVOURITE


def _pack(data: str) -> ServedPack | None:
    """Where the pack is served; None while a worker makes it, or where it cannot be had."""
    shared = _packs()
    if data not in shared.served and data not in shared.problems:
        content = playground.read(data) or _made_pack(data, shared)
        if content is not None:
            weights = media.serve(f"weights-{data}", playground.weights(data))
            shared.served[data] = ServedPack(data, media.serve(f"pack-{data}", content), weights)
    return shared.served.get(data)


def _made_pack(data: str, shared: Packs) -> bytes | None:
    """The pack that a worker makes, which is asked at the first call; None as long as it is not made."""
    call = shared.calls.get(data)
    if call is None:
        call = shared.calls[data] = jobs().call("kdviz.runners.playground:fill", data, key=f"pack-{data}")
    if not call.done():
        return None
    shared.calls.pop(data, None)
    try:
        made: bytes = call.result()
    except PlainError as error:
        shared.problems[data] = str(error)
        return None
    return made


def _gallery(data: str) -> Gallery | None:
    shared = _galleries()
    if data not in shared.known and data not in shared.problems:
        read = gallery.read(data) or _fill(data, shared)
        if read is not None:
            shared.known[data] = read
    return shared.known.get(data)


def _fill(data: str, shared: Galleries) -> Gallery | None:
    """Let a worker make the gallery; the first visitor waits for it."""
    call = _ask_for_gallery(data)
    try:
        with st.spinner(f"Looking for {data} and asking its teacher about every test image"), turns.of_pages.aside():
            call.result(timeout=PATIENCE)
    except NotYetError:
        shared.awaited.add(data)
        return None  # still downloading: the next visit finds it
    except PlainError as error:
        shared.problems[data] = str(error)
        return None
    return gallery.read(data)


def _ask_for_gallery(data: str) -> Future[Any]:
    """The call that makes the gallery, the one that is under way if there is one."""
    return jobs().call("kdviz.runners.shipped_teacher:fill_gallery", data, key=f"gallery-{data}")


def _explain_fallback(data: str, problems: dict[str, str] | None = None) -> None:
    """One quiet line; why, and what to do, is folded."""
    problems = _galleries().problems if problems is None else problems
    reason, title = problems.get(data), DATA_SETS[data].title
    with st.container(key="fallback"):
        if reason is None:
            st.caption(f"{title} is on its way; until then scikit-learn’s digits are shown. Reload in a minute.")
            return
        with st.expander(f"No {title} here: these are scikit-learn’s digits", key="why_fallback"):
            st.markdown(literal(without_folders(reason)))
            if st.button("Look again", icon=":material/refresh:"):
                problems.pop(data, None)
                st.rerun()


def device() -> str:
    """What trains; nothing as long as no worker has said so."""
    known = jobs().cluster.device
    if known is None:
        return ""
    return f"{known['name']}, {known['threads']} threads"
