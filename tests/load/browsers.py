"""A few real browsers among the visitors."""

from __future__ import annotations

import time
from contextlib import ExitStack

from playwright.sync_api import sync_playwright

from tests.browser.app_server import launch
from tests.browser.visitor import settle

PAGES = ("soft_targets", "watch_it_train", "three_ways")


def visit(url: str, number: int) -> list[float]:
    """So many Chromiums, each with an empty cache, open a page one after the other; seconds until each is whole."""
    if not number:
        return []
    seconds = []
    with sync_playwright() as playwright, ExitStack() as all_open:
        for at in range(number):
            browser = launch(playwright)
            all_open.callback(browser.close)
            page = browser.new_page()
            begun = time.perf_counter()
            page.goto(f"{url}/{PAGES[at % len(PAGES)]}")
            settle(page, quiet=0.1)
            seconds.append(time.perf_counter() - begun - 0.1)
    return seconds
