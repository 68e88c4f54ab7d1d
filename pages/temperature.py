"""Temperature: softmax at every T, its limits, the order that never changes; why T goes back to 1 at inference."""

import math
from collections.abc import Sequence

import streamlit as st

from kdviz.records.softmax import softmax
from kdviz.reports import phrases
from kdviz.widgets import lesson, link, server, stage
from kdviz.widgets.pictures import chosen_image as state
from kdviz.widgets.pictures.measured_over_t import show_forgotten
from kdviz.widgets.pictures.soft_targets import LANES, race, temperature_of_link, temperature_picture

TWO_BITS, NEAR = 2.0, 0.05
HALF = 0.5

here = lesson.begin("temperature")
shown = server.choose_gallery()
temperature = temperature_of_link()
UNSURE, BY_CLASS = views = ("unsure", "by-class")
link.choice("class", shown.facts.class_names)
with stage.picture(here):
    with st.container(horizontal=True, vertical_alignment="bottom", key="controls"):
        view = link.switch(
            "which", here.word("picture"), {name: here.word(name) for name in views}, on_change=state.show_image
        )
        candidates = state.choose_class(here, shown) if view == BY_CLASS else state.unsure_but_decided(shown)
        index = state.leaf(candidates, key=f"{shown.facts.name}-{view}")
    picture = state.picture(shown, index)
    temperature_picture(key="picture", picture=picture, temperature=temperature)


def race_to_half(logits: Sequence[float]) -> str:
    """What to try in the race, as far as this image's likeliest class passes 50 % in its lanes."""
    passing = sum(bool(softmax(logits, lane).max() > HALF) for lane in LANES)  # the first ones: a higher T has less
    if not passing:
        return here.sentence("race-none")
    one, other = (f"{lane:g}" for lane in LANES[max(0, passing - 2) :][:2])
    return here.sentence("race-two" if passing > 1 else "race-one", one=one, other=other)


doubt = state.bits(picture, temperature)
reached = "right" if abs(doubt - TWO_BITS) <= NEAR else "low" if doubt < TWO_BITS else "high"
moved = reached if "T" in st.query_params else None
here.moved("two-bits", moved, temperature=f"{temperature:g}", bits=f"{doubt:.2f}")

classes = len(shown.facts.class_names)
here.explain(
    "what-you-see",
    formulas=("softmax", "ratio", "entropy"),
    classes=classes,
    equal=phrases.percent(1 / classes),
    most=f"{math.log2(classes):.2f}",
)
here.text("race")
race(key="race", picture=picture, temperature=temperature)

here.text("inference")
show_forgotten(here, temperature)
here.text("best")

here.try_this(race=race_to_half(picture.logits))
first = 1 / (1 + math.exp(-(3 - 1) / 2))
at_one = f"{1 / (1 + math.exp(-2)):.2f}"
here.number("two-classes", answer=first, tolerance=0.006, result=f"{first:.3f}", at_one=at_one)
here.choice("forgotten", right="sure")
state.teacher_caption(here, shown)
here.end()
