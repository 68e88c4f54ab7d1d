"""What the playground's browser fetches, once and under an address that holds; and the room that the page leaves it."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app_server import AppServer

Visit = Callable[..., Page]

# Address, and bytes that came over the network, of the pack: the only file that a visitor who draws nothing needs.
FETCHED = """() => {
    const files = performance.getEntriesByType("resource").filter(({ name }) => /\\/media\\/\\w+\\.gz$/.test(name));
    return files.length > 0 && files.map((file) => [file.name, file.transferSize]);
}"""


def fetched(page: Page) -> tuple[str, int]:
    """The one file's address and size."""
    ((address, size),) = page.wait_for_function(FETCHED).json_value()
    return address, size


def test_the_pack_is_fetched_once_and_its_address_holds(visit: Visit, app_url: str) -> None:
    page = visit(
        f"{app_url}/playground?data=digits", timezone_id="UTC"
    )  # a context of its own: nothing is cached in it
    address, size = fetched(page)
    assert size > 100_000
    page.reload()
    assert fetched(page) == (address, 0)  # out of the browser's cache
    page.goto(f"{app_url}/playground?data=digits&T=8")
    assert fetched(page) == (address, 0)
    page.goto("about:blank")  # the last session that shows it ends
    another = visit(f"{app_url}/words", timezone_id="UTC")
    expect(another.locator("h1")).to_be_visible()
    with urllib.request.urlopen(address) as answer:
        assert answer.headers["Content-Type"] == "application/gzip"
        assert 0 < len(answer.read()) <= size


def test_the_list_of_pages_makes_room_and_stays_once_it_is_opened(visit: Visit, app_url: str) -> None:
    page = visit(f"{app_url}/?data=digits")
    page.locator(".st-key-play_now").get_by_role("link").click()
    expect(page.locator("h1")).to_have_text("What does a teacher add to a few labels?")
    assert "/playground?data=digits" in page.url
    picture, sidebar = page.locator(".st-key-playground"), page.get_by_test_id("stSidebar")
    expect(sidebar).to_have_attribute("data-collapsed", "true")
    expect(picture).to_be_visible()
    box = picture.bounding_box()
    assert box is not None
    assert box["y"] < 75
    assert box["width"] > 1200
    page.get_by_test_id("stExpandSidebarButton").click()
    expect(page.get_by_test_id("stSidebarNav").locator('[aria-current="page"]')).to_have_text("Playground")
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Start", exact=True).click()
    expect(page.locator("h1")).to_have_text("What does a network know that its answer doesn’t say?")
    expect(sidebar).not_to_have_attribute("data-collapsed", "true")


@pytest.mark.usefixtures("mnist_folder")
def test_what_the_first_visitors_would_wait_for_is_made_before_anybody_comes(tmp_path: Path) -> None:
    server = AppServer(tmp_path / "state")
    try:
        end = time.monotonic() + 60
        for folder, ending in (("gallery", "npz"), ("playground", "gz")):
            while not list((server.state / folder).glob(f"mnist-*.{ending}")) and time.monotonic() < end:
                time.sleep(0.1)
            assert list((server.state / folder).glob(f"mnist-*.{ending}"))
    finally:
        assert not server.stop()
    assert "Traceback" not in server.log.read_text()
