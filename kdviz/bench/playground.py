"""How fast the playground's students learn in a browser, against TensorFlow.js on the same work in the same browser."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kdviz.bench.timing import Effort, Measurement, Ratio, Say
from kdviz.engine import data

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

ROOT = Path(__file__).resolve().parents[2]
TENSORFLOW = "tests/javascript/node_modules/@tensorflow"
SCRIPTS = (
    "core/dist/tf-core.min.js",
    "backend-cpu/dist/tf-backend-cpu.min.js",
    "backend-wasm/dist/tf-backend-wasm.min.js",
)
WASM = f"/{TENSORFLOW}/tfjs-backend-wasm/dist/"
ADDRESS = "http://localhost/"  # there is no server: every request is answered from the files here
BROWSERS = ("chromium", "google-chrome", "chromium-browser")
IMAGES = 6000  # 5,000 to learn from, the rest held out
UNITS = (32, 128)
BATCH = 64
UPDATES = {"playground": 200, "wasm": 60, "cpu": 8}  # of one measurement; more where an update is short
PAIR_UPDATES = 400
WARMING_UP = 8


class PlaygroundSpeed(Measurement):
    """Milliseconds of an update of a student 784-n-10 at batch 64, T^2 KL + CE, Adam, one thread."""

    browser: str
    units: list[int]
    milliseconds: list[dict[str, list[float]]]  # for each number of units, by who: the playground, or a backend
    faster_than_tensorflow: list[Ratio]  # the faster backend / the playground, for each number of units
    losses_apart: float  # the largest relative difference after the warming up: they do the same
    pairs_per_second: Ratio  # updates of both students at 32 units, taught with unlabelled images and plain


def measure(effort: Effort, say: Say) -> PlaygroundSpeed | None:
    """Time everything in turns, in a browser of its own; None where it or TensorFlow.js is not installed.

    Needs MNIST; raises DataError.
    """
    absent = _absent()
    if absent is not None:
        say(f"playground left out: {absent}")
        return None
    with _page() as page:
        page.evaluate("async () => { globalThis.bench = await import('/kdviz/bench/playground.js'); }")
        page.evaluate("async () => { globalThis.pack = await bench.load(); }")
        browser = page.context.browser
        assert browser is not None
        times: list[dict[str, list[float]]] = [{who: [] for who in UPDATES} for _ in UNITS]
        pairs: list[float] = []
        apart = max(_losses_apart(page, units) for units in UNITS)
        for _ in range(effort.repetitions):
            for of_units, units in zip(times, UNITS, strict=True):
                for who, count in UPDATES.items():
                    of_units[who].append(_updates(page, who, units, count)["milliseconds"])
                each = ", ".join(f"{who} {taken[-1]:.2f} ms" for who, taken in of_units.items())
                say(f"an update of 784-{units}-10: {each}")
            pairs.append(float(page.evaluate("(count) => bench.pair(pack, count)", PAIR_UPDATES)))
            say(f"an update of both students {pairs[-1]:.2f} ms")
        return PlaygroundSpeed(
            browser=f"Chromium {browser.version}",
            units=list(UNITS),
            milliseconds=times,
            faster_than_tensorflow=[Ratio.of(_best_backend(of_units), of_units["playground"]) for of_units in times],
            losses_apart=apart,
            pairs_per_second=Ratio.of([1000.0] * len(pairs), pairs),
        )


def _best_backend(milliseconds: dict[str, list[float]]) -> list[float]:
    return min((taken for who, taken in milliseconds.items() if who != "playground"), key=statistics.median)


def _updates(page: Page, who: str, units: int, count: int) -> dict[str, float]:
    """`milliseconds` of each of so many more updates, and the last one's `loss`."""
    script = "([who, units, count]) => bench.updates(pack, who, units, count)"
    result: dict[str, float] = page.evaluate(script, [who, units, count])
    return result


def _losses_apart(page: Page, units: int) -> float:
    """The relative difference of the losses after the first updates, which are slow."""
    losses = [_updates(page, who, units, WARMING_UP)["loss"] for who in UPDATES]
    return (max(losses) - min(losses)) / min(losses)


def _absent() -> str | None:
    """What this measurement needs and this machine lacks."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "Playwright is not installed"
    if _browser() is None:
        return "there is no Chromium"
    if not (ROOT / TENSORFLOW).is_dir():
        return "TensorFlow.js is not installed (npm ci --prefix tests/javascript)"
    return None


def _browser() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextmanager
def _page() -> Iterator[Page]:
    """A page of a browser that has TensorFlow.js, this program's files and MNIST's images, and nothing else."""
    from playwright.sync_api import sync_playwright

    split = data.load("mnist").training[:IMAGES]
    contents = {"/images": split.images.numpy().tobytes(), "/labels": bytes(split.labels.tolist())}
    scripts = "".join(f'<script src="/{TENSORFLOW}/tfjs-{script}"></script>' for script in SCRIPTS)
    contents["/"] = f"<!doctype html>{scripts}<script>tf.wasm.setWasmPaths('{WASM}')</script>".encode()

    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path in contents:
            route.fulfill(body=contents[path], content_type="text/html" if path == "/" else "application/octet-stream")
        elif (ROOT / path[1:]).is_file():
            route.fulfill(path=ROOT / path[1:])
        else:
            route.fulfill(status=404)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_browser(), args=["--no-sandbox", "--disable-gpu"])
        try:
            page = browser.new_page()
            page.route("**/*", answer)
            page.goto(ADDRESS)
            yield page
        finally:
            browser.close()
