"""Watch it train: who pulls at the student, the teacher or the labels."""

from typing import Any

import streamlit as st

from kdviz.recipes import openings
from kdviz.recipes.single import Recipe
from kdviz.widgets import controls, lesson, recorded_run, run_status, server, stage
from kdviz.widgets.single import live as live_run
from kdviz.widgets.single import pinned
from kdviz.widgets.single.form import recipe_form

PRESETS: dict[str, dict[str, Any]] = {
    "few-labels": {**openings.FEW_LABELS},
    "all-labels": {},
    "hot": {**openings.FEW_LABELS, "temperature": 20.0},
    "teacher-only": {**openings.FEW_LABELS, "alpha": 1.0},
    "labels-only": {**openings.FEW_LABELS, "alpha": 0.0},
    "narrow": {**openings.FEW_LABELS, "student": "784-30-30-10", "temperature": 3.0},
    "half-seen": {"transfer_classes": (0, 1, 2, 3, 4, 5), "alpha": 1.0},
}

here = lesson.begin("watch_it_train")
jobs = server.jobs()
home = server.home()
problem_of_link = controls.link_problem(Recipe)  # before the controls, which drop what they cannot show


def choose(preset: dict[str, Any]) -> None:
    """Set the controls to a preset; the data set stays."""
    controls.show(openings.watch_it_train(controls.chosen_data(home), preset))


with st.container(horizontal=True, key="presets"):
    for name, preset in PRESETS.items():
        st.button(here.word(name), type="tertiary", on_click=choose, args=(preset,))
run = run_status.named(jobs, Recipe)
if run is not None:
    controls.adopt(run.recipe)
recipe, start_row = recipe_form(home)
run_status.start(jobs, start_row, recipe, run, problem_of_link)
run_id = st.query_params.get("run")

with stage.picture(here):
    if run_id is not None:
        live_run.PANEL.follow(jobs, run, run_id)
    elif not recorded_run.show(here.lesson.slug, live_run.PANEL, controls.chosen_data(home)):
        here.say("nothing-runs")

if run is not None or run_id is None:
    pinned.show(here, jobs, run, recorded_run.found(here.lesson.slug, controls.chosen_data(home)))

here.explain("what-you-see", formulas=("loss", "gradient", "share"))
here.try_this()
here.choice("t-squared", right="fades")
here.choice("alpha-one", right="yes")
here.end()
