"""What every page with a run has: the button that starts it, its progress, and the ways to stop it."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from kdviz import settings
from kdviz.errors import PlainError
from kdviz.jobs.queue import Jobs
from kdviz.records.kinds import AnyRecipe, Part
from kdviz.reports import phrases
from kdviz.reports.called import called
from kdviz.store.rights import Visitor, refusal
from kdviz.store.run import Run
from kdviz.store.runs import StoreError, before
from kdviz.widgets import link, page, visitor
from kdviz.widgets.kinds import HOMES, home, link_to
from kdviz.widgets.lesson import sentence
from kdviz.widgets.literal import literal

GO_ON, START_AGAIN = "Go on", "Start again"
OVER = ("failed", "cancelled", "interrupted")
_REFUSED, _NOT_STARTED, _REPLAYED = "order_refused", "start_problem", "watched_again"
_ASKED = "start_asks"  # what Start has to ask before a run waits in line, by the run's id
_SHOWN = 8.0  # seconds for which a live panel, which is drawn again and again, says what was refused
_WISHED = {"cancel": "wish-cancel", "pause": "wish-pause", "go": "wish-go"}  # of another process, and not done yet
_AWAITED = {
    "": "next in the queue",
    "cluster": "waiting for the training cluster, which is starting",
    "worker": "waiting for its worker, which loads PyTorch",
}
_DOWNLOAD = ".download-*"  # the folder into which a data set is downloaded, until it is whole

R = TypeVar("R", bound=AnyRecipe)


@dataclass(frozen=True)
class Position:
    """Where a run is, in words, and the seconds it has taken and will yet take."""

    text: str
    seconds: float
    seconds_left: float

    @property
    def share(self) -> float:
        """How much of the run is done, from 0 to 1."""
        return min(1.0, max(0.0, self.seconds / max(self.seconds + self.seconds_left, 1e-9)))


@dataclass(frozen=True)
class StartRow:
    """The row of the Start button: the button's own place, and the one at the row's end for what is said of it."""

    start: DeltaGenerator
    beside: DeltaGenerator


def found(jobs: Jobs, run_id: str | None) -> Run | None:
    """The run with this id, if there is one; none as well where the store cannot be read.

    So a lesson does without its run; the first line of the page says why.
    """
    with suppress(StoreError):
        return None if run_id is None else jobs.get(run_id)
    return None


def named(jobs: Jobs, kind: type[AnyRecipe]) -> Run | None:
    """The run that the link names, if there is one and it is of a kind for this page; one of another kind is said."""
    run_id = st.query_params.get("run")
    run = found(jobs, run_id)
    if run is None or isinstance(run.recipe, kind):
        return run
    del st.query_params["run"]
    page.tell(f"Run {run_id} belongs to the page “{home(run.recipe).title}”. Start begins one of this page’s.")
    return None


def recipe_of(run: Run | None, kind: type[R]) -> R | None:
    """The run's recipe where there is a run, and one of this kind."""
    return run.recipe if run is not None and isinstance(run.recipe, kind) else None


def start(
    jobs: Jobs,
    row: StartRow,
    wanted: R | None,
    run: Run | None,
    problem_of_link: str,
    *,
    write: Callable[[R], None] | None = None,
    check: Callable[[R], None] | None = None,
    ready: bool = True,
    where: str = "below",
    key: str | None = None,
) -> None:
    """The Start button in its row, and what there is to say about it. `wanted` is what the controls show.

    `write` lets the URL have what was started, as far as no control does so by itself. Without `ready` the button
    waits for the visitor's word, and `check` has the last one: it raises `PlainError` where nothing may begin. A page
    with several buttons has a `key` for each; `where` is where it shows the run, "below" or "above".
    """
    shown = run if wanted is not None and run is not None and wanted.id == run.id and not run.imported else None
    onward = _onward(jobs, shown) if shown is not None and shown.status in OVER else ""
    # Where the run's panel has the one button that goes on with it, Start would be a second one.
    goes_on = shown is not None and onward != "" and (onward == GO_ON or HOMES[type(shown.recipe)].always_goes_on)
    order = jobs, wanted, visitor.who(), link.writer("run"), write, check
    row.start.button(
        "Start",
        key=key,
        type="primary",
        icon=":material/play_arrow:",
        on_click=_start,
        args=order,
        disabled=wanted is None or not ready or (shown is not None and (shown.status not in OVER or goes_on)),
    )
    if problem_of_link and wanted is not None:
        st.warning(literal(problem_of_link))
    if shown is not None and shown.status == "finished":
        # Not on a line of its own, which would push the picture down when the run ends; and not where Cancel was, or a
        # click that comes too late would train it anew.
        trained = row.beside.container(horizontal=True, vertical_alignment="center", key=f"trained_{key or shown.id}")
        with trained:
            st.caption(f"These settings are trained, see {where}.", width="content")
            _offer_anew(jobs, shown)
    elif shown is not None and goes_on:
        what = "trains only what is missing" if onward == GO_ON else "begins anew"
        st.caption(f"These settings were begun and not finished; *{onward}*, {where}, {what}.")
    elif wanted is not None and run is not None and run.imported and wanted.id == run.recipe.id:
        st.caption(f"{where.capitalize()} is what a file says of these settings. Start trains them here.")
    elif wanted is not None and run is not None and wanted.id != run.id:
        ones = {"below": "the ones above", "above": "these"}[where]
        st.caption(f"{where.capitalize()} is another run: {called(run.recipe)}. Start trains {ones}.")
    if shown is not None and shown.status != "finished":
        _way_to_former(jobs, shown)
    if problem := st.session_state.pop(_NOT_STARTED, None):
        page.problem(problem)
    if wanted is not None and (question := st.session_state.pop(_ASKED, {}).get(wanted.id)):
        with st.container(horizontal=True, vertical_alignment="center", border=True, key="line"):
            st.markdown(question, width="content")
            agreed = f"in_line_{wanted.id}"
            st.button("Wait in line", key=agreed, icon=":material/hourglass:", on_click=_start, args=(*order, True))


