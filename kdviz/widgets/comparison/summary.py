"""What a finished comparison comes to: one table, one picture, the verdicts in words."""

from functools import partial
from statistics import fmean

import streamlit as st

from kdviz.charts import comparison as charts
from kdviz.charts.comparison import COSTS, Cost, trials_of
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.methods import METHODS, short_title
from kdviz.records.base import Mean
from kdviz.records.comparison import ComparisonResult, Summary, Trial
from kdviz.reports import findable, phrases
from kdviz.reports.phrases import percent
from kdviz.widgets import page
from kdviz.widgets.comparison import words
from kdviz.widgets.lesson import sentence
from kdviz.widgets.run_figures import shown_classes, written

_COSTS: dict[Cost, str] = {"seconds": "Seconds", "multiply_adds": "Multiply-adds", "images_seen": "Images"}
_MEASURED = ("nll", "ece", "agreement", "fidelity_kl")
_FIGURES = ("right ↑", "errors", "NLL ↓", "ECE ↓", "agreement ↑", "KL ↓", "seconds")


def show(compared: ComparisonResult) -> None:
    """Table, verdicts, the picture of accuracy against cost, and how well confidence fits."""
    st.header("Result on the test images, looked at once", anchor=False)
    headings = ("", *_FIGURES, "multiply-adds", "memory", "verdict")
    rows = [_row(compared, summary) for summary in compared.summaries]
    with st.container(key="compared"):
        st.markdown(page.table(headings, rows, left=(0, len(headings) - 1)))
    st.caption(_legend(compared))
    _verdicts(compared)
    _picture(compared)
    alt = "Accuracy against confidence of each way of teaching, in bars of equal width"
    place = page.unfolded("Does their confidence fit? Reliability diagrams", "reliability_diagrams")
    if place is not None:
        with place:
            page.chart(charts.reliability_figure(compared, page.colours()), key="reliability", alt=alt)
            st.caption(f"{words.say('reliability', images=charts.FEWEST_IMAGES)} {words.floor_in_words(compared)}")
    with st.expander("Every seed"):
        st.markdown(_every_seed(compared))
        st.caption(words.say("every-seed"))


def _row(compared: ComparisonResult, summary: Summary) -> tuple[str, ...]:
    trials = trials_of(compared, summary.method)
    means, verdict = summary.means, summary.verdicts.get("test_accuracy")
    with_teacher = f" ({summary.expense_with_teacher.seconds:.1f})" if METHODS[summary.method].asks_teacher else ""
    errors = fmean(trial.test_errors for trial in trials)
    return (
        short_title(summary.method),
        _accuracy(compared, summary),
        f"{errors:,.0f}" if len(trials) == 1 else f"{errors:,.1f}",
        *written({name: mean.mean for name, mean in means.items()}, _MEASURED, digits=1),
        f"{summary.expense.seconds:.1f}{with_teacher}",
        phrases.with_prefix(summary.expense.multiply_adds),
        phrases.with_prefix(summary.expense.peak_memory, "B"),
        "" if verdict is None else words.word(compared, summary),
    )


def _accuracy(compared: ComparisonResult, summary: Summary) -> str:
    mean: Mean = summary.means["test_accuracy"]
    interval = charts.interval(compared, summary) if mean.low is None else None
    return phrases.percent_of_images(mean.mean, interval) if interval else phrases.percent_over_seeds(mean, 2)


def _legend(compared: ComparisonResult) -> str:
    recipe, facts = compared.recipe, DATA_SETS[compared.recipe.data]
    seeds = recipe.seeds if len(recipe.seeds) < 5 else (*recipe.seeds[:3], f"… {recipe.seeds[-1]}")
    return words.say(
        "table",
        images=f"{compared.trials[0].test_images:,}",
        data=facts.title,
        seeds=phrases.count(len(recipe.seeds), "seed"),
        numbers=", ".join(map(str, seeds)),
        epochs=recipe.epochs,
        labels=f"{recipe.labels or facts.training_images:,}",
        interval=sentence("runs", "means-with-intervals" if len(recipe.seeds) > 1 else "interval-of-images"),
    ) + shown_classes(recipe)


def _verdicts(compared: ComparisonResult) -> None:
    judged = [summary for summary in compared.summaries if summary.verdicts]
    if len(compared.recipe.seeds) == 1:
        page.say(f"{words.one_seed_in_words(findable.family(compared))} {words.say('one-seed-intervals')}")
    elif judged:
        columns = {
            "**Accuracy, against labels only**": partial(words.verdict_in_words, compared),
            "**And besides accuracy**": partial(words.besides_in_words, compared),
        }
        for (title, in_words), column in zip(columns.items(), st.columns(2, gap="large"), strict=True):
            column.markdown(title)
            column.markdown("\n".join(f"- {in_words(summary)}" for summary in judged))
        if meaning := words.findable_in_words(compared):
            st.caption(meaning)
    for said in (words.teachers_in_words(compared), words.control_in_words(compared)):
        if said:
            page.say(said)


def _picture(compared: ComparisonResult) -> None:
    st.header("What the accuracy costs", anchor=False)
    cost = page.switch("Cost", _COSTS, key="cost")
    alt = f"Test accuracy with its interval against {COSTS[cost]}, a mark for each way of teaching"
    with st.container(key="against_cost"):
        page.chart(charts.cost_figure(compared, cost, page.colours()), key="chart_against_cost", alt=alt)
    st.caption(words.say("cost"))


def _every_seed(compared: ComparisonResult) -> str:
    rows = [
        *(_trial(short_title(trial.method), trial) for trial in compared.trials),
        *(_trial("Control: another teacher’s student", trial) for trial in compared.controls),
        *(_trial("The teacher", trial) for trial in compared.teachers),
    ]
    headings = ("", "seed", "validation ↑", *_FIGURES, "others")
    return page.table(headings, rows, left=(0, len(headings) - 1))


def _trial(name: str, trial: Trial) -> tuple[object, ...]:
    figures = written(dict(trial), ("validation_accuracy", "test_accuracy", "test_errors", *_MEASURED))
    others = ", ".join(f"{other} {percent(accuracy, 2)}" for other, accuracy in trial.others.items())
    return name, trial.seed, *figures, f"{trial.expense.seconds:.1f}", others
