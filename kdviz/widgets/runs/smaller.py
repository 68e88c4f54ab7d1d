"""A run's student made smaller on a worker, and kept beside it: pruned, taught again, quantised."""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd
import streamlit as st

from kdviz.errors import PlainError
from kdviz.exports import model_cards
from kdviz.jobs.messages import unexpected
from kdviz.jobs.queue import Jobs
from kdviz.recipes.compression import Compression, FineTuning, Scheme
from kdviz.records.compressed import CompressedStudent
from kdviz.records.measurement import Measurement
from kdviz.reports import measurement as report
from kdviz.reports.phrases import listed
from kdviz.store import teacher_files
from kdviz.store.rights import refusal
from kdviz.store.run import Run
from kdviz.store.runs import RunStore
from kdviz.widgets import page, visitor
from kdviz.widgets.lesson import sentence

LOOK = 0.5  # seconds between two looks at what a worker makes
MOST_EPOCHS = 10  # of learning again, which holds the worker; a command may take more
_OF, _WAY, _SHARE, _LEARNS, _EPOCHS, _SCHEME = (
    f"smaller_{name}" for name in ("of", "way", "share", "learns", "epochs", "scheme")
)
_WAYS = {"none": "Nothing", "weights": "Single weights", "units": "Whole units"}
_LESSONS: Mapping[FineTuning, str] = {"none": "Not at all", "labels": "From labels", "soft": "From soft targets"}
_NUMBERS: Mapping[Scheme, str] = {
    "none": "Not at all",
    "int8": "int8",
    "int8-static": "int8, calibrated",
    "int8-weights": "int8, weights alone",
    "int4": "int4, weights alone",
}
# Of `report.HEADER`.
_COLUMNS = ["network", "right (95 %)", "not 0", "kB", "ms an image", "images a second", "µJ an image"]


@dataclass(frozen=True)
class _Order:
    """What a visitor has asked for last, of which run; `kept` ends when the student is kept, or with the error."""

    run: Run
    kept: Future[None]

    def is_of(self, run: Run) -> bool:
        return _training(self.run) == _training(run)


def _training(run: Run) -> tuple[str, float | None]:
    """What tells a run from the same recipe trained anew. Of when it ended queue and store have clocks of their own."""
    return run.id, run.result.seconds if run.result else None


@cache
def orders() -> dict[str, _Order]:
    """The last order of each visitor, by their mark: they may have one under way, in whichever tab."""
    return {}


def show(jobs: Jobs, store: RunStore, run: Run) -> None:
    """Settings, the button that carries them out, and what has been made; nothing for a run without a kept student."""
    names = store.students(run.id)
    if run.live or run.result is None or not names:
        return
    place = page.unfolded("Make a student smaller", "smaller", icon=":material/compress:")
    if place is None:
        return
    with place:
        st.markdown(sentence("runs", "smaller"))
        with st.container(horizontal=True, vertical_alignment="bottom", key="smaller_settings"):
            if len(names) > 1:
                st.selectbox("Made of", names, key=_OF, width=150)
            _controls()
            _button(jobs, store, run, names[0])
        _table(store.compressed(run.id))


def _controls() -> None:
    def choice(label: str, titles: Mapping[Any, str], usual: int, key: str, width: int) -> None:
        st.selectbox(label, list(titles), usual, format_func=titles.__getitem__, key=key, width=width)

    choice("Take away", _WAYS, 2, _WAY, 150)
    st.slider("Share of them, %", 5, 95, 50, 5, key=_SHARE, width=170, disabled=st.session_state[_WAY] == "none")
    choice("Learn again", _LESSONS, 2, _LEARNS, 170)
    idle = st.session_state[_LEARNS] == "none"
    st.number_input("Epochs", 1, MOST_EPOCHS, 1, key=_EPOCHS, width=110, disabled=idle)
    choice("Round", _NUMBERS, 1, _SCHEME, 180)


def _chosen() -> Compression:
    """What the controls say."""
    way, learns = st.session_state[_WAY], st.session_state[_LEARNS]
    return Compression(
        prune=0.0 if way == "none" else st.session_state[_SHARE] / 100,
        structured=way == "units",
        finetune=learns,
        epochs=1 if learns == "none" else st.session_state[_EPOCHS],
        quantize=st.session_state[_SCHEME],
    )


