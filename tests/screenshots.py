"""Pictures of every page for the README: `python -m tests.screenshots`.

They show scikit-learn's digits and drawings only: no image of MNIST goes into the repository. A comparison's result and
a sweep's map are of MNIST, which must be there; they show figures alone.
"""

from __future__ import annotations

import io
import math
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Locator, Page, sync_playwright

from tests.browser.app_server import ROOT, AppServer, launch
from tests.browser.picture import draw
from tests.browser.visitor import settle

FOLDER = ROOT / "assets" / "screenshots"
LAPTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": LAPTOP, "color_scheme": "light"},
    "dark": {"viewport": LAPTOP, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light", "has_touch": True, "is_mobile": True},
}
NOWHERE = (300, 4)  # where a mouse highlights nothing
LARGEST = 220_000  # bytes of one picture
LARGEST_FILM = 2_000_000
TROUBLE = '[data-testid="stAlert"]:not([class*="st-key-told_"] *), [role="dialog"]'  # what a check says is none
# A 2 with a loop that leans towards a 3.
TWO = [
    *((0.5 + 0.2 * math.sin(a), 0.34 - 0.18 * math.cos(a)) for a in (i * math.pi / 8 - 1.2 for i in range(9))),
    (0.64, 0.46),
    (0.32, 0.82),
    (0.72, 0.82),
]


def picture(page: Page) -> None:
    """Wait for the bars."""
    page.locator(".bar").nth(9).wait_for(state="attached")


def drawing(page: Page) -> None:
    """Draw a digit."""
    page.locator('[data-network="ready"]').wait_for()
    page.locator("canvas.pad").scroll_into_view_if_needed()
    draw(page, TWO)
    page.mouse.move(*NOWHERE)


def played(page: Page) -> None:
    """Students that have learnt for a while."""
    page.locator(".playground:not(.busy) .play").click()
    page.wait_for_timeout(3000)
    page.locator(".play").click()
    page.mouse.move(*NOWHERE)


def film(page: Page) -> list[Image.Image]:
    """The playground while its students learn, and while alpha is moved to the labels and back."""
    page.locator(".playground:not(.busy) .play").wait_for()
    frames: list[Image.Image] = []

    def look(count: int, key: str = "") -> None:
        for _ in range(count):
            if key:
                page.locator("#playground-alpha").press(key)
            page.wait_for_timeout(120)
            taken = Image.open(io.BytesIO(page.screenshot()))
            frames.append(taken.convert("RGB").resize((960, 600), Image.Resampling.LANCZOS))

    look(1)
    page.locator(".play").click()
    page.mouse.move(*NOWHERE)
    look(14)
    look(5, "PageDown")
    look(5, "PageUp")
    look(3)
    return frames


def train(page: Page) -> None:
    """Train, or find what has been trained for the picture before."""
    start = page.get_by_role("button", name="Start", exact=True)
    if start.is_enabled():
        start.click()
    page.get_by_text("finished in").wait_for(timeout=400_000)


def bring_up(page: Page, part: Locator) -> None:
    """Scroll until the part stands at the top."""
    part.evaluate("(part) => { part.style.scrollMarginTop = '72px'; part.scrollIntoView({ block: 'start' }); }")
    page.mouse.move(*NOWHERE)


def finished(page: Page) -> None:
    """A finished run with its charts in view."""
    train(page)
    page.get_by_test_id("stVegaLiteChart").last.wait_for()
    bring_up(page, page.get_by_test_id("stProgress"))


def compared(page: Page) -> None:
    """A finished comparison, or what was transferred in it, with its pictures in view."""
    train(page)
    page.get_by_role("table").first.wait_for()
    bring_up(page, page.get_by_test_id("stProgress"))


def verdict(page: Page) -> None:
    """What a comparison comes to: its picture."""
    train(page)
    page.locator(".js-plotly-plot").first.wait_for()
    bring_up(page, page.get_by_role("heading", name="What the accuracy costs"))


def swept(page: Page) -> None:
    """A finished sweep with its map in view."""
    train(page)
    page.locator(".kdx .cells").wait_for()
    bring_up(page, page.get_by_test_id("stProgress"))


def heat_map(page: Page) -> Locator:
    """The map of a sweep over MNIST, and nothing that shows an image of it."""
    swept(page)
    page.set_viewport_size({"width": 1600, "height": 1000})
    settle(page)
    return page.locator(".kdx .map")


def kept(page: Page) -> None:
    """What the pictures before have left in the run store."""
    page.get_by_test_id("stDataFrame").first.wait_for()


