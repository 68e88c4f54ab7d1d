"""What a finished run comes to: its networks side by side, what one seed can say of them, and all curves."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from kdviz.charts import single as charts
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.records.base import Scores
from kdviz.records.single import Progress, Result
from kdviz.reports.phrases import percent
from kdviz.widgets import page

PLOTLY_CONFIG = {"displaylogo": False, "scrollZoom": False}


def show(result: Result, progress: Sequence[Progress]) -> None:
    """Table, verdict and curves of a run that has its result."""
    _table(result)
    _explore(result, progress)


def _table(result: Result) -> None:
    st.subheader("How good are they? The test images, looked at once", anchor=False)
    rows = (
        ("Teacher", result.teacher),
        ("Distilled student", result.distilled),
        ("Same student, no teacher", result.plain),
    )
    header = "| | network | parameters | right | errors | 95 % interval | NLL | ECE | agreement | training |\n"
    table = header + "|:--|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n" + "\n".join(_row(name, s) for name, s in rows)
    st.markdown(table)
    facts, labels = DATA_SETS[result.recipe.data], result.recipe.labels
    st.caption(
        f"{result.teacher.test_images:,} test images of {facts.title}, seed {result.recipe.seed}. Students: "
        f"{labels or facts.training_images:,} labels; the distilled one {facts.training_images:,} images to "
        f"be taught on. The teacher’s training may be an earlier one. NLL: mean negative "
        "log-likelihood in nats. ECE: gap between confidence and accuracy. Agreement: same answer as the teacher. "
        "Interval: Wilson, for the choice of test images only; another seed would add to it."
    )
    page.say(verdict(result))


def verdict(result: Result) -> str:
    """What one seed can say about two students: the difference, and how far it can be believed."""
    distilled, plain = result.distilled, result.plain
    if result.recipe.alpha == 0:
        return "With α = 0 nothing is asked of the teacher: both students are the same network."
    difference = plain.test_errors - distilled.test_errors
    if difference == 0:
        words = "Both students make the same number of errors"
    else:
        word = "error" if abs(difference) == 1 else "errors"
        words = (
            f"The distilled student makes {abs(difference):,} {'fewer' if difference > 0 else 'more'} {word} than the "
            "same student without a teacher"
        )
    (low, high), (plain_low, plain_high) = distilled.test_accuracy_interval, plain.test_accuracy_interval
    if low > plain_high or plain_low > high:
        belief = (
            "The choice of test images cannot explain that; how much another seed would change, one seed leaves open."
        )
    else:
        belief = "With one seed that is no verdict: train again with other seeds before you believe it."
    agree = ""
    if distilled.agreement != plain.agreement and distilled.agreement is not None and plain.agreement is not None:
        agree = (
            f" What did change: it gives the teacher’s answer on {percent(distilled.agreement, 1)} of the test images, "
            f"the other on {percent(plain.agreement, 1)}."
        )
    return f"{words}. {belief}{agree}"


def _row(name: str, scores: Scores) -> str:
    low, high = scores.test_accuracy_interval
    agreement = "" if scores.agreement is None else f"{percent(scores.agreement, 2)}"
    return (
        f"| {name} | {scores.architecture} | {scores.parameters:,} | {percent(scores.test_accuracy, 2)} "
        f"| {scores.test_errors:,} | {percent(low, 2)} – {percent(high, 2)} "
        f"| {scores.nll:.4f} | {scores.ece:.4f} | {agreement} | {scores.seconds:.1f} s |"
    )


def _explore(result: Result, progress: Sequence[Progress]) -> None:
    with st.expander("More curves of this run"):
        st.plotly_chart(
            charts.run_figure(charts.curves(progress), result.recipe.loss, page.colours()),
            key="finished",
            config=PLOTLY_CONFIG,
        )
        changes = ", ".join(f"{name} {value}" for name, value in result.recipe.changes().items())
        st.caption(f"Run {result.run_id}: the reference recipe{' with ' + changes if changes else ''}.")