def _offer_replay(run: Run) -> None:
    """The button that plays a finished run again."""
    st.button(
        "Watch it again",
        icon=":material/replay:",
        on_click=_watch_again,
        args=(run.id,),
    )


def _offer_anew(jobs: Jobs, run: Run) -> None:
    """The button that trains a finished run once more."""
    who = visitor.who()
    st.button(
        "Train anew",
        type="tertiary",
        icon=":material/model_training:",
        key=f"anew_{run.id}",
        on_click=_train_anew,
        args=(jobs, run.recipe, who),
        disabled=not who.may(run),
        help="The same settings once more. What is here now can be read until the new training has ended."
        if who.may(run)
        else refusal(run, "train it anew"),
    )


def _watch_again(run_id: str) -> None:
    st.session_state[_REPLAYED] = (run_id, replays_of(run_id) + 1)


def replays_of(run_id: str) -> int:
    """How often this visitor has asked to watch the run again; its panel plays once more when it grows."""
    of_run, times = st.session_state.get(_REPLAYED, ("", 0))
    return int(times) if of_run == run_id else 0


def _train_anew(jobs: Jobs, recipe: AnyRecipe, who: Visitor) -> None:
    try:
        jobs.submit(recipe, who, anew=True)
    except PlainError as error:
        st.session_state[_NOT_STARTED] = str(error)


def _way_to_former(jobs: Jobs, run: Run) -> None:
    """To the run as it was before it was trained anew, as long as that has no result."""
    former = found(jobs, before(run.id))
    if former is not None:
        label = "Trained anew: the run before can be read until this one has its result"
        st.page_link(home(run.recipe).path, label=label, icon=":material/history:", query_params=link_to(former))


def _start(
    jobs: Jobs,
    wanted: R,
    who: Visitor,
    write_run: Callable[[str], None],
    write: Callable[[R], None] | None,
    check: Callable[[R], None] | None,
    agreed: bool = False,
) -> None:
    """Queue the run, or find it; its id in the URL brings every visitor back to it.

    Where others wait, the visitor is asked first, unless they have `agreed` to wait in line. Nothing before that looks
    at the session's state, where Streamlit may break a callback off.
    """
    try:
        if check is not None:
            check(wanted)
        if not agreed and (question := _question(jobs, wanted, who)):
            st.session_state[_ASKED] = {wanted.id: question}
            return
        write_run(jobs.submit(wanted, who).id)
    except PlainError as error:
        st.session_state[_NOT_STARTED] = str(error)
        return
    if write is not None:
        write(wanted)


def _question(jobs: Jobs, wanted: AnyRecipe, who: Visitor) -> str:
    """What has to be asked before a new run is queued: nothing where nobody else waits, or the run is there.

    The presenter is asked nothing: alone at their machine, they wait for themselves.
    """
    if who.presenter:
        return ""
    there = jobs.get(wanted.id)
    others, number = jobs.in_line(who)
    if not others or (there is not None and there.status not in OVER):
        return ""
    others_wait = sentence("runs", "one-waits") if others == 1 else sentence("runs", "others-wait", others=others)
    return " ".join((others_wait, sentence("runs", "in-line", number=number)))


