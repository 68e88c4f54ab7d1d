"""Three ways to teach in a real browser: panels move, a reload loses nothing, and the end has a table and verdicts."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.visitor import PHONE, button, changes, run_id, settle, until

NETWORKS = "data=digits&teacher=784-128-10&student=784-30-30-10&methods=plain,offline,mutual,born-again"
SHORT = f"{NETWORKS}&epochs=2"
LONG = f"{NETWORKS}&epochs=500&teacher_epochs=1"  # a minute at least
WORKS = 60_000  # ms until a worker that has just started reports
TURNS = "ways to teach, in turns: epoch"

Visit = Callable[..., Page]

pytestmark = pytest.mark.usefixtures("quiet")


def opened(page: Page, url: str, query: str) -> Page:
    page.goto(f"{url}/three_ways?{query}")
    expect(panels(page).first).to_be_visible(timeout=WORKS)
    settle(page)
    return page


def status(page: Page) -> Locator:
    return page.get_by_test_id("stProgress")


def panels(page: Page) -> Locator:
    return page.locator(".kdt .way")


def update(page: Page, panel: int = 0) -> int:
    """The update that a panel names."""
    found = re.search(r"update ([\d,]+) of", panels(page).nth(panel).locator(".state").inner_text())
    return int(found[1].replace(",", "")) if found else 0


def started(page: Page) -> str:
    """Press Start, wait until the students learn; the run's id."""
    button(page, "Start").click()
    expect(page).to_have_url(re.compile(r"run=[0-9a-f]{12}"))
    expect(status(page)).to_contain_text(TURNS, timeout=WORKS)
    return run_id(page)


def cancelled(page: Page) -> None:
    button(page, "Cancel").click()
    expect(status(page)).to_contain_text("cancelled")


def test_a_comparison_is_watched_reloaded_paused_looked_back_at_and_started_again(page: Page, app_url: str) -> None:
    opened(page, app_url, f"{LONG}&seeds=0-2")
    panels_are_there_before_the_start_and_move_after_it(page)
    a_reload_finds_the_run_and_it_can_be_paused(page)
    run = run_id(page)
    cancelled(page)
    pointing_at_an_update_asks_the_server_for_nothing(page)
    button(page, "Start again").click()
    expect(status(page)).to_contain_text(TURNS, timeout=WORKS)
    assert run_id(page) == run
    cancelled(page)


def panels_are_there_before_the_start_and_move_after_it(page: Page) -> None:
    expect(panels(page)).to_have_count(4)
    mutual = panels(page).filter(has_text="Two peers")
    expect(mutual.locator(".diagram")).to_have_attribute("aria-label", re.compile("peer 2 teaches student"))
    page.evaluate("() => document.querySelectorAll('.kdt .way, .kdt svg').forEach((node) => { node.kdMark = true; })")
    started(page)
    expect(mutual.locator(".kl").first).to_have_text(re.compile(r"^[<\d.]+$"), timeout=WORKS)
    expect(panels(page).first.locator(".state")).to_contain_text("update", timeout=WORKS)
    page.evaluate("() => document.querySelectorAll('.kdt .way, .kdt svg').forEach((node) => { node.kdMark = true; })")
    at = update(page)
    changes(page, lambda: panels(page).nth(1).locator(".curves").inner_html())
    until(page, lambda: update(page) > at)
    kept = page.evaluate("() => [...document.querySelectorAll('.kdt .way, .kdt svg')].every((node) => node.kdMark)")
    assert kept, "a panel was made anew"
    label = panels(page).nth(1).locator(".curves").get_attribute("aria-label") or ""
    assert re.search(
        r"Offline: a trained teacher\. update .*: loss soft .* · hard .*; accuracy .*; agreement .*multiply-adds", label
    )


def a_reload_finds_the_run_and_it_can_be_paused(page: Page) -> None:
    run, at = run_id(page), update(page)
    page.reload()
    expect(status(page)).to_contain_text(TURNS)
    expect(panels(page).first.locator(".state")).to_contain_text("update")
    assert run_id(page) == run
    assert update(page) >= at, "the run began anew"
    expect(button(page, "Start")).to_be_disabled()

    button(page, "Pause").click()
    expect(button(page, "Go on")).to_be_visible()
    settle(page, quiet=0.1)
    at = update(page)
    changes(page, lambda: page.seen.runs)  # the page has asked several times more
    assert update(page) == at, "it moved while it was paused"
    button(page, "Go on").click()
    expect(button(page, "Pause")).to_be_enabled()


