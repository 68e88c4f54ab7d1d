"""What `python -m kdviz app` serves: the router `app.py`, and around it what a browser is told and how much it gets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Thread

import streamlit as st
from starlette.middleware import Middleware
from streamlit import net_util

from kdviz.store.classes import ClassStore
from kdviz.widgets import live_socket, open_files
from kdviz.widgets.base_path import under
from kdviz.widgets.classroom.routes import Classroom
from kdviz.widgets.compressed import Compressed
from kdviz.widgets.first_page import FirstPage
from kdviz.widgets.headers import Headers
from kdviz.widgets.seat import SEAT_ROUTES
from kdviz.widgets.uploads import Uploads
from kdviz.widgets.visitor import Cookies

# Streamlit would ask an address of Amazon's for its own, to print it and for browsers from an unknown place.
net_util.get_external_ip = lambda: None

live_socket.remember_more()
limit = open_files.raise_limit()
open_files.keep_fewer_sessions(limit)
watch = Middleware(open_files.Watch, limit=limit)
around = [Middleware(part) for part in (Headers, Cookies, Uploads, Compressed, FirstPage)]


def _classes() -> ClassStore:
    from kdviz.widgets import server  # which the first page loads, too

    return server.classes()


def _prepare() -> None:
    from kdviz.widgets import server  # beside the first page, which loads it, too

    server.prepare()


@asynccontextmanager
async def _prepared(_app: st.App) -> AsyncIterator[None]:
    """As soon as the server is up, make what its first visitor would wait for."""
    Thread(target=_prepare, daemon=True).start()
    yield


routes = under(st.get_option("server.baseUrlPath"), [*Classroom(_classes).routes(), *SEAT_ROUTES])
app = st.App(Path(__file__).parents[1] / "app.py", middleware=[watch, *around], routes=routes, lifespan=_prepared)
