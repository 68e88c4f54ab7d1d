"""The stage in a real browser: the picture fills the screen, keys move it, and the page comes back as it was."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from playwright.sync_api import Page, TimeoutError, expect

from kdviz.texts.course import STAGED, TOGETHER
from tests.browser.axe import objections
from tests.browser.visitor import settle

PROJECTOR, SMALL = {"width": 1920, "height": 1080}, {"width": 1024, "height": 768}
LETTER = 27.5  # pixels: 28 without what rounding takes

Visit = Callable[..., Page]

# Every text that is seen on the stage: its letters' height on the screen.
TEXTS = """() => {
  const texts = [];
  const visit = (root) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const [text, parent] = [node.textContent.trim(), node.parentElement];
      if (!text || !parent || ["STYLE", "SCRIPT"].includes(parent.tagName)) continue;
      const style = getComputedStyle(parent);
      const range = document.createRange();
      range.selectNodeContents(node);
      const box = range.getBoundingClientRect();
      if (style.visibility === "hidden" || style.clipPath !== "none" || !box.width || !box.height) continue;
      const matrix = parent instanceof SVGElement ? parent.getScreenCTM() : null;
      const scale = matrix ? Math.hypot(matrix.a, matrix.b) : parent.currentCSSZoom;
      texts.push({ text: text.slice(0, 30), size: parseFloat(style.fontSize) * scale });
    }
    for (const node of root.querySelectorAll("*")) if (node.shadowRoot) visit(node.shadowRoot);
  };
  for (const part of document.querySelectorAll(".st-key-stage, .st-key-kdviz_stage")) visit(part);
  return texts;
}"""


RIGHT = """() => {
  const parts = [...document.querySelectorAll(".st-key-stage .stElementContainer")];
  return Math.max(...parts.map((part) => part.getBoundingClientRect().right));
}"""
FITS = f"(letter) => ({TEXTS})().every((text) => text.size >= letter) && ({RIGHT})() <= innerWidth"


def staged(page: Page, url: str) -> Page:
    page.goto(url)
    page.locator("html[data-stage] .st-key-stage").wait_for()
    page.locator(".on-stage[data-on] .sentence:not(:empty)").wait_for()
    settle(page)
    return page


def bar(page: Page, part: str) -> Any:
    return page.locator(f".on-stage .{part}")


def test_a_picture_fills_every_screen_with_letters_of_28_pixels(visit: Visit, app_url: str) -> None:
    page = visit(viewport=PROJECTOR)
    for slug in (*STAGED, *TOGETHER):
        page.set_viewport_size(PROJECTOR)
        staged(page, f"{app_url}/{slug}?data=digits&stage=1")
        for size in (PROJECTOR, SMALL):
            page.set_viewport_size(size)
            with suppress(TimeoutError):  # what does not fit after this is told below
                page.wait_for_function(FITS, arg=LETTER, timeout=5_000)
            small = [text for text in page.evaluate(TEXTS) if text["size"] < LETTER]
            assert not small, f"{slug} at {size}: {small}"
            assert page.evaluate(RIGHT) <= size["width"], f"{slug} at {size}"
        expect(page.get_by_test_id("stSidebar")).to_be_hidden()


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


def test_a_field_keeps_its_keys(visit: Visit, app_url: str) -> None:
    page = visit(f"{app_url}/loss?data=digits", viewport=SMALL)
    page.get_by_label("T", exact=True).click()
    page.keyboard.press("s")
    expect(page.locator("html[data-stage]")).to_have_count(0)


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
    page.keyboard.press("ArrowLeft")
    expect(bar(page, "place")).to_have_text("2/5")
    expect(notes.get_by_role("heading", name="Melt")).to_be_visible()
