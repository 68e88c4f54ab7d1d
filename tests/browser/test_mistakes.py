"""The lesson about mistakes in a real browser: switches and their links, curves that stay, the exercise."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from kdviz.store.runs import RunStore
from tests.browser.app_server import AppServer
from tests.browser.visitor import choose, settle
from tests.samples.mistake_records import STUDY, studied

PAGE = f"/mistakes?data=digits&run={STUDY.id}"

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def link(app_server: AppServer) -> str:
    """A finished study in the app's own store."""
    store = RunStore(f"sqlite:///{app_server.state / 'kdviz.sqlite'}")
    result = studied()
    store.request(result.recipe)
    store.begin(result.run_id)
    store.append(result.run_id, result.finished, 0)
    store.finish(result.run_id, result)
    return app_server.url + PAGE


def opened(page: Page, url: str) -> Page:
    page.goto(url)
    page.get_by_role("heading", level=1).wait_for()
    settle(page)
    return page


def test_a_switch_changes_sentence_curves_and_link_and_the_link_brings_them_back(page: Page, link: str) -> None:
    opened(page, link)
    expect(page.get_by_text("times too small (T² is")).to_be_visible()
    charts = page.locator('[data-testid="stVegaLiteChart"]')
    expect(charts).to_have_count(12)
    page.get_by_role("radio", name="No log", exact=True).click()
    expect(page.get_by_text("Look at the sign")).to_be_visible()
    expect(page).to_have_url(re.compile("mistake=no-log"))
    page.get_by_role("radio", name="40 % of the labels wrong").click()
    expect(page).to_have_url(re.compile("labels=wrong"))
    settle(page)
    expect(charts).to_have_count(12)
    opened(page, page.url)
    expect(page.get_by_text("Look at the sign")).to_be_visible()
    page.get_by_role("radio", name="Picked on test", exact=True).click()
    expect(page.get_by_text("points too good")).to_be_visible()
    expect(charts).to_have_count(7)


def test_the_exercise_is_answered_and_goes_on(page: Page, link: str) -> None:
    opened(page, link)
    expect(page.get_by_role("heading", name="Which mistake is in this run?")).to_be_visible()
    answers = page.locator(".st-key-which_mistake_1").get_by_role("radio")
    told = """() => [...document.querySelectorAll('[data-testid="stAlert"]')].map((alert) => alert.innerText).join()"""
    for number in range(answers.count()):
        before = page.evaluate(told)
        choose(answers.nth(number))
        page.wait_for_function(f"(before) => ({told})() !== before", arg=before, timeout=60_000)
        settle(page)
        if page.get_by_text("Found so far: 1").count():
            break
    expect(page.get_by_text("Found so far: 1")).to_be_visible()
    page.get_by_role("button", name="Next run").click()
    expect(page).to_have_url(re.compile("round=2"))
    expect(page.get_by_text("Round 2:")).to_be_visible()
    expect(page.get_by_text("1 of 5 so far")).to_be_visible()


def test_nothing_sticks_out_of_a_phone(visit: Visit, link: str) -> None:
    page = opened(visit(viewport={"width": 390, "height": 844}), link)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
