"""Watch it train: who pulls at the student, the teacher or the labels."""

from typing import Any

import streamlit as st

from kdviz.catalogue import SHIPPED_TEACHERS
from kdviz.recipe import Recipe
from kdviz.widgets import controls, live_run, page, run_status, server
from kdviz.widgets.recipe_form import recipe_form

PRESETS: dict[str, dict[str, Any]] = {
    "Reference": {},
    "Hot: T = 20": {"temperature": 20.0},
    "Only the teacher: α = 1": {"alpha": 1.0},
    "Only the labels: α = 0": {"alpha": 0.0},
    "A narrow student": {"student": "784-30-30-10", "temperature": 3.0},
    "100 labels": {"labels": 100, "alpha": 0.9, "pretrained": True},
}

page.header(
    "Who is pulling at the student: the teacher or the labels?",
    "A teacher learns from the labels. Then a small student learns from both, and the same student, from the same "
    "first weights, from the labels alone.",
)
jobs = server.jobs()
home = server.home()
problem_of_link = controls.link_problem(Recipe)  # before the controls, which drop what they cannot show


def choose(preset: dict[str, Any]) -> None:
    """Set the controls to a preset; the data set stays, unless the preset needs a trained teacher for it."""
    data = controls.chosen_data(home)
    if preset.get("pretrained") and data not in SHIPPED_TEACHERS:
        data = home
    controls.show(Recipe.suited(data, preset))


with st.container(horizontal=True, key="presets"):
    for name, preset in PRESETS.items():
        st.button(name, type="tertiary", on_click=choose, args=(preset,))
run = run_status.named(jobs, Recipe)
if run is not None:
    controls.adopt(run.recipe)
recipe, start_place = recipe_form(home)
run_status.start(jobs, start_place, recipe, run, problem_of_link)
run_id = st.query_params.get("run")

if run_id is None:
    page.say("Nothing is running. Choose a preset or your own settings, and press Start: it takes less than a minute.")
else:
    live_run.show(jobs, run_id)

lesson, formulas = st.columns([5, 4], gap="large")
with lesson:
    st.subheader("What you see", anchor=False)
    st.markdown(
        "The left chart stacks the two terms of the loss: **soft**, how far the student’s distribution at T is from "
        "the teacher’s, and **hard**, how surprised it is by the label. *Amount* shows them as they enter the loss; "
        "*share* how they divide it; *share of the gradient* who pulls harder at the student’s logits, "
        "which is what moves the weights.\n\n"
        "The right chart follows all three networks on validation images that none of them learns from. On digits "
        "with all their labels, expect little or no gain in accuracy: what changes is **agreement**, how often the "
        "student gives the teacher’s answer. A student that agrees more need not be more accurate."
    )
with formulas:
    st.subheader("In formulas", anchor=False)
    page.formula(
        r"L = \alpha\,T^2\,\mathrm{KL}(p \,\|\, q) + (1-\alpha)\,\mathrm{CE}(y, q_1)",
        {
            "p": "teacher’s softmax at T",
            "q": "student’s softmax at T",
            "q_1": "the same at T = 1",
            "y": "the label",
            r"\alpha": "weight of the soft term",
        },
    )
    page.formula(
        r"\frac{\partial\,(T^2\,\mathrm{KL})}{\partial z} = T\,(q - p)",
        {"z": "student’s logits; T² keeps this from fading as T grows"},
    )
    page.formula(
        r"\frac{\|g_\text{soft}\|}{\|g_\text{soft}\| + \|g_\text{hard}\|}",
        {"g": "gradient of a term at the logits, all images since the last report: the *share of the gradient*"},
    )

page.try_this(
    [
        "Set α to 0. The distilled student becomes the plain one: their curves fall on each other. Why exactly?",
        "Compare T = 1 with T = 20 in *share of the gradient*.",
        "Give the students 100 labels and the trained teacher. Now the gap in accuracy is large. Who paid for it? "
        "(Count the teacher’s labels.)",
    ]
)
page.checks()
page.check(
    "t_squared",
    "Why is the KL multiplied by T²?",
    {
        "To make the loss larger": "Its size alone does not matter to the student; the size of its gradient beside the "
        "hard term’s does.",
        "At high T its gradient shrinks like 1/T², and T² puts it back": "Right: so α means about the same at every "
        "high temperature.",
        "Because logits are squared": "They are not; that happens only in the limit T → ∞, where the soft term becomes "
        "matching logits.",
    },
    right="At high T its gradient shrinks like 1/T², and T² puts it back",
)
page.check(
    "alpha_one",
    "With α = 1, can the student still learn what a 7 is?",
    {
        "No, it never sees a label": "It sees none, but the teacher’s soft targets carry the class and more.",
        "Yes, the teacher’s soft targets carry the class": "Right: and its mistakes come along too.",
    },
    right="Yes, the teacher’s soft targets carry the class",
)
page.sources([page.HINTON_2015, page.STANTON_2021])
