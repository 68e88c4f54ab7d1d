"""Addresses of our own beside Streamlit's, below the path under which a proxy shows the app."""

from collections.abc import Iterable
from copy import copy

from starlette.routing import BaseRoute, Route, WebSocketRoute, compile_path


def under(base: str, routes: Iterable[Route | WebSocketRoute]) -> list[BaseRoute]:
    """The same routes below a path; "" leaves them as they are."""
    at = f"/{base.strip('/')}".rstrip("/")
    moved = [copy(route) for route in routes]
    for route in moved:
        route.path = f"{at}{route.path}"
        route.path_regex, route.path_format, route.param_convertors = compile_path(route.path)
    return list(moved)
