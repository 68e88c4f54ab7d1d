"""Playground: two students learn in the visitor’s own browser, one with a teacher and one from labels only."""

import streamlit as st

from kdviz.recipes.catalogue import DATA_SETS
from kdviz.widgets import lesson, server, stage
from kdviz.widgets.pictures.playground import playground

here = lesson.begin("playground")
served, awaited = server.choose_pack()


@st.fragment(run_every=1.0)
def wait() -> None:
    """Until the pack has arrived or cannot be had: then the page runs once more, and nothing ticks any more."""
    if not server.is_awaited(awaited):
        st.rerun()
    st.caption(here.sentence("meanwhile", data=DATA_SETS[awaited].title))


with st.container(key="meanwhile", horizontal=True, vertical_alignment="center"):
    if awaited and server.has_arrived(awaited):
        title = DATA_SETS[awaited].title
        st.caption(here.sentence("arrived", data=title), width="content")
        st.button(here.sentence("show", data=title), on_click=server.forget_meanwhile, key="change_over")
    elif awaited:
        wait()

with stage.picture(here):
    playground(key="playground", served=served)
