"""The explorer: a student for every T and alpha, chosen without looking at the test images."""

from functools import partial
from typing import Any

import streamlit as st

from kdviz.charts import sweep_map as heat_map
from kdviz.recipes import openings
from kdviz.recipes.number_lists import values_in
from kdviz.recipes.sweep import KEPT, Sweep
from kdviz.widgets import controls, lesson, recorded_run, run_status, server, stage
from kdviz.widgets.sweep import cell as cell_recipe
from kdviz.widgets.sweep import estimate as sweep_estimate
from kdviz.widgets.sweep import form as sweep_form
from kdviz.widgets.sweep import live as live_sweep

FINE: dict[str, Any] = {
    "temperatures": values_in("1:20:10", 1, 20, geometric=True),
    "alphas": values_in("0.1:1:10", 0, 1, geometric=False),
}
RAISED = "epochs_raised"  # a preset needed more epochs than the visitor had
PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    "fine": {**FINE, "seeds": (0,)},
    "random": {"search": "random", "draws": 20, "temperatures": (1.0, 20.0), "alphas": (0.0, 1.0)},
    "halving": {**FINE, "search": "halving"},
    "folds": {"folds": 5, "seeds": (0,)},
    "few-labels": {"label_counts": (30, 100, 300), "temperatures": (1.0, 4.0, 20.0), "alphas": (0.5, 0.9, 1.0)},
    "widths": {
        "students": ("784-30-30-10", "784-128-10", "784-256-10"),
        "temperatures": (1.0, 4.0, 20.0),
        "alphas": (0.0, 0.5, 1.0),
    },
}

here = lesson.begin("explorer")
jobs = server.jobs()
home = server.home()
problem_of_link = controls.link_problem(Sweep)  # before the controls, which drop what they cannot show


def choose(preset: dict[str, Any]) -> None:
    """Set the controls to a preset; the data set stays, and the epochs as far as the preset can do with them."""
    state = st.session_state
    kept: dict[str, Any] = {name: state[name] for name in ("epochs", "teacher_epochs") if state.get(name) is not None}
    state[RAISED] = preset.get("search") == "halving" and kept.get("epochs", KEPT) < KEPT
    if state[RAISED]:
        kept["epochs"] = KEPT
    sweep_form.show(openings.explorer(controls.chosen_data(home), {**kept, **preset}))


with st.container(horizontal=True, key="presets"):
    for name, preset in PRESETS.items():
        st.button(here.word(name), type="tertiary", on_click=choose, args=(preset,))
run = run_status.named(jobs, Sweep)
if (shown := run_status.recipe_of(run, Sweep)) is not None:
    sweep_form.adopt(shown)
wanted, start_row = sweep_form.sweep_form(home)
known = wanted is not None and run is not None and wanted.id == run.id and not run.imported
ready = True
if wanted is not None:
    with start_row.beside:
        st.caption(sweep_form.size_in_words(wanted))
        if st.session_state.get(RAISED) and wanted.search == "halving" and wanted.epochs == KEPT:
            st.caption(here.sentence("raised", epochs=KEPT))
        if not known:
            ready = sweep_estimate.show(jobs, wanted)
check = partial(sweep_estimate.check, jobs)
run_status.start(jobs, start_row, wanted, run, problem_of_link, check=check, ready=ready)
run_id = st.query_params.get("run")

with stage.picture(here):
    if run_id is not None:
        live_sweep.PANEL.follow(jobs, run, run_id)
    recorded = run_id is None and recorded_run.show_default(here.lesson.slug, live_sweep.PANEL, wanted)
    if run is None and wanted is not None and not recorded:
        live_sweep.preview(wanted)
        selected = heat_map.cell_of(wanted, st.query_params.get(live_sweep.CELL))
        if selected is not None:
            cell_recipe.show(wanted, selected)
        here.say("nothing-runs")

here.explain("what-you-see", formulas=("loss", "choice", "verdict"))
here.try_this()
here.choice("best-of-many", right="less")
here.choice("test-set-twice", right="too-good")
here.choice("tied-cells", right="either")
here.end()
