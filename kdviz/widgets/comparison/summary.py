"""What a finished comparison comes to: one table, one picture, the verdicts in words."""

from __future__ import annotations

from statistics import fmean

import streamlit as st

from kdviz.charts import comparison as charts
from kdviz.charts.comparison import COSTS, Cost, trials_of
from kdviz.charts.layout import CONFIG
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.methods import METHODS, short_title
from kdviz.records.base import Mean
from kdviz.records.comparison import ComparisonResult, Summary, Trial
from kdviz.reports import phrases
from kdviz.reports.phrases import percent
from kdviz.widgets import page
from kdviz.widgets.comparison import words

_COSTS: dict[Cost, str] = {"seconds": "Seconds", "multiply_adds": "Multiply-adds", "images_seen": "Images"}
_HEADER = (
    "| | right ↑ | errors | NLL ↓ | ECE ↓ | agreement ↑ | KL ↓ | seconds | multiply-adds | memory | verdict |\n"
    "|:--|--:|--:|--:|--:|--:|--:|--:|--:|--:|:--|\n"
)
_HEADER_OF_SEEDS = (
    "| | seed | validation ↑ | right ↑ | errors | NLL ↓ | ECE ↓ | agreement ↑ | KL ↓ | seconds | others |\n"
    "|:--|--:|--:|--:|--:|--:|--:|--:|--:|--:|:--|\n"
)


def show(compared: ComparisonResult) -> None:
    """Table, verdicts, the picture of accuracy against cost, and how well confidence fits."""
    st.subheader("Result on the test images, looked at once", anchor=False)
    with st.container(key="compared"):
        st.markdown(_HEADER + "\n".join(_row(compared, summary) for summary in compared.summaries))
    st.caption(_legend(compared))
    _verdicts(compared)
    _picture(compared)
    with st.expander("Does their confidence fit? Reliability diagrams"):
        st.plotly_chart(
            charts.reliability_figure(compared, page.colours()),
            key="reliability",
            config=CONFIG,
            alt="Accuracy against confidence of each way of teaching, in bars of equal width",
        )
        st.caption(
            "On the dotted line a network that is 80 % sure is right 8 times in 10. Below it, it is too sure; above, "
            "too modest. The larger a mark, the more test images it stands for; all seeds together. Marks that would "
            f"stand for fewer than {charts.FEWEST_IMAGES} images are left out."
        )
    with st.expander("Every seed"):
        st.markdown(_every_seed(compared))
        st.caption(
            "*Validation*: right on the validation images. Choose T, α and the number of epochs by that column; the "
            "test images are for the number that you report at the end. All figures are those after the last epoch."
        )


def _row(compared: ComparisonResult, summary: Summary) -> str:
    trials = trials_of(compared, summary.method)
    means, verdict = summary.means, summary.verdicts.get("test_accuracy")
    with_teacher = f" ({summary.expense_with_teacher.seconds:.1f})" if METHODS[summary.method].asks_teacher else ""
    errors = fmean(trial.test_errors for trial in trials)
    cells = (
        short_title(summary.method),
        _accuracy(compared, summary),
        f"{errors:,.0f}" if len(trials) == 1 else f"{errors:,.1f}",
        f"{means['nll'].mean:.4f}",
        f"{means['ece'].mean:.4f}",
        percent(means["agreement"].mean, 1),
        f"{means['fidelity_kl'].mean:.4f}",
        f"{summary.expense.seconds:.1f}{with_teacher}",
        phrases.with_prefix(summary.expense.multiply_adds),
        phrases.with_prefix(summary.expense.peak_memory, "B"),
        "" if verdict is None else verdict.word,
    )
    return f"| {' | '.join(cells)} |"


def _accuracy(compared: ComparisonResult, summary: Summary) -> str:
    mean: Mean = summary.means["test_accuracy"]
    interval = charts.interval(compared, summary) if mean.low is None else None
    return phrases.percent_of_images(mean.mean, interval) if interval else phrases.percent_over_seeds(mean, 2)


