"""A class left out, on its page: what becomes of the student without 3s as the bias of that class is raised."""

from statistics import fmean
from typing import Any, Literal

import numpy as np
import streamlit as st

from kdviz.charts import study as charts
from kdviz.charts.layout import CONFIG
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.study_facts.left_out_class import FACTS
from kdviz.records.study import FinishedArm, StudyResult
from kdviz.reports.text import ranges
from kdviz.texts import course
from kdviz.texts import lesson as lesson_text
from kdviz.texts.blocks import LessonText
from kdviz.widgets import page
from kdviz.widgets.pictures import bias_slider
from kdviz.widgets.pictures.bias_slider import BiasCurve, BiasPanel, BiasPicture, BiasRule, BiasSentences, short

CORRECTED = "corrected"
PARAMETER = "bias"  # in the URL
DIGITS = 1  # the biases are tenths


def show(studied: StudyResult) -> None:
    """The arms side by side, and above them the student without 3s under the slider."""
    arm = studied.arm(CORRECTED)
    if arm is not None and arm.curves:
        text = lesson_text.read(f"studies/{FACTS.name}")
        bias_slider.show(picture(arm, text), key="bias_slider", parameter=PARAMETER)
        _source(studied, arm, text)
    st.plotly_chart(
        charts.figure(studied, FACTS.measures[0], page.colours()),
        key="left_out_class",
        config=CONFIG,
        alt=f"{FACTS.title}: {FACTS.measures[0].title}, the mean of each arm with its interval",
    )


def picture(arm: FinishedArm, text: LessonText) -> BiasPicture:
    """Curves over the bias, what is known of 3s, and the place that the rule chose."""
    threes, others, called = (
        _of_seeds(arm, name) for name in ("errors_on_threes", "errors_on_others", "predicted_share")
    )
    chosen = biases(arm)
    return BiasPicture(
        at=list(arm.curves[0].x),
        digits=DIGITS,
        panels=[
            BiasPanel(
                title=text.word("errors"),
                where=text.word("test"),
                kind="count",
                lines=[
                    _line("threes", text.word("threes"), "student", threes),
                    _line("others", text.word("others"), "ink dotted", others),
                    _line("all", text.word("all"), "ink", threes + others),
                ],
            ),
            BiasPanel(
                title=text.word("rule-sees"),
                where=text.word("validation"),
                kind="share",
                lines=[_line("called", text.word("called"), "student", called)],
                known=arm.rows[0].figures["frequency"],
                known_name=text.word("known"),
            ),
        ],
        rule=BiasRule(min(chosen), fmean(chosen), max(chosen)),
        label=text.word("bias"),
        slider=text.word("slider"),
        says=BiasSentences(*(course.plain(text.say(key).markdown) for key in ("rule-place", "none", "raised"))),
        counts={"count": f"{arm.rows[0].figures['threes']:,.0f}"},
    )


def biases(arm: FinishedArm) -> list[float]:
    """What the rule chose for each seed."""
    return [row.figures["bias"] for row in arm.rows]


def _of_seeds(arm: FinishedArm, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """One quantity over the bias, a row for each seed."""
    return np.array([curve.y for curve in arm.curves if curve.name == name])


def _line(
    key: str,
    name: str,
    style: Literal["student", "ink", "ink dotted"],
    rows: np.ndarray[Any, np.dtype[np.float64]],
) -> BiasCurve:
    """The mean over the seeds with their range."""
    ends = (short(rows.min(axis=0)), short(rows.max(axis=0))) if len(rows) > 1 else (None, None)
    return BiasCurve(key, name, style, short(rows.mean(axis=0)), *ends)


def _source(studied: StudyResult, arm: FinishedArm, text: LessonText) -> None:
    seeds, chosen = studied.recipe.seeds, biases(arm)
    places = {
        "data": DATA_SETS[studied.recipe.data].title,
        "seeds": f"seeds {ranges(seeds).replace('-', '–')}",
        "seed": seeds[0],
        "low": f"{min(chosen):.1f}",
        "high": f"{max(chosen):.1f}",
    }
    st.caption(text.say("source" if len(seeds) > 1 else "one-seed").filled(places))
