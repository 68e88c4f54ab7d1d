"""What a browser asks the server for."""

import re

from starlette.types import Scope

_PAGE = re.compile(r"/(?!seat$)[a-z_]*$")
_SEAT = re.compile(r"/seat$")


def asks_for_page(scope: Scope) -> bool:
    """Whether it is a page of Streamlit, under whatever path a proxy has put before it."""
    return _gets(scope, _PAGE)


def asks_for_seat(scope: Scope) -> bool:
    """Whether it is the page of a class's seats, which is none of Streamlit's."""
    return _gets(scope, _SEAT)


def _gets(scope: Scope, path: re.Pattern[str]) -> bool:
    return scope["type"] == "http" and scope["method"] == "GET" and path.search(scope["path"]) is not None
