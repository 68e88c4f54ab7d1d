"""Ways to get it wrong: the usual mistakes as switches on real runs, what gives each away, and which it is here."""

from functools import partial

import streamlit as st

from kdviz.recipes.study_facts.mistakes import WRONG_LABELS
from kdviz.store.recorded import recorded
from kdviz.widgets import lesson
from kdviz.widgets.pictures import mistakes, which_mistake
from kdviz.widgets.study import result as live_study

CHECKED_TEMPERATURE = 20

here = lesson.begin("mistakes")
chosen = mistakes.choose(here)
shown = live_study.show(mistakes.STUDY, picture=partial(mistakes.picture, here, chosen))
if shown is None:
    mistakes.so_far(here, chosen)

known = shown
if known is None or known.recipe.arms:  # not all of it: the recorded run has more to find
    known = recorded(mistakes.STUDY) or known
if known is not None:
    which_mistake.show(here, known)
which_mistake.check(here)

left, right = st.columns([1, 1], gap="large")
with left:
    here.text("what-you-see")
with right:
    here.text("silent", wrong=WRONG_LABELS)
    if known is not None:
        mistakes.teacher_needed(here, known)

here.try_this(wrong=WRONG_LABELS)
here.number("factor", answer=CHECKED_TEMPERATURE**2, tolerance=0.5)
here.choice("silent", right="blind")
here.choice("report", right="fresh")
here.end()
