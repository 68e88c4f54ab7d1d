"""The loss: KL in both directions, soft cross-entropy and its floor, α; why T², and the limit of high temperatures."""

import math
from dataclasses import replace

import streamlit as st

from kdviz.widgets import lesson, link, server, stage
from kdviz.widgets.pictures import chosen_image as state
from kdviz.widgets.pictures.loss_lesson import (
    PARTS,
    Example,
    LossState,
    chosen_in_link,
    keep_in_link,
    logits_of,
    loss_picture,
    readings,
)
from kdviz.widgets.pictures.measured_over_t import MOMENTS, show_t_squared

ANIMALS = ("dog", "wolf", "fox", "cat", "car")
ON_ITS_WAY = logits_of((0.35, 0.20, 0.15, 0.18, 0.12))
TEACHER = logits_of((0.60, 0.22, 0.10, 0.06, 0.02))
TWO_PEAKS = logits_of((0.47, 0.02, 0.02, 0.47, 0.02))
EVEN = 1.25  # how far two parts of the loss may be apart to count as equal
SAME = 1e-6  # nats of KL, which is 0 where the student is the teacher

here = lesson.begin("loss")
shown = server.choose_gallery()
image = state.picture(shown, state.opening(shown))
zeros = (0.0,) * len(image.class_names)
EXAMPLES = {
    "start": Example(ANIMALS, LossState(TEACHER, ON_ITS_WAY, 0)),
    "one": Example(ANIMALS, LossState(TWO_PEAKS, logits_of((0.92, 0.02, 0.02, 0.02, 0.02)), 0)),
    "all": Example(ANIMALS, LossState(TWO_PEAKS, logits_of((0.2, 0.2, 0.2, 0.2, 0.2)), 0)),
    "same": Example(ANIMALS, LossState(TEACHER, TEACHER, 0)),
    "image": Example(
        image.class_names, LossState(tuple(round(z, 3) for z in image.logits), zeros, image.label or 0, 4.0)
    ),
}
example = EXAMPLES[link.choice("example", EXAMPLES, "start")]
link.choice("moment", MOMENTS)
chosen = chosen_in_link(example)


def take(name: str) -> None:
    """Open a preset: what was moved before belongs to another one."""
    for part in PARTS:
        link.write(part, "")
    link.write("example", name)


with stage.picture(here):
    with st.container(horizontal=True, key="presets"):
        for name in EXAMPLES:
            st.button(here.word(f"preset-{name}"), type="tertiary", on_click=take, args=(name,))
    loss_picture(key="loss_picture", example=example, chosen=chosen)
now = readings(chosen)
moved = any(part in st.query_params for part in PARTS)
ratio = now.soft_part / now.hard_part if now.hard_part > 0 else math.inf
balance = "right" if 1 / EVEN <= ratio <= EVEN else "low" if ratio < 1 else "high"
if now.forward < SAME:
    balance = "none"  # no α and no T makes more of nothing
here.moved("balance", balance if moved else None, soft=f"{now.soft_part:.3f}", hard=f"{now.hard_part:.3f}")

here.explain("what-you-see", "alpha", formulas=("kl", "identity", "loss"))
here.text("forward-reverse")
one, spread = (readings(EXAMPLES[name].start) for name in ("one", "all"))
here.say(
    "preferred",
    one_forward=f"{one.forward:.2f}",
    all_forward=f"{spread.forward:.2f}",
    one_reverse=f"{one.reverse:.2f}",
    all_reverse=f"{spread.reverse:.2f}",
    forward_choice=here.word("on-one" if one.forward < spread.forward else "everywhere"),
    reverse_choice=here.word("on-one" if one.reverse < spread.reverse else "everywhere"),
)

why, matching = st.columns([5, 4], gap="large")
with why:
    here.text("why-t-squared")
    here.formula("gradient")
with matching:
    here.text("matching")
    here.formula("matching")

# The slider below the curves is the one above as well.
show_t_squared(here, chosen.temperature, lambda moved: keep_in_link(replace(chosen, temperature=moved), example))

here.try_this()
halves = readings(LossState(logits_of((0.5, 0.5)), logits_of((0.9, 0.1)), 0))
here.number(
    "kl",
    answer=halves.forward,
    tolerance=0.006,
    unit="nats",
    result=f"{halves.forward:.3f}",
    reverse=f"{halves.reverse:.3f}",
)
here.choice("floor", right="unknown")
here.choice("fade", right="quarter")
here.end()
