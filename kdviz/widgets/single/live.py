"""The live panel of a run: progress, the pull of the two terms, accuracy, and the watched images."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from html import escape
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from kdviz.charts import single as live
from kdviz.charts.compact import pixels, rounded
from kdviz.charts.single import Parts, Quality
from kdviz.charts.vega import Spec, enlarged
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.single import Recipe
from kdviz.records.base import Watched
from kdviz.records.kinds import Event
from kdviz.records.single import Progress, Result
from kdviz.reports.phrases import percent
from kdviz.store.run import Run
from kdviz.widgets import link, page
from kdviz.widgets.components import component
from kdviz.widgets.live_panel import LivePanel, Snapshot, first_event, replayed_on
from kdviz.widgets.run_status import Position, replays_of
from kdviz.widgets.single import summary as run_summary
from kdviz.widgets.single.summary import say

PARTS: dict[Parts, str] = {"amount": "Amount", "share": "Share of the loss", "gradient": "Share of the gradient"}
QUALITIES: dict[Quality, str] = {"validation_accuracy": "Accuracy", "agreement": "Agreement"}

ON_STAGE = 74  # pixels of a chart, whose letters are enlarged there

_watched = component("watched")


@dataclass(frozen=True, eq=False)
class Curves:
    """What the pictures of a run are drawn from, the same object for all who look at this version of the run."""

    progress: list[Progress]  # thinned
    frame: pd.DataFrame
    watched: Watched | None

    @property
    def steps(self) -> int:
        """How many updates a network gets."""
        return max((report.steps for report in self.progress), default=1)


@dataclass(frozen=True)
class Terms:
    """The two terms of the loss as they are sent, see `charts.single.contributions` and `height`."""

    table: pa.Table
    top: float
    peak: float


# Each of a class looks at a live run several times a second: what all are sent is made once.
@lru_cache(maxsize=64)
def terms(curves: Curves, parts: Parts) -> Terms:
    """The two terms of the distilled student."""
    long = live.contributions(curves.frame, parts)
    return Terms(pa.Table.from_pandas(long, preserve_index=False), *live.height(long, parts))


@lru_cache(maxsize=64)
def quality(curves: Curves) -> pa.Table:
    """`charts.single.quality` as it is sent."""
    teacher = curves.watched.teacher_validation_accuracy if curves.watched else None
    return pa.Table.from_pandas(live.quality(curves.frame, curves.steps, teacher), preserve_index=False)


def _read(_recipe: Recipe, run: Run, events: Sequence[Event]) -> Snapshot[Curves]:
    reports = [event for event in events if isinstance(event, Progress)]
    progress, position = live.thin(reports), _position(reports[-1]) if reports else None
    curves = Curves(progress, live.curves(progress), first_event(events, Watched))
    return Snapshot(position, _sentence(run, progress), curves)


def _draw(recipe: Recipe, run: Run, snapshot: Snapshot[Curves]) -> None:
    curves = snapshot.data
    _curves(recipe, curves)
    with st.container(key="so_far"):  # as high as its sentence may become while its figures change
        page.say(snapshot.sentence)
    if curves.watched is not None:
        _digits(run, recipe, curves.progress, curves.watched)
    if isinstance(run.result, Result):
        run_summary.show(run.result, curves.frame)


PANEL = LivePanel(Recipe, _read, _draw)


def _position(last: Progress) -> Position:
    who = {"teacher": "Teacher", "distilled": "Students", "plain": "Students"}[last.role]
    text = (
        f"{who}: epoch {last.epoch} of {last.epochs} · update {last.step:,} of {last.steps:,} · "
        f"{last.images_per_second:,.0f} images/s"
    )
    return Position(text, last.seconds, last.seconds_left)


def _curves(recipe: Recipe, curves: Curves) -> None:
    colours, steps = page.colours(), curves.steps
    # Streamlit forgets the zoom of a chart whose data change, unless it is a selection that it was asked to keep. Asked
    # for every run: a chart that is a selection by turns is taken away and drawn anew when the run begins and ends.
    keeps: dict[str, Any] = {"on_select": "rerun", "selection_mode": live.ZOOM}
    fit: Callable[[Spec], Spec] = partial(enlarged, height=ON_STAGE) if link.on_stage() else dict
    with st.container(key="curves"):
        left, right = st.columns(2, gap="large")
    with left:
        parts = page.switch("What the two terms add to the loss", PARTS, key="parts")
        both = terms(curves, parts)
        cut = f"first updates up to {both.peak:.3g}, cut off" if both.peak > 1.01 * both.top else ""
        # A line of its own, so that nothing jumps; it tells the stage what this run was trained with.
        of_run = f'data-temperature="{recipe.temperature:g}" data-alpha="{recipe.alpha:.2f}"'
        st.html(f'<p class="kd-caption" {of_run}>{escape(cut) or "&nbsp;"}</p>')
        more = f" (at first {both.peak:.3g})" if cut and link.on_stage() else ""
        spec = live.contributions_spec(both.top, steps, parts, live.SOFT_TERMS[recipe.loss], colours, more=more)
        alt = "Stacked areas of the soft and the hard term over the updates of the distilled student"
        st.vega_lite_chart(both.table, fit(spec), key="chart_contributions", alt=alt, **keeps)
    with right:
        measure = page.switch("On the validation images", QUALITIES, key="quality")
        st.html('<p class="kd-caption">&nbsp;</p>')
        spec = live.quality_spec(steps, measure, live.floor(recipe), colours)
        alt = f"{QUALITIES[measure]} of teacher, distilled student and plain student over their updates"
        st.vega_lite_chart(quality(curves), fit(spec), key="chart_quality", alt=alt, **keeps)


def _legend(colours: dict[str, str]) -> None:
    """The names in their colours."""
    words = " &ensp; ".join(
        f'<span class="kd-key"><span class="kd-swatch" style="background:{colour}"></span>{escape(name)}</span>'
        for name, colour in colours.items()
    )
    st.html(f'<p class="kd-caption">{words}</p>')


def _sentence(run: Run, progress: Sequence[Progress]) -> str:
    last = {report.role: report for report in progress}
    teacher, distilled, plain = (last.get(role) for role in ("teacher", "distilled", "plain"))
    if distilled is None or plain is None:
        if teacher is None:
            return say("nothing-measured")
        return say("teacher-first", right=percent(teacher.validation_accuracy, 1))
    total, pull = distilled.loss_kd + distilled.loss_ce, distilled.gradient_share_kd
    agreement, other = distilled.agreement, plain.agreement
    return say(
        "so-far",
        when="So far" if run.live else "At the end",
        share=percent(distilled.loss_kd / total if total > 0 else 0.0),
        pull="" if pull is None else say("so-far-pull", share=percent(pull)),
        agreement="" if agreement is None else f" {say('so-far-agreement', share=percent(agreement, 1))}",
        other="" if other is None else say("so-far-other", share=percent(other, 1)),
        distilled=percent(distilled.validation_accuracy, 1),
        plain=percent(plain.validation_accuracy, 1),
    )


def _digits(run: Run, recipe: Recipe, progress: Sequence[Progress], watched: Watched) -> None:
    st.header("Of the images the teacher gets right, four it is least sure of", anchor=False)
    colours, at = page.colours(), f"at T = {recipe.temperature:g}"
    _legend({f"teacher {at}": colours.teacher, f"distilled student {at}": colours.student})
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
            "images": [pixels(tuple(image)) for image in watched.images],
            "teacher": watched.teacher_logits,
            # Three decimals are more than a bar can show, and half the message.
            "history": [[rounded(logits, 3) for logits in report.watched_logits] for report in reports],
            "steps": [report.step for report in reports],
            "seconds": [round(report.seconds, 2) for report in reports],
            "date": replayed_on(run),
            "replays": replays_of(run.id),
        },
    )
