"""How fast the picture follows the finger: `python -m tests.browser.visitors`. Many visitors: `python -m tests.load`.

Figures, not tests: run it on a machine that does nothing else.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.app_server import AppServer, launch
from tests.browser.picture import drag, slider
from tests.browser.visitor import settle


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


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="kdviz-visitors-") as folder, sync_playwright() as playwright:
        server = AppServer(Path(folder) / "state")
        browser = launch(playwright)
        try:
            for pause in (4, 16):
                latency(browser, server, pause)
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
