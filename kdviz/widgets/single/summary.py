"""What a finished run comes to: its networks side by side, what one seed can say of them, and all curves."""

from functools import partial

import pandas as pd
import streamlit as st

from kdviz.charts import single as charts
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.records.base import Scores
from kdviz.records.intervals import mcnemar_p_value, same_share_p_value
from kdviz.records.single import Result
from kdviz.reports.phrases import percent, plural
from kdviz.reports.teachers import SHOWN, worse_of
from kdviz.widgets import page
from kdviz.widgets.lesson import sentence
from kdviz.widgets.run_figures import shown_classes, written

PLOTLY_CONFIG = {"displaylogo": False, "scrollZoom": False}
say = partial(sentence, "watch_it_train")


def show(result: Result, curves: pd.DataFrame) -> None:
    """Table, verdict and curves of a run that has its result."""
    st.header("How good are they? The test images, looked at once", anchor=False)
    headings = "", "network", "parameters", "right", "errors", "95 % interval", "NLL", "ECE", "agreement", "training"
    students = {
        "Teacher": result.teacher,
        "Distilled student": result.distilled,
        "Same student, no teacher": result.plain,
    }
    st.markdown(page.table(headings, [_row(name, scores) for name, scores in students.items()]))
    facts, labels = DATA_SETS[result.recipe.data], result.recipe.labels
    st.caption(
        say(
            "table",
            images=f"{result.teacher.test_images:,}",
            data=facts.title,
            seed=result.recipe.seed,
            labels=f"{labels or facts.training_images:,}",
            training_images=f"{facts.training_images:,}",
        )
        + shown_classes(result.recipe)
    )
    page.say(verdict(result))
    place = page.unfolded("More curves of this run", "more_curves")
    if place is not None:
        figure = charts.run_figure(curves, result.recipe.loss, page.colours())
        place.plotly_chart(figure, key="finished", config=PLOTLY_CONFIG)
        changes = ", ".join(f"{name} {value}" for name, value in result.recipe.changes().items())
        place.caption(f"Run {result.run_id}: the reference recipe{' with ' + changes if changes else ''}.")


def verdict(result: Result) -> str:
    """What one seed can say about two students: the difference, and how far it can be believed."""
    distilled, plain = result.distilled, result.plain
    if result.recipe.alpha == 0:
        return " ".join(filter(None, (say("same-network"), _of_teacher(result))))
    fewer = plain.test_errors - distilled.test_errors
    errors = f"{abs(fewer):,} {'fewer' if fewer > 0 else 'more'} {plural(abs(fewer), 'error')}"
    counted = say("same-number") if fewer == 0 else say("other-number", errors=errors)
    shared = None if result.in_common is None else result.in_common.wrong
    chance = chance_of_images((distilled.test_errors, plain.test_errors), shared, distilled.test_images)
    within = "same-number-only" if fewer == 0 else "no-verdict"
    sentences = [f"{counted}.", say("beyond-images" if chance < SHOWN else within), _agreement(result)]
    return " ".join(filter(None, (*sentences, _of_teacher(result))))


def chance_of_images(counts: tuple[int, int], shared: int | None, images: int) -> float:
    """How often two equally good networks are so far apart on so many images, by chance.

    `counts` are of the same images; `shared` of them count for both. Where that is not known, as if each network had
    images of its own: then chance is said to do more than it does.
    """
    if shared is None:
        return same_share_p_value(*counts, images)
    return mcnemar_p_value(counts[0] - shared, counts[1] - shared)


def _agreement(result: Result) -> str:
    """Whether the distilled student agrees with the teacher on more images or fewer, beyond their chance."""
    distilled, plain = result.distilled, result.plain
    if distilled.agreement is None or plain.agreement is None:
        return ""
    images = distilled.test_images
    counts = round(distilled.agreement * images), round(plain.agreement * images)
    shared = None if result.in_common is None else result.in_common.agree
    if chance_of_images(counts, shared, images) >= SHOWN:
        return ""
    return say("agreement", distilled=percent(distilled.agreement, 1), plain=percent(plain.agreement, 1))


def _of_teacher(result: Result) -> str:
    """That the teacher is worse than the student without it, where it is."""
    worse = worse_of(result)
    return (
        "" if worse is None else say("teacher-worse", teacher=percent(worse.teacher, 1), plain=percent(worse.plain, 1))
    )


def _row(name: str, scores: Scores) -> tuple[str, ...]:
    low, high = scores.test_accuracy_interval
    right, errors, *others, seconds = written(
        dict(scores), ("test_accuracy", "test_errors", "nll", "ece", "agreement", "seconds")
    )
    interval = f"{percent(low, 2)} – {percent(high, 2)}"
    return name, scores.architecture, f"{scores.parameters:,}", right, errors, interval, *others, f"{seconds} s"
