"""The playground's visitor as the teacher: twenty soft labels, a race, and a link that says the same."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import objections
from tests.browser.test_playground import Visit, opened
from tests.browser.visitor import PHONE, button


def shares(page: Page) -> list[int]:
    """Of each class, the per cent that the chosen image has."""
    return [int(bar.get_attribute("aria-valuenow") or -1) for bar in page.locator(".own-bar").all()]


def bar(page: Page, digit: int) -> Locator:
    return page.get_by_role("slider", name=f"Your share for {digit}")


def raced(page: Page) -> str:
    """What is said of the race when it is over."""
    expect(page.locator(".own-progress")).to_have_text("update 200 of 200", timeout=60_000)
    expect(page.locator(".own-say")).to_contain_text("After 200 updates")
    return page.locator(".own-say").inner_text()


def test_opinions_are_dragged_raced_with_seen_in_answers_and_kept(page: Page, app_url: str) -> None:
    opened(page, app_url, "labels=20")
    page.get_by_role("link", name="You are the teacher").click()
    expect(page.locator(".stage")).to_be_hidden()
    assert shares(page)[0] == 80

    bar(page, 6).click(position={"x": 10, "y": 143})
    assert 48 <= shares(page)[6] <= 52
    assert 98 <= sum(shares(page)) <= 102
    bar(page, 6).press("End")
    assert shares(page) == [100 if digit == 6 else 0 for digit in range(10)]
    button(page, "Undo").click()
    assert 48 <= shares(page)[6] <= 52
    page.keyboard.press("3")
    assert shares(page)[3] == 80

    button(page, "certain").click()
    button(page, "Swap").click()
    assert "labels=20" in page.url
    assert "own=1&opinions=" in page.url
    button(page, "Race").click()
    said = raced(page)
    assert page.locator(".own-list li").count() == 3
    expect(page.locator(".own-list")).to_contain_text("as you do in 4s (100\u00a0% on average)")

    linked = page.url
    page.evaluate("localStorage.clear()")
    opened(page, app_url, linked.split("data=digits&")[1])
    button(page, "Race").click()
    assert raced(page) == said
    page.evaluate("localStorage.setItem('kdviz.opinions.digits', '_'.repeat(20))")
    opened(page, app_url, "own=1")
    assert shares(page) == [10] * 10, "they are kept in the browser"
    button(page, "‹ Back to the two students").click()
    expect(page.locator(".stage")).to_be_visible()
    assert "own" not in page.url


def test_an_absurd_link_opens_with_a_sentence(page: Page, app_url: str) -> None:
    opened(page, app_url, "opinions=~~~")
    expect(page.locator(".own-note")).to_contain_text("cannot be read")
    assert shares(page)[0] == 80


def test_on_a_phone_nothing_is_cut_off(visit: Visit, app_url: str) -> None:
    page = opened(visit(viewport=PHONE), app_url, "own=1")
    width = page.get_by_test_id("stMain").evaluate("(node) => [node.scrollWidth, node.clientWidth]")
    assert width[0] <= width[1] + 1


def test_axe_finds_nothing_serious(visit: Visit, app_url: str) -> None:
    for theme in ("light", "dark"):
        page = opened(visit(color_scheme=theme), app_url, "own=1")
        button(page, "Race").click()
        raced(page)
        assert objections(page) == []
