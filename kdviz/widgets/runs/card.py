"""One run of the list: what it was asked for, what came of it, and what people have written to it."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import streamlit as st

from kdviz.errors import PlainError
from kdviz.recipes.methods import PLAIN, short_title
from kdviz.recipes.sweep import Sweep
from kdviz.records.base import Mean, Scores, Verdict
from kdviz.records.comparison import ComparisonResult
from kdviz.records.single import Result
from kdviz.records.study import StudyResult
from kdviz.records.sweep import Choice, SweepResult
from kdviz.reports import phrases
from kdviz.store.run import Run
from kdviz.store.runs import RunStore
from kdviz.widgets import page
from kdviz.widgets.comparison import words as comparison_words
from kdviz.widgets.runs import words as run_words
from kdviz.widgets.single import summary as run_summary
from kdviz.widgets.study import result as live_study
from kdviz.widgets.study import words as study_words

_FIRST = ("study", "name", "data")
_FIRST_OF_A_SWEEP = (*_FIRST, "temperature", "alpha", "seed", "search", "select", "folds")  # what it is about
_REFUSED, _SAVED = "annotation_problem", "annotation_saved"


def show(store: RunStore, run: Run) -> None:
    """Result, recipe, tags and note of a run. What people have written is shown letter by letter, never as markup."""
    left, right = st.columns([5, 4], gap="large")
    with left:
        st.subheader("What came of it", anchor=False)
        _result(run)
        _notes(store, run)
    with right:
        st.subheader("Recipe", anchor=False)
        _recipe(run)


def _recipe(run: Run) -> None:
    usual = run_words.settings(run_words.usual(run.recipe))
    own = run_words.settings(run.recipe)
    changed = {name for name in own if own[name] != usual.get(name)}
    first = _FIRST_OF_A_SWEEP if isinstance(run.recipe, Sweep) else _FIRST
    # What is not as usual comes next: it is what tells this run from others.
    order = [name for name in first if name in own]
    order += sorted(own.keys() - set(first), key=lambda name: (name not in changed, list(own).index(name)))
    columns = {"Setting": [run_words.label(name) for name in order], "Here": [own[name] for name in order]}
    if changed:
        columns["By default"] = [usual.get(name, "–") if name in changed else "" for name in order]
    st.dataframe(
        pd.DataFrame(columns),
        hide_index=True,
        key="recipe_of_run",
        alt="Settings of the run, with the default where it is another",
        height=352,
        column_config={
            "Setting": st.column_config.TextColumn(width=155),
            "Here": st.column_config.TextColumn(width=120 if changed else 220),
            "By default": st.column_config.TextColumn(width=100),
        },
    )


def _result(run: Run) -> None:
    if run.message:
        st.text(run.message)
    if run.result is None:
        taken = run_words.seconds(run)
        after = "" if taken is None else f" after {taken:.1f} s"
        page.say(f"Nothing yet: the run is {run.status}{after}. Its own page shows how far it got.")
        return
    if isinstance(run.result, StudyResult):
        _of_study(run.result)
        return
    st.dataframe(
        figures(run.result),
        hide_index=True,
        key="figures_of_run",
        alt="Figures on the test images",
        column_config={
            "right": st.column_config.NumberColumn("Right", format="%.2f %%"),
            "low": st.column_config.NumberColumn("from", format="%.2f %%", help="95 % interval"),
            "high": st.column_config.NumberColumn("to", format="%.2f %%", help="95 % interval"),
            "nll": st.column_config.NumberColumn("NLL", format="%.4f"),
            "ece": st.column_config.NumberColumn("ECE", format="%.4f"),
            "agreement": st.column_config.NumberColumn("Agreement", format="%.2f %%"),
        },
    )
    machine = f"{run.result.seconds:.1f} s on {run.result.device}, {run.result.threads} threads, PyTorch"
    st.caption(f"{_intervals(run.result)} Test images, looked at once. {machine} {run.result.torch}.")
    page.say(verdict(run.result))


def _of_study(studied: StudyResult) -> None:
    """The arms with their verdicts, and what the seeds allow to say."""
    main = studied.recipe.facts.measures[0]
    live_study.table(studied, "figures_of_run")
    machine = f"{studied.seconds:.1f} s on {studied.device}, {studied.threads} threads, PyTorch {studied.torch}."
    st.caption(f"{study_words.footing(studied, main)} {machine}")
    page.say(study_words.summary(studied, main) or "None of these arms is judged against another.")


def figures(result: Result | ComparisonResult | SweepResult) -> pd.DataFrame:
    """A row for each student of a result, as people look for them; accuracies in per cent."""
    if isinstance(result, Result):
        rows = [
            _scores("Teacher", result.teacher),
            _scores("Distilled", result.distilled),
            _scores("No teacher", result.plain),
        ]
    elif isinstance(result, ComparisonResult):
        rows = [
            {
                "who": short_title(summary.method),
                **_mean(summary.means["test_accuracy"]),
                "nll": summary.means["nll"].mean,
                "ece": summary.means["ece"].mean,
                "agreement": 100 * summary.means["agreement"].mean,
            }
            for summary in result.summaries
        ]
    else:
        rows = _of_choice(result.choice) if result.choice else []
    frame = pd.DataFrame(rows, columns=["who", "right", "low", "high", "nll", "ece", "agreement"])
    return frame.dropna(axis="columns", how="all").rename(columns={"who": ""})


def _of_choice(choice: Choice) -> list[dict[str, Any]]:
    return [
        {"who": run_words.cell_name(choice.cell), **_mean(choice.test_accuracy)},
        {"who": "No teacher", **_mean(choice.plain_test_accuracy)},
    ]


def _scores(who: str, scores: Scores) -> dict[str, Any]:
    low, high = scores.test_accuracy_interval
    return {
        "who": who,
        "right": 100 * scores.test_accuracy,
        "low": 100 * low,
        "high": 100 * high,
        "nll": scores.nll,
        "ece": scores.ece,
        "agreement": None if scores.agreement is None else 100 * scores.agreement,
    }


def _mean(mean: Mean) -> dict[str, Any]:
    return {
        "right": 100 * mean.mean,
        "low": None if mean.low is None else 100 * mean.low,
        "high": None if mean.high is None else 100 * mean.high,
    }


def _intervals(result: Result | ComparisonResult | SweepResult) -> str:
    if isinstance(result, Result):
        return "Intervals: Wilson’s, for the choice of test images alone; one seed."
    if len(result.recipe.seeds) == 1:
        return "One seed: no interval."
    return f"Means and 95 % intervals over {phrases.count(len(result.recipe.seeds), 'seed')}."


def verdict(result: Result | ComparisonResult | SweepResult) -> str:
    """What the figures allow to say, in a sentence."""
    if isinstance(result, Result):
        return run_summary.verdict(result)
    if isinstance(result, SweepResult):
        return _chosen(result.choice)
    judged = {summary.method: summary.verdicts.get("test_accuracy") for summary in result.summaries}
    words: dict[str, list[str]] = {}
    for method, one in judged.items():
        if one is not None and method != PLAIN:
            words.setdefault(one.word, []).append(short_title(method))
    if not words:
        return "Only the student without a teacher was trained."
    said = "; ".join(f"{word}: {phrases.listed(names)}" for word, names in words.items())
    return f"Accuracy against labels only: {said}."


def _chosen(choice: Choice | None) -> str:
    if choice is None:
        return "Every student diverged: nothing could be chosen."
    ties = ""
    if choice.tied:
        others = phrases.count(len(choice.tied), "other cell")
        ties = f" {others[0].upper()}{others[1:]} may be as good."
    return (
        f"Chosen on {choice.chosen_on}: {run_words.cell_name(choice.cell)}.{ties} On the test images, against no "
        f"teacher: {_judged(choice.against_plain)}."
    )


def _judged(one: Verdict) -> str:
    if not math.isfinite(one.difference):
        return one.word
    return f"{one.word}, {comparison_words.difference('test_accuracy', one)}"


def _notes(store: RunStore, run: Run) -> None:
    st.subheader("Tags and note", anchor=False)
    with st.form(f"annotate_{run.id}", border=False):
        st.text_input("Tags, with commas between them", ", ".join(run.tags), key=f"tags_{run.id}", max_chars=500)
        st.text_area("Note", run.note, key=f"note_{run.id}", height=110, help="Plain text: nothing in it is formatted.")
        st.form_submit_button("Save", icon=":material/save:", on_click=_save, args=(store, run.id))
    problem = st.session_state.pop(_REFUSED, "")
    if problem:
        page.refuse("Nothing was saved.", problem)
    elif st.session_state.pop(_SAVED, None) == run.id:
        st.success("Saved.", icon=":material/check:")


def _save(store: RunStore, run_id: str) -> None:
    tags = st.session_state[f"tags_{run_id}"].split(",")
    try:
        store.annotate(run_id, tags, st.session_state[f"note_{run_id}"])
    except PlainError as error:
        st.session_state[_REFUSED] = str(error)
        return
    kept = store.get(run_id)
    if kept is not None:  # as it was tidied
        st.session_state[f"tags_{run_id}"], st.session_state[f"note_{run_id}"] = ", ".join(kept.tags), kept.note
    st.session_state[_SAVED] = run_id
