"""Both themes, a phone, and what the process that serves pages is made of."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Literal

import psutil
import pytest
from playwright.sync_api import Page, expect

from kdviz.charts.palette import palette
from kdviz.texts import course
from tests.browser.app_server import AppServer, framed, loaded
from tests.browser.axe import objections
from tests.browser.visitor import PHONE, settle, shifted, swipe_up

LESSONS = [slug for slug in course.SLUGS if slug != "soft_targets"]
PAGES = (
    "?data=digits",
    "soft_targets?data=digits",
    *(f"{slug}?data=digits" for slug in LESSONS),
    "explorer?data=digits",
    "playground?data=digits",
)
VIEWS = ("soft_targets?data=digits&view=Draw+a+digit", "soft_targets?data=digits&view=Edit+the+logits")
# What a finger scrolls over on a phone, as long as it does not take hold of a handle.
SCROLLED_OVER = {
    **dict.fromkeys(VIEWS, (".soft-targets .columns", ".soft-targets .t-range")),
    "temperature?data=digits": (".columns >> nth=0", ".st-key-forgotten svg.over-t >> nth=0"),
    "loss?data=digits": (".loss-lesson .parts", ".loss-lesson .alpha-range"),
    "watch_it_train?data=digits": ('[data-testid="stSlider"] >> nth=0',),
}
COLOUR = "(node) => getComputedStyle(node).backgroundColor"
LOOK = """(node) => {
    const { color, backgroundColor, borderColor } = getComputedStyle(node);
    return [color, backgroundColor, borderColor].join();
}"""
BACKGROUND = {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 22, 27)"}

Visit = Callable[..., Page]


def rgb(colour: str) -> str:
    return f"rgb({int(colour[1:3], 16)}, {int(colour[3:5], 16)}, {int(colour[5:7], 16)})"


STICKING_OUT = """() => {
    const main = document.querySelector('[data-testid="stMain"]');
    const wide = [document.documentElement, main].filter((node) => node.scrollWidth > node.clientWidth + 1);
    return wide.map((node) => `${node.tagName} ${node.scrollWidth} > ${node.clientWidth}`);
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_reaches_the_components(visit: Visit, app_url: str, theme: Literal["light", "dark"]) -> None:
    for path in PAGES[:2]:
        page = visit(f"{app_url}/{path}", color_scheme=theme)
        expect(page.locator(".bar")).to_have_count(10)
        settle(page)
        assert shifted(page) < 0.1
        app = page.get_by_test_id("stApp")
        assert app.evaluate("(app) => getComputedStyle(app).backgroundColor") == BACKGROUND[theme]
        bar = page.locator(".bar").first.evaluate(COLOUR)
        assert bar == rgb(palette(theme).teacher)
        telling = [page.locator(".bar").first, page.locator(".label-key i").first, page.locator("input.t-range").first]
        before = [part.evaluate(LOOK) for part in telling]
        page.emulate_media(forced_colors="active")
        assert [part.evaluate(LOOK) for part in telling] == before, "a colour that tells something is kept"


@pytest.mark.parametrize("path", [*PAGES, *VIEWS])
def test_nothing_sticks_out_or_jumps_on_a_phone(visit: Visit, app_url: str, path: str) -> None:
    page = visit(f"{app_url}/{path}", viewport=PHONE, has_touch=True, is_mobile=True)
    page.locator("h1").wait_for()
    settle(page)
    assert page.evaluate("document.documentElement.clientWidth") == PHONE["width"]
    assert page.evaluate(STICKING_OUT) == []
    page.set_viewport_size({"width": 640, "height": 400})  # a laptop's window at 200 %
    assert page.evaluate(STICKING_OUT) == []
    page.set_viewport_size(PHONE)
    for place in SCROLLED_OVER.get(path, ()):
        address = page.url
        assert swipe_up(page, page.locator(place), across=0.8, far=120.0) > 60
        assert page.url == address, "and nothing is set by it"


def test_a_finger_draws_with_t_in_reach_and_a_swipe_over_its_handle_leaves_it(visit: Visit, app_url: str) -> None:
    path = f"{app_url}/soft_targets?data=digits&view=Draw+a+digit"
    page = visit(path, viewport=PHONE, has_touch=True, is_mobile=True)
    settle(page)
    pad, handle = page.locator(".pad"), page.locator(".soft-targets .t-range")
    drawn, dragged = pad.bounding_box(), handle.bounding_box()
    assert drawn is not None
    assert dragged is not None
    assert dragged["y"] + dragged["height"] - drawn["y"] < PHONE["height"] / 2, "T is in reach of who draws"
    assert swipe_up(page, pad) == 0, "a finger draws"
    assert swipe_up(page, handle, across=1 / 3) > 60
    expect(page.locator(".soft-targets .t-number")).to_have_value("1.00")


def test_the_navigation_leads_everywhere_and_the_page_server_loads_no_torch(
    visit: Visit, app_server: AppServer
) -> None:
    # A context of its own, with a history of its own: no browser counts beyond 50 entries.
    page = visit(f"{app_server.url}/watch_it_train?data=digits&seed=3&embed_options=dark_theme", locale="en-GB")
    page.locator("h1").wait_for()
    settle(page)
    lessons = (f"{lesson.number} {lesson.title}" for lesson in course.lessons())
    links = (*lessons, "Runs", "Explorer", "Start")
    entries = page.evaluate("history.length")
    for visited, link in enumerate(links, start=1):
        page.get_by_test_id("stSidebarNav").get_by_role("link", name=link, exact=True).click()
        expect(page.get_by_test_id("stSidebarNav").locator('[aria-current="page"]')).to_have_text(link)
        settle(page)
        expect(page.locator("h1")).to_have_count(1)
        expect(page.get_by_test_id("stException")).to_have_count(0)
        assert page.evaluate(STICKING_OUT) == []
        expect(page).to_have_url(re.compile("data=digits"))  # whoever chose a data set stays with it
        expect(page).to_have_url(re.compile("embed_options=dark_theme"))
        expect(page).to_have_title(f"{link} · kdviz")
        assert objections(page) == []
        assert page.evaluate("history.length") == entries + visited  # and goes back by as many steps
        if link.endswith("Watch it train"):
            expect(page.get_by_label("Seed", exact=True)).to_have_value("3")  # a page is found as it was left
    page.go_back()
    expect(page).to_have_url(re.compile("/explorer"))
    if sys.platform.startswith("linux"):  # /proc/<pid>/maps is Linux's own
        server = psutil.Process(app_server.pid)
        assert not loaded(server, "libtorch")
        assert app_server.worker(), "the check does see torch where it is"


def test_the_start_page_invites_and_leads_into_the_lessons(page: Page, app_url: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{app_url}/?data=digits")
    settle(page)
    assert shifted(page) < 0.1
    for door in ("Learn", "Demonstrate", "Train", "Compare", "Explore"):
        box = page.locator(".st-key-doors").get_by_role("link", name=door).bounding_box()
        assert box
        assert box["y"] + box["height"] < 800, "in sight"
    picture = page.locator(".soft-targets")
    expect(picture).to_have_attribute("data-invites", "waiting", timeout=15_000)  # T has moved, and is back
    expect(picture.locator(".t-number")).to_have_value("1.00")
    assert "T=" not in page.url, "nobody has chosen it"
    page.emulate_media(reduced_motion="reduce")
    page.reload()
    settle(page)
    page.wait_for_timeout(1500)  # by then it would have begun
    expect(picture.locator(".t-number")).to_have_value("1.00")
    assert picture.get_attribute("data-invites") is None, "who wants no motion is shown none"
    page.get_by_role("link", name="Demonstrate").click()
    expect(page.locator("canvas.pad")).to_be_visible()


def test_every_other_address_is_blocked_and_who_asks_for_one_is_noticed(visit: Visit) -> None:
    """So are all tests with a browser made: what a page asks of another address is one of its errors."""
    page = visit("about:blank", allowed=("ERR_NAME_NOT_RESOLVED",))
    asked = "fetch('https://example.com/').then(() => 'reached', () => 'blocked')"
    assert page.evaluate(asked) == "blocked"
    seen = page.seen  # type: ignore[attr-defined]
    assert seen.errors == ["asked elsewhere for https://example.com/"]
    seen.errors.clear()


def test_a_page_of_another_address_shows_it_in_no_frame(visit: Visit, app_url: str) -> None:
    """A foreign page could lay its own buttons over the app's; `--embed-in` allows it by name."""
    page = visit(allowed=("frame-ancestors",))
    with framed(f"{app_url}/words?embed=true") as foreign:
        page.goto(foreign)
        expect(page.frame_locator("iframe").locator("#sub-frame-error-details")).to_contain_text("refused to connect")
