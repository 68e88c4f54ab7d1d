"""Lessons' studies in a real browser: run one here, watch it, reload it, stop it, go on, and find it among the runs."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import PHONE, button, settle

SMALL = "study=all-labels&data=digits&quick=true&seeds=0-1"
LONG = "study=few-labels&data=digits&seeds=0-3"  # a dozen seconds at least
WORKS = 60_000  # ms until a worker that has just started reports
ENDS = 150_000

Visit = Callable[..., Page]

pytestmark = pytest.mark.usefixtures("quiet")


def opened(page: Page, url: str, query: str) -> Page:
    page.goto(f"{url}/when_it_helps?{query}")
    expect(page.get_by_text("Run it here").first).to_be_visible(timeout=WORKS)
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()  # it moves what is below
    settle(page)
    return page


def started(page: Page) -> None:
    """Open the settings, press Start, wait until something is trained."""
    settings = page.get_by_test_id("stExpander").filter(has_text="Run it here")
    settings.locator("summary").click()
    expect(settings.locator("details")).to_have_attribute("open", "")
    button(page, "Start").press("Enter")  # while it opens, it may move away from a mouse before its release
    expect(page).to_have_url(re.compile(r"run=[0-9a-f]{12}"))
    expect(page.get_by_test_id("stProgress")).to_contain_text(re.compile(r"Arm \d+ of|finished"), timeout=WORKS)


def test_a_study_runs_to_its_verdict_and_is_among_the_runs(page: Page, app_url: str) -> None:
    opened(page, app_url, SMALL)
    started(page)
    expect(page.get_by_text(re.compile("^Run [0-9a-f]{12}: Digits")).first).to_be_visible(timeout=ENDS)
    expect(page.get_by_text("Means over two seeds with 95 % intervals").first).to_be_visible()
    expect(page.locator(".js-plotly-plot").last).to_be_visible()
    page.locator("summary", has_text="All figures, seed by seed").click()
    expect(page.locator(".st-key-study_all-labels").get_by_test_id("stDataFrame").first).to_be_visible()
    page.locator("summary", has_text="Watch it again, arm by arm").click()
    replay = page.locator(".kds")
    finished = replay.locator(".done")
    expect(finished).to_have_text(re.compile(r"^Finished: (\d+) of \1 arms"), timeout=WORKS)
    # It has played to its end: the words alone could be those of before it began.
    expect(replay.locator(".play-again")).to_have_text("▶", timeout=WORKS)
    replay.get_by_text("1×").click()
    replay.locator("input[type=range]").press("Home")
    expect(finished).to_have_text(re.compile("^Finished: 0 of"))
    replay.locator(".play-again").click()
    expect(replay.locator(".doing")).to_contain_text("validation accuracy")
    assert "Traceback" not in page.content()
    page.get_by_role("link", name="In Runs").click()
    expect(page.get_by_role("heading", name=re.compile("^Study [0-9a-f]{12}$"))).to_be_visible(timeout=WORKS)
    expect(page.get_by_text("keeps its figures, not its students")).to_be_visible()


def test_a_reload_and_a_stop_lose_no_finished_arm(page: Page, app_url: str) -> None:
    opened(page, app_url, LONG)
    started(page)
    # The last: for a moment the one before can still stand above it.
    done = page.locator(".kd-say", has_text=re.compile(r"[1-9]\d* of 16 arms are finished")).last
    expect(done).to_be_visible(timeout=ENDS)
    page.reload()
    expect(done).to_be_visible(timeout=WORKS)
    button(page, "Cancel").click()
    expect(page.get_by_test_id("stProgress")).to_contain_text("cancelled", timeout=WORKS)
    expect(done).to_be_visible()
    button(page, "Go on").click()
    expect(page.get_by_test_id("stProgress")).to_contain_text(re.compile("Arm [2-9]|Arm 1[0-6]"), timeout=WORKS)
    button(page, "Pause").click()
    expect(button(page, "Go on")).to_be_visible(timeout=WORKS)
    button(page, "Cancel").click()
    expect(page.get_by_test_id("stProgress")).to_contain_text("cancelled", timeout=WORKS)


def test_another_study_is_a_click_and_settings_are_in_the_link(page: Page, app_url: str) -> None:
    opened(page, app_url, f"{SMALL}&arms=taught")
    page.locator("summary", has_text="Run it here").click()
    expect(page.get_by_label("Seeds", exact=True)).to_have_value("0-1")
    page.get_by_label("Seeds", exact=True).fill("3,5")
    page.get_by_label("Seeds", exact=True).press("Enter")
    expect(page).to_have_url(re.compile("seeds=3(,|%2C)5"))
    page.get_by_role("button", name=re.compile("What is a teacher worth when many")).click()
    expect(page.get_by_role("heading", name="Noisy labels")).to_be_visible(timeout=WORKS)
    expect(page).not_to_have_url(re.compile("seeds|arms"))
    assert "data=digits" in page.url


def test_a_phone_can_read_it(visit: Visit, app_url: str) -> None:
    page = visit(viewport=PHONE)
    opened(page, app_url, "study=few-labels&data=digits")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"], f"{wide} px wide"