def _legend(compared: ComparisonResult) -> str:
    recipe, facts = compared.recipe, DATA_SETS[compared.recipe.data]
    seeds = phrases.count(len(recipe.seeds), "seed")
    interval = (
        "±: 95 % interval of the mean over the seeds (Student’s t)"
        if len(recipe.seeds) > 1
        else "In brackets: Wilson’s 95 % interval, for the choice of test images only"
    )
    return (
        f"{compared.trials[0].test_images:,} test images of {facts.title}; {seeds} ({_seed_names(recipe.seeds)}), "
        f"{recipe.epochs} epochs, {recipe.labels or facts.training_images:,} labels; means over the seeds. {interval}. "
        "↑: more is better; ↓: less is. NLL: mean negative log-likelihood, nats. ECE: gap between confidence and "
        "accuracy. Agreement: same answer as "
        "the seed’s trained teacher; KL: to that teacher at T = 1, nats. Seconds, multiply-adds and peak memory: for "
        "each seed, without the teacher, which can be used again; seconds in brackets have its training too. Verdict: "
        "accuracy against labels only, seed by seed; the intervals of the differences are widened, so that the "
        "verdicts on all ways hold together 95 % of the time. The other measures are judged together in the same way."
    )


def _seed_names(seeds: tuple[int, ...]) -> str:
    return ", ".join(map(str, seeds[:3])) + (
        f", … {seeds[-1]}" if len(seeds) > 4 else "".join(f", {s}" for s in seeds[3:])
    )


def _verdicts(compared: ComparisonResult) -> None:
    judged = [summary for summary in compared.summaries if summary.verdicts]
    if len(compared.recipe.seeds) == 1:
        page.say(words.NO_VERDICT)
    elif judged:
        left, right = st.columns(2, gap="large")
        with left:
            st.markdown("**Accuracy, against labels only**")
            st.markdown("\n".join(f"- {words.verdict_in_words(summary)}" for summary in judged))
        with right:
            st.markdown("**And besides accuracy**")
            st.markdown("\n".join(f"- {words.besides_in_words(summary)}" for summary in judged))
    control = words.control_in_words(compared)
    if control:
        page.say(control)


def _picture(compared: ComparisonResult) -> None:
    st.subheader("What the accuracy costs", anchor=False)
    cost = st.segmented_control(
        "Cost",
        list(_COSTS),
        format_func=_COSTS.__getitem__,
        default="seconds",
        required=True,
        key="cost",
        label_visibility="collapsed",
        wrap=True,
    )
    with st.container(key="against_cost"):
        st.plotly_chart(
            charts.cost_figure(compared, cost, page.colours()),
            key="chart_against_cost",
            config=CONFIG,
            alt=f"Test accuracy with its interval against {COSTS[cost]}, a mark for each way of teaching",
        )
    st.caption(
        "Bars: the intervals of the table. A filled mark stands for the student’s share alone; a ring at the end of a "
        "dotted line adds the training of the teachers that it asked. Seconds are of this machine, with all ways in "
        "turns; multiply-adds and images are the same everywhere."
    )


def _every_seed(compared: ComparisonResult) -> str:
    trials = [
        *((short_title(trial.method), trial) for trial in compared.trials),
        *(("Control: another teacher’s student", trial) for trial in compared.controls),
        *(("The teacher", trial) for trial in compared.teachers),
    ]
    return _HEADER_OF_SEEDS + "\n".join(_trial(name, trial) for name, trial in trials)


def _trial(name: str, trial: Trial) -> str:
    others = ", ".join(f"{other} {percent(accuracy, 2)}" for other, accuracy in trial.others.items())
    return (
        f"| {name} | {trial.seed} | {percent(trial.validation_accuracy, 2)} | {percent(trial.test_accuracy, 2)} "
        f"| {trial.test_errors:,} | {trial.nll:.4f} "
        f"| {trial.ece:.4f} | {percent(trial.agreement, 2)} | {trial.fidelity_kl:.4f} | {trial.expense.seconds:.1f} "
        f"| {others} |"
    )
