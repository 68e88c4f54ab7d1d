"""What a browser asks the server for."""

import re

from starlette.types import Scope

_PAGE = re.compile(r"/(?!seat$)[a-z_]*$")  # a seat of a class is a page, but none of Streamlit's


def asks_for_page(scope: Scope) -> bool:
    """Whether it is a page of Streamlit, under whatever path a proxy has put before it."""
    return scope["type"] == "http" and scope["method"] == "GET" and _PAGE.search(scope["path"]) is not None
