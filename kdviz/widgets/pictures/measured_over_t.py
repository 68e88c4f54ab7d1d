"""What two studies measured over the temperature, with one slider: T forgotten at inference, and the gradients' T²."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from kdviz.charts.curves import curves_named
from kdviz.charts.over_t import AxisKind, Format, TemperatureChart, line, packed
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.study_facts.t_squared import BATCH_IMAGES
from kdviz.records.study import StudyResult
from kdviz.reports.phrases import percent
from kdviz.widgets import link
from kdviz.widgets.components import component, keep_committed
from kdviz.widgets.lesson import LessonPage
from kdviz.widgets.pictures.soft_targets import GROUP, OnTemperature, set_temperature, valid_temperature
from kdviz.widgets.study import result as live_study
from kdviz.widgets.study import words as study_words

MOMENTS = ("start", "epoch-1", "trained")

_STUDENTS = (("labels", "label-line dashed"), ("taught", "student"), ("soft", "student dotted"))  # name, style
_QUALITIES: tuple[tuple[str, str, str, Format, AxisKind], ...] = (  # curve, words of title and unit, format, axis
    ("test_accuracy", "accuracy", "share-of-images", "exact", "share"),
    ("confidence", "confidence", "mean-share", "share", "share"),
    ("nll", "nll", "nats", "number", "log"),
    ("ece", "ece", "less", "share", "linear"),
)
_AT_LOGITS = (("without", "without", "teacher dashed"), ("with", "with", "teacher"), ("hard", "hard", "label-line"))
_NATS = (("kl_t2", "with", "teacher"), ("limit", "limit", "student dashed"), ("entropy", "entropy", "soft-line dotted"))
# By the word of the title: the word of the unit, format, where the axis begins, and the lines: curve, word, style.
_GRADIENTS: dict[str, tuple[str, Format, float, tuple[tuple[str, str, str], ...]]] = {
    "gradients": ("at-logits", "number", 1e-5, _AT_LOGITS),
    "losses": ("nats", "number", 1e-3, _NATS),  # T²·KL beside the matching of logits; below, the difference of the two
    "error": ("of-limit", "share", 1e-4, (("match_error", "error", "student"),)),
}

_measured = component("measured_over_t")


def _charts(panels: Sequence[TemperatureChart], *, key: str, temperature: float, on_commit: OnTemperature) -> None:
    """Charts that share their temperature; `on_commit` gets T when the finger lets go."""
    commit = keep_committed(key, "T", valid_temperature, on_commit)
    _measured(key=key, data={**packed(panels), "T": temperature, **GROUP}, on_T_change=commit)


def _source(here: LessonPage, studied: StudyResult, images: object) -> None:
    """The student, the data and the seeds that the curves are of."""
    data, seeds = DATA_SETS[studied.recipe.data].title, len(studied.recipe.seeds)
    st.caption(here.sentence("source", student="784-128-10", data=data, seeds=seeds, images=images))


def show_forgotten(here: LessonPage, temperature: float) -> None:
    """The study of the forgotten temperature: the recorded or the finished run, or the way to run it."""
    live_study.show("forgotten-temperature", picture=partial(_forgotten, here, temperature))


def _forgotten(here: LessonPage, temperature: float, studied: StudyResult) -> None:
    """Accuracy, confidence, NLL and calibration over T, a line for each kind of student; what forgetting costs."""
    arms = [(arm, style, name) for name, style in _STUDENTS if (arm := studied.arm(f"{name}-1")) is not None]
    panels = []
    for curve, title, unit, form, axis in _QUALITIES:
        at = tuple(curves_named(arms[0][0], curve)[0].x) if arms else ()
        lines = tuple(line(arm, curve, here.word(f"line-{name}"), style, at) for arm, style, name in arms)
        panels.append(TemperatureChart(here.word(title), here.word(unit), at, lines, form, axis))
    _charts(panels, key="forgotten", temperature=temperature, on_commit=set_temperature)
    rows = [row for arm in studied.finished for row in arm.rows]
    _source(here, studied, f"{int(rows[0].figures['test_images']):,}" if rows else "0")
    _say_forgotten(here, studied)


def _say_forgotten(here: LessonPage, studied: StudyResult) -> None:
    at_one, at_four, at_best = (studied.summary(f"taught-{at}") for at in ("1", "4", "best"))
    if at_one is None or at_four is None:
        return
    one, four = at_one.means, at_four.means

    def verdict(arm: str, measure: str) -> str:
        judgement = studied.judgement(arm, measure)
        return study_words.word(studied, judgement) or "one seed is no verdict"

    here.say(
        "forgotten",
        accuracy=percent(four["test_accuracy"].mean, 1),
        sure=percent(one["confidence"].mean, 1),
        unsure=percent(four["confidence"].mean, 1),
        nll=f"{one['nll'].mean:.3f}",
        nll_forgotten=f"{four['nll'].mean:.3f}",
        verdict=verdict("taught-4", "nll"),
        ece=percent(one["ece"].mean, 1),
        ece_forgotten=percent(four["ece"].mean, 1),
    )
    if at_best is not None:
        best = at_best.means
        here.say(
            "chosen",
            best=f"T = {best['temperature'].mean:.2f}",
            nll=f"{one['nll'].mean:.4f}",
            nll_best=f"{best['nll'].mean:.4f}",
            verdict=verdict("taught-best", "nll"),
            ece=percent(one["ece"].mean, 2),
            ece_best=percent(best["ece"].mean, 2),
            verdict_ece=verdict("taught-best", "ece"),
        )


def show_t_squared(here: LessonPage, temperature: float, on_commit: OnTemperature) -> None:
    """The study of why T²: the recorded or the finished run, or the way to run it."""
    live_study.show("t-squared", picture=partial(_t_squared, here, temperature, on_commit))


def _t_squared(here: LessonPage, temperature: float, on_commit: OnTemperature, studied: StudyResult) -> None:
    """The gradients of a student at one moment of its training, beside the limit of high T; what they say in words."""
    known = [name for name in reversed(MOMENTS) if studied.arm(name) is not None]  # first the latest
    moment = link.switch("moment", here.word("moment"), {name: here.word(name) for name in known})
    arm, summary = studied.arm(moment), studied.summary(moment)
    if arm is None or summary is None:
        return
    at = tuple(curves_named(arm, "without")[0].x)
    panels = []
    for title, (unit, form, least, curves) in _GRADIENTS.items():
        lines = tuple(line(arm, curve, here.word(word), style, at) for curve, word, style in curves)
        panels.append(TemperatureChart(here.word(title), here.word(unit), at, lines, form, "log", least))
    _charts(panels, key="t_squared", temperature=temperature, on_commit=on_commit)
    _source(here, studied, BATCH_IMAGES)
    means = {name: mean.mean for name, mean in summary.means.items()}
    kept = {"without": percent(means["without_kept"], 1), "with": f"{means['with_kept']:.1f}"}
    here.say("gradients", moment=here.word(moment), beside=f"{means['soft_beside_hard']:.1f}", **kept)
    here.say("error", moment=here.word(moment), error=percent(means["match_error"], 1))