def status(jobs: Jobs, run: Run, position: Position | None) -> None:
    """How far the run is, with its buttons; `position` None as long as nothing has been heard of it."""
    who = visitor.who()
    others = not who.may(run)
    share = position.share if position is not None and run.live else float(run.status == "finished")
    line = st.container(horizontal=True, vertical_alignment="center", key="run_status")
    line.progress(share, text=_caption(jobs, run, position))
    steering = f"steer_{run.id}"  # by it the browser finds what takes the focus of a button that has gone
    with line.container(horizontal=True, width="content", height="content", key=steering):
        if run.status == "finished":
            _offer_replay(run)
        elif run.status == "paused":
            go_on = jobs.resume, run.id, who
            st.button(GO_ON, icon=":material/play_arrow:", on_click=_order, args=go_on, disabled=others)
        elif run.status in OVER and not run.imported:
            onward = _onward(jobs, run)
            icon = ":material/replay:" if onward == START_AGAIN else ":material/play_arrow:"
            st.button(onward, icon=icon, on_click=_order, args=(jobs.submit, run.recipe, who))
        elif run.live:
            pause, waits = (jobs.pause, run.id, who), run.status != "running"
            st.button("Pause", icon=":material/pause:", on_click=_order, args=pause, disabled=waits or others)
        if run.live:
            cancel = jobs.cancel, run.id, who
            st.button("Cancel", icon=":material/stop:", on_click=_order, args=cancel, disabled=others)
    if run.live and others:
        st.caption(refusal(run, "pause and cancel it"))
    trouble = jobs.trouble if run.live or run.id in jobs.trouble else ""
    if run.status == "queued":
        _turn(jobs, run, who)
    refused, since = st.session_state.get(_REFUSED, ("", 0.0))
    if time.monotonic() - since > _SHOWN:
        refused = ""
    wished = sentence("runs", _WISHED[run.wish]) if run.live and run.wish else ""
    for message in filter(None, (run.message, wished, refused, trouble)):
        page.tell(message)


def _turn(jobs: Jobs, run: Run, who: Visitor) -> None:
    """Whose turn it is before a waiting run: a link to that one, and for whoever may a way to cancel it."""
    ahead = jobs.ahead(run.id)
    if not ahead:
        return
    first = ahead[0]
    where = home(first.recipe)
    with st.container(horizontal=True, vertical_alignment="center", key=f"turn_{run.id}"):
        st.page_link(
            where.path,
            label=f"It is the turn of run {first.id} ({where.title}, {first.status})",
            icon=":material/open_in_new:",
            query_params=link_to(first),
            width="content",
        )
        if who.may(first):
            st.button(
                "Cancel that one",
                key=f"cancel_{first.id}",
                icon=":material/stop:",
                on_click=_order,
                args=(jobs.cancel, first.id, who),
            )


def waiting(jobs: Jobs, run: Run) -> str:
    """What a queued run waits for."""
    if jobs.held:
        return "the presenter holds the queue"
    if ahead := jobs.ahead(run.id):
        return f"waiting for {phrases.counted(len(ahead), 'run')} before it"
    return _AWAITED[jobs.awaits(run.id)]


def preparing(run: Run) -> str:
    """What the worker of a run is at that has reported nothing yet."""
    folder = settings.data_dir()
    on_its_way = next(chain(folder.glob(_DOWNLOAD), folder.glob(f"*/{_DOWNLOAD}")), None)
    if on_its_way is not None and settings.scheduler() is None:  # else the worker's folder is another
        return f"{run.recipe.data} is being downloaded"
    return f"the worker loads {run.recipe.data}"


def _onward(jobs: Jobs, run: Run) -> str:
    """What the button of a run that is over does: parts that are finished are not trained again."""
    return GO_ON if any(isinstance(event, Part) for event in jobs.events(run.id)) else START_AGAIN


def _order(action: Callable[[Any, Visitor], object], run: object, who: Visitor) -> None:
    """Pause, go on, cancel or submit; where that is refused, it is said."""
    try:
        action(run, who)
    except PlainError as error:
        st.session_state[_REFUSED] = str(error), time.monotonic()


def _caption(jobs: Jobs, run: Run, position: Position | None) -> str:
    if run.status == "queued":
        return f"Run {run.id} · {waiting(jobs, run)}"
    if run.status == "finished" and run.result:
        machine = f"{literal(run.result.device)}, {phrases.counted(run.result.threads, 'thread')}"
        return f"**{called(run.recipe)}** · run {run.id}, finished in {run.result.seconds:.1f} s on {machine}"
    if run.status in OVER:
        kept = "" if position is None else ": what it had shown so far is kept"
        return f"**{called(run.recipe)}** · run {run.id}, {run.status}{kept}"
    if position is None:
        return f"Run {run.id} · {preparing(run)}"
    return " · ".join(filter(None, (position.text, time_left(run, position))))


def time_left(run: Run, position: Position) -> str:
    """How long a live run still takes, as far as that can be said, or that it is paused."""
    return "paused" if run.status == "paused" else phrases.time_left(position.seconds, position.seconds_left)
