"""The lesson on noise in the gradient in a real browser: its two sliders draw at once, and the link keeps them."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.visitor import settle


def opened(page: Page, url: str) -> Page:
    page.goto(url)
    page.get_by_role("heading", level=1).wait_for()
    settle(page)
    page.get_by_label("Temperature T", exact=True).wait_for()
    return page


def test_the_sliders_move_fan_and_sentence_and_a_link_brings_them_back(page: Page, app_url: str) -> None:
    opened(page, f"{app_url}/gradient_noise")
    temperature, moment = page.get_by_label("Temperature T", exact=True), page.get_by_label("After epochs", exact=True)
    soft, fan = page.locator(".soft-name"), page.locator("svg.fan")
    expect(soft).to_have_text("Soft targets, T = 4")
    before, drawn = fan.get_attribute("aria-label"), fan.inner_html()
    temperature.press("End")
    assert soft.inner_text() == "Soft targets, T = 20", "drawn here, not by the server"
    assert fan.get_attribute("aria-label") != before
    assert fan.inner_html() != drawn
    expect(page.get_by_text("with soft targets at T = 20 and")).to_be_visible()
    moment.press("Home")
    expect(page.get_by_text("After 0.0 epochs the noise is")).to_be_visible()
    expect(page).to_have_url(re.compile(r"T=20"))
    settle(page)
    opened(page, page.url)
    expect(page.locator(".soft-name")).to_have_text("Soft targets, T = 20")
    expect(page.get_by_text("After 0.0 epochs the noise is")).to_be_visible()
