"""The components' modules in an empty page, for tests that hold their mathematics against Python's."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Page, Route

from tests.browser.app_server import ROOT

COMPONENTS = ROOT / "kdviz" / "components"
ADDRESS = "http://components.test"


def _serve(route: Route) -> None:
    path = urlsplit(route.request.url).path
    if path == "/":
        route.fulfill(body="<!doctype html>", content_type="text/html")
    else:
        route.fulfill(path=COMPONENTS / path[1:], content_type="text/javascript")


def import_modules(page: Page, *modules: str) -> Page:
    """The page with all that the modules export, as properties of its global `kdviz`."""
    page.route(f"{ADDRESS}/**", _serve)
    page.goto(f"{ADDRESS}/")
    page.evaluate(
        """async (modules) => {
            const all = await Promise.all(modules.map((module) => import(`/${module}`)));
            globalThis.kdviz = Object.assign({}, ...all);
        }""",
        list(modules),
    )
    return page
