"""The stage in a real browser: the picture fills the screen, keys move it, and the page comes back as it was."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal

from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from kdviz.texts.course import STAGED, TOGETHER
from tests.browser.axe import objections
from tests.browser.staged import PROJECTOR, SMALL, fills, staged
from tests.browser.visitor import settle, stays, until

Visit = Callable[..., Page]


def bar(page: Page, part: str) -> Any:
    return page.locator(f".on-stage .{part}")


def test_a_picture_fills_every_screen_with_letters_of_28_pixels(visit: Visit, app_url: str) -> None:
    page = visit(viewport=PROJECTOR)
    for slug in ("", *STAGED, *TOGETHER):
        page.set_viewport_size(PROJECTOR)
        staged(page, f"{app_url}/{slug}?data=digits&stage=1")
        for size in (PROJECTOR, SMALL):
            fills(page, size, slug)
        expect(page.get_by_test_id("stSidebar")).to_be_hidden()


def test_the_button_puts_the_picture_onto_the_stage(visit: Visit, app_url: str) -> None:
    page = visit(f"{app_url}/?data=digits", viewport=SMALL)
    page.get_by_role("button", name="Show the picture on the stage (key s)").click()
    expect(bar(page, "sentence")).to_have_text("What does a network know that its answer doesn’t say?")
    expect(page).to_have_url(re.compile("[?&]stage=1"))
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    bar(page, "leave").click()
    expect(page.get_by_test_id("stSidebar")).to_be_visible()
    expect(page).not_to_have_url(re.compile("stage"))


def test_what_opens_on_the_stage_can_be_read_by_everyone(visit: Visit, app_url: str) -> None:
    page = staged(visit(viewport=SMALL), f"{app_url}/?data=digits&talk=5-minutes&scene=1")
    for key, part in (("?", ".keys"), ("q", ".class")):
        page.keyboard.press(key)
        dialog = page.locator(f".on-stage dialog{part}")
        expect(dialog).to_be_visible()
        assert looked_at(page, dialog) == []
        dialog.get_by_role("button", name="Close").click()
        expect(dialog).to_be_hidden()
    expect(bar(page, "question")).to_have_text("Which digit comes second?")
    page.keyboard.press("p")
    expect(bar(page, "poll")).to_be_visible()
    assert looked_at(page, bar(page, "poll")) == []


def test_the_document_has_the_rules_of_the_stage_only_while_it_is_on(visit: Visit, app_url: str) -> None:
    page = visit(f"{app_url}/temperature?data=digits", viewport=SMALL)
    settle(page)
    page.locator(".on-stage").wait_for(state="attached")
    assert page.evaluate("document.adoptedStyleSheets.length") == 0
    for sheets in (1, 0):
        page.keyboard.press("s")
        page.wait_for_function("sheets => document.adoptedStyleSheets.length === sheets", arg=sheets)
        expect(page.get_by_test_id("stSidebar")).to_be_visible(visible=sheets == 0)
        settle(page)


class SlowLine:
    """Holds back what a server answers."""

    def __init__(self) -> None:
        self.holds, self.held = False, list[str | bytes]()
        self.send: Callable[[str | bytes], None]

    def meet(self, line: WebSocketRoute) -> None:
        self.send = line.send
        line.connect_to_server().on_message(self.answer)

    def answer(self, message: str | bytes) -> None:
        if self.holds:
            self.held.append(message)
        else:
            self.send(message)

    def release(self) -> None:
        self.holds = False
        for answer in self.held:
            self.send(answer)


def test_two_quick_keys_leave_the_page_off_the_stage(visit: Visit, app_url: str) -> None:
    """The second is pressed before the server's answer to the first is there, as on a slow line."""
    page, line = visit(viewport=SMALL), SlowLine()
    page.route_web_socket("**/_stcore/stream", line.meet)
    page.goto(f"{app_url}/temperature?data=digits")
    page.locator(".on-stage").wait_for(state="attached")
    settle(page)
    line.holds = True
    for on in (True, False):
        before = len(line.held)
        page.keyboard.press("s")
        page.wait_for_function("on => document.documentElement.hasAttribute('data-stage') === on", arg=on)
        until(page, lambda before=before: len(line.held) > before)
        stays(page, lambda: len(line.held), seconds=0.5)
    line.release()
    stays(page, lambda: page.url, seconds=1)
    assert "stage" not in page.url
    expect(page.get_by_test_id("stSidebar")).to_be_visible()
    page.close()


