"""The live panel of a run: progress, the pull of the two terms, accuracy, and the watched images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import cast

import streamlit as st

from kdviz.catalogue import DATA_SETS
from kdviz.charts import live
from kdviz.charts.live import Parts, Quality
from kdviz.errors import PlainError
from kdviz.jobs import Jobs
from kdviz.records import Progress, Watched
from kdviz.runs import Run
from kdviz.widgets import page, run_summary
from kdviz.widgets.components import component
from kdviz.widgets.page import percent

TICK = 0.4  # seconds between two looks at a live run
PARTS: dict[str, str] = {"amount": "Amount", "share": "Share of the loss", "gradient": "Share of the gradient"}
QUALITIES: dict[str, str] = {"validation_accuracy": "Accuracy", "agreement": "Agreement"}
OVER = ("failed", "cancelled", "interrupted")
FEW_LABELS = 5000  # with fewer, accuracies spread so far that the axis begins at 0
_REFUSED = "order_refused"

_watched = component("watched", html="watched.html", css=("base.css", "watched.css"), js=("shared.js", "watched.js"))


def show(jobs: Jobs, run_id: str) -> None:
    """The panel of a run, which looks after itself while the run lives."""
    run = jobs.get(run_id)
    if run is None:
        st.warning(f"There is no run {run_id} in this store. It may have been deleted, or belong to another server.")
        return
    st.fragment(_panel, run_every=TICK if run.live else None)(jobs, run_id, run.live)


def _panel(jobs: Jobs, run_id: str, was_live: bool) -> None:
    run = jobs.get(run_id)
    if run is None:
        return
    if was_live != run.live:
        st.rerun()  # the whole page once more: the panel stops or begins to tick, and Start says what it does
    events = jobs.events(run_id)
    progress = live.thin([event for event in events if isinstance(event, Progress)])
    watched = next((event for event in events if isinstance(event, Watched)), None)
    _status(jobs, run, progress)
    _curves(run, progress, watched)
    page.say(_sentence(run, progress))
    if watched is not None:
        _digits(run, progress, watched)
    if run.result is not None:
        run_summary.show(run, progress)


def _status(jobs: Jobs, run: Run, progress: Sequence[Progress]) -> None:
    text, buttons = st.columns([7, 3], vertical_alignment="center")
    last = progress[-1] if progress else None
    whole = 1.0 if run.status == "finished" else 0.0
    if last is not None and run.live:
        whole = min(1.0, last.seconds / max(last.seconds + last.seconds_left, 1e-9))
    with text:
        st.progress(whole, text=_caption(jobs, run, last))
    with buttons, st.container(horizontal=True, horizontal_alignment="right", height="content"):
        if run.status == "finished":
            pass  # nothing left to stop
        elif run.status == "paused":
            st.button("Go on", icon=":material/play_arrow:", on_click=_order, args=(jobs.resume, run.id))
        elif run.status in OVER:
            st.button("Start again", icon=":material/replay:", on_click=_order, args=(_again(jobs, run), run.id))
        else:
            st.button(
                "Pause",
                icon=":material/pause:",
                on_click=_order,
                args=(jobs.pause, run.id),
                disabled=run.status != "running",
            )
        if run.live:
            st.button("Cancel", icon=":material/stop:", on_click=_order, args=(jobs.cancel, run.id))
    for message in (run.message, st.session_state.pop(_REFUSED, ""), jobs.trouble if run.live else ""):
        if message:
            st.info(message)


def _again(jobs: Jobs, run: Run) -> Callable[[str], Run]:
    return lambda _: jobs.submit(run.recipe)


def _order(action: Callable[[str], Run | None], run_id: str) -> None:
    """Pause, go on or cancel; a run of another process refuses, and says so."""
    try:
        action(run_id)
    except PlainError as error:
        st.session_state[_REFUSED] = str(error)


def _caption(jobs: Jobs, run: Run, last: Progress | None) -> str:
    if run.status == "queued":
        ahead = jobs.queue_position(run.id)
        waiting = (
            "next in the queue" if ahead == 0 else f"waiting for {ahead} {'run' if ahead == 1 else 'runs'} before it"
        )
        return f"Run {run.id} · {waiting}"
    if run.status == "finished" and run.result:
        machine = f"{run.result.device}, {run.result.threads} threads"
        return f"Run {run.id} · finished in {run.result.seconds:.1f} s on {machine}"
    if run.status in OVER:
        return f"Run {run.id} · {run.status}: what it had shown so far is kept"
    if last is None:
        return f"Run {run.id} · the worker gets its data ready"
    who = {"teacher": "Teacher", "distilled": "Students", "plain": "Students"}[last.role]
    state = " · paused" if run.status == "paused" else f" · {last.seconds_left:.0f} s left"
    return (
        f"{who}: epoch {last.epoch} of {last.epochs} · update {last.step:,} of {last.steps:,} · "
        f"{last.images_per_second:,.0f} images/s{state}"
    )


def _curves(run: Run, progress: Sequence[Progress], watched: Watched | None) -> None:
    colours = page.colours()
    frame = live.curves(progress)
    steps = max((report.steps for report in progress), default=1)
    left, right = st.columns(2, gap="large")
    with left:
        parts = cast(Parts, _switch("What the two terms add to the loss", list(PARTS), PARTS, "parts"))
        long = live.contributions(frame, parts)
        top, peak = live.height(long, parts)
        cut = f"first updates up to {peak:.3g}, cut off" if peak > 1.01 * top else ""
        soft = f"{live.SOFT_TERMS[run.recipe.loss]}, the teacher’s pull"
        _legend({soft: colours.teacher, "(1−α)·CE, the labels’ pull": colours.label}, cut)
        st.vega_lite_chart(
            long,
            live.contributions_spec(long, steps, parts, colours),
            key="contributions",
            alt="Stacked areas of the soft and the hard term over the updates of the distilled student",
        )
    with right:
        quality = cast(Quality, _switch("On the validation images", list(QUALITIES), QUALITIES, "quality"))
        names = {"teacher": colours.teacher, "distilled": colours.student, "without a teacher (dashed)": colours.plain}
        _legend(names, "")
        few = min(run.recipe.labels or FEW_LABELS, run.recipe.teacher_labels or FEW_LABELS) < FEW_LABELS
        floor = 0.0 if few else DATA_SETS[run.recipe.data].chart_floor
        st.vega_lite_chart(
            live.quality(frame, steps, watched.teacher_validation_accuracy if watched else None),
            live.quality_spec(steps, quality, floor, colours),
            key="quality",
            alt=f"{QUALITIES[quality]} of teacher, distilled student and plain student over their updates",
        )


def _switch(label: str, options: list[str], names: dict[str, str], key: str) -> str:
    chosen = st.segmented_control(
        label,
        options,
        format_func=names.__getitem__,
        default=options[0],
        required=True,
        key=key,
        label_visibility="collapsed",
        wrap=True,
    )
    return str(chosen)


def _legend(colours: dict[str, str], remark: str | None = None) -> None:
    """The names in their colours; a remark, even an empty one, has a line of its own, so that nothing jumps."""
    words = " &ensp; ".join(
        f'<span class="kd-key"><span class="kd-swatch" style="background:{colour}"></span>{escape(name)}</span>'
        for name, colour in colours.items()
    )
    line = "" if remark is None else f"<br>{escape(remark) or '&nbsp;'}"
    st.html(f'<p class="kd-caption">{words}{line}</p>')


def _sentence(run: Run, progress: Sequence[Progress]) -> str:
    last = {report.role: report for report in progress}
    distilled, plain = last.get("distilled"), last.get("plain")
    if distilled is None or plain is None:
        teacher = last.get("teacher")
        if teacher is None:
            return "Nothing has been measured yet."
        return (
            f"First the teacher learns from the labels: {percent(teacher.validation_accuracy, 1)} of the validation "
            "images right so far. Its students, and the left chart, begin when it is done."
        )
    total = distilled.loss_kd + distilled.loss_ce
    share = distilled.loss_kd / total if total > 0 else 0.0
    pull = ""
    if distilled.gradient_share_kd is not None:
        pull = f", and {percent(distilled.gradient_share_kd)} of the pull on the student’s logits"
    agreement = (
        ""
        if distilled.agreement is None
        else f" Student and teacher agree on {percent(distilled.agreement, 1)} of the validation images"
    )
    other = "" if plain.agreement is None else f", against {percent(plain.agreement, 1)} without a teacher."
    when = "So far" if run.live else "At the end"
    accuracies = percent(distilled.validation_accuracy, 1), percent(plain.validation_accuracy, 1)
    return (
        f"{when} the soft term makes {percent(share)} of the loss{pull}.{agreement}{other} "
        f"Accuracy is {accuracies[0]} distilled and {accuracies[1]} without a teacher."
    )


def _digits(run: Run, progress: Sequence[Progress], watched: Watched) -> None:
    st.subheader("Of the images the teacher gets right, four it is least sure of", anchor=False)
    colours = page.colours()
    _legend(
        {
            f"teacher at T = {run.recipe.temperature:g}": colours.teacher,
            f"distilled student at T = {run.recipe.temperature:g}": colours.student,
        }
    )
    reports = [report for report in progress if report.role == "distilled" and report.watched_logits]
    if run.live:
        reports = reports[-1:]  # the way there is for the replay, when the run is over
    _watched(
        key="watched",
        data={
            "run": f"{run.id}-{run.attempt}",
            "T": run.recipe.temperature,
            "names": list(DATA_SETS[run.recipe.data].class_names),
            "indices": watched.indices,
            "labels": watched.labels,
            "images": watched.images,
            "teacher": watched.teacher_logits,
            "history": [_rounded(report.watched_logits) for report in reports],
            "steps": [report.step for report in reports],
        },
    )


def _rounded(logits: list[list[float]]) -> list[list[float]]:
    """Three decimals are more than a bar can show, and half the message."""
    return [[round(value, 3) for value in row] for row in logits]
