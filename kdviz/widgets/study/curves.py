"""What stands below a study's figures: the gap between training and test, digits, angles; what its numbers say."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import floor

import pandas as pd
import streamlit as st

from kdviz.charts import study_curves as charts
from kdviz.charts.curves import seed_curve
from kdviz.charts.study_curves import ArmCurve
from kdviz.records.study import StudyResult
from kdviz.reports import phrases
from kdviz.reports.study import smallest
from kdviz.widgets import page
from kdviz.widgets.lesson import LessonPage
from kdviz.widgets.literal import literal
from kdviz.widgets.study import words as study_words

COLUMNS = 3
ACCURACIES = (0.85, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98)  # at which the smallest network is named
BELOW = 0.1  # where the axis begins, under the lowest end
ABOVE = 1.05  # where the axis of a loss ends, over its highest value

Beside = Callable[[StudyResult, LessonPage], None]


def lines_of(studied: StudyResult, curve: str, arms: str = "") -> list[ArmCurve]:
    """A line for each arm that has the curve, with `arms` at the beginning of its name."""
    lines = (
        charts.arm_curve(finished, curve, arm.title.rpartition(": ")[2], arm.role)
        for arm in studied.recipe.chosen
        if arm.name.startswith(arms) and (finished := studied.arm(arm.name)) is not None
    )
    return [line for line in lines if line is not None]


def _together(
    studied: StudyResult,
    text: LessonPage,
    *,
    curve: str,
    arms: Sequence[str] = ("",),
    log: bool = False,
    apart: bool = False,
) -> None:
    """A figure for each beginning of the arms' names."""
    parts = {part: lines for part in arms if (lines := lines_of(studied, curve, part))}
    if not parts:
        return
    text.text("curves")
    x, y = text.word("curves-x"), text.word("curves-y")
    for part, lines in parts.items():
        title = text.word(f"curves-{part}") if part else ""
        if title:
            st.markdown(f"**{title}**")
        alt = f"{title} {y}, {x}: {', '.join(line.name for line in lines)}".strip()
        figure = charts.together(lines, x, y, page.colours(), log=log, apart=apart)
        page.chart(figure, key=f"curves_{curve}_{part}", alt=alt)


def _gaps(studied: StudyResult, text: LessonPage) -> None:
    """Small figures side by side, one for each arm, on one scale."""
    upper = lines_of(studied, "training_accuracy")
    lower = lines_of(studied, "validation_accuracy")
    if not upper:
        return
    text.text("curves")
    least = max(0.0, floor(20 * min(line.mean[-1] for line in lower)) / 20 - BELOW)  # the gap, not the first updates
    with st.container(key="study_gaps"):
        for number, (training, validation) in enumerate(zip(upper, lower, strict=True)):
            if number % COLUMNS == 0:
                columns = st.columns(COLUMNS, gap="medium")
            pair = replace(training, name=text.word("training")), replace(validation, name=text.word("validation"))
            ends = ", ".join(f"{line.name} {phrases.percent(line.mean[-1], 1)}" for line in pair)
            figure = charts.gap(*pair, text.word("curves-x"), least, page.colours())
            with columns[number % COLUMNS]:
                st.markdown(f"**{literal(training.name)}**")
                page.chart(figure, key=f"gap_{number}", alt=f"{training.name}: {ends} at the end")


def _terms(studied: StudyResult, text: LessonPage, *, one_scale: bool = True) -> None:
    """What the soft and the hard term add to the loss while the arms learn, side by side."""
    shown = [
        (arm.title, seed_curve(finished, "loss_kd"), seed_curve(finished, "loss_ce"))
        for arm in studied.recipe.chosen
        if (finished := studied.arm(arm.name)) is not None
    ]
    shown = [(title, soft, hard) for title, soft, hard in shown if soft.x and hard.x]
    if not shown:
        return
    text.text("curves")
    names = text.word("soft-term"), text.word("hard-term")
    highest = [max(*soft.high, *hard.high) for _, soft, hard in shown]
    with st.container(key="study_terms"):
        for number, (title, soft, hard) in enumerate(shown):
            if number % COLUMNS == 0:
                columns = st.columns(COLUMNS, gap="medium")
            ends = ", ".join(f"{name} {curve.mean[-1]:.2f}" for name, curve in zip(names, (soft, hard), strict=True))
            most = ABOVE * (max(highest) if one_scale else highest[number])
            figure = charts.terms(soft, hard, names, text.word("curves-x"), most, page.colours())
            with columns[number % COLUMNS]:
                st.markdown(f"**{literal(title)}**")
                page.chart(figure, key=f"terms_{number}", alt=f"{title}: {ends} at the end")