def test_keys_move_the_stage_and_leave_the_page_as_it_was(visit: Visit, app_url: str) -> None:
    page = visit(f"{app_url}/loss?data=digits&T=4&alpha=0.6", viewport=SMALL)
    main = page.get_by_test_id("stMain")
    page.locator(".loss-lesson").wait_for()
    settle(page)
    main.evaluate("(node) => node.scrollTo(0, 600)")
    page.keyboard.press("s")
    expect(page).to_have_url(re.compile("stage=1"))
    expect(bar(page, "t-now")).to_have_text("4.00")
    expect(bar(page, "alpha-now")).to_have_text("0.60")
    page.keyboard.press("T")
    expect(bar(page, "t-now")).to_have_text("5.00")
    page.keyboard.press("t")
    expect(page).to_have_url(re.compile("[?&]T=4&|[?&]T=4$"))
    page.keyboard.press(".")
    expect(bar(page, "blank")).to_be_visible()
    page.keyboard.press(".")
    expect(bar(page, "blank")).to_be_hidden()
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement === document.documentElement")
    expect(bar(page, "t-now")).to_have_text("4.00")  # the stage goes on there
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement === null")
    page.mouse.move(300, 300)
    expect(bar(page, "ring")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("a blank screen")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("s")
    expect(page).not_to_have_url(re.compile("stage"))
    expect(page.locator(".on-stage[data-on]")).to_have_count(0)
    assert main.evaluate("(node) => node.scrollTop") == 600
    assert "T=4&alpha=0.6" in page.url


INK = "(node) => getComputedStyle(node).color"


def looked_at(page: Page, part: Locator) -> list[str]:
    """What axe-core objects to in either theme, which has reached the component of that part of the page."""
    found = list[str]()
    themes: tuple[Literal["dark", "light"], ...] = ("dark", "light")
    for theme in themes:
        before = part.evaluate(INK)
        page.emulate_media(color_scheme=theme)
        expect(part).not_to_have_css("color", before)
        settle(page)
        found += objections(page)
    return found


def test_without_a_class_whoever_looks_draws_and_races_alone(visit: Visit, app_url: str) -> None:
    page = visit(f"{app_url}/draw_together?data=digits")
    wall = page.locator(".wall")
    expect(wall.locator(".alone code")).to_have_text("python -m kdviz app --class")
    for way in ("ArrowDown", "ArrowRight"):  # a 1 that stands, and one that lies
        wall.locator(".pad").focus()
        for key in ("Space", *(way,) * 12, "Space"):
            page.keyboard.press(key)
        wall.get_by_role("button", name="Another digit").click()
        expect(wall.locator(".another")).to_be_disabled()
    tiles = wall.locator(".tiles li")
    expect(tiles).to_have_count(2)
    for tile in tiles.all():
        for who in ("teacher", "student"):
            expect(tile.locator(f".of-{who}")).to_have_text(re.compile(r"^\d \d+\s%$"), timeout=60_000)
    expect(wall.locator(".told")).to_have_text(re.compile("Drawings: 2"))
    assert looked_at(page, wall) == []

    staged(page, f"{app_url}/race_together?data=digits&stage=1")
    race = page.locator(".class-map")
    expect(bar(page, "t-now")).to_have_text("4.0")
    race.get_by_role("button", name="Train a student").click()
    expect(race.locator(".dot")).to_have_count(1, timeout=60_000)
    expect(race.locator(".say")).to_have_text(re.compile(r"One student: \d+\.\d\s% .* T = 4, α = 0.90"))
    box = race.locator(".map").bounding_box()
    assert box
    page.mouse.click(box["x"] + 0.7 * box["width"], box["y"] + 0.5 * box["height"])
    expect(race.locator(".dot")).to_have_count(2, timeout=60_000)
    assert looked_at(page, race) == []


def test_the_numbers_are_those_of_the_run_that_is_shown(visit: Visit, app_url: str) -> None:
    page = staged(visit(viewport=SMALL), f"{app_url}/watch_it_train?data=digits&T=8&alpha=0.25&stage=1")
    run = page.locator("[data-temperature]")
    T, alpha = (str(run.get_attribute(f"data-{name}")) for name in ("temperature", "alpha"))
    assert (T, alpha) != ("8", "0.25"), "the recorded run is of other settings"
    expect(bar(page, "t-now")).to_have_text(T)
    expect(bar(page, "alpha-now")).to_have_text(alpha)
    page.keyboard.press("T")
    stays(page, lambda: bar(page, "t-now").inner_text(), seconds=0.5)
    for slug in ("three_ways", "after_distillation"):  # of several temperatures, and of none
        staged(page, f"{app_url}/{slug}?data=digits&stage=1")
        expect(bar(page, "of-t")).to_be_hidden()


def test_a_picture_does_not_answer_what_the_class_is_asked(visit: Visit, app_url: str) -> None:
    page = staged(visit(viewport=SMALL), f"{app_url}/?data=digits&talk=5-minutes&scene=1")
    expect(bar(page, "question")).to_have_text("Which digit comes second?")  # before, key p is not heard
    share = page.locator(".soft-targets .columns .value").nth(3)
    expect(share).to_be_visible()
    page.keyboard.press("p")
    expect(share).to_be_hidden()
    page.keyboard.press("a")
    expect(share).to_be_visible()
    page.keyboard.press("a")  # asked again
    expect(share).to_be_hidden()
    page.keyboard.press("s")
    expect(share).to_be_visible()
    staged(page, f"{app_url}/?data=digits&talk=5-minutes&scene=5")
    expect(bar(page, "question")).to_have_text("Who teaches best?")
    replay = page.locator(".kdt .scrub input[type=range]")
    expect(replay).to_have_value("80")
    page.keyboard.press("p")
    expect(replay).to_have_value("0")
    page.keyboard.press("a")
    expect(replay).to_have_value("80")


def test_a_field_keeps_its_keys(visit: Visit, app_url: str) -> None:
    page = visit(f"{app_url}/loss?data=digits", viewport=SMALL)
    page.get_by_label("T", exact=True).click()
    page.keyboard.press("s")
    expect(page.locator("html[data-stage]")).to_have_count(0)


# How often a text has changed after one and a half seconds.
CHANGES = """(node) => new Promise((done) => {
    const seen = new Set();
    const look = () => { seen.add(node.textContent); requestAnimationFrame(look); };
    look();
    setTimeout(() => done(seen.size - 1), 1500);
})"""


def rests_between_pictures(page: Page) -> None:
    """Who wants no motion sees two pictures a second of what plays on the stage."""
    page.emulate_media(reduced_motion="reduce")
    picture = page.locator(".playground")
    picture.locator(".play").click()
    expect(picture.locator(".updates")).not_to_have_text("0")
    assert 1 <= picture.locator(".updates").evaluate(CHANGES) <= 4
    picture.locator(".play").click()
    page.emulate_media(reduced_motion="no-preference")


def test_a_talk_is_gone_through_by_keys_and_its_notes_follow(visit: Visit, app_url: str) -> None:
    page = visit(viewport=PROJECTOR)
    staged(page, f"{app_url}/?data=digits&talk=5-minutes&scene=1")
    expect(bar(page, "place")).to_have_text("1/5")
    with page.expect_popup() as opened:
        bar(page, "notes").click()
    notes = opened.value
    notes.get_by_role("heading", name="Guess").wait_for()
    expect(notes.locator(".follows")).to_have_text("This window follows the stage.")
    settle(notes)
    assert objections(notes) == []
    page.keyboard.press("T")
    page.keyboard.press("ArrowRight")  # before that press is reported: its report would bring back the scene before
    expect(bar(page, "place")).to_have_text("2/5")
    expect(bar(page, "t-now")).to_have_text("6.00")
    settle(page)
    assert "data=digits" in page.url
    assert "T=6&talk=5-minutes&scene=2" in page.url
    expect(notes.get_by_role("heading", name="Melt")).to_be_visible()
    notes.keyboard.press("PageDown")
    expect(bar(page, "place")).to_have_text("3/5")
    expect(page).to_have_url(re.compile("/playground"))
    expect(page.locator("html[data-stage]")).to_have_count(1)
    rests_between_pictures(page)
    page.keyboard.press("ArrowLeft")
    expect(bar(page, "place")).to_have_text("2/5")
    expect(notes.get_by_role("heading", name="Melt")).to_be_visible()
