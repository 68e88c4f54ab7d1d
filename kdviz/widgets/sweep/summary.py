"""What a finished sweep comes to: the choice and its one test, slices of the map, and all parameters side by side."""

import math
from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any

import streamlit as st

from kdviz.charts import sweep as charts
from kdviz.charts.sweep import MEASURES, NAMES, Along
from kdviz.recipes.sweep import Cell
from kdviz.records.base import Mean, Scores
from kdviz.records.single import Result
from kdviz.records.sweep import SweepResult
from kdviz.records.sweep_so_far import SHARES, SweepMeasure
from kdviz.reports.phrases import percent, percent_of_images, percent_over_seeds
from kdviz.widgets import page
from kdviz.widgets.lesson import sentence
from kdviz.widgets.run_figures import written
from kdviz.widgets.sweep import words

_SHORT: dict[SweepMeasure, str] = {
    "validation_accuracy": "Accuracy",
    "agreement": "Agreement",
    "nll": "NLL",
    "ece": "ECE",
}
_FIGURES = ("right ↑", "errors", "NLL ↓", "ECE ↓", "agreement ↑", "KL ↓")


def show(
    swept: SweepResult, selected: Cell | None, recipe: Callable[[], None] | None = None, *, stored: bool = True
) -> None:
    """What was learnt, the choice on the test images, slices through the selected cell or the choice, every cell.

    `recipe` draws what there is to say about the selected cell; it comes after what was learnt. Of a sweep that is
    `stored` the page with all runs has more.
    """
    st.header("What was learnt", anchor=False)
    page.say(words.learnt(swept))
    st.markdown("\n".join(f"- {line}" for line in (words.against_plain(swept), words.diverged(swept)) if line))
    if stored:
        label = "Keep it: tags, notes, files to download"
        st.page_link("pages/runs.py", label=label, icon=":material/save:", query_params={"run": swept.run_id})
    if recipe is not None:
        recipe()
    _choice(swept)
    looked_at = selected or charts.best_taught(swept)
    if looked_at is not None:
        _slices(swept, looked_at)
    _side_by_side(swept)
    place = page.unfolded("Every cell", "every_cell")
    if place is not None:
        with place:
            _table(swept)


def _choice(swept: SweepResult) -> None:
    choice = swept.choice
    if choice is None:
        return
    st.header("The choice on the test images, looked at once", anchor=False)
    results, seeds = choice.results, swept.recipe.seeds_of_test
    chosen = [result.distilled for result in results]
    rows = [_row(f"**{words.name(choice.cell, swept.recipe)}**", chosen, choice.test_accuracy)]
    if choice.cell.alpha > 0:
        plain = [result.plain for result in results]
        rows.append(_row("The same student, labels only", plain, choice.plain_test_accuracy))
    rows.append(_row("Their teacher", [result.teacher for result in results]))
    with st.container(key="choice"):
        st.markdown(page.table(("", *_FIGURES), rows))
    images = f"{chosen[0].test_images:,}"
    over = f"means over the seeds {', '.join(map(str, seeds))}" if len(seeds) > 1 else f"seed {seeds[0]}"
    interval = sentence("runs", "means-with-intervals" if len(seeds) > 1 else "interval-of-images")
    table = words.say("choice-table", images=images, over=over, interval=interval)
    st.caption(f"{words.chosen_how(swept)} {table}")
    with st.expander("Every seed of the choice"):
        st.markdown(_every_seed(results))


def _row(name: str, scores: Sequence[Scores], accuracy: Mean | None = None) -> tuple[str, ...]:
    figures = ("nll", "ece", "agreement", "fidelity_kl")
    columns = {figure: [getattr(of_seed, figure) for of_seed in scores] for figure in figures}
    means = {figure: None if None in column else fmean(column) for figure, column in columns.items()}
    if math.isnan(means["fidelity_kl"] or 0.0):
        means["fidelity_kl"] = None  # a student diverged, as the accuracy says
    errors = fmean(of_seed.test_errors for of_seed in scores)
    shown = f"{errors:,.0f}" if len(scores) == 1 else f"{errors:,.1f}"
    return name, _accuracy(scores, accuracy), shown, *written(means, figures, digits=1)


