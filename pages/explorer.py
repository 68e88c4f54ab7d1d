"""The explorer: a student for every T and alpha, chosen without looking at the test images."""

from typing import Any

import streamlit as st

from kdviz.charts import sweep_map as heat_map
from kdviz.recipes.number_lists import values_in
from kdviz.recipes.sweep import KEPT, Sweep
from kdviz.widgets import controls, page, run_status, server
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
    "The default grid": {},
    "A fine grid": {**FINE, "seeds": (0,)},
    "Random search": {"search": "random", "draws": 25, "temperatures": (1.0, 20.0), "alphas": (0.0, 1.0)},
    "Successive halving": {**FINE, "search": "halving"},
    "Five folds": {"folds": 5, "seeds": (0,)},
    "Few labels": {"label_counts": (30, 100, 300), "temperatures": (1.0, 4.0, 20.0), "alphas": (0.5, 0.9, 1.0)},
    "Three widths": {
        "students": ("784-30-30-10", "784-128-10", "784-256-10"),
        "temperatures": (1.0, 4.0, 20.0),
        "alphas": (0.0, 0.5, 1.0),
    },
}

page.header(
    "Which T and α would you choose, and how sure can you be?",
    "A student for every pair. The choice is made on images that nobody learnt from; only the choice, its teacher and "
    "the same student from labels only meet the test images.",
)
jobs = server.jobs()
home = server.home()
problem_of_link = controls.link_problem(Sweep)  # before the controls, which drop what they cannot show


def choose(preset: dict[str, Any]) -> None:
    """Set the controls to a preset; the data set stays, and the epochs as far as the preset can do with them."""
    here = st.session_state
    kept: dict[str, Any] = {name: here[name] for name in ("epochs", "teacher_epochs") if here.get(name) is not None}
    here[RAISED] = preset.get("search") == "halving" and kept.get("epochs", KEPT) < KEPT
    if here[RAISED]:
        kept["epochs"] = KEPT
    sweep_form.show(Sweep.suited(controls.chosen_data(home), {**kept, **preset}))


with st.container(horizontal=True, key="presets"):
    for name, preset in PRESETS.items():
        st.button(name, type="tertiary", on_click=choose, args=(preset,))
run = run_status.named(jobs, Sweep)
if run is not None and isinstance(run.recipe, Sweep):
    sweep_form.adopt(run.recipe)
wanted, start_place, beside = sweep_form.sweep_form(home)
known = wanted is not None and run is not None and wanted.id == run.id
ready = True
if wanted is not None:
    with beside:
        st.caption(sweep_form.size_in_words(wanted))
        if st.session_state.get(RAISED) and wanted.search == "halving" and wanted.epochs == KEPT:
            st.caption(f"Epochs were raised to {KEPT}, the fewest that successive halving can do with.")
        if not known:
            ready = sweep_estimate.show(jobs, wanted)
run_status.start(
    jobs,
    start_place,
    wanted,
    run,
    problem_of_link,
    check=lambda sweep: sweep_estimate.check(jobs, sweep),
    ready=ready,
)
run_id = st.query_params.get("run")

if run_id is not None:
    live_sweep.show(jobs, run_id)
if run is None and wanted is not None:
    live_sweep.preview(wanted)
    selected = heat_map.cell_of(wanted, st.query_params.get(live_sweep.CELL))
    if selected is not None:
        cell_recipe.show(wanted, selected)
    page.say(
        "Nothing is running. Press Start: each cell gets its colour once its students have come as far as the others."
    )

lesson, formulas = st.columns([5, 4], gap="large")
with lesson:
    st.subheader("What you see", anchor=False)
    st.markdown(
        "Each **cell** is one T and one α; its colour is the mean over the seeds, on images that neither teachers nor "
        "students learn from. With α = 0 the temperature plays no part: that whole row is one student, who learns from "
        "**labels only**, and its level is the contour that matters. At the end ≈ marks the cells that are not shown "
        "to differ from it: their colour may be luck.\n\n"
        "The students of one seed and one architecture are trained together, as one batched model, on the same "
        "batches, each with its own T and α. Each is the student that it would have been alone, so a cell’s "
        "recipe can be trained once more on *Watch it train*."
    )
    st.subheader("Words", anchor=False)
    st.markdown(
        "- **Cell**: one T with one α, and the students trained with them, one for each seed.\n"
        "- **Held out**: images that neither teacher nor students learn from. The map is measured on them.\n"
        "- **Fold**: one of several equal parts of the images. Each part is held out once, in turn.\n"
        "- **Stack**: students of one seed that are trained at the same time, as one batched model.\n"
        "- **Tied**: ☆ marks a cell that is not shown to differ from the choice ★; ≈ marks one that is not shown to "
        "differ from labels only. With several seeds, “☆ without ≈” reads: it may be as good as the choice, and it is "
        "shown to differ from labels only.\n"
        "- **Contour**: the line on the map where the level of labels only is crossed.\n"
        "- **Agreement**: the share of images to which a student gives the same answer as its teacher, right or "
        "wrong.\n"
        "- **NLL**: negative log-likelihood, the mean of −ln(probability given to the right class). Less is better.\n"
        "- **Nats**: its unit, as the logarithm is the natural one. Guessing among ten classes costs ln 10, about 2.3 "
        "nats.\n"
        "- **ECE**: expected calibration error, the mean gap between how sure a student is and how often it is right."
    )
    st.subheader("How the choice is made", anchor=False)
    st.markdown(
        "The best of 25 is partly the luckiest of 25: the more cells one tries, the more the best one’s level "
        "overstates what it can do. So the choice is made on the **validation split**, or by **cross-validation** "
        "where images are few, and its number is taken from the **test images**, looked at once. Cells whose "
        "difference from the best may be luck are called **ties**; among ties, take the one you would have taken "
        "anyway.\n\n"
        "A **random search** tries more different values of each parameter with as many students, which helps where "
        "only one of them matters (Bergstra, Bengio 2012). **Successive halving** trains all cells for a few epochs "
        "and goes on with the better third: fewer epochs, but a cell that starts slowly is lost."
    )
