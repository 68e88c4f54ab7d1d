"""Three ways to teach: a trained teacher, a peer, or the network itself, under the same conditions, side by side."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from kdviz.recipes import openings
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import DEFAULT, METHODS
from kdviz.records.comparison import ComparisonResult
from kdviz.widgets import controls, lesson, page, recorded_run, run_status, server, stage
from kdviz.widgets.comparison import form as comparison_form
from kdviz.widgets.comparison import live as live_comparison
from kdviz.widgets.comparison import words as comparison_words

OFFLINE = ("offline", "offline-soft-ce", "offline-mse", "decoupled", "standardised")


def _preset(**values: Any) -> Callable[[str], Comparison]:
    return lambda data: openings.three_ways(data, {"teacher_epochs": None, **values})


PRESETS: dict[str, Callable[[str], Comparison]] = {
    "few-labels": openings.three_ways_begun,
    "all-labels": _preset(seeds=(0, 1, 2, 3, 4)),
    "twenty-seeds": _preset(seeds=tuple(range(20))),
    "offline": _preset(**openings.FEW_LABELS, methods=OFFLINE),
    "peers": _preset(methods=("mutual", "mutual-mixed", "mutual-three")),
    "assistant": _preset(
        methods=("offline", "several-teachers", "assistant"), teacher="784-800-800-10", student="784-30-30-10"
    ),
}

here = lesson.begin("three_ways")
jobs = server.jobs()
home = server.home()
problem_of_link = controls.link_problem(Comparison)  # before the controls, which drop what they cannot show


def choose(preset: Callable[[str], Comparison]) -> None:
    """Set the controls to a preset; the data set stays."""
    comparison_form.show(preset(controls.chosen_data(home)))


with st.container(horizontal=True, key="presets"):
    for name, preset in PRESETS.items():
        st.button(here.word(name), type="tertiary", on_click=choose, args=(preset,))
run = run_status.named(jobs, Comparison)
given = run_status.recipe_of(run, Comparison)
if given is not None:
    comparison_form.adopt(given)
wanted, start_row = comparison_form.comparison_form(home)
run_status.start(jobs, start_row, wanted, run, problem_of_link, write=comparison_form.write)
run_id = st.query_params.get("run")

with stage.picture(here):
    if run_id is not None:
        live_comparison.PANEL.follow(jobs, run, run_id)
    recorded = run_id is None and recorded_run.show_default(here.lesson.slug, live_comparison.PANEL, wanted)
    if run is None and wanted is not None and not recorded:
        live_comparison.preview(wanted)
        here.say("nothing-runs")

above = run
if recorded and wanted is not None and (found := recorded_run.found(here.lesson.slug, wanted.data)) is not None:
    above = found.run
compared = above.result if above is not None and isinstance(above.result, ComparisonResult) else None
words, formulas = st.columns([5, 4], gap="large")
with words:
    here.text("what-to-expect")
    for families in (("offline",), ("online", "self")):
        if compared and (gains := comparison_words.gains_in_words(compared, families)):
            page.say(gains)
    here.text("what-you-see")
with formulas:
    here.text("formulas")
    here.formula("loss")
    here.text("who-is-p")
    here.formula("verdict")

here.try_this()
here.choice("peers-alike", right="nothing")
here.choice("no-difference", right="not-shown")
here.choice("whose-cost", right="if-there")
shown = given or wanted
here.end([(METHODS[name].source, METHODS[name].address) for name in (shown.methods if shown else DEFAULT)])
