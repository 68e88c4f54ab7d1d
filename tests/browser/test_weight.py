"""What a first visit moves, from a server on this machine, which is the same over HTTPS."""

import time

import pytest
from playwright.sync_api import Browser

from tests.browser.app_server import AppServer
from tests.browser.network import Network
from tests.browser.visitor import LAPTOP, settle

MOST = 3_000_000  # bytes


def when_all_has_come(network: Network) -> int:
    """The bytes that have come once nothing has for three seconds."""
    carried, since = network.carried, time.monotonic()
    while time.monotonic() - since < 3:
        time.sleep(0.1)
        if network.carried != carried:
            carried, since = network.carried, time.monotonic()
    return carried


@pytest.mark.parametrize("page_of", ["explorer", "hintons_table"])  # the heaviest: they have Plotly, and at once
def test_a_first_visit_moves_less_than_three_megabytes(app_server: AppServer, browser: Browser, page_of: str) -> None:
    network = Network(app_server.port)
    context = browser.new_context(viewport=LAPTOP)
    try:
        page = context.new_page()
        page.goto(f"{network.url}/{page_of}?data=digits", timeout=60_000)
        settle(page)
        page.locator(".js-plotly-plot .main-svg").first.wait_for(state="attached", timeout=60_000)
        moved = when_all_has_come(network)
        print(f"{page_of}: {moved / 1e6:.2f} MB")
        assert 1_500_000 < moved < MOST
    finally:
        context.close()
        network.close()
