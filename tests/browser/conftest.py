"""The browser, the app it looks at, and pages that object to every error in the console."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, Playwright, expect, sync_playwright

from tests.browser.app_server import AppServer, launch
from tests.browser.visitor import LAPTOP, Seen, button, watch
from tests.conftest import missing

expect.set_options(timeout=30_000)

Visit = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies in this folder is a test with a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What drives the browsers."""
    with sync_playwright() as found:
        yield found


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium; where there is none a person's tests skip, and CI's fail."""
    try:
        found = launch(playwright)
    except Error as error:
        missing(f"no Chromium to test with (install chromium or google-chrome): {str(error).splitlines()[0]}")
    yield found
    found.close()


@pytest.fixture(scope="session")
def app_server() -> Iterator[AppServer]:
    """The app, one for all tests that do not break it; leaves no process behind."""
    folder = Path(tempfile.mkdtemp(prefix="kdviz-app-"))
    server = AppServer(folder / "state")
    yield server
    left = server.stop()
    trouble = server.log.read_text(errors="replace")
    shutil.rmtree(folder, ignore_errors=True)
    assert not left, f"processes that outlived the server: {left}"
    assert "Traceback" not in trouble, trouble[-4000:]


@pytest.fixture(scope="session")
def app_url(app_server: AppServer) -> str:
    return app_server.url


@pytest.fixture(scope="session")
def spare_pages(browser: Browser) -> Iterator[dict[str, list[Page]]]:
    """Pages that earlier tests have left empty, by the options of their context: a new one costs seconds of work."""
    spare: dict[str, list[Page]] = {}
    yield spare
    for page in (page for pages in spare.values() for page in pages):
        page.context.close()


@pytest.fixture
def visit(
    browser: Browser, spare_pages: dict[str, list[Page]], app_url: str, request: pytest.FixtureRequest
) -> Iterator[Visit]:
    """Opens a visitor's page, a browser context of its own; its `Seen` is `page.seen`.

    At the end of the test no page may have an error in its console, but for what the test says it provokes.
    """
    pages: list[Any] = []
    nothing = f"{app_url}/_stcore/health"  # of the app's own address: another one would start another process
    failed = request.session.testsfailed

    def open_page(url: str = "", *, allowed: tuple[str, ...] = (), **options: Any) -> Page:
        viewport, theme = options.pop("viewport", LAPTOP), options.pop("color_scheme", "light")
        kind = json.dumps(options, sort_keys=True)
        spare = spare_pages.setdefault(kind, [])
        page: Any = spare.pop() if spare else browser.new_context(viewport=viewport, **options).new_page()
        if not hasattr(page, "seen"):
            page.kind = kind
            watch(page)
        page.set_viewport_size(viewport)
        page.emulate_media(media="screen", color_scheme=theme, reduced_motion="no-preference", forced_colors="none")
        page.seen = Seen(allowed)
        pages.append(page)
        if url:
            page.goto(url)
        return page

    open_page.pages = pages
    yield open_page
    errors = [error for page in pages for error in page.seen.errors]
    for page in pages:
        if request.session.testsfailed == failed and emptied(page, nothing):
            spare_pages[page.kind].append(page)
        else:
            page.context.close()
    assert not errors, errors


def emptied(page: Page, nothing: str) -> bool:
    """Make the page as good as new: `nothing` shown, nothing kept; whether that was possible."""
    if page.is_closed():
        return False
    try:
        for other in page.context.pages:
            if other is not page:
                other.close()
        page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        page.goto(nothing)
        page.context.clear_cookies()
        page.mouse.move(0, 0)
    except Error:
        return False
    return True


@pytest.fixture
def page(visit: Visit) -> Page:
    """One visitor at a laptop."""
    return visit()


@pytest.fixture
def quiet(visit: Visit) -> Iterator[None]:
    """A test that fails leaves no run behind that the next one would wait for."""
    yield
    for page in visit.pages:
        if not page.is_closed() and page.locator("button:enabled").filter(has_text="Cancel").count():
            with suppress(Error):  # it may end by itself meanwhile
                button(page, "Cancel").click(timeout=3000)
