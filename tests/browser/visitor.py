"""What a test sees of a page besides the page: the console, and what browser and server say to each other."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from time import monotonic
from typing import Any

from playwright.sync_api import ConsoleMessage, Locator, Page, Request, WebSocket, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

# Streamlit does not know its own base path on a deep link: it asks beside the page first, is told 404, and asks again.
OWN_PROBES = re.compile(r"^https?://[^/]+/[a-z_]+/_stcore/(health|host-config)$")

# The server's own, what needs no server, and where `modules` serves a component's files.
OWN_ADDRESS = re.compile(r"(http|ws)s?://(127\.0\.0\.1|localhost|components\.test)[:/]|(data|blob|about|chrome-error):")

LAPTOP = {"width": 1280, "height": 800}
BEGINS = 0.25  # seconds in which a page begins to run after a touch
_CALLS = count()
PHONE = {"width": 390, "height": 844}


@dataclass
class Seen:
    """Everything that a page did which a test may have to object to, or to count."""

    allowed: Sequence[str] = ()  # pieces of console errors that this test provokes
    errors: list[str] = field(default_factory=list)
    asked: int = 0  # reruns that the browser asked for
    runs: int = 0  # script runs of the whole page or of a fragment

    def console(self, message: ConsoleMessage) -> None:
        if message.type != "error" or OWN_PROBES.match(message.location["url"]):
            return
        if not any(piece in message.text for piece in self.allowed):
            self.errors.append(f"{message.text} ({message.location['url']})")

    def reached_for(self, address: str) -> None:
        """Nothing is fetched from anywhere but this machine, and nothing sent there."""
        if not OWN_ADDRESS.match(address):
            self.errors.append(f"asked elsewhere for {address}")

    def sent(self, payload: str | bytes) -> None:
        if isinstance(payload, bytes):
            self.asked += BackMsg.FromString(payload).WhichOneof("type") == "rerun_script"

    def received(self, payload: str | bytes) -> None:
        if isinstance(payload, bytes):
            self.runs += ForwardMsg.FromString(payload).WhichOneof("type") == "new_session"


def watch(page: Any) -> None:
    """Let the `Seen` that the page has as `page.seen` note down what the page does."""

    def socket(opened: WebSocket) -> None:
        page.seen.reached_for(opened.url)
        if opened.url.endswith("/_stcore/stream"):
            seen = page.seen  # one socket is of one test
            opened.on("framesent", seen.sent)
            opened.on("framereceived", seen.received)

    def console(message: ConsoleMessage) -> None:
        page.seen.console(message)

    def request(sent: Request) -> None:
        page.seen.reached_for(sent.url)

    page.on("console", console)
    page.on("request", request)
    page.on("pageerror", lambda error: page.seen.errors.append(f"exception: {error}"))
    page.on("websocket", socket)


def button(page: Page, name: str) -> Locator:
    """A button by its whole name."""
    return page.get_by_role("button", name=name, exact=True)


def choose(radio: Locator) -> None:
    """Choose an answer by the keyboard: a page that still grows moves it from under a pointer."""
    radio.press("Space")
    expect(radio).to_be_checked()


def run_id(page: Page) -> str:
    """The run that the link names."""
    found = re.search(r"run=([0-9a-f]{12})", page.url)
    assert found is not None
    return found[1]


def until(page: Page, holds: Callable[[], object], limit: float = 30.0) -> None:
    """Wait until something holds that no expectation of Playwright's can say; `limit` in seconds."""
    end = monotonic() + limit
    while not holds():
        assert monotonic() < end, "it did not happen in time"
        page.wait_for_timeout(20)  # Playwright hears of the page meanwhile


def changes(page: Page, value: Callable[[], object], times: int = 3, limit: float = 30.0) -> None:
    """Wait until a value has changed so many times."""
    values = [value()]

    def changed() -> bool:
        if (now := value()) != values[-1]:
            values.append(now)
        return len(values) > times

    until(page, changed, limit)


def stays(page: Page, value: Callable[[], object], seconds: float, limit: float = 60.0) -> None:
    """Wait until a value has not changed for so long: what had come before is drawn then, however busy the machine."""
    seen, since, end = value(), monotonic(), monotonic() + limit
    while monotonic() - since < seconds:
        assert monotonic() < end, "it goes on changing"
        page.wait_for_timeout(100)
        if (now := value()) != seen:
            seen, since = now, monotonic()


def shifted(page: Page) -> float:
    """How far the page has jumped since it was asked for: the sum of the layout shifts that no input explains."""
    found: float = page.evaluate(
        """() => new Promise((done) => {
            let sum = 0;
            new PerformanceObserver((list) => {
                for (const shift of list.getEntries()) sum += shift.hadRecentInput ? 0 : shift.value;
            }).observe({ type: "layout-shift", buffered: true });
            setTimeout(() => done(sum), 50);
        })"""
    )
    return found


def swipe_up(page: Page, place: Locator, across: float = 0.5, far: float = 160.0) -> float:
    """Swipe up from a place with a finger, `across` of its width from its left; how far the page has scrolled then."""
    place.evaluate("(node) => node.scrollIntoView({ block: 'center', behavior: 'instant' })")
    main = page.get_by_test_id("stMain")
    before, box = main.evaluate("(node) => node.scrollTop"), place.bounding_box()
    assert box is not None
    x, y = box["x"] + across * box["width"], box["y"] + box["height"] / 2
    frame = "() => new Promise(requestAnimationFrame)"
    finger = page.context.new_cdp_session(page)
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 17):
        at = {"x": x + step / 8, "y": y - far * step / 16}
        finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [at]})
        page.evaluate(frame)
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.evaluate(frame)
    finger.detach()
    scrolled: float = main.evaluate("(node) => node.scrollTop") - before
    return scrolled


def settle(page: Page, quiet: float = 0.4, limit: float = 60.0) -> None:
    """Wait until the page has run, the program's scripts lead its links, and nothing runs any more.

    What has just been touched gets a moment to begin: until the server has answered, a page looks quiet.
    """
    app = page.locator('[data-testid="stApp"]')
    app.wait_for(timeout=limit * 1000)
    page.wait_for_function(
        """({quiet, begins, call}) => {
            const app = document.querySelector('[data-testid="stApp"]');
            const now = performance.now();
            if (window.__settling?.call !== call) window.__settling = { call, since: now };
            const running = app?.getAttribute("data-test-script-state") !== "notRunning"
                || document.querySelector('[data-testid="stSkeleton"]') || !document.querySelector("h1")
                || document.querySelector('[data-testid="stSidebarNavItems"]:not([role=none])');
            if (running) window.__quietSince = undefined;
            else window.__quietSince ??= now;
            return window.__quietSince !== undefined && now - window.__quietSince > quiet
                && now - window.__settling.since > begins;
        }""",
        arg={"quiet": quiet * 1000, "begins": BEGINS * 1000, "call": next(_CALLS)},
        timeout=limit * 1000,
        polling=50,
    )
