"""Hard labels, soft targets: what the teacher knows that the label does not say."""

import math
from functools import partial

import streamlit as st

from kdviz import gallery
from kdviz.widgets import page, server, state
from kdviz.widgets.soft_targets import Pad, Picture, draw_digit, edit_logits, send_weights, similarity, soft_targets

UNSURE, BY_CLASS, DRAW, EDIT = VIEWS = ("Least sure", "By class", "Draw a digit", "Edit the logits")
STARTS = ("Dog, wolf, cat", "A digit")
ANIMALS = ("dog", "wolf", "cat")
ANIMAL_LOGITS = tuple(math.log(p) for p in (0.7, 0.2, 0.1))

page.header(
    "What does the teacher know that the label doesn’t say?",
    "The label names one class and nothing else. Drag the temperature and read what a trained network thinks of the "
    "others.",
)
shown = server.choose_gallery()
temperature = state.temperature()

state.check_choice("view", VIEWS)
state.check_choice("class", shown.facts.class_names)
state.check_choice("start", STARTS)
controls = st.container(horizontal=True, vertical_alignment="bottom", key="controls")
with controls:
    view = st.segmented_control(
        "Picture",
        VIEWS,
        default=UNSURE,
        required=True,
        wrap=True,
        key="view",
        bind="query-params",
        on_change=state.first_image,
    )


def choose_class() -> list[int]:
    """The test images of the class that the visitor chooses."""
    names = list(shown.facts.class_names)
    with controls:
        label = st.segmented_control(
            "Class",
            names,
            default=names[2],
            required=True,
            wrap=True,
            key="class",
            bind="query-params",
            on_change=state.first_image,
        )
    return state.of_class(shown, names.index(label))


if view in (UNSURE, BY_CLASS):
    candidates = choose_class() if view == BY_CLASS else state.least_sure(shown)
    with controls:
        index = state.leaf(candidates, key=f"{shown.facts.name}-{view}")
    soft_targets(
        key="picture",
        picture=state.picture(shown, index),
        temperature=temperature,
        on_commit=state.set_temperature,
    )
elif view == DRAW:
    name = f"{shown.facts.name}-teacher"
    send_weights(name, gallery.shipped_weights(shown.facts.name))
    draw_digit(
        key="drawing",
        pad=Pad(shown.facts.class_names, name, frame="8x8" if shown.facts.name == "digits" else "mnist"),
        temperature=temperature,
        on_commit=state.set_temperature,
    )
else:
    with controls:
        what = st.segmented_control(
            "Start from",
            STARTS,
            default=STARTS[0],
            required=True,
            wrap=True,
            key="start",
            bind="query-params",
            on_change=state.first_image,
        )
    if what == STARTS[0]:
        begun = Picture(ANIMALS, ANIMAL_LOGITS, label=0)
    else:
        candidates = choose_class()
        with controls:
            begun = state.picture(shown, state.leaf(candidates, key=f"{shown.facts.name}-edit"))
    logits = state.edited_logits(begun.logits)
    caption = "Logits of your own"
    edit_logits(
        key=f"edit-{len(logits)}",
        picture=Picture(begun.class_names, logits, begun.label, caption=caption, start=begun.logits),
        temperature=temperature,
        on_commit=state.set_temperature,
        on_logits=partial(state.set_edited_logits, start=begun.logits),
    )

lesson, formulas = st.columns([5, 4], gap="large")
with lesson:
    st.subheader("What you see", anchor=False)
    st.markdown(
        "Every bar is the probability that the teacher gives to a class: its **soft target**. The dashed outline is "
        "the **hard label**: all of it on one class, nothing on the others. A hard label says the same of every image "
        "of its class; its entropy is zero. The soft target says *which* 2 this is, one that leans towards a 7, or one "
        "that could be read as an 8. That is the knowledge a student can learn beyond the label.\n\n"
        "At **T = 1** a well-trained teacher is so sure of most images that its small doubts round to nothing. "
        "Dividing the logits by a **temperature** before the softmax makes them large enough to see, and to "
        "learn from. The order of the classes never changes; only the distances do. Towards T = 0 all that is left is "
        "the winner; towards T = ∞ all classes get the same."
    )
with formulas:
    st.subheader("In formulas", anchor=False)
    page.formula(
        r"q_i = \frac{e^{z_i/T}}{\sum_j e^{z_j/T}}",
        {"q_i": "probability of class i", "z_i": "its logit", "T": "temperature, above 0"},
    )
    page.formula(
        r"H(q) = -\sum_i q_i \log_2 q_i", {"H": "entropy in bits; 0 for a hard label, log₂ of the classes at most"}
    )

st.subheader("Which classes look alike to the teacher?", anchor=False)
st.markdown(
    f"Each row is the mean soft target of all test images of one class, {len(shown.labels):,} images in all. "
    "It follows the temperature above."
)
similarity(key="matrix", logits=shown.logits, labels=shown.labels, class_names=shown.facts.class_names)

page.try_this(
    [
        "In *By class*, take an image of which the teacher is sure. At which temperature does the second class first "
        "get more than 10 %?",
        "Switch to *By class*, and compare two images of the same class at T = 4: same label, different soft targets.",
        "Draw a 1 and turn it into a 7, stroke by stroke. When does the teacher change its mind?",
        "In *Edit the logits*, add 5 to every logit. What happens to the probabilities, and why?",
    ]
)
page.checks()
page.check(
    "order",
    "You raise T from 1 to 20. Can the class with the third-largest probability overtake the second?",
    {
        "Yes, at a high T the small ones catch up": "They catch up, but never overtake: all logits are divided by the "
        "same number, and the exponential keeps their order.",
        "No, the order never changes": "Right: dividing by T and taking the exponential both keep the order.",
        "Only when the teacher is wrong": "The softmax does not know the label; right or wrong makes no difference.",
    },
    right="No, the order never changes",
)
page.check(
    "entropy",
    "What is the entropy of a hard label over ten classes?",
    {
        "0 bits": "Right: there is no doubt in it at all, whatever the image looks like.",
        "1 bit": "One bit would be the doubt between two equally likely classes. A hard label has no doubt.",
        "3.32 bits": "That is log₂ 10, the doubt between ten equally likely classes: the soft target at T → ∞.",
    },
    right="0 bits",
)
page.sources([page.HINTON_2015, page.MUELLER_2019])
figures = gallery.shipped_figures(shown.facts.name)
st.caption(
    f"Teacher {state.teacher_name(shown)}, trained on the {shown.facts.training_images:,} training images of "
    f"{shown.facts.title} with seed 0; {figures['test_accuracy']:.2%} of the {len(shown.labels):,} test images right. "
    "No test image was used in its training."
)
