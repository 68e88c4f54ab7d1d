"""The forgotten temperature on its page: curves over T of students that were really trained, and what they say."""

from functools import partial

import streamlit as st

from kdviz.charts.curves import curves_named
from kdviz.charts.over_t import AxisKind, Format, TemperatureChart, TemperatureLine, line
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.records.study import Judgement, StudyResult
from kdviz.reports import phrases
from kdviz.widgets.lesson import LessonPage
from kdviz.widgets.pictures import chosen_image as state
from kdviz.widgets.pictures.measured_over_t import measured_over_t
from kdviz.widgets.study import result as live_study

STUDY = "forgotten-temperature"
_LINES = (("labels", "label-line dashed"), ("taught", "student"), ("soft", "student dotted"))
_PANELS: tuple[
    tuple[str, str, Format, AxisKind], ...
] = (  # curve, word of its unit, how its values are written, its axis
    ("test_accuracy", "share-of-images", "exact", "share"),
    ("confidence", "mean-share", "share", "share"),
    ("nll", "nats", "number", "log"),
    ("ece", "less", "share", "linear"),
)
_TITLES = {"test_accuracy": "accuracy"}


def panels(here: LessonPage, studied: StudyResult) -> tuple[TemperatureChart, ...]:
    """Accuracy, confidence, NLL and calibration over T, a line for each kind of student."""
    arms = [(arm, style, name) for name, style in _LINES if (arm := studied.arm(f"{name}-1")) is not None]
    found = []
    for curve, unit, form, axis in _PANELS:
        at = tuple(curves_named(arms[0][0], curve)[0].x) if arms else ()
        lines: tuple[TemperatureLine, ...] = tuple(
            line(arm, curve, here.word(f"line-{name}"), style, at) for arm, style, name in arms
        )
        found.append(TemperatureChart(here.word(_TITLES.get(curve, curve)), here.word(unit), at, lines, form, axis))
    return tuple(found)


def show(here: LessonPage, temperature: float) -> None:
    """The study with its curves: the recorded or the finished run, or the way to run it."""
    live_study.show(STUDY, picture=partial(_picture, here, temperature))


def _picture(here: LessonPage, temperature: float, studied: StudyResult) -> None:
    """The curves of a finished study with one slider, and in words what forgetting costs."""
    measured_over_t(
        key="forgotten", panels=panels(here, studied), temperature=temperature, on_commit=state.set_temperature
    )
    rows = [row for arm in studied.finished for row in arm.rows]
    st.caption(
        here.sentence(
            "source",
            student="784-128-10",
            data=DATA_SETS[studied.recipe.data].title,
            seeds=len(studied.recipe.seeds),
            images=f"{int(rows[0].figures['test_images']):,}" if rows else "0",
        )
    )
    _say(here, studied)


def _say(here: LessonPage, studied: StudyResult) -> None:
    at_one, at_four, at_best = (studied.summary(f"taught-{at}") for at in ("1", "4", "best"))
    if at_one is None or at_four is None:
        return
    one, four = at_one.means, at_four.means
    here.say(
        "forgotten",
        accuracy=phrases.percent(four["test_accuracy"].mean, 1),
        sure=phrases.percent(one["confidence"].mean, 1),
        unsure=phrases.percent(four["confidence"].mean, 1),
        nll=f"{one['nll'].mean:.3f}",
        nll_forgotten=f"{four['nll'].mean:.3f}",
        verdict=_word(studied.judgement("taught-4", "nll")),
        ece=phrases.percent(one["ece"].mean, 1),
        ece_forgotten=phrases.percent(four["ece"].mean, 1),
    )
    if at_best is None:
        return
    best = at_best.means
    here.say(
        "chosen",
        best=f"T = {best['temperature'].mean:.2f}",
        nll=f"{one['nll'].mean:.4f}",
        nll_best=f"{best['nll'].mean:.4f}",
        verdict=_word(studied.judgement("taught-best", "nll")),
        ece=phrases.percent(one["ece"].mean, 2),
        ece_best=phrases.percent(best["ece"].mean, 2),
        verdict_ece=_word(studied.judgement("taught-best", "ece")),
    )


def _word(judgement: Judgement | None) -> str:
    return "one seed is no verdict" if judgement is None else judgement.verdict.word
