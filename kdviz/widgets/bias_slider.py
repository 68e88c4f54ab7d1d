"""A class left out, on its page: curves over the bias of that class, drawn in the browser, with one slider."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean
from typing import Any

import numpy as np
import streamlit as st

from kdviz import course, lesson_text
from kdviz.catalogue import DATA_SETS
from kdviz.charts import study as charts
from kdviz.lesson_blocks import LessonText
from kdviz.study_facts.left_out_class import BIASES, FACTS
from kdviz.study_records import FinishedArm, Studied
from kdviz.tables import ranges
from kdviz.widgets import page
from kdviz.widgets.components import component

CORRECTED = "corrected"
PARAMETER = "bias"  # in the URL
_KEY = "bias_slider"
_WORDS, _SAYS = ("bias", "slider"), ("rule-place", "none", "raised")
_PLOTLY_CONFIG = {"displayModeBar": False, "scrollZoom": False}

_bias_slider = component(
    "bias_slider",
    html="bias_slider.html",
    css=("base.css", "bias_slider.css"),
    js=("shared.js", "slider.js", "svg.js", "over_t.js", "bias_slider.js"),
)


def show(studied: Studied) -> None:
    """The arms side by side, and above them what becomes of the student without 3s as its bias is raised."""
    arm = studied.arm(CORRECTED)
    if arm is not None and arm.curves:
        text = lesson_text.read(f"studies/{FACTS.name}")
        _bias_slider(key=_KEY, data={**picture(arm, text), "bias": _wanted()}, on_bias_change=_keep)
        _source(studied, arm, text)
    st.plotly_chart(
        charts.figure(studied, FACTS.measures[0], page.colours()),
        key="left_out_class",
        config=_PLOTLY_CONFIG,
        alt=f"{FACTS.title}: {FACTS.measures[0].title}, the mean of each arm with its interval",
    )


def picture(arm: FinishedArm, text: LessonText) -> dict[str, Any]:
    """All that the browser draws: curves over the bias, what is known of 3s, and the place that the rule chose."""
    threes, others, called = (
        _of_seeds(arm, name) for name in ("errors_on_threes", "errors_on_others", "predicted_share")
    )
    known = arm.rows[0].figures["frequency"]
    chosen = biases(arm)
    return {
        "at": _places(arm),
        "panels": [
            {
                "title": text.word("errors"),
                "where": text.word("test"),
                "format": "count",
                "lines": [
                    _line("threes", text.word("threes"), "student", threes),
                    _line("others", text.word("others"), "ink dotted", others),
                    _line("all", text.word("all"), "ink", threes + others),
                ],
            },
            {
                "title": text.word("rule-sees"),
                "where": text.word("validation"),
                "format": "share",
                "known": known,
                "knownName": text.word("known"),
                "lines": [_line("called", text.word("called"), "student", called)],
            },
        ],
        "rule": {"low": min(chosen), "mean": fmean(chosen), "high": max(chosen)},
        "known": known,
        "counts": {"count": f"{arm.rows[0].figures['threes']:,.0f}"},
        "words": {word: text.word(word) for word in _WORDS},
        "says": {key: course.plain(text.say(key).markdown) for key in _SAYS},  # the browser fills their places
    }


def biases(arm: FinishedArm) -> list[float]:
    """What the rule chose for each seed."""
    return [row.figures["bias"] for row in arm.rows]


def _places(arm: FinishedArm) -> list[float]:
    return list(arm.curves[0].x)


def _of_seeds(arm: FinishedArm, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """One quantity over the bias, a row for each seed."""
    return np.array([curve.y for curve in arm.curves if curve.name == name])


def _line(key: str, name: str, style: str, rows: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, Any]:
    """The mean over the seeds with their range."""
    line = {"key": key, "name": name, "className": style, "y": _short(rows.mean(axis=0))}
    if len(rows) > 1:
        line |= {"low": _short(rows.min(axis=0)), "high": _short(rows.max(axis=0))}
    return line


def _short(values: Sequence[float] | np.ndarray[Any, np.dtype[np.float64]]) -> list[float]:
    """A browser needs few digits."""
    return [float(f"{value:.5g}") for value in values]


def _source(studied: Studied, arm: FinishedArm, text: LessonText) -> None:
    seeds, chosen = studied.recipe.seeds, biases(arm)
    places = {
        "data": DATA_SETS[studied.recipe.data].title,
        "seeds": f"seeds {ranges(seeds).replace('-', '–')}",
        "seed": seeds[0],
        "low": f"{min(chosen):.1f}",
        "high": f"{max(chosen):.1f}",
    }
    st.caption(text.say("source" if len(seeds) > 1 else "one-seed").filled(places))


def _wanted() -> float:
    """The bias of the link; what is none is said and passed over."""
    text = st.query_params.get(PARAMETER)
    if text is None:
        return 0.0
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not BIASES[0] <= value <= BIASES[-1]:
        st.warning(f"{PARAMETER} is {text}; it takes a number from {BIASES[0]:g} to {BIASES[-1]:g}. Shown is 0.")
        return 0.0
    return value


def _keep() -> None:
    """Keep the bias in the URL. What a browser sends is not to be trusted."""
    value = st.session_state[_KEY].get("bias")
    if isinstance(value, bool) or not isinstance(value, int | float) or not BIASES[0] <= value <= BIASES[-1]:
        return
    if value:
        st.query_params[PARAMETER] = f"{value:.1f}"
    else:
        st.query_params.pop(PARAMETER, None)
