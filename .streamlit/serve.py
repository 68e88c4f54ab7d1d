"""What `python -m kdviz app` serves: the router `app.py`, and a first page that has its form before its content."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from kdviz.widgets.first_page import FirstPage

app = st.App(Path(__file__).parents[1] / "app.py", middleware=[Middleware(FirstPage)])
