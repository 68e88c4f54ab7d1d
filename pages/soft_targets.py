"""Hard labels, soft targets: what the teacher knows that the label does not say."""

import math

import streamlit as st

from kdviz.reports import phrases
from kdviz.store import gallery
from kdviz.widgets import lesson, link, server, stage
from kdviz.widgets.pictures import chosen_image as state
from kdviz.widgets.pictures.beyond_label import PAIR_TEMPERATURE, beyond_label, most_different, shares
from kdviz.widgets.pictures.soft_targets import (
    LARGEST_LOGIT,
    ShownLogits,
    draw_digit,
    edit_logits,
    send_weights,
    similarity,
    soft_targets,
    temperature_of_link,
)

UNSURE, BY_CLASS, DRAW, EDIT = VIEWS = ("Least sure", "By class", "Draw a digit", "Edit the logits")
STARTS = ("Dog, wolf, cat", "A digit")
ANIMALS = ("dog", "wolf", "cat")
ANIMAL_LOGITS = tuple(math.log(p) for p in (0.7, 0.2, 0.1))

here = lesson.begin("soft_targets")
shown = server.choose_gallery()
temperature = temperature_of_link()

link.choice("view", VIEWS)
link.choice("class", shown.facts.class_names)
link.choice("start", STARTS)
seen: ShownLogits | None = None  # what Python knows of the picture: a drawing stays in the browser
with stage.picture(here):
    controls = st.container(horizontal=True, vertical_alignment="bottom", key="controls")
    with controls:
        view = state.choose(here.word("picture"), VIEWS, "view")
    if view in (UNSURE, BY_CLASS):
        with controls:
            candidates = state.choose_class(here, shown) if view == BY_CLASS else state.least_sure(shown)
            index = state.leaf(candidates, key=f"{shown.facts.name}-{view}")
        seen = state.picture(shown, index)
        soft_targets(key="picture", picture=seen, temperature=temperature)
    elif view == DRAW:
        name = f"{shown.facts.name}-teacher"
        send_weights(name, gallery.shipped_weights(shown.facts.name))
        draw_digit(
            key="drawing",
            class_names=shown.facts.class_names,
            network=name,
            frame="8x8" if shown.facts.name == "digits" else "mnist",
            temperature=temperature,
        )
    else:
        with controls:
            what = state.choose(here.word("start"), STARTS, "start")
        if what == STARTS[0]:
            begun = ShownLogits(ANIMALS, ANIMAL_LOGITS, label=0)
        else:
            with controls:
                candidates = state.choose_class(here, shown)
                begun = state.picture(shown, state.leaf(candidates, key=f"{shown.facts.name}-edit"))
        logits = link.numbers("logits", begun.logits, LARGEST_LOGIT)
        seen = ShownLogits(begun.class_names, logits, begun.label, caption=here.word("caption"))
        edit_logits(key=f"edit-{len(logits)}", picture=seen, start=begun.logits, temperature=temperature)

if seen is not None:  # what is drawn stays in the browser
    now = shares(seen, temperature)
    here.moved(
        "second-class",
        now.state if "T" in st.query_params else None,
        temperature=f"{temperature:g}",
        first=seen.class_names[now.first],
        first_share=phrases.percent(now.first_share),
        second=seen.class_names[now.second],
        share=phrases.percent(now.second_share, 1),
    )
here.text("beyond")
label = 2  # where the picture has no digit's label
if seen is not None and seen.label is not None and seen.class_names == shown.facts.class_names:
    label = seen.label
pair = most_different(shown, label)
beyond_label(
    key="beyond",
    picture=seen,
    pair=(state.picture(shown, pair[0]), state.picture(shown, pair[1])) if pair else None,
    temperature=temperature,
    words={
        **{name: here.word(name) for name in ("curve-title", "hard-label", "soft-target", "waiting")},
        **{name: here.open_sentence(name) for name in ("curve", "pair")},
        "pair-title": here.sentence(
            "pair-title", label=shown.facts.class_names[label], temperature=f"{PAIR_TEMPERATURE:g}"
        ),
    },
)

here.explain("what-you-see", formulas=("softmax", "entropy"))
here.text("look-alikes", images=f"{len(shown.labels):,}")
similarity(key="matrix", logits=shown.logits, labels=shown.labels, class_names=shown.facts.class_names)

here.try_this()
here.choice("order", right="never")
here.choice("entropy", right="none")
state.teacher_caption(here, shown)
here.end()
