"""What a finished sweep comes to: the choice and its one test, slices of the map, and all parameters side by side."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import fmean
from typing import Any

import streamlit as st

from kdviz.charts import sweep as charts
from kdviz.charts import sweep_map as heat_map
from kdviz.charts.layout import CONFIG
from kdviz.charts.sweep import IN_PERCENT, MEASURES, NAMES, Along, CellMeasure
from kdviz.recipes.sweep import Cell
from kdviz.records.base import Mean, Scores
from kdviz.records.single import Result
from kdviz.records.sweep import SweepResult
from kdviz.reports.phrases import percent, percent_of_images, percent_over_seeds
from kdviz.widgets import page
from kdviz.widgets.sweep import words

_SHORT: dict[CellMeasure, str] = {
    "validation_accuracy": "Accuracy",
    "agreement": "Agreement",
    "nll": "NLL",
    "ece": "ECE",
}
_HEADER = "| | right ↑ | errors | NLL ↓ | ECE ↓ | agreement ↑ | KL ↓ |\n|:--|--:|--:|--:|--:|--:|--:|\n"
_RUNS = "pages/runs.py"


def show(swept: SweepResult, key: str | None, recipe: Callable[[], None] | None = None) -> None:
    """What was learnt, the choice on the test images, slices through the selected cell or the choice, every cell.

    `recipe` draws what there is to say about the selected cell; it comes after what was learnt.
    """
    st.subheader("What was learnt", anchor=False)
    page.say(words.learnt(swept))
    st.markdown("\n".join(f"- {line}" for line in (words.against_plain(swept), words.diverged(swept)) if line))
    st.page_link(
        _RUNS,
        label="Keep it: tags, notes, files to download",
        icon=":material/save:",
        query_params={"run": swept.run_id},
    )
    if recipe is not None:
        recipe()
    _choice(swept)
    looked_at = heat_map.cell_of(swept.recipe, key) or charts.best_taught(swept)
    if looked_at is not None:
        _slices(swept, looked_at)
    _side_by_side(swept)
    with st.expander("Every cell"):
        _table(swept)


def _choice(swept: SweepResult) -> None:
    choice = swept.choice
    if choice is None:
        return
    st.subheader("The choice on the test images, looked at once", anchor=False)
    results = choice.results
    with st.container(key="choice"):
        chosen = [each.distilled for each in results]
        rows = [_row(f"**{words.name(choice.cell, swept.recipe)}**", chosen, choice.test_accuracy)]
        if choice.cell.alpha > 0:
            plain = [each.plain for each in results]
            rows.append(_row("The same student, labels only", plain, choice.plain_test_accuracy))
        rows.append(_row("Their teacher", [each.teacher for each in results]))
        st.markdown(_HEADER + "\n".join(rows))
    seeds = swept.recipe.seeds
    over = f"means over the seeds {', '.join(map(str, seeds))}" if len(seeds) > 1 else f"seed {seeds[0]}"
    interval = (
        "±: 95 % interval of the mean over the seeds (Student’s t)"
        if len(seeds) > 1
        else "In brackets: Wilson’s 95 % interval, for the choice of test images only"
    )
    st.caption(
        f"{words.chosen_how(swept)} {results[0].distilled.test_images:,} test images, {over}. {interval}. "
        "↑: more is better; ↓: less is. NLL: mean negative log-likelihood, nats. ECE: gap between confidence and "
        "accuracy. Agreement: same answer as the seed’s teacher; KL: to that teacher at T = 1, nats."
    )
    with st.expander("Every seed of the choice"):
        st.markdown(_every_seed(results))


def _row(name: str, scores: list[Scores], accuracy: Mean | None = None) -> str:
    def mean(figure: str) -> float:
        values = [getattr(each, figure) for each in scores]
        return math.nan if None in values else math.fsum(values) / len(values)

    agreement, kl = mean("agreement"), mean("fidelity_kl")
    errors = mean("test_errors")
    cells = (
        name,
        _accuracy(scores, accuracy),
        f"{errors:,.0f}" if len(scores) == 1 else f"{errors:,.1f}",
        f"{mean('nll'):.4f}",
        f"{mean('ece'):.4f}",
        "" if math.isnan(agreement) else percent(agreement, 1),
        "" if math.isnan(kl) else f"{kl:.4f}",
    )
    return f"| {' | '.join(cells)} |"


def _accuracy(scores: list[Scores], over_seeds: Mean | None) -> str:
    """The mean with its interval, if there is one; of a single seed with that of the choice of images."""
    if not all(math.isfinite(each.nll) for each in scores):
        return "diverged"
    if len(scores) == 1:
        return percent_of_images(scores[0].test_accuracy, scores[0].test_accuracy_interval)
    if over_seeds is None:
        return percent(fmean(each.test_accuracy for each in scores), 2)
    return percent_over_seeds(over_seeds, 2)


def _every_seed(results: list[Result]) -> str:
    header = "| seed | with the teacher | without | teacher | run |\n|:--|--:|--:|--:|:--|\n"
    rows = (
        f"| {result.recipe.seed} | {percent(result.distilled.test_accuracy, 2)} "
        f"| {percent(result.plain.test_accuracy, 2)} | {percent(result.teacher.test_accuracy, 2)} | {result.run_id} |"
        for result in results
    )
    return header + "\n".join(rows)


def _slices(swept: SweepResult, cell: Cell) -> None:
    st.subheader("Slices of the map, with intervals", anchor=False)
    measure: CellMeasure = st.segmented_control(
        "Measure of the slices",
        list(_SHORT),
        format_func=_SHORT.__getitem__,
        default="validation_accuracy",
        required=True,
        key="slice_measure",
        label_visibility="collapsed",
        wrap=True,
    )
    sides: dict[Along, str] = {
        "temperature": f"**Over T**, at α = {cell.alpha:g}",
        "alpha": f"**Over α**, at T = {cell.temperature:g}",
    }
    for (along, title), place in zip(sides.items(), st.columns(2, gap="medium"), strict=True):
        lonely = len(charts.points(swept, cell, along)) < 2
        if lonely and len(charts.all_points(swept, cell, along)) < 2:
            continue
        with place:
            st.markdown(f"**All cells over {NAMES[along]}**" if lonely else title)
            st.plotly_chart(
                charts.slice_figure(swept, cell, along, measure, page.colours()),
                key=f"slice_{along}",
                config=CONFIG,
                alt=f"{MEASURES[measure]} over {NAMES[along]} with 95 % intervals, beside labels only",
            )
    folds = "" if swept.recipe.folds is None else ", widened because folds learn from largely the same images"
    st.caption(
        "On the images that were held out, not on the test images. Bars and band: 95 % intervals of the means over "
        f"seeds and folds (Student’s t{folds}); of a single student’s accuracy, Wilson’s, for the choice of images "
        "only. The ring is the choice; a bar that leaves the picture is longer. A mean inside the band may still "
        "differ from labels only: the verdicts compare seed by seed."
    )


def _side_by_side(swept: SweepResult) -> None:
    several = len(charts.varied(swept)) > 2
    with st.expander("All parameters side by side (parallel coordinates)", expanded=several):
        st.plotly_chart(
            charts.parallel_figure(swept, page.colours()),
            key="parallel",
            config=CONFIG,
            alt="A line for each cell through its parameters and its measures, coloured by accuracy",
        )
        st.caption(
            "Each line is a cell, coloured by its accuracy on the images that were held out. Drag along an axis to "
            "keep only the lines that pass there; drag an axis by its name to move it. What diverged has no line."
        )


def _table(swept: SweepResult) -> None:
    rows = charts.frame(swept)
    shown = ["chosen", "tied", *charts.varied(swept), *MEASURES, "low", "high", "difference", "verdict", "students"]
    if rows.diverged.any():
        shown.append("diverged")
    rows = rows[shown]
    for name in (*IN_PERCENT, "low", "high", "difference"):
        rows[name] *= 100
    st.dataframe(rows, hide_index=True, column_config=_columns(), key="cells")
    st.caption(
        "Means over seeds and folds, on the images that were held out; *low* and *high* are the ends of the accuracy’s "
        "95 % interval. *Against labels only*: mean difference of the accuracy, points, seed by seed; the intervals of "
        "the verdicts are widened, so that all of them hold together 95 % of the time."
    )


def _columns() -> dict[str, Any]:
    number, check = st.column_config.NumberColumn, st.column_config.CheckboxColumn
    return {
        "chosen": check("Chosen"),
        "tied": check("Tied", help="Its difference from the choice may be luck."),
        "temperature": number("T", format="%g"),
        "alpha": number("α", format="%g"),
        "learning_rate": number("Learning rate", format="%g"),
        "student": "Student",
        "labels": number("Labels", help="Empty: all."),
        "epochs": "Epochs",
        "validation_accuracy": number("Accuracy, %", format="%.2f"),
        "agreement": number("Agreement, %", format="%.2f"),
        "nll": number("NLL", format="%.4f"),
        "ece": number("ECE", format="%.4f"),
        "low": number("low, %", format="%.2f"),
        "high": number("high, %", format="%.2f"),
        "difference": number("Against labels only", format="%+.2f"),
        "verdict": "Verdict",
        "students": number("Students", help="Seeds × folds."),
        "diverged": number("Diverged", help="How many of its students."),
    }
