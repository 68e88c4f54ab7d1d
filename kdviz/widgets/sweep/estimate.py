"""How long a sweep will take, said before its start; and the question that comes before a long one."""

import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYetError

import streamlit as st

from kdviz.errors import PlainError
from kdviz.jobs.queue import Jobs
from kdviz.recipes.sweep import LONG, Sweep
from kdviz.records.sweep import Estimate
from kdviz.reports.phrases import expected_duration, with_prefix
from kdviz.widgets.literal import literal, without_folders

TICK = 0.4  # seconds between two looks at an estimate on its way
SLOW = 8.0  # seconds after which the page says why it takes so long
PATIENCE = 8.0  # seconds that a press on Start waits for an estimate on its way


_Call = tuple[Future[str], float]  # a worker's estimate, on its way or there, and since when by time.monotonic()


@st.cache_resource(max_entries=256, show_spinner=False)  # by the sweep's id, for all visitors
def _estimates(sweep_id: str, _jobs: Jobs, _sweep: Sweep) -> _Call:
    future = _jobs.call("kdviz.runners.estimate:sweep", _sweep.model_dump_json(), key=f"estimate-{sweep_id}")
    return future, time.monotonic()


def _ask(jobs: Jobs, sweep: Sweep) -> _Call:
    """The estimate, there or on its way; one that came to nothing is asked for again."""
    future, since = _estimates(sweep.id, jobs, sweep)
    if not future.done() or future.exception() is None:
        return future, since
    _estimates.clear(sweep.id, jobs, sweep)
    return _estimates(sweep.id, jobs, sweep)


def show(jobs: Jobs, sweep: Sweep) -> bool:
    """Say how long the sweep will take, now or as soon as it is known; whether it may be started.

    A long one may be once the visitor has said so.
    """
    future, since = _ask(jobs, sweep)
    if not future.done():
        st.fragment(_wait, run_every=TICK)(future, since)
        return True  # a press on Start waits a moment: see `check`
    try:
        estimate = Estimate.model_validate_json(future.result())
    except PlainError as error:
        st.caption(f"How long it takes cannot be estimated just now: {literal(without_folders(error))}")
        return True
    st.caption(in_words(estimate, jobs.cluster.workers))
    if estimate.seconds <= LONG:
        return True
    return st.checkbox(f"Yes, train for {expected_duration(estimate.seconds)}", key=_consent(sweep))


def _wait(future: Future[str], since: float) -> None:
    if future.done():
        st.rerun()  # the whole page: Start depends on it
    late = time.monotonic() - since > SLOW
    why = " The worker is busy with something else, or is still starting." if late else ""
    st.caption(f"Estimating how long it will take …{why}")


def check(jobs: Jobs, sweep: Sweep) -> None:
    """The last look before the start: `PlainError` where a long sweep was not asked for twice.

    Where it is not known how long it takes, it may start.
    """
    try:
        estimate = Estimate.model_validate_json(_ask(jobs, sweep)[0].result(timeout=PATIENCE))
    except (NotYetError, PlainError):
        return
    if estimate.seconds > LONG and not st.session_state.get(_consent(sweep)):
        raise PlainError(
            f"This sweep takes {expected_duration(estimate.seconds)}. If you want that, say so beside Start, and press "
            "it again."
        )


def _consent(sweep: Sweep) -> str:
    return f"long_{sweep.id}"


def in_words(estimate: Estimate, workers: int) -> str:
    """ "About 40 s on this machine, 25 MB for the largest stack." """
    where = "on this machine" if workers < 2 else f"for one worker; {workers} share the work"
    return (
        f"{expected_duration(estimate.seconds).capitalize()} {where} · {with_prefix(estimate.memory, 'B')} "
        "of memory for the largest stack of students"
    )
