"""Start: what this is, the playground and five more doors, one live picture, and the course."""

import streamlit as st

from kdviz.reports.phrases import percent
from kdviz.store import gallery
from kdviz.widgets import course_progress as progress
from kdviz.widgets import lesson, link, server, stage
from kdviz.widgets.pictures import chosen_image as state
from kdviz.widgets.pictures.soft_targets import soft_targets, temperature_of_link

here = lesson.begin("start")
stage.open_talk()
with st.container(key="play_now"):
    label, along = here.word("play-now"), link.taken_along()
    st.page_link("pages/playground.py", label=label, icon=":material/play_circle:", query_params=along)
shown = server.choose_gallery()
DOORS = {
    "learn": ("pages/soft_targets.py", ":material/school:", {}),
    "demonstrate": ("pages/soft_targets.py", ":material/co_present:", {"view": "Draw a digit", "T": "4"}),
    "train": ("pages/watch_it_train.py", ":material/monitoring:", {}),
    "compare": ("pages/three_ways.py", ":material/compare_arrows:", {}),
    "explore": ("pages/explorer.py", ":material/grid_on:", {}),
}
with st.container(key="doors"):
    for column, (door, (to, icon, query)) in zip(st.columns(len(DOORS)), DOORS.items(), strict=True):
        with column:
            query_params = {"data": shown.facts.name, **query}
            st.page_link(to, label=f"**{here.word(door)}**", icon=icon, query_params=query_params)
            here.text(door)
picture = state.picture(shown, state.opening(shown))
with stage.picture(here):
    soft_targets(
        key="start_picture", picture=picture, temperature=temperature_of_link(), invites="T" not in st.query_params
    )

here.text("talks")
stage.list_talks()

here.text("course")
progress.overview()

known = server.device()


@st.fragment(run_every=None if known else 1.0)
def machine() -> None:
    """The worker says what it trains on once it is up; after that nothing ticks any more."""
    device = server.device()
    if device and not known:
        st.rerun()
    st.caption(here.sentence("trains-on", device=device) if device else here.sentence("starting"))


figures = gallery.shipped_figures(shown.facts.name)
st.caption(
    here.sentence(
        "data",
        data=shown.facts.title,
        source=shown.facts.source,
        images=f"{figures['test_images']:,}",
        teacher=state.teacher_name(shown),
        errors=f"{figures['test_errors']:,}",
        accuracy=percent(figures["test_accuracy"], 2),
    )
)
machine()