def _accuracy(scores: Sequence[Scores], over_seeds: Mean | None) -> str:
    """The mean with its interval, if there is one; of a single seed with that of the choice of images."""
    if not all(math.isfinite(of_seed.nll) for of_seed in scores):
        return "diverged"
    if len(scores) == 1:
        return percent_of_images(scores[0].test_accuracy, scores[0].test_accuracy_interval)
    if over_seeds is None:
        return percent(fmean(of_seed.test_accuracy for of_seed in scores), 2)
    return percent_over_seeds(over_seeds, 2)


def _every_seed(results: Sequence[Result]) -> str:
    rows = []
    for result in results:
        networks = result.distilled, result.plain, result.teacher
        right = (percent(scores.test_accuracy, 2) for scores in networks)
        rows.append((result.recipe.seed, *right, result.run_id))
    return page.table(("seed", "with the teacher", "without", "teacher", "run"), rows, left=(0, 4))


def _slices(swept: SweepResult, cell: Cell) -> None:
    st.header("Slices of the map, with intervals", anchor=False)
    measure = page.switch("Measure of the slices", _SHORT, key="slice_measure")
    sides: dict[Along, str] = {
        "temperature": f"**Over T**, at α = {cell.alpha:g}",
        "alpha": f"**Over α**, at T = {cell.temperature:g}",
    }
    for (along, title), place in zip(sides.items(), st.columns(2, gap="medium"), strict=True):
        lonely = len(charts.points(swept, cell, along)) < 2
        if lonely and len(charts.points(swept, cell, along, anywhere=True)) < 2:
            continue
        figure = charts.slice_figure(swept, cell, along, measure, page.colours())
        alt = f"{MEASURES[measure]} over {NAMES[along]} with 95 % intervals, beside labels only"
        with place:
            st.markdown(f"**All cells over {NAMES[along]}**" if lonely else title)
            page.chart(figure, key=f"slice_{along}", alt=alt)
    folds = "" if swept.recipe.folds is None else words.say("slices-folds")
    st.caption(words.say("slices", folds=folds))


def _side_by_side(swept: SweepResult) -> None:
    several = len(charts.varied(swept)) > 2
    alt = "A line for each cell through its parameters and its measures, coloured by accuracy"
    label = "All parameters side by side (parallel coordinates)"
    place = page.unfolded(label, "side_by_side", expanded=several)
    if place is not None:
        with place:
            page.chart(charts.parallel_figure(swept, page.colours()), key="parallel", alt=alt)
            st.caption(words.say("side-by-side"))


def _table(swept: SweepResult) -> None:
    rows = charts.frame(swept)
    shown = ["chosen", "tied", *charts.varied(swept), *MEASURES, "low", "high", "difference", "verdict", "students"]
    if rows.diverged.any():
        shown.append("diverged")
    rows = rows[shown]
    for name in (*SHARES, "low", "high", "difference"):
        rows[name] *= 100
    st.dataframe(rows, hide_index=True, column_config=_columns(), key="cells")
    st.caption(words.say("every-cell"))


def _columns() -> dict[str, Any]:
    number, check = st.column_config.NumberColumn, st.column_config.CheckboxColumn
    return {
        **{name: number(title, format=form) for form, titles in _TITLES.items() for name, title in titles.items()},
        "chosen": check("Chosen"),
        "tied": check("Tied", help="Its difference from the choice may be luck."),
        "student": "Student",
        "labels": number("Labels", help="Empty: all."),
        "epochs": "Epochs",
        "verdict": "Verdict",
        "students": number("Students", help="Seeds × folds."),
        "diverged": number("Diverged", help="How many of its students."),
    }


_TITLES = {  # of columns, by how their numbers are written
    "%g": {"temperature": "T", "alpha": "α", "learning_rate": "Learning rate"},
    "%.2f": {"validation_accuracy": "Accuracy, %", "agreement": "Agreement, %", "low": "low, %", "high": "high, %"},
    "%.4f": {"nll": "NLL", "ece": "ECE"},
    "%+.2f": {"difference": "Against labels only"},
}
