"""What a browser asks the server for."""

import re

from starlette.types import Scope

_PAGE = re.compile(r"/[a-z_]*$")


def asks_for_page(scope: Scope) -> bool:
    """Whether it is a page of the app, under whatever path a proxy has put before it."""
    return scope["type"] == "http" and scope["method"] == "GET" and _PAGE.search(scope["path"]) is not None
