"""A class left out, on its page: what becomes of the student without 3s as the bias of that class is raised."""

from typing import Any, Literal

import numpy as np
import streamlit as st

from kdviz.charts import study as charts
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.study_facts.left_out_class import FACTS
from kdviz.records.study import FinishedArm, StudyResult
from kdviz.reports.text import ranges
from kdviz.widgets import lesson, page
from kdviz.widgets.lesson import LessonPage
from kdviz.widgets.pictures import bias_slider
from kdviz.widgets.pictures.bias_slider import BiasCurve, short


def show(studied: StudyResult) -> None:
    """The arms side by side, and above them the student without 3s under the slider."""
    arm = studied.arm("corrected")
    if arm is not None and arm.curves:
        text = lesson.part(f"studies/{FACTS.name}")
        bias_slider.show(picture(arm, text), key="bias_slider", parameter="bias")
        seeds, chosen = studied.recipe.seeds, biases(arm)
        places = {
            "data": DATA_SETS[studied.recipe.data].title,
            "seeds": f"seeds {ranges(seeds).replace('-', '–')}",
            "seed": seeds[0],
            "low": f"{min(chosen):.1f}",
            "high": f"{max(chosen):.1f}",
        }
        st.caption(text.lesson.say("source" if len(seeds) > 1 else "one-seed").filled(places))
    measure = FACTS.measures[0]
    alt = f"{FACTS.title}: {measure.title}, the mean of each arm with its interval"
    page.chart(charts.figure(studied, measure, page.colours()), key="left_out_class", alt=alt)


def picture(arm: FinishedArm, text: LessonPage) -> dict[str, Any]:
    """Curves over the bias, what is known of 3s, and the place that the rule chose."""
    curves = {name: np.array([curve.y for curve in arm.curves if curve.name == name]) for name in _CURVES}
    threes, others, called = curves.values()  # each (seeds, biases)
    figures = arm.rows[0].figures
    return bias_slider.picture(
        text,
        arm.curves[0].x,
        [
            _line("threes", text.word("threes"), "student", threes),
            _line("others", text.word("others"), "ink dotted", others),
            _line("all", text.word("all"), "ink", threes + others),
        ],
        _line("called", text.word("called"), "student", called),
        known=figures["frequency"],
        rule=biases(arm),
        counts={"count": f"{figures['threes']:,.0f}"},
        digits=1,  # the biases are tenths
        keys={"label": "bias", "known": "known", "says": "raised"},
    )


_CURVES = ("errors_on_threes", "errors_on_others", "predicted_share")


def biases(arm: FinishedArm) -> list[float]:
    """What the rule chose for each seed."""
    return [row.figures["bias"] for row in arm.rows]


def _line(key: str, name: str, style: Literal["student", "ink", "ink dotted"], rows: Any) -> BiasCurve:
    """The mean over the seeds with their range; `rows` (seeds, biases)."""
    ends = (short(rows.min(axis=0)), short(rows.max(axis=0))) if len(rows) > 1 else (None, None)
    return BiasCurve(key, name, style, short(rows.mean(axis=0)), *ends)
