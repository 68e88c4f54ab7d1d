"""What all visitors of one server share: the jobs, and the galleries of test images."""

from concurrent.futures import TimeoutError as NotYetError
from dataclasses import dataclass, field

import streamlit as st

from kdviz import settings
from kdviz.errors import PlainError
from kdviz.jobs.queue import Jobs
from kdviz.recipes.catalogue import SHIPPED_TEACHERS
from kdviz.store import gallery
from kdviz.store.gallery import Gallery
from kdviz.store.runs import RunStore

FAVOURITE = "mnist"
FALLBACK = "digits"  # it lies in scikit-learn, and its gallery ships
PATIENCE = 20.0  # seconds a first visitor waits for MNIST to be found or downloaded


@dataclass
class Galleries:
    """The galleries read so far, and why one could not be had."""

    known: dict[str, Gallery] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    awaited: set[str] = field(default_factory=set)  # those that a visitor has waited for in vain


@st.cache_resource(show_spinner=False)
def store() -> RunStore:
    """The run store, with what only it knows: tags and notes, what was deleted, the students."""
    return RunStore(settings.database_url())


@st.cache_resource(show_spinner=False)
def jobs() -> Jobs:
    """The one way to the workers; the embedded cluster starts in the background at the first call."""
    started = Jobs(store(), settings.scheduler())
    started.start()
    return started


@st.cache_resource(show_spinner=False)
def _galleries() -> Galleries:
    return Galleries()


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
    if FAVOURITE in shared.awaited and gallery.read(FAVOURITE) is None:
        return FALLBACK
    return FAVOURITE if _gallery(FAVOURITE) is not None else FALLBACK


def choose_gallery() -> Gallery:
    """The gallery of the data set in the URL, MNIST if none is named; where it cannot be had, of scikit-learn's digits.

    Says on the page which it is not, why, and what to do.
    """
    data = st.query_params.get("data", FAVOURITE)
    if data not in SHIPPED_TEACHERS:
        st.warning(
            f"data is {data}; here it takes one of {', '.join(SHIPPED_TEACHERS)}, which have a trained teacher. "
            f"Shown is {FAVOURITE}."
        )
        data = FAVOURITE
    shown = _gallery(data)
    if shown is None:
        _explain_fallback(data)
        shown = _gallery(FALLBACK)
    assert shown is not None  # the fallback ships
    return shown


def _gallery(data: str) -> Gallery | None:
    shared = _galleries()
    if data not in shared.known and data not in shared.problems:
        read = gallery.read(data) or _fill(data, shared)
        if read is not None:
            shared.known[data] = read
    return shared.known.get(data)


def _fill(data: str, shared: Galleries) -> Gallery | None:
    """Let a worker make the gallery; the first visitor waits for it."""
    call = jobs().call("kdviz.runners.shipped_teacher:fill_gallery", data, key=f"gallery-{data}")
    try:
        with st.spinner(f"Looking for {data} and asking its teacher about every test image"):
            call.result(timeout=PATIENCE)
    except NotYetError:
        shared.awaited.add(data)
        return None  # still downloading: the next visit finds it
    except PlainError as error:
        shared.problems[data] = str(error)
        return None
    return gallery.read(data)


def _explain_fallback(data: str) -> None:
    reason = _galleries().problems.get(data)
    with st.container(key="fallback"):
        if reason is None:
            st.info(
                f"{data} is still on its way, so this page shows the handwritten digits of scikit-learn meanwhile. "
                "Reload it in a minute."
            )
            return
        st.info(f"Shown are the 1,797 handwritten digits of scikit-learn, because {data} cannot be had. {reason}")
        if st.button("Look again", icon=":material/refresh:"):
            _galleries().problems.pop(data, None)
            st.rerun()


def device() -> str:
    """What trains; nothing as long as no worker has said so."""
    known = jobs().cluster.device
    if known is None:
        return ""
    return f"{known['name']}, {known['threads']} threads"