def _button(jobs: Jobs, store: RunStore, run: Run, name: str) -> None:
    """Asks for it and waits for it. `name` is the student's where the run keeps one alone."""
    who = visitor.who()
    order = orders().get(who.mark)
    under_way = order is not None and not order.kept.done()
    if order is not None and under_way and order.is_of(run):
        st.fragment(_wait, run_every=LOOK)(order.kept)
        return
    obstacle = ""
    if not who.may(run):
        obstacle = refusal(run, "make its student smaller")
    elif order is not None and under_way:
        obstacle = sentence("runs", "smaller-elsewhere", run=order.run.id)
    elif jobs.held:
        obstacle = sentence("runs", "smaller-held")
    st.button(
        "Make it smaller",
        type="primary",
        icon=":material/compress:",
        key="make_smaller",
        on_click=_ask,
        args=(jobs, store, run, name),
        disabled=bool(obstacle) or _chosen() == Compression(),
        help=obstacle or None,
    )
    if order is not None and not under_way and order.is_of(run) and (error := order.kept.exception()):
        st.text(str(error))


def _wait(kept: Future[None]) -> None:
    if kept.done():
        st.rerun()
    st.button("Making it smaller …", icon="spinner", disabled=True, key="makes_smaller")


def _ask(jobs: Jobs, store: RunStore, run: Run, name: str) -> None:
    """Have a worker do what is chosen by now; whoever leaves the page meanwhile finds it later."""
    kept: Future[None] = Future()
    orders()[visitor.who().mark] = _Order(run, kept)
    try:
        made = _send(jobs, store, run, st.session_state.get(_OF, name), _chosen())
    except PlainError as error:
        kept.set_exception(error)
    else:
        made.add_done_callback(lambda done: _keep(store, run, done, kept))


def _send(jobs: Jobs, store: RunStore, run: Run, name: str, settings: Compression) -> Future[str]:
    """Give it to a worker; the future holds a `CompressedStudent` as JSON. Raises PlainError."""
    learnt, about = store.student(run.id, name), model_cards.subject(run, name)
    if learnt is None:
        raise PlainError(f"The student {name} of run {run.id} is not kept any more.")
    recipe = about.single
    return jobs.call(
        "kdviz.runners.compression:make",
        learnt.model_dump_json(),
        recipe.model_dump_json(),
        about.temperature,
        about.alpha,
        settings.model_dump_json(),
        None if recipe.pretrained else teacher_files.read(recipe.teacher_training.id),
        key=f"smaller-{_training(run)}-{name}-{settings.called}",
        alone=True,
    )


def _keep(store: RunStore, run: Run, made: Future[str], kept: Future[None]) -> None:
    """Keep what a worker has made, unless the run is another by now. Runs in Dask's threads, which only log errors."""
    try:
        student = CompressedStudent.model_validate_json(made.result())
        now = store.get(run.id)
        if now is None or _training(now) != _training(run):
            raise PlainError(f"Run {run.id} was deleted or trained anew meanwhile; what was made of it is not kept.")
        store.keep_compressed(run.id, student)
    except PlainError as error:
        kept.set_exception(error)
    except Exception as error:
        kept.set_exception(PlainError(unexpected(f"{type(error).__name__}: {error}")))
    else:
        kept.set_result(None)


def _table(made: list[CompressedStudent]) -> None:
    """The figures of what has been made, each below the student that it is made of, in the last of its runtimes."""
    if not made:
        return
    before: dict[str, Measurement] = {student.of: student.before for student in made}  # as it was measured last
    networks = [
        network
        for name, whole in before.items()
        for network in (whole, *(student.measured for student in made if student.of == name))
    ]
    last = [network.model_copy(update={"runtimes": network.runtimes[-1:]}) for network in networks]
    table = pd.DataFrame(report.rows(last), columns=report.HEADER)[_COLUMNS]
    st.dataframe(table, hide_index=True, height="content", key="smaller_made", alt="What each of them takes and gives")
    times, _, *energy = report.notes(last)
    runtimes = listed(sorted({network.runtimes[0].runtime.partition("+")[0] for network in last}))
    st.caption(" ".join([f"In {runtimes}.", times, *energy]))
