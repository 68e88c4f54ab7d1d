"""The router: the pages in reading order, nothing else."""

import streamlit as st

from kdviz.errors import PlainError
from kdviz.widgets import page

st.set_page_config(page_title="kdviz", page_icon="🌡️", layout="wide", initial_sidebar_state=240)
page.style()
pages = st.navigation(
    {
        "": [st.Page("pages/start.py", title="Start", default=True)],
        "Learn": [
            st.Page("pages/soft_targets.py", title="Hard labels, soft targets", url_path="soft_targets"),
            st.Page("pages/watch_it_train.py", title="Watch it train", url_path="watch_it_train"),
            st.Page("pages/three_ways.py", title="Three ways to teach", url_path="three_ways"),
            st.Page("pages/what_is_transferred.py", title="What is transferred", url_path="what_is_transferred"),
        ],
        "Explore": [
            st.Page("pages/explorer.py", title="Explorer", url_path="explorer"),
            st.Page("pages/runs.py", title="Runs", url_path="runs"),
        ],
    },
    expanded=True,
)
try:
    pages.run()
except PlainError as error:  # a run store that cannot be read: no page can do without
    page.refuse("This page cannot be shown.", str(error))
