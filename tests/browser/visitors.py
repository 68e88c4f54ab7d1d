"""What ten visitors of one run cost the server, and how fast the picture follows: `python -m tests.browser.visitors`.

Figures, not tests: run it on a machine that does nothing else.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import Browser, sync_playwright

from tests.browser.app_server import AppServer, launch
from tests.browser.picture import drag, slider
from tests.browser.visitor import settle

VISITORS = 10
SECONDS = 20.0
RUNS = {
    "60 reports for each network": "data=mnist&pretrained=true&student=784-1200-1200-10&epochs=6",
    "500 reports": "data=digits&teacher=784-128-10&student=784-800-800-10&epochs=500&teacher_epochs=2",
}


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def latency(browser: Browser, server: AppServer, pause: float) -> None:
    """Drag T by 200 mouse moves over the page with the matrix."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{server.url}/soft_targets?data=digits")
    slider(page).wait_for()
    settle(page)
    did = drag(page, 200, pause)
    page.mouse.up()
    drawn, painted = (
        f"{statistics.median(v):.1f} / {percentile(v, 0.95):.1f} / {percentile(v, 0.99):.1f} ms"
        for v in (did.drawn, did.painted)
    )
    print(
        f"drag, a move every {pause:g} ms and more: 200 moves sent, {did.moves} pointer events, {did.inputs} inputs, "
        f"{len(did.drawn)} pictures, {len(did.drawn) / did.seconds:.0f} a second; median / 95 % / 99 %: event to "
        f"bars {drawn}, to the frame {painted}"
    )
    page.close()


def load(browser: Browser, server: AppServer, name: str, query: str) -> None:
    """Ten pages of one running run."""
    first = browser.new_page()
    first.goto(f"{server.url}/watch_it_train?{query}")
    settle(first)
    first.get_by_role("button", name="Start", exact=True).click()
    first.get_by_text("Students: epoch").wait_for(timeout=60_000)
    pages = [first]
    for _ in range(VISITORS - 1):
        pages.append(browser.new_page())
        pages[-1].goto(first.url)
        pages[-1].get_by_text("Students: epoch").wait_for(timeout=60_000)
    process = psutil.Process(server.pid)
    times, began = process.cpu_times(), time.perf_counter()
    first.wait_for_timeout(SECONDS * 1000)
    wall, now = time.perf_counter() - began, process.cpu_times()
    cores = (now.user + now.system - times.user - times.system) / wall
    still = "" if first.get_by_text("Students: epoch").count() else " (the run ended meanwhile)"
    cancelled = time.perf_counter()
    pages[-1].get_by_role("button", name="Cancel", exact=True).click()
    first.get_by_text("cancelled").first.wait_for(timeout=30_000)
    heard = time.perf_counter() - cancelled
    for page in pages:
        page.close()
    print(
        f"{VISITORS} visitors of one run ({name}): the server uses {cores:.2f} of a core{still}, "
        f"{process.memory_info().rss / 1e6:.0f} MB; cancel is on another visitor's page after "
        f"{heard:.2f} s"
    )


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="kdviz-visitors-") as folder, sync_playwright() as playwright:
        server = AppServer(Path(folder) / "state")
        browser = launch(playwright)
        try:
            for pause in (4, 16):
                latency(browser, server, pause)
            for name, query in RUNS.items():
                load(browser, server, name, query)
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
