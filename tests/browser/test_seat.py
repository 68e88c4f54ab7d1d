"""A seat on a phone, without a server: what a class says to it and hears from it goes through the test."""

from __future__ import annotations

import base64
import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, WebSocketRoute, expect

from kdviz.store import playground
from kdviz.widgets import seat as page_of_seat
from kdviz.widgets.pictures.soft_targets import ShownLogits
from tests.browser.axe import objections
from tests.browser.modules import ADDRESS, COMPONENTS
from tests.browser.visitor import PHONE

PICTURE = {
    "mode": "image",
    "invites": False,
    "T": 1.0,
    **ShownLogits(("cat", "dog", "car"), (5.0, 3.0, -2.0), 0, caption="A cat.").packed(),
}
DATA = {"soft": PICTURE, "wall": {"data": "digits", "frame": "8x8"}, "map": {"data": "digits"}}
SHOW = {"page": "soft_targets", "title": "Soft targets", "sentence": "What else?", "scene": 1, "talk": "short"}
ASK = {"scene": 1, "question": "Which comes second?", "choices": ["dog", "car"], "closed": False, "truth": None}

# How the controls of the picture stand, with another temperature.
STATE = """async (T) => {
    const { controlsOf } = await import("/_stcore/bidi-components/kdviz.shared/shown.js");
    const shadow = document.querySelector("#seat").shadowRoot;
    const root = shadow.querySelector(".pictures > div").shadowRoot.querySelector(".soft-targets");
    const controls = controlsOf(root);
    const inputs = [...root.querySelectorAll("input[type=range], input[type=radio]")];
    controls[inputs.indexOf(root.querySelector(".t-range"))] = String(Math.log10(T));
    return { controls };
}"""


# What a screen reader is told, and when; and what would be told besides.
LISTEN = """() => {
    globalThis.spoken = [];
    new MutationObserver(() => {
        const text = document.getElementById("kd-announcer")?.textContent;
        if (text && text !== spoken.at(-1)?.text) spoken.push({ at: performance.now(), text });
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""
BESIDES = """() => {
    const parts = "[role=status], [role=alert], [aria-live]";
    return document.querySelector("#seat").shadowRoot.querySelectorAll(parts).length;
}"""


# The page hears of another theme before it draws its next frame.
DRAWN_ANEW = "() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"


def looked_at(seat: Page) -> list[str]:
    """What axe-core objects to in either theme."""
    found = list[str]()
    themes: tuple[Literal["dark", "light"], ...] = ("dark", "light")
    for theme in themes:
        seat.emulate_media(color_scheme=theme)
        seat.evaluate(DRAWN_ANEW)
        found += objections(seat)
    return found


class Class:
    """The class as a seat meets it."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.lines: list[WebSocketRoute] = []
        self.revision = 0

    def meet(self, line: WebSocketRoute) -> None:
        line.on_message(lambda text: self.heard.append(json.loads(text)))
        self.lines.append(line)

    def say(self, pictures: list[dict[str, Any]], ask: dict[str, Any] | None = None, **more: Any) -> None:
        """Tell the seat what the stage shows."""
        self.revision += 1
        show = {**SHOW, "query": "", "T": "1.00", "alpha": None, "pictures": pictures, **more}
        self.lines[-1].send(json.dumps({"class": "ABCD", "revision": self.revision, "show": show, "ask": ask}))


def serve(route: Route) -> None:
    path = urlsplit(route.request.url).path
    if path == "/seat":
        route.fulfill(body=page_of_seat.page(), content_type="text/html; charset=utf-8")
    elif path.startswith("/class/data/"):
        route.fulfill(json=DATA[path.rpartition("/")[2]])
    elif path == "/class/pack/digits.gz":
        route.fulfill(body=playground.read("digits"), content_type="application/gzip")
    elif path.startswith("/_stcore/bidi-components/"):
        name, _, file = path.removeprefix("/_stcore/bidi-components/").partition("/")
        route.fulfill(path=COMPONENTS / (name if name == "kdviz.shared" else name.removeprefix("kdviz.")) / file)
    else:
        route.fulfill(body="a page", content_type="text/html")


@pytest.fixture
def meeting() -> Class:
    return Class()


@pytest.fixture
def seat(browser: Browser, meeting: Class) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page, errors = context.new_page(), list[str]()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.route(f"{ADDRESS}/**", serve)
    page.route_web_socket("**/class/live*", meeting.meet)
    page.goto(f"{ADDRESS}/seat?class=ABCD")
    page.evaluate(LISTEN)
    expect(page.locator("h1")).to_have_text("")  # before the class has said anything
    until(page, lambda: bool(meeting.lines))
    yield page
    context.close()
    assert not errors, errors


def until(page: Page, met: Callable[[], bool], so_far: object = "") -> None:
    """Wait until something is so, which the page brings about."""
    end = time.monotonic() + 30
    while not met():
        assert time.monotonic() < end, f"it never came to that: {so_far}"
        page.wait_for_timeout(10)


def soft(state: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"component": "soft_targets", "data": "soft", "state": state}]


