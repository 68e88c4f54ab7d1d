"""What `python -m kdviz app` serves: the router `app.py`, with cookies and a first page in its final form."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from kdviz.widgets import open_files
from kdviz.widgets.first_page import FirstPage
from kdviz.widgets.visitor import Cookies

middleware = [Middleware(open_files.Watch, limit=open_files.raise_limit()), Middleware(Cookies), Middleware(FirstPage)]
app = st.App(Path(__file__).parents[1] / "app.py", middleware=middleware)
