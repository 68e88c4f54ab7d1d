"""Why T², on its page: gradients over T of a student that was really trained, and the limit of high temperatures."""

from functools import partial

import streamlit as st

from kdviz.charts.curves import curves_named
from kdviz.charts.over_t import TemperatureChart, TemperatureLine, line
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.study_facts.t_squared import BATCH_IMAGES
from kdviz.records.study import FinishedArm, StudyResult
from kdviz.reports import phrases
from kdviz.widgets import link
from kdviz.widgets.lesson import LessonPage
from kdviz.widgets.pictures.measured_over_t import measured_over_t
from kdviz.widgets.pictures.soft_targets import OnTemperature
from kdviz.widgets.study import result as live_study

STUDY = "t-squared"
MOMENTS = ("start", "epoch-1", "trained")


def panels(here: LessonPage, arm: FinishedArm) -> tuple[TemperatureChart, ...]:
    """The gradients, and T²·KL beside the matching of logits with the difference of the two."""
    at = tuple(curves_named(arm, "without")[0].x)

    def of(curve: str, style: str) -> TemperatureLine:
        return line(arm, curve, here.word(curve), style, at)

    def named(curve: str, word: str, style: str) -> TemperatureLine:
        return line(arm, curve, here.word(word), style, at)

    gradients = (of("without", "teacher dashed"), of("with", "teacher"), of("hard", "label-line"))
    losses = (named("kl_t2", "with", "teacher"), of("limit", "student dashed"), of("entropy", "soft-line dotted"))
    error = (named("match_error", "error", "student"),)
    return (
        TemperatureChart(here.word("gradients"), here.word("at-logits"), at, gradients, "number", "log", least=1e-5),
        TemperatureChart(here.word("losses"), here.word("nats"), at, losses, "number", "log", least=1e-3),
        TemperatureChart(here.word("error"), here.word("of-limit"), at, error, "share", "log", least=1e-4),
    )


def show(here: LessonPage, temperature: float, on_commit: OnTemperature) -> None:
    """The study with its curves: the recorded or the finished run, or the way to run it."""
    live_study.show(STUDY, picture=partial(_picture, here, temperature, on_commit))


def _picture(here: LessonPage, temperature: float, on_commit: OnTemperature, studied: StudyResult) -> None:
    """The curves at one moment of the student's training with one slider, and what they say in words."""
    there = [name for name in MOMENTS if studied.arm(name) is not None]
    latest_first = {name: here.word(name) for name in reversed(there)}
    moment = link.switch("moment", here.word("moment"), latest_first)
    arm, summary = studied.arm(moment), studied.summary(moment)
    if arm is None or summary is None:
        return
    measured_over_t(key="t_squared", panels=panels(here, arm), temperature=temperature, on_commit=on_commit)
    st.caption(
        here.sentence(
            "source",
            student="784-128-10",
            data=DATA_SETS[studied.recipe.data].title,
            seeds=len(studied.recipe.seeds),
            images=BATCH_IMAGES,
        )
    )
    means = {name: mean.mean for name, mean in summary.means.items()}
    here.say(
        "gradients",
        moment=here.word(moment),
        without=phrases.percent(means["without_kept"], 1),
        **{"with": f"{means['with_kept']:.1f}"},
        beside=f"{means['soft_beside_hard']:.1f}",
    )
    here.say("error", moment=here.word(moment), error=phrases.percent(means["match_error"], 1))
