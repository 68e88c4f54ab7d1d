"""Beyond digits: the next letter. A language model taught by a larger one; both read what a visitor types."""

import streamlit as st

from kdviz.reports.phrases import percent
from kdviz.store import shipped_letters
from kdviz.widgets import lesson, stage
from kdviz.widgets.pictures.next_letter import next_letter_picture, setting_of_link
from kdviz.widgets.pictures.samples import samples
from kdviz.widgets.study import told

here = lesson.begin("next_letter")

with stage.picture(here):
    next_letter_picture(key="next_letter", setting=setting_of_link())
made = {role: shipped_letters.about(role) for role in shipped_letters.FILES}
sizes = {role: f"{about['parameters']:,}" for role, about in made.items()}
here.text(
    "what-you-see",
    **{f"{role}_size": size for role, size in sizes.items()},
    **{f"{role}_bits": f"{about['figures']['held-out']['bits_per_letter']:.2f}" for role, about in made.items()},
    agreement=percent(made["student"]["figures"]["held-out"]["agreement"], 0),
)
words, uses = st.columns([5, 4], gap="large")
with words:
    here.text("ways")
with uses:
    here.text("two-temperatures")
    here.text("others")
here.text("yourself")
here.try_this()
here.choice("sampling", right="student")
bits = made["teacher"]["figures"]["held-out"]["bits_per_letter"]
here.number("perplexity", answer=2**bits, tolerance=0.1, unit="letters", result=f"{2**bits:.2f}", bits=f"{bits:.2f}")
here.choice("sequence", right="writes")

looked_at, works = told.section(here, student_size=sizes["student"])
samples(here, looked_at)
here.end(works)
