"""A browser is killed and a network is away or slow while a run is watched: what runs goes on, and pages catch up."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import psutil
import pytest
from playwright.sync_api import Browser, Locator, Page, Playwright, expect

from tests.browser.app_server import AppServer, launch
from tests.browser.network import Network
from tests.browser.visitor import button, changes, settle, stays

LONG = "data=digits&teacher=784-128-10&student=784-800-800-10&epochs=500&teacher_epochs=2&seed=41"
STARTS = 30_000  # ms until a worker that has just started reports
AWAY = 21.0  # seconds without a network
# What a browser says of its network.
LOST = ("net::ERR", "WebSocket", "Failed to load resource", "disconnected from server")

Visit = Callable[..., Page]

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture
def network(app_server: AppServer) -> Iterator[Network]:
    made = Network(app_server.port)
    yield made
    made.close()


def status(page: Page) -> Locator:
    return page.get_by_test_id("stProgress")


def update(page: Page) -> int:
    """The number of updates that the line of a run names."""
    found = re.search(r"update ([\d,]+) of", status(page).inner_text())
    return int(found[1].replace(",", "")) if found else 0


def behind(page: Page, other: Page) -> float:
    """How many seconds one page is behind another, of the same run."""
    before, began = update(other), time.monotonic()
    changes(other, lambda: update(other), times=5)
    pace = (update(other) - before) / (time.monotonic() - began)
    return (update(other) - update(page)) / pace


@pytest.mark.timeout(400)  # of a busy machine
def test_a_run_is_watched_through_a_killed_browser_a_network_that_is_away_and_one_that_is_slow(
    visit: Visit, playwright: Playwright, app_url: str, network: Network
) -> None:
    address = started_by_a_browser_that_is_killed(playwright, app_url)
    near = visit(address)
    expect(status(near)).to_contain_text("Students: epoch")
    far = visit(address.replace(app_url, network.url), allowed=LOST)
    expect(status(far)).to_contain_text("Students: epoch")
    the_network_is_away(far, near, network)
    the_network_is_slow(far, near, network)
    far.close()  # before its network is taken away for good, of which it would complain
    near.goto(address)
    button(near, "Cancel").click()
    expect(status(near)).to_contain_text("cancelled")


def started_by_a_browser_that_is_killed(playwright: Playwright, url: str) -> str:
    """Start a run in a browser that is gone the next moment; the address of its page."""
    before = set(psutil.Process().children(recursive=True))
    doomed: Browser = launch(playwright)
    own = set(psutil.Process().children(recursive=True)) - before
    page = doomed.new_page()
    page.goto(f"{url}/watch_it_train?{LONG}")
    settle(page)
    button(page, "Start").click()
    expect(status(page)).to_contain_text("Students: epoch", timeout=STARTS)
    address = page.url
    for process in own:
        if process.is_running():
            process.kill()
    return address


def the_network_is_away(far: Page, near: Page, network: Network) -> None:
    network.offline()
    stays(far, lambda: update(far), seconds=2)
    at = update(far)
    end = time.monotonic() + AWAY
    changes(near, lambda: update(near), times=3)  # others hear of the run all the while
    while time.monotonic() < end:
        far.wait_for_timeout(200)
    assert update(far) == at, "something came through"
    network.online()
    began = time.monotonic()
    changes(far, lambda: update(far), times=3)
    print(f"\nthe page follows {time.monotonic() - began:.1f} s after its network is back")
    assert behind(far, near) < 3
    button(far, "Pause").click()
    for page in (near, far):
        expect(button(page, "Go on")).to_be_visible(timeout=10_000)
    button(far, "Go on").click()
    changes(far, lambda: update(far), times=2)


def the_network_is_slow(far: Page, near: Page, network: Network) -> None:
    """400 ms and 50 kB/s."""
    network.slow(0.4, 50_000)
    far.wait_for_timeout(8_000)
    late, carried = behind(far, near), network.carried
    far.wait_for_timeout(2000)
    print(f"{late:.1f} s behind; {(network.carried - carried) / 2000:.1f} kB/s")
    began = time.monotonic()
    button(far, "Pause").click()
    expect(button(near, "Go on")).to_be_visible()
    expect(button(far, "Go on")).to_be_visible()
    print(f"Pause is seen after {time.monotonic() - began:.1f} s")
    assert late < 6, "pictures come later and later"
    assert time.monotonic() - began < 8
