"""The next letter in a real browser: what is typed is read at once, T is dragged, both networks write."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import objections
from tests.browser.visitor import button, settle, shifted


def opened(page: Page, url: str, query: str = "") -> Page:
    page.goto(f"{url}/next_letter{query}")
    page.locator(".next-letter[data-state=ready]").wait_for()
    settle(page)
    return page


def says(page: Page) -> Locator:
    return page.locator(".next-letter .say")


def note(page: Page) -> Locator:
    return page.locator(".next-letter .note")


def test_what_is_typed_is_read_at_once_by_both(page: Page, app_url: str) -> None:
    opened(page, app_url)
    assert shifted(page) < 0.1
    expect(says(page)).to_contain_text(re.compile(r"The teacher gives e \d\d\s%"))
    page.locator(".own-text").press("End")
    page.locator(".own-text").press_sequentially("e q")
    expect(says(page)).to_contain_text(re.compile(r"The teacher gives u over 99"))
    expect(says(page)).to_contain_text(re.compile(r"first choice is u with over 9"))
    expect(page).to_have_url(re.compile("text=.*the(%20|\\+)q"))
    page.reload()
    expect(says(page)).to_contain_text("The teacher gives u")
    assert objections(page) == []


def test_t_is_dragged_and_the_soft_targets_follow(page: Page, app_url: str) -> None:
    opened(page, app_url, "?text=It+was+impossible&at=13")
    expect(page.locator(".following")).to_contain_text("i follows in the text")
    expect(says(page)).to_contain_text("The label says i and nothing else")
    before = says(page).inner_text()
    slider = page.locator(".next-letter .t-range").bounding_box()
    assert slider is not None
    y = slider["y"] + slider["height"] / 2
    page.mouse.move(slider["x"] + slider["width"] / 3, y)
    page.mouse.down()
    page.mouse.move(slider["x"] + slider["width"] * 0.6, y, steps=5)
    expect(says(page)).to_contain_text(re.compile(r"At T = [56]\."))
    assert says(page).inner_text() != before
    assert "T=" not in page.url
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"T=[56]"))


def test_the_place_goes_through_the_text_by_keys_and_letters_are_coloured_by_doubt(page: Page, app_url: str) -> None:
    opened(page, app_url, "?text=It+was+impossible")
    place = page.locator(".next-letter .place")
    place.press("Home")
    expect(page.locator(".following")).to_contain_text("t follows in the text")
    expect(page).to_have_url(re.compile("at=1"))
    sure = page.locator(".doubt span").last.evaluate("(span) => Number(span.style.getPropertyValue('--doubt'))")
    unsure = page.locator(".doubt span >> nth=7").evaluate("(span) => Number(span.style.getPropertyValue('--doubt'))")
    assert sure < 0.05 < unsure, "within a word there is less doubt than at its beginning"


def test_both_write_on_at_the_temperature_of_sampling(page: Page, app_url: str) -> None:
    opened(page, app_url)
    page.locator(".next-letter[data-writing=done]").wait_for()  # the page opens with something written
    assert len(page.locator(".of-teacher p").inner_text()) > 100
    page.locator(".sampling").press("Home")
    expect(page.locator(".sampling-now")).to_have_text("0.10")
    button(page, "Let both write on").press("Enter")
    page.locator(".next-letter[data-writing=done]").wait_for()
    teacher = page.locator(".of-teacher p").inner_text()
    assert teacher.startswith('…et," said th')
    assert len(page.locator(".of-student p").inner_text()) > 100
    expect(page).to_have_url(re.compile("sampling=0.1"))


def test_foreign_letters_nothing_and_a_hundred_thousand_letters_are_told_in_words(page: Page, app_url: str) -> None:
    opened(page, app_url)
    field = page.locator(".own-text")
    field.fill("")
    expect(note(page)).to_contain_text("There is no letter to read yet")
    button(page, "Let both write on").click()
    field.fill("Привет")
    expect(note(page)).to_contain_text("have never seen П р и в е т: left out")
    field.fill("it is a truth " * 7143)
    expect(note(page)).to_contain_text("Only the last 400 letters are read")
    page.locator(".next-letter[data-state=ready]").wait_for()
    expect(page.locator(".doubt span")).to_have_count(400)
    expect(says(page)).to_contain_text("The teacher gives")
