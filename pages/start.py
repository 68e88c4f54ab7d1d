"""Start: what this is, one live picture, five ways in."""

import streamlit as st

from kdviz import gallery
from kdviz.widgets import page, server, state
from kdviz.widgets.soft_targets import soft_targets

page.header(
    "What does a network know that its answer doesn’t say?",
    "A trained network does not only say “2”: it says how much a 2 this is, and what else it could have been. "
    "kdviz makes that knowledge visible, and shows how a small network learns from it: knowledge distillation.",
)

shown = server.choose_gallery()
temperature = state.temperature()
soft_targets(
    key="start_picture",
    picture=state.picture(shown, state.opening(shown)),
    temperature=temperature,
    on_commit=state.set_temperature,
)

st.subheader("Five ways in", anchor=False)
learn, demonstrate, train, compare, explore = st.columns(5)
with learn:
    st.page_link("pages/soft_targets.py", label="**Learn**", icon=":material/school:")
    st.markdown("Read the lesson: hard labels, soft targets, and what the temperature does to them.")
with demonstrate:
    st.page_link(
        "pages/soft_targets.py",
        label="**Demonstrate**",
        icon=":material/co_present:",
        query_params={"data": shown.facts.name, "view": "Draw a digit", "T": "4"},
    )
    st.markdown("In front of a class: let somebody draw a digit and watch the teacher’s certainty melt.")
with train:
    st.page_link(
        "pages/watch_it_train.py",
        label="**Train**",
        icon=":material/play_circle:",
        query_params={"data": shown.facts.name},
    )
    st.markdown("Train a teacher and its student here and now, and see which of the two terms pulls.")
with compare:
    st.page_link(
        "pages/three_ways.py",
        label="**Compare**",
        icon=":material/compare_arrows:",
        query_params={"data": shown.facts.name},
    )
    st.markdown("Let a teacher, a peer and the network itself teach the same student, side by side, several times.")
with explore:
    st.page_link(
        "pages/explorer.py",
        label="**Explore**",
        icon=":material/grid_on:",
        query_params={"data": shown.facts.name},
    )
    st.markdown("Try many temperatures and weights at once, and find out which of the differences are luck.")


known = state.device()


@st.fragment(run_every=None if known else 1.0)
def machine() -> None:
    """The worker says what it trains on once it is up; after that nothing ticks any more."""
    device = state.device()
    if device and not known:
        st.rerun()
    st.caption(f"Trains on: {device or 'the worker is starting'}.")


figures = gallery.shipped_figures(shown.facts.name)
st.caption(
    f"Data: {shown.facts.title} ({shown.facts.source}), {figures['test_images']:,} test images, which no network here "
    f"has trained on. Teacher: {state.teacher_name(shown)}, {figures['test_errors']:,} errors on them "
    f"({figures['test_accuracy']:.2%} right)."
)
machine()
