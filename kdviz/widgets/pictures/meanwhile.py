"""What a visitor is told while the images of another data set than the one that is shown are on their way."""

import streamlit as st

from kdviz.recipes.catalogue import DATA_SETS
from kdviz.widgets import server
from kdviz.widgets.lesson import sentence
from kdviz.widgets.server import ServedPack


@st.fragment(run_every=1.0)
def _wait(awaited: str) -> None:
    """Until the pack has arrived or cannot be had: then the page runs once more, and nothing ticks any more."""
    if not server.is_awaited(awaited):
        st.rerun()
    st.caption(sentence("playground", "meanwhile", data=DATA_SETS[awaited].title))


def choose_pack() -> ServedPack:
    """As `server.choose_pack`; says on the page what is on its way, and once it is there shows it at a press."""
    served, awaited = server.choose_pack()
    with st.container(key="meanwhile", horizontal=True, vertical_alignment="center"):
        if awaited and server.has_arrived(awaited):
            title = DATA_SETS[awaited].title
            st.caption(sentence("playground", "arrived", data=title), width="content")
            show = sentence("playground", "show", data=title)
            st.button(show, on_click=server.forget_meanwhile, key="change_over")
        elif awaited:
            _wait(awaited)
    return served
