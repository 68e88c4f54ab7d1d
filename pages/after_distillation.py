"""After distillation: a trained student is pruned and quantised in the browser; what that saves and what not."""

import streamlit as st

from kdviz.recipes.catalogue import ARCHITECTURES, DATA_SETS
from kdviz.store import shipped_students
from kdviz.widgets import lesson, stage
from kdviz.widgets.pictures import meanwhile, measured
from kdviz.widgets.pictures.compressed import BITS, USUAL, Setting, compressed_picture, setting_of_link
from kdviz.widgets.study import told

here = lesson.begin("after_distillation")
served = meanwhile.choose_pack()
setting = setting_of_link()
made = shipped_students.about(served.data)
student = ARCHITECTURES[made["training"]["model"]]
inputs, hidden, classes = student.widths


def left(shown: Setting) -> int:
    """How many hidden units are left."""
    pruned = round(shown.sparsity * hidden) if shown.way == "units" else 0
    return hidden - min(hidden - 1, pruned)


def state(shown: Setting) -> str:
    """How the question of half the work is answered by the setting."""
    if shown.way == "units" and shown.sparsity:
        return "right" if 2 * left(shown) <= hidden else "more"
    return "zeros" if shown.sparsity else "bits"


with stage.picture(here):
    compressed_picture(key="compressed", served=served, setting=setting)
here.moved(
    "half-the-work",
    state(setting) if setting != USUAL else None,
    hidden=left(setting),
    work=f"{left(setting) * (inputs + classes):,}",
    all=f"{student.multiply_adds:,}",
)
figures, distillation = made["figures"], made["distillation"]
here.text(
    "what-you-see",
    data=DATA_SETS[served.data].title,
    temperature=f"{distillation['temperature']:g}",
    alpha=f"{distillation['alpha']:g}",
    images=f"{figures['plain']['held_out']:,}",
    **{role: f"{figures[role]['held_out_right']:,}" for role in shipped_students.ROLES},
)
words, uses = st.columns([5, 4], gap="large")
with words:
    here.text("ways")
with uses:
    here.text("zeros")
    here.text("costs")

measured.show(here, served.data)
here.text("yourself")
here.try_this()
kilobytes = student.multiply_adds * BITS[2] / 8 / 1000
here.number("four-bits", answer=kilobytes, tolerance=0.05, unit="kB", result=f"{kilobytes:.1f}")
here.choice("sparse", right="same")
here.choice("energy", right="measure")

_, works = told.section(here)
here.end(works)