with formulas:
    st.subheader("In formulas", anchor=False)
    page.formula(
        r"L = \alpha\,T^2\,\mathrm{KL}(p \,\|\, q) + (1-\alpha)\,\mathrm{CE}(y, q_1)",
        {
            "p": "the teacher’s softmax at T",
            "q": "the student’s softmax at T",
            "q_1": "the same at T = 1",
            "y": "the label",
            "T": "temperature: divides the logits before the softmax",
            r"\alpha": "weight of the soft term",
        },
    )
    page.formula(
        r"(\hat T, \hat\alpha) = \arg\max_{T,\,\alpha}\; \frac{1}{n}\sum_{s=1}^{n} a_\text{held out}(T, \alpha, s)",
        {
            "a": "accuracy on the images that were held out",
            "s": "a seed, or a seed and a fold",
            "n": "how many of them",
        },
    )
    page.formula(
        r"\bar d \pm t_{\nu,\;1-\frac{0.05}{2m}}\,\sqrt{s^2\left(\tfrac{1}{n} + o\right)}",
        {
            r"\bar d": "mean of the n differences (accuracy of a cell − accuracy of labels only, same seed and fold)",
            "s^2": "variance of such differences: the cell’s own, or the mean of all cells’ where that is larger",
            r"\nu": "degrees of freedom of that variance, after Satterthwaite; n − 1 for a cell that scatters far more "
            "than the others",
            "o": "overlap of folds, which learn from largely the same images: images held out per image learnt from; "
            "0 without folds",
            "m": "cells that are judged together: the more, the wider each interval",
        },
    )

page.try_this(
    [
        "Start *The default grid*. How many cells are marked ≈, not shown to differ from labels only? Would you have "
        "guessed so from the colours alone?",
        "Look at NLL or ECE in place of accuracy. Is it still the same corner of the map that is best?",
        "Take *Few labels*. Does α move the accuracy more now? Which number of labels makes the largest difference?",
        "Compare *Random search* with *The default grid*: as many students. Do they choose alike, and are the two "
        "choices told apart by their test accuracy?",
    ]
)
page.checks()
page.check(
    "best_of_many",
    "Of 25 cells that are equally good in truth, the best has 97.6 % on the validation images. What will it have on "
    "the test images?",
    {
        "About 97.6 %": "It was taken because it was lucky there; on other images it has no reason to be lucky again.",
        "Rather less": "Right: the best of many is chosen for its luck as well. That is why the number to report comes "
        "from images that had no say in the choice.",
        "Rather more": "Nothing in the choice makes the test images easier.",
    },
    right="Rather less",
)
page.check(
    "test_set_twice",
    "Somebody takes the cell with the best accuracy on the test images. What is wrong?",
    {
        "Nothing: these are the images that count": "They count because they had no say. Choosing by them gives them "
        "one.",
        "Its test accuracy is too good to be true": "Right: it is now the best of many on these very images, as "
        "validation accuracy was before.",
    },
    right="Its test accuracy is too good to be true",
)
page.check(
    "tied_cells",
    "Two cells are called a tie. Which should you take?",
    {
        "The one with the higher mean": "Nothing wrong with it, but do not defend it: the next seeds may turn the two "
        "around.",
        "Either; these seeds and images cannot tell": "Right: so simplicity, speed or habit may decide.",
    },
    right="Either; these seeds and images cannot tell",
)
page.sources(
    [
        page.HINTON_2015,
        (
            "Bergstra, Bengio (2012): Random Search for Hyper-Parameter Optimization",
            "https://www.jmlr.org/papers/v13/bergstra12a.html",
        ),
        (
            "Jamieson, Talwalkar (2016): Non-stochastic Best Arm Identification and Hyperparameter Optimization",
            "https://arxiv.org/abs/1502.07943",
        ),
        (
            "Cawley, Talbot (2010): On Over-fitting in Model Selection and Subsequent Selection Bias in Performance "
            "Evaluation",
            "https://www.jmlr.org/papers/v11/cawley10a.html",
        ),
        page.STANTON_2021,
    ]
)