def _smoothed(studied: StudyResult, text: LessonPage) -> None:
    """What is left within the classes, at equal T and at equal T over the spread of the logits, side by side.

    Runs of before have the first alone.
    """
    shown = {
        key: lines
        for key, curve in (("by-spread", "within_class_by_spread"), ("at-one-t", "within_class"))
        if (lines := lines_of(studied, curve))
    }
    if not shown:
        return
    text.text("curves")
    for (key, lines), column in zip(shown.items(), st.columns(len(shown), gap="large"), strict=True):
        x, y = text.word("curves-x-by-spread" if key == "by-spread" else "curves-x"), text.word("curves-y")
        with column:
            text.text(key)
            figure = charts.together(lines, x, y, page.colours(), log=True)
            page.chart(figure, key=f"curves_{key}", alt=f"{y}, {x}: {', '.join(line.name for line in lines)}")
    ordinary, smoothed = (_at_the_spread(studied, arm) for arm in ("teacher", "smoothed-teacher"))
    if ordinary and smoothed:
        text.say("at-the-spread", ordinary=ordinary, smoothed=smoothed)


def _at_the_spread(studied: StudyResult, arm: str) -> str:
    """The share where T is the spread of the logits; nothing where it was not measured."""
    finished = studied.arm(arm)
    curve = None if finished is None else seed_curve(finished, "within_class_by_spread")
    return phrases.percent(curve.mean[curve.x.index(1.0)], 1) if curve is not None and 1.0 in curve.x else ""


def _quality(studied: StudyResult, text: LessonPage) -> None:
    """What the students of better and of worse teachers know of digits that they were not shown."""
    verdicts = {
        f"verdict_{images}_{who}": study_words.word(studied, studied.judgement(f"{images}-{who}"))
        for images in ("part", "all")
        for who in ("usual", "early")
    }
    places = study_words.places(studied)
    figures = {who: places.get(f"unseen_accuracy_part_{who}", "") for who in ("best", "hot", "usual", "early")}
    figures |= {f"told_{who}": places.get(f"told_part_{who}", "") for who in ("best", "hot", "usual", "early")}
    figures |= {f"teacher_{who}": places.get(f"mean_teacher_{who}", "") for who in ("best", "usual", "early")}
    if all(figures.values()) and all(verdicts.values()):
        text.text("found")
        text.say("found-part", **figures)
        text.say("found-verdicts", **verdicts)


def _smallest(studied: StudyResult, text: LessonPage) -> None:
    """The smallest network that reaches an accuracy, with labels only and with a teacher."""
    rows = [
        {
            text.word("accuracy"): phrases.percent(least),
            **{
                text.word(way): f"{arm.title.partition(',')[0]}, {kilobytes:.0f}\u00a0kB"
                for way in ("labels", "taught")
                if (found := smallest(studied, way, least)) is not None
                for arm, kilobytes in [found]
            },
        }
        for least in ACCURACIES
    ]
    reached = [row for row in rows if len(row) > 1]
    if reached:
        text.text("smallest")
        table = pd.DataFrame(reached).fillna(text.word("nothing"))
        st.dataframe(table, hide_index=True, height="content", alt="The smallest network at each accuracy")


# By the study's name.
BESIDE: Mapping[str, Beside] = {
    "smallest-student": _smallest,
    "smoothed-teacher": _smoothed,
    "teacher-quality": _quality,
    "overfitting": _gaps,
    "next-letter": _terms,
    "next-letter-divergences": partial(_terms, one_scale=False),
    "one-task": partial(_together, curve="right_by_digit", arms=("parity", "size"), apart=True),
    "other-domain": partial(_together, curve="accuracy_by_angle"),
}
