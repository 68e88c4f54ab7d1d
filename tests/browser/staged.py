"""The stage as a test meets it: opened, and measured whether it fills a screen with letters that are read from afar."""

from __future__ import annotations

from contextlib import suppress

from playwright.sync_api import Page, TimeoutError, ViewportSize

from tests.browser.visitor import settle

PROJECTOR: ViewportSize = {"width": 1920, "height": 1080}
SMALL: ViewportSize = {"width": 1024, "height": 768}
LETTER = 27.5  # pixels: 28 without what rounding takes

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
# How far the picture is from being seen as a whole, in pixels.
BELOW = """() => {
  const stage = document.querySelector(".st-key-stage");
  return stage.scrollHeight - stage.clientHeight;
}"""
FITS = f"(letter) => ({TEXTS})().every((text) => text.size >= letter) && ({RIGHT})() <= innerWidth && ({BELOW})() <= 1"


def staged(page: Page, url: str) -> Page:
    page.goto(url)
    page.locator("html[data-stage] .st-key-stage").wait_for()
    page.locator(".on-stage[data-on] .sentence:not(:empty)").wait_for()
    settle(page)
    return page


def fills(page: Page, size: ViewportSize, which: str) -> None:
    """The picture fills a screen of that size, with letters of 28 pixels, and nothing of it is outside."""
    page.set_viewport_size(size)
    with suppress(TimeoutError):  # what does not fit after this is told below
        page.wait_for_function(FITS, arg=LETTER, timeout=5_000, polling=100)
    small = [text for text in page.evaluate(TEXTS) if text["size"] < LETTER]
    assert not small, f"{which} at {size}: {small}"
    assert page.evaluate(RIGHT) <= size["width"], f"{which} at {size}"
    assert page.evaluate(BELOW) <= 1, f"{which} at {size}"
