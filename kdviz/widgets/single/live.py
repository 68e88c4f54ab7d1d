"""The live panel of a run: progress, the pull of the two terms, accuracy, and the watched images."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import cast

import streamlit as st

from kdviz.charts import single as live
from kdviz.charts.single import Parts, Quality
from kdviz.jobs.queue import Jobs
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.single import Recipe
from kdviz.records.base import Watched
from kdviz.records.single import Progress, Result
from kdviz.reports.phrases import percent
from kdviz.store.run import Run
from kdviz.widgets import page, run_status
from kdviz.widgets.components import component
from kdviz.widgets.single import summary as run_summary

PARTS: dict[str, str] = {"amount": "Amount", "share": "Share of the loss", "gradient": "Share of the gradient"}
QUALITIES: dict[str, str] = {"validation_accuracy": "Accuracy", "agreement": "Agreement"}

_watched = component(
    "watched", html="watched.html", css=("base.css", "watched.css"), js=("shared.js", "svg.js", "watched.js")
)


def show(jobs: Jobs, run_id: str) -> None:
    """The panel of a run, which looks after itself while the run lives."""
    run_status.follow(jobs, run_id, _panel)


def _panel(jobs: Jobs, run: Run) -> None:
    if not isinstance(run.recipe, Recipe):
        return  # the page has said that it is of another kind
    events = jobs.events(run.id)
    progress = live.thin([event for event in events if isinstance(event, Progress)])
    watched = next((event for event in events if isinstance(event, Watched)), None)
    run_status.status(jobs, run, _position(progress[-1]) if progress else None)
    _curves(run.recipe, progress, watched)
    page.say(_sentence(run, progress))
    if watched is not None:
        _digits(run, run.recipe, progress, watched)
    if isinstance(run.result, Result):
        run_summary.show(run.result, progress)


def _position(last: Progress) -> run_status.Position:
    who = {"teacher": "Teacher", "distilled": "Students", "plain": "Students"}[last.role]
    text = (
        f"{who}: epoch {last.epoch} of {last.epochs} · update {last.step:,} of {last.steps:,} · "
        f"{last.images_per_second:,.0f} images/s"
    )
    return run_status.Position(text, last.seconds, last.seconds_left)


def _curves(recipe: Recipe, progress: Sequence[Progress], watched: Watched | None) -> None:
    colours = page.colours()
    frame = live.curves(progress)
    steps = max((report.steps for report in progress), default=1)
    left, right = st.columns(2, gap="large")
    with left:
        parts = cast(Parts, _switch("What the two terms add to the loss", list(PARTS), PARTS, "parts"))
        long = live.contributions(frame, parts)
        top, peak = live.height(long, parts)
        cut = f"first updates up to {peak:.3g}, cut off" if peak > 1.01 * top else ""
        soft = f"{live.SOFT_TERMS[recipe.loss]}, the teacher’s pull"
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
        st.vega_lite_chart(
            live.quality(frame, steps, watched.teacher_validation_accuracy if watched else None),
            live.quality_spec(steps, quality, live.floor(recipe), colours),
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


def _digits(run: Run, recipe: Recipe, progress: Sequence[Progress], watched: Watched) -> None:
    st.subheader("Of the images the teacher gets right, four it is least sure of", anchor=False)
    colours = page.colours()
    _legend(
        {
            f"teacher at T = {recipe.temperature:g}": colours.teacher,
            f"distilled student at T = {recipe.temperature:g}": colours.student,
        }
    )
    reports = [report for report in progress if report.role == "distilled" and report.watched_logits]
    if run.live:
        reports = reports[-1:]  # the way there is for the replay, when the run is over
    _watched(
        key="watched",
        data={
            "run": f"{run.id}-{run.attempt}",
            "T": recipe.temperature,
            "names": list(DATA_SETS[recipe.data].class_names),
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