def pointing_at_an_update_asks_the_server_for_nothing(page: Page) -> None:
    settle(page)
    asked, newest = page.seen.asked, [update(page, panel) for panel in range(4)]
    look = page.get_by_label(re.compile("in all panels"))
    look.focus()
    page.keyboard.press("Home")
    until(page, lambda: [update(page, panel) for panel in range(4)] != newest)
    expect(page.locator(".kdt .cursor[visibility=visible]")).to_have_count(4)  # the same update in all panels
    page.keyboard.press("End")
    until(page, lambda: [update(page, panel) for panel in range(4)] == newest)
    panels(page).first.locator(".curves").hover(position={"x": 60, "y": 100})
    expect(page.locator(".kdt .cursor[visibility=visible]")).to_have_count(4)
    settle(page)
    assert page.seen.asked == asked, "looking back made the page run"


def test_a_finished_comparison_has_its_table_its_picture_and_its_verdicts(visit: Visit, app_url: str) -> None:
    page = opened(visit(), app_url, f"{SHORT}&seeds=0-2")
    button(page, "Start").click()
    expect(status(page)).to_contain_text("finished in", timeout=90_000)
    table = page.locator(".st-key-compared table")
    expect(table.get_by_role("row")).to_have_count(5)
    for way in ("Labels only", "Offline", "Two peers", "Born again"):
        expect(table).to_contain_text(way)
    expect(table).to_contain_text(re.compile("no difference shown|better|worse"))
    verdicts = page.get_by_role("listitem").filter(has_text=re.compile(r"points \(.* to .*\), three seeds"))
    expect(verdicts).to_have_count(3)
    expect(page.get_by_test_id("stMain").get_by_text("students of another teacher")).to_be_visible()
    expect(page.locator(".st-key-against_cost .js-plotly-plot")).to_be_visible()
    settle(page)  # the whole page runs once more at the end: a click in between could be lost
    beyond = page.locator(".st-key-compared [data-testid='stMarkdownContainer']").evaluate(
        "(node) => node.scrollWidth - node.clientWidth"
    )
    assert beyond <= 1, "the column of the verdicts is cut off on a laptop"
    last_mark = page.locator(".st-key-against_cost .xtick text").last
    expect(last_mark).to_have_text(re.compile(r" s$"))
    page.locator(".st-key-cost").get_by_text("Multiply-adds").click()
    expect(last_mark).to_have_text(re.compile(r"[MG]$"))
    expect(panels(page).first.locator(".state")).to_contain_text("done")
    expect(panels(page).first.locator(".cost")).to_contain_text("all 3 seeds, in all:")
    expect(panels(page).filter(has_text="Offline").locator(".cut")).to_have_text("higher values are cut off")
    expect(page.locator(".modebar")).to_have_count(0)
    expect(button(page, "Start")).to_be_disabled()

    phone = visit(page.url, viewport=PHONE, has_touch=True, is_mobile=True)
    expect(phone.locator(".st-key-compared table")).to_be_visible(timeout=WORKS)
    settle(phone)
    widths = phone.evaluate(
        """() => [document.documentElement, document.querySelector('[data-testid="stMain"]')]
            .map((node) => node.scrollWidth - node.clientWidth)"""
    )
    assert max(widths) <= 1, "something sticks out"
    first, second = (panels(phone).nth(i).bounding_box() for i in (0, 1))
    assert first is not None
    assert second is not None
    assert second["y"] >= first["y"] + first["height"], "one panel beside another on a phone"


def test_one_seed_has_no_verdict(page: Page, app_url: str) -> None:
    opened(page, app_url, SHORT)
    button(page, "Start").click()
    expect(status(page)).to_contain_text("finished in", timeout=90_000)
    expect(page.get_by_test_id("stMain").get_by_text("One seed, no verdict")).to_be_visible()
    expect(page.get_by_text("points (")).to_have_count(0)


def test_ways_are_chosen_with_pills_and_stand_in_the_link(page: Page, app_url: str) -> None:
    opened(page, app_url, "data=digits")
    expect(panels(page)).to_have_count(6)
    button(page, "Ways to teach").click()
    page.locator(".st-key-methods_control").get_by_text("Label smoothing").click()
    expect(page).to_have_url(re.compile(r"methods=plain(,|%2C)label-smoothing(,|%2C)offline"))
    expect(panels(page)).to_have_count(7)
    expect(page.get_by_text("Attention transfer cannot be chosen")).to_be_visible()
    page.locator(".st-key-methods_control").get_by_text("Label smoothing").click()
    expect(panels(page)).to_have_count(6)
    expect(page).not_to_have_url(re.compile("methods="))
