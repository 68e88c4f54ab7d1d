"""The browser, the app it looks at, and pages that object to every error in the console."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect, sync_playwright

from tests.browser.app_server import AppServer, launch
from tests.browser.visitor import LAPTOP, Seen, button
from tests.conftest import missing

expect.set_options(timeout=30_000)

Visit = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies in this folder is a test with a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; where there is none a person's tests skip, and CI's fail."""
    with sync_playwright() as playwright:
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


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Opens a visitor's page, a browser context of its own; its `Seen` is `page.seen`.

    At the end of the test no page may have an error in its console, but for what the test says it provokes.
    """
    contexts: list[BrowserContext] = []
    pages: list[Any] = []

    def open_page(url: str = "", *, allowed: tuple[str, ...] = (), **options: Any) -> Page:
        context = browser.new_context(**{"viewport": LAPTOP, **options})
        contexts.append(context)
        page: Any = context.new_page()
        page.seen = Seen(allowed)
        page.seen.watch(page)
        pages.append(page)
        if url:
            page.goto(url)
        return page

    open_page.pages = pages
    yield open_page
    errors = [error for page in pages for error in page.seen.errors]
    for context in contexts:
        context.close()
    assert not errors, errors


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