def test_a_seat_follows_until_it_is_touched_and_again_when_it_goes_back(seat: Page, meeting: Class) -> None:
    meeting.say(soft({"controls": []}))
    expect(seat.locator("h1")).to_have_text("What else?")
    expect(seat.locator(".t-text")).to_have_text("1.00")
    moved = seat.evaluate(STATE, 4)
    meeting.say(soft(moved), T="4.00")
    expect(seat.locator(".t-text")).to_have_text("4.00", timeout=500)
    expect(seat.locator(".numbers .of-t")).to_have_text("T 4.00")
    meeting.say([], sentence="The next scene.")  # whose picture is on its way
    expect(seat.locator("h1")).to_have_text("The next scene.")
    expect(seat.locator(".t-text")).to_be_visible()
    meeting.say(soft(moved), T="4.00")
    expect(seat.locator("h1")).to_have_text("What else?")
    expect(seat.locator(".exploring")).to_be_hidden()  # a hand of the stage is none of the seat

    seat.locator(".ticks button", has_text="10").first.tap()
    expect(seat.locator(".exploring")).to_contain_text("You are exploring")
    meeting.say(soft(seat.evaluate(STATE, 2)), T="2.00", scene=2)
    expect(seat.locator(".exploring")).to_contain_text("the class has gone on")
    expect(seat.locator(".t-text")).to_have_text("10.0")
    assert looked_at(seat) == []
    seat.locator(".back").tap()
    expect(seat.locator(".t-text")).to_have_text("2.00")
    expect(seat.locator(".exploring")).to_be_hidden()


def test_a_picture_comes_once_the_server_is_back_that_was_away_as_it_was_fetched(seat: Page, meeting: Class) -> None:
    refused = list[str]()

    def away(route: Route) -> None:
        if len(refused) == 2:
            serve(route)
        else:
            refused.append(route.request.url)
            route.abort("connectionrefused")

    seat.route("**/kdviz.soft_targets/index.html", away)
    meeting.say(soft({"controls": []}))
    expect(seat.locator(".t-text")).to_have_text("1.00")
    assert len(refused) == 2


def test_what_changes_on_a_seat_is_announced_at_most_once_in_five_seconds(seat: Page, meeting: Class) -> None:
    for number in range(8):
        meeting.say(soft({"controls": []}), ASK if number % 2 else None, sentence=f"Sentence {number}.")
        expect(seat.locator("h1")).to_have_text(f"Sentence {number}.")
    seat.wait_for_function("spoken.some(({ text }) => text.includes('Sentence 7.'))")
    said = seat.evaluate("spoken")
    assert len(said) < 8
    assert any("Which comes second?" in one["text"] for one in said)
    assert all(after["at"] - before["at"] >= 4900 for before, after in itertools.pairwise(said)), said
    assert seat.evaluate(BESIDES) == 0, "nothing on the seat speaks by itself"


def test_an_answer_is_said_again_on_a_new_line_and_its_picture_waits_for_it(seat: Page, meeting: Class) -> None:
    meeting.say(soft({"controls": []}), ASK)
    choice = seat.get_by_role("button", name="car")
    expect(choice).to_be_visible()
    assert looked_at(seat) == []
    expect(seat.locator(".plot")).to_be_hidden()
    choice.tap()
    expect(seat.locator(".plot")).to_be_visible()
    answer = {"answer": {"scene": 1, "choice": 1}}
    until(seat, lambda: meeting.heard == [answer], meeting.heard)
    meeting.lines[-1].close(code=1012)
    expect(seat.locator(".standing")).to_have_text("Looking for the class …")
    until(seat, lambda: len(meeting.lines) == 2)
    meeting.say(soft({"controls": []}), ASK)
    until(seat, lambda: meeting.heard == [answer, answer], meeting.heard)
    expect(seat.locator(".standing")).to_have_text("Follows the class")
    meeting.say(
        soft({"controls": []}), {**ASK, "closed": True, "truth": {"choice": 0, "says": "It is dog."}, "counts": [3, 1]}
    )
    expect(seat.locator(".poll .says")).to_have_text("Your answer was car. It is dog.")
    expect(seat.locator(".choice.true em")).to_have_text("75 %")
    assert looked_at(seat) == []


def test_a_seat_draws_trains_and_opens_pages_that_no_component_draws(seat: Page, meeting: Class) -> None:
    meeting.say([{"component": "wall", "data": "wall", "state": {"controls": []}}], page="draw_together")
    seat.locator(".pad").hover()
    seat.mouse.down()
    seat.mouse.move(120, 300, steps=5)
    seat.mouse.up()
    until(seat, lambda: bool(meeting.heard))
    assert len(base64.b64decode(meeting.heard[-1]["drawing"]["pixels"])) == 784
    assert looked_at(seat) == []

    meeting.say([{"component": "class_map", "data": "map", "state": {"controls": []}}], page="race_together")
    expect(seat.locator(".pad")).to_be_hidden()
    seat.get_by_role("button", name="Train a student").tap()
    expect(seat.locator(".trained li")).to_have_count(1, timeout=60_000)
    (point,) = meeting.heard[-1]["point"]["points"]
    assert point["updates"] == 300
    assert 0.5 < point["plain"] < 1
    assert 0.5 < point["accuracy"] < 1
    assert looked_at(seat) == []

    meeting.say([], page="when_it_helps", title="When does it help?", query="study=few-labels")
    seat.get_by_role("button", name="Open it here").tap()
    expect(seat.locator("iframe")).to_have_attribute("src", "./when_it_helps?study=few-labels&embed=true")
    meeting.lines[-1].close(code=4410)
    expect(seat.locator(".standing")).to_have_text("The class has ended")