def curves(page: Page) -> None:
    """Wait for the curves over T."""
    page.locator("svg.over-t").first.wait_for()


def studied(page: Page) -> None:
    """A lesson with its recorded study: its figures are of MNIST, and no image is shown."""
    page.locator(".js-plotly-plot").first.wait_for()


def compressed(page: Page) -> None:
    """Two students, pruned and quantised."""
    page.locator(".compressed:not(.busy)").wait_for()
    page.wait_for_timeout(2000)


def letters(page: Page) -> None:
    """Two networks that have read a text and write on."""
    page.locator(".next-letter[data-state=ready]").wait_for()
    page.get_by_role("button", name="Let both write on").click()
    page.locator(".next-letter[data-writing=done]").wait_for()
    page.mouse.move(*NOWHERE)


def measured(page: Page) -> None:
    """What the networks of a run take: figures, and no image."""
    page.locator(".js-plotly-plot").first.wait_for()
    bring_up(page, page.get_by_role("heading", name="What each takes, measured"))


SHOTS: dict[str, tuple[str, Callable[[Page], object]]] = {
    "start": ("?data=digits&T=3", picture),
    "playground": ("playground?data=digits&labels=50", played),
    "soft_targets": ("soft_targets?data=digits&T=4&image=4", picture),
    "draw": ("soft_targets?data=digits&view=Draw+a+digit&T=12", drawing),
    "temperature": ("temperature?data=digits&T=3", curves),
    "loss": ("loss?data=digits&T=4", curves),
    "watch_it_train": ("watch_it_train?data=digits", finished),
    "three_ways": ("three_ways?data=digits", compared),
    "what_is_transferred": ("what_is_transferred?data=digits", compared),
    "after_distillation": ("after_distillation?data=digits&sparsity=0.6&bits=4", compressed),
    "next_letter": ("next_letter?T=2", letters),
    "when_it_helps": ("when_it_helps?study=few-labels", studied),
    "hintons_table": ("hintons_table", studied),
    "explorer": ("explorer?data=digits", swept),
    "runs": ("runs", kept),
    "verdict": ("three_ways?data=mnist&seeds=0-4&schedule=one-cycle", verdict),
    "heat_map": ("explorer?data=mnist", heat_map),
    "measured": ("after_distillation?data=digits", measured),
}
OF_MNIST = ("verdict", "heat_map", "measured")  # figures alone
FILM = "playground?data=digits&labels=20&speed=medium"


def main(wanted: Sequence[str]) -> None:
    """Write those that are wanted, or all; ends with an error when one has grown too large or a page is in trouble."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    troubles: list[str] = []
    with tempfile.TemporaryDirectory(prefix="kdviz-screenshots-") as name, sync_playwright() as playwright:
        folder = Path(name)
        server = AppServer(folder / "state")
        browser = launch(playwright)
        try:
            for shot in [name for name in wanted or SHOTS if name != "film"]:
                path, prepare = SHOTS[shot]
                for look in ("light",) if shot in OF_MNIST else LOOKS:
                    page = browser.new_page(device_scale_factor=1, **LOOKS[look])
                    page.goto(f"{server.url}/{path}")
                    page.locator("h1").wait_for()
                    settle(page)
                    part = prepare(page)
                    settle(page)
                    said = page.locator(TROUBLE).all_inner_texts()
                    troubles += [f"{shot} {look}: {text}" for text in said]
                    file = FOLDER / f"{shot}_{look}.png"
                    (part if isinstance(part, Locator) else page).screenshot(path=file)
                    page.close()
                    size = file.stat().st_size
                    print(f"{file.relative_to(ROOT)}  {size / 1000:.0f} kB")
                    if size > LARGEST:
                        troubles.append(f"{file.name} is larger than {LARGEST / 1000:.0f} kB")
            if not wanted or "film" in wanted:
                page = browser.new_page(viewport=LAPTOP)
                page.goto(f"{server.url}/{FILM}")
                first, *others = (frame.quantize(96) for frame in film(page))
                file = FOLDER / "playground.gif"
                first.save(file, save_all=True, append_images=others, duration=180, loop=0, optimize=True)
                print(f"{file.relative_to(ROOT)}  {file.stat().st_size / 1000:.0f} kB")
                if file.stat().st_size > LARGEST_FILM:
                    troubles.append(f"{file.name} is larger than {LARGEST_FILM / 1000:.0f} kB")
        finally:
            browser.close()
            server.stop()
    if troubles:
        sys.exit("\n".join(troubles))


if __name__ == "__main__":
    main(sys.argv[1:])
