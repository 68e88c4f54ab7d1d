"""Three ways to teach: a trained teacher, a peer, or the network itself, under the same conditions, side by side."""

from typing import Any

import streamlit as st

from kdviz.comparison import Comparison
from kdviz.methods import DEFAULT, METHODS
from kdviz.records import Compared
from kdviz.widgets import comparison_form, comparison_words, controls, live_comparison, page, run_status, server

OFFLINE = ("offline", "offline-soft-ce", "offline-mse", "decoupled", "standardised")
PRESETS: dict[str, dict[str, Any]] = {
    "The default six": {},
    "Five seeds, for a verdict": {"seeds": (0, 1, 2, 3, 4)},
    "Twenty seeds": {"seeds": tuple(range(20))},
    "Offline, five ways": {"methods": OFFLINE},
    "Peers, three ways": {"methods": ("mutual", "mutual-mixed", "mutual-three")},
    "Few labels": {"labels": 100, "alpha": 0.9},
    "Through an assistant": {
        "methods": ("offline", "several-teachers", "assistant"),
        "teacher": "784-800-800-10",
        "student": "784-30-30-10",
    },
}

page.header(
    "Does it matter who teaches: a trained teacher, a peer, or the network itself?",
    "One student, the same start, the same images: only who teaches it differs.",
)
jobs = server.jobs()
home = server.home()
problem_of_link = controls.link_problem(Comparison)  # before the controls, which drop what they cannot show


def choose(preset: dict[str, Any]) -> None:
    """Set the controls to a preset; the data set stays."""
    comparison_form.show(Comparison.suited(controls.chosen_data(home), {"teacher_epochs": None, **preset}))


with st.container(horizontal=True, key="presets"):
    for name, preset in PRESETS.items():
        st.button(name, type="tertiary", on_click=choose, args=(preset,))
run = run_status.named(jobs, Comparison)
if run is not None and isinstance(run.recipe, Comparison):
    comparison_form.adopt(run.recipe)
wanted, start_place = comparison_form.comparison_form(home)
run_status.start(jobs, start_place, wanted, run, problem_of_link, write=comparison_form.write)
run_id = st.query_params.get("run")

if run_id is not None:
    live_comparison.show(jobs, run_id)
if run is None and wanted is not None:
    live_comparison.preview(wanted)
    page.say("Nothing is running. Choose a preset or your own settings, and press Start: all ways train in turns.")

compared = run.result if run is not None and isinstance(run.result, Compared) else None
lesson, formulas = st.columns([5, 4], gap="large")
with lesson:
    st.subheader("What to expect on digits", anchor=False)
    st.markdown(
        "A student of this size learns digits well from the labels alone, so there is little accuracy left to gain. "
        "With all labels, the gain of **offline** distillation usually lies within the spread over the seeds. "
        "**Online** and **self-distillation** usually gain about nothing in accuracy: two peers know little that the "
        "labels do not say, and a network’s earlier self knows less than it does. What may change instead is how sure "
        "the network is, and whose mistakes it makes: look at NLL, calibration (ECE) and agreement. Five seeds are "
        "often too few to show it; try twenty. The published gains are for larger images and harder classes; with few "
        "labels there is more to see here too."
    )
    for gains in (
        comparison_words.gains_in_words(compared, ("offline",)) if compared else "",
        comparison_words.gains_in_words(compared, ("online", "self")) if compared else "",
    ):
        if gains:
            page.say(gains)
    st.subheader("What you see", anchor=False)
    st.markdown(
        "Each panel is one way to teach. Its **diagram** shows who teaches whom; the number on an arrow is the KL "
        "between the two, so a peer’s arrow gets thinner as the two become alike. Below, the **loss** in its two "
        "parts, then **accuracy** and **agreement** with the trained teacher on validation images that nobody "
        "learns from, on the same axes in all panels, with labels only as the dashed line. The students "
        "of all ways take turns on the same machine, a part of an epoch each, so that whatever else it does slows all "
        "of them alike."
    )
with formulas:
    st.subheader("In formulas", anchor=False)
    page.formula(
        r"L = \alpha\,T^2\,\mathrm{KL}(p \,\|\, q) + (1-\alpha)\,\mathrm{CE}(y, q_1)",
        {
            "p": "the softmax at T of whoever teaches",
            "q": "the learner’s softmax at T",
            "q_1": "the same at T = 1",
            "y": "the label",
            "T": "temperature: divides the logits before the softmax",
            r"\alpha": "weight of the soft term",
        },
    )
    st.markdown(
        "The formula is the same for all; who $p$ is, is the whole difference:\n\n"
        "- **offline**: the trained teacher, which stands still\n"
        "- **online**: a peer as it is just now, and the other way round\n"
        "- **born again**: the generation before, of the same architecture\n"
        "- **deep teaches shallow**: the network’s last output; $q$ is an output on a hidden layer\n"
        "- **the epoch before**, **its own average**: the network’s earlier self, with an α that grows"
    )
    page.formula(
        r"\bar d \pm t_{n-1}\,\frac{s_d}{\sqrt n}",
        {
            r"\bar d": "mean over the seeds of (accuracy of a way − accuracy of labels only, same seed)",
            "s_d": "spread of these differences",
            "n": "seeds: the verdict’s interval",
        },
    )

page.try_this(
    [
        "Start *The default six*, then *Five seeds*. Which differences of the first run are gone?",
        "*Look back* at one update and compare the number on a peer’s arrow with the one on the teacher’s. Which two "
        "are closer together? Does that make a better teacher?",
        "Take *Few labels*. Who gains now, and who paid for it? (The teacher has all labels; peers have no more.)",
    ]
)
page.checks()
page.check(
    "peers_alike",
    "Two peers start from the same weights and see the same batches. What does each learn from the other?",
    {
        "Twice as much": "They would say exactly the same in every step, so the KL between them is 0, and so is its "
        "gradient.",
        "Nothing: they stay equal, and KL is 0 for ever": "Right: what peers teach each other is where they differ, "
        "so they start from different weights.",
    },
    right="Nothing: they stay equal, and KL is 0 for ever",
)
page.check(
    "no_difference",
    "The verdict says “no difference shown”. What do you know?",
    {
        "Both ways are equally good": "That is more than was measured: a difference smaller than the interval could be "
        "there.",
        "These seeds and images do not show which is better": "Right: the interval says how large a difference could "
        "still be hidden.",
    },
    right="These seeds and images do not show which is better",
)
page.check(
    "whose_cost",
    "Offline costs the student as many updates as labels only. Is it as cheap?",
    {
        "Yes, its loss is only a little longer": "The teacher had to be trained as well, and asked about every image.",
        "Only if the teacher is there already": "Right: so the picture shows it with and without the teacher’s "
        "training, which can be used again.",
    },
    right="Only if the teacher is there already",
)
shown = run.recipe.methods if run is not None and isinstance(run.recipe, Comparison) else None
works = [(METHODS[name].source, METHODS[name].address) for name in shown or (wanted.methods if wanted else DEFAULT)]
page.sources(list(dict.fromkeys([*works, page.STANTON_2021])))
