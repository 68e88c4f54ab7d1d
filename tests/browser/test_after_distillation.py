"""After distillation in a real browser: the slider prunes a trained student, and all that is shown of it follows."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import objections
from tests.browser.visitor import button, settle, shifted, until

Visit = Callable[..., Page]
EXACT = "(canvas) => canvas.toDataURL()"


def opened(page: Page, url: str, query: str = "") -> Page:
    page.goto(f"{url}/after_distillation?data=digits{query}")
    page.locator(".compressed[data-state=ready][data-curve]").wait_for()
    expect(page.locator(".timed .of-skipping b")).to_have_text(re.compile("[µm]s"))
    settle(page)
    return page


def large(page: Page, name: str) -> Locator:
    return page.locator(f".number.of-{name} .large")


def says(page: Page) -> Locator:
    return page.locator(".compressed .say")


def test_the_slider_prunes_the_student_and_everything_follows(page: Page, app_url: str) -> None:
    opened(page, app_url)
    assert shifted(page) < 0.1
    expect(large(page, "right")).to_have_text("96.7 %")
    expect(large(page, "weights")).to_have_text("25,408")
    first, spread = (page.locator(f".compressed .{name}") for name in ("first", "spread .bin >> nth=30"))
    before, bins = first.evaluate(EXACT), spread.get_attribute("height")
    page.locator(".sparsity").press("End")
    expect(says(page)).to_contain_text("With 99 % of the weights pruned")
    expect(large(page, "weights")).to_have_text("254")
    expect(large(page, "work")).to_have_text("25,408")
    expect(says(page)).to_contain_text("still multiplies with its 25,154 zeros")
    until(page, lambda: first.evaluate(EXACT) != before)
    until(page, lambda: spread.get_attribute("height") != bins)
    expect(page).to_have_url(re.compile("sparsity=0.99"))
    expect(page.get_by_text("the usual program multiplies with each of them")).to_be_visible()
    page.reload()
    expect(large(page, "weights")).to_have_text("254")


def test_a_finger_that_drags_sees_the_picture_before_it_lets_go(page: Page, app_url: str) -> None:
    opened(page, app_url)
    track = page.locator(".sparsity").bounding_box()
    assert track is not None
    y = track["y"] + track["height"] / 2
    page.mouse.move(track["x"] + 9, y)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] * 0.5, y, steps=5)
    expect(says(page)).to_contain_text(re.compile("With (49|50|51).% of the weights pruned"))
    assert "sparsity" not in page.url
    page.mouse.move(track["x"] + track["width"] * 0.8, y, steps=5)
    expect(says(page)).to_contain_text(re.compile("With (79|80|81).% of the weights pruned"))
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"sparsity=0\.(79|8|81)"))


def test_whole_units_leave_a_smaller_network_and_fewer_bits_a_smaller_file(page: Page, app_url: str) -> None:
    opened(page, app_url, "&sparsity=0.5")
    page.get_by_role("radio", name="whole units").press("Space")
    expect(says(page)).to_contain_text("16 of 32 units pruned")
    expect(large(page, "work")).to_have_text("12,704")
    expect(page.get_by_text("Right: 16 of 32 units are left")).to_be_visible()
    page.get_by_role("radio", name="4", exact=True).press("Space")
    expect(says(page)).to_contain_text("and 4 bits a weight")
    expect(large(page, "bytes")).to_have_text("6.14 kB")
    expect(page).to_have_url(re.compile("bits=4"))
    expect(page).to_have_url(re.compile("pruned=units"))
    assert objections(page) == []


def test_a_drawing_is_answered_by_teacher_and_student(page: Page, app_url: str) -> None:
    opened(page, app_url)
    pairs = page.locator(".compressed .pairs")
    expect(pairs).to_have_attribute("aria-label", re.compile(r"^A held-out \d at T = 1\.00"))
    pad = page.locator(".compressed .pad").bounding_box()
    assert pad is not None
    page.mouse.move(pad["x"] + pad["width"] / 2, pad["y"] + 15)
    page.mouse.down()
    page.mouse.move(pad["x"] + pad["width"] / 2, pad["y"] + pad["height"] - 15, steps=8)
    page.mouse.up()
    expect(pairs).to_have_attribute("aria-label", re.compile("^Your drawing at T = 1.00. Teacher: 1"))
    before = pairs.get_attribute("aria-label")
    page.locator(".sparsity").press("End")
    expect(pairs).not_to_have_attribute("aria-label", str(before))
    button(page, "Clear").click()
    expect(pairs).to_have_attribute("aria-label", re.compile("^A held-out"))
