"""The explorer in a real browser: the map colours in, nothing is lost, and the end is chosen, explained and kept."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Locator, Page, Playwright, expect

from tests.browser.app_server import launch
from tests.browser.visitor import LAPTOP, PHONE, button, changes, run_id, settle, shifted

# The default T, alpha and seeds: long enough to be reloaded and cancelled in the middle, and not what is recorded.
GRID = "data=digits&epochs=31"
SMALL = "data=digits&epochs=2&temperatures=1,4,20&alphas=0,0.5,1&seeds=0-1"
WORKS = 60_000  # ms until a worker that has just started reports
ENDS = 180_000  # ms for the whole of a sweep on a busy machine

Visit = Callable[..., Page]

pytestmark = pytest.mark.usefixtures("quiet")


def opened(page: Page, url: str, query: str) -> Page:
    page.goto(f"{url}/explorer?{query}")
    expect(cells(page).first).to_be_visible(timeout=WORKS)
    settle(page)
    return page


def status(page: Page) -> Locator:
    """The line that says how the sweep is; for a moment the one before can still stand above it."""
    return page.get_by_test_id("stProgress").last


def cells(page: Page) -> Locator:
    return page.locator("[data-cell]")


def coloured(page: Page) -> int:
    """How many cells have a figure."""
    return sum(bool(re.search(r"\d", text)) for text in cells(page).all_text_contents())


def stack(page: Page) -> int:
    """The number of the stack that trains just now."""
    expect(status(page)).to_contain_text(re.compile(r"Stack \d+ of \d+"), timeout=WORKS)
    found = re.search(r"Stack (\d+) of", status(page).inner_text())
    return int(found[1]) if found else 0


def comes_to_stack(page: Page, number: int, within: float) -> None:
    page.wait_for_function(
        """(number) => {
            const found = document.querySelector('[data-testid=stProgress]')?.innerText.match(/Stack (\\d+)/);
            return found && Number(found[1]) >= number;
        }""",
        arg=number,
        timeout=within,
    )


def link_in(page: Page, name: str) -> Locator:
    return page.get_by_test_id("stMain").get_by_role("link", name=name)


def test_the_default_sweep_is_watched_reloaded_cancelled_and_resumed(page: Page, app_url: str) -> None:
    opened(page, app_url, GRID)
    expect(cells(page)).to_have_count(21)  # with α = 0 all temperatures are one student
    expect(page.get_by_text("20 cells with a teacher and labels only, × 3 seeds: 63 students")).to_be_visible()
    expect(page.get_by_text(re.compile(r"(About|Less than) .* of memory for the largest stack"))).to_be_visible(
        timeout=WORKS
    )
    assert coloured(page) == 0
    button(page, "Start").click()
    expect(page).to_have_url(re.compile(r"run=[0-9a-f]{12}"))
    run = run_id(page)
    colours_in(page)
    survives_a_reload(page)
    is_cancelled_and_resumed(page)
    assert run_id(page) == run
    button(page, "Cancel").click()
    expect(status(page)).to_contain_text("cancelled")


def colours_in(page: Page) -> None:
    stack(page)
    expect(cells(page).first).to_have_text(re.compile(r"\d"), timeout=WORKS)
    page.evaluate("() => document.querySelectorAll('[data-cell]').forEach((node) => { node.kdMark = true; })")
    changes(page, cells(page).all_text_contents)
    assert page.evaluate("() => [...document.querySelectorAll('[data-cell]')].every((node) => node.kdMark)"), (
        "made anew"
    )


def survives_a_reload(page: Page) -> None:
    at, run = stack(page), run_id(page)
    page.reload()
    expect(cells(page).first).to_have_text(re.compile(r"\d"), timeout=WORKS)
    assert run_id(page) == run
    assert stack(page) >= at, "the sweep began anew"
    expect(button(page, "Start")).to_be_disabled()


def is_cancelled_and_resumed(page: Page) -> None:
    """With two stacks done or more: those stay."""
    comes_to_stack(page, 3, WORKS)
    at = stack(page)
    button(page, "Cancel").click()
    expect(status(page)).to_contain_text("cancelled: what it had shown so far is kept")
    settle(page)
    kept = coloured(page)
    assert kept == 21, "what it had shown is gone"
    expect(button(page, "Start")).to_be_disabled()
    button(page, "Go on").click()
    stack(page)
    comes_to_stack(page, at, 4000)  # what is done is said again, which takes no time; training it again would
    expect(cells(page).first).to_have_text(re.compile(r"\d"))
    assert coloured(page) == kept


def explains_a_cell(page: Page) -> None:
    """A click shows curves, soft targets and recipe; the slices follow."""
    page.locator("[data-cell][aria-label*='T = 4'][aria-label*='0.5']").first.click()
    expect(page).to_have_url(re.compile(r"cell="))
    expect(page.get_by_text("The recipe of T = 4, α = 0.5")).to_be_visible()
    expect(page.locator(".kdx .one .name")).to_contain_text("T = 4")
    expect(page.locator(".kdx .curves svg path").first).to_be_visible()
    expect(page.locator(".kdx .targets svg rect").first).to_be_visible()
    expect(page.get_by_text("Over T, at α = 0.5")).to_be_visible()
    expect(page.locator(".st-key-slice_temperature .js-plotly-plot")).to_be_visible()


def test_all_parameters_stand_side_by_side(playwright: Playwright, browser: Browser, app_url: str) -> None:
    """That one picture of Plotly's is drawn with WebGL. `browser` skips the test where there is none."""
    with launch(playwright, webgl=True) as with_webgl:
        page = with_webgl.new_page(viewport=LAPTOP)
        page.goto(f"{app_url}/explorer?data=digits")
        page.get_by_text("All parameters side by side").click()
        expect(page.locator(".st-key-parallel .parcoords").first).to_be_visible()


def is_exported(page: Page, run: str) -> None:
    link_in(page, "Keep it").click()
    expect(page).to_have_url(re.compile(rf"runs\?.*run={run}"))
    settle(page)
    with page.expect_download() as download:
        button(page, "JSON").click()
    text = download.value.path().read_text()
    assert run in text
    assert len(json.loads(text)["rows"]) >= 14, "a row for each student"


def test_a_finished_sweep_is_chosen_from_explained_and_exported(visit: Visit, app_url: str) -> None:
    page = opened(visit(), app_url, SMALL)
    expect(cells(page)).to_have_count(7)
    button(page, "Start").click()
    expect(status(page)).to_contain_text("finished in", timeout=ENDS)
    settle(page)
    assert coloured(page) == 7
    expect(page.get_by_test_id("stMain").get_by_text("Best on the validation split is")).to_be_visible()
    expect(page.locator(".st-key-choice table")).to_be_visible()
    its_training_is_played_again(page)
    explains_a_cell(page)
    run, link = run_id(page), page.url
    is_exported(page, run)
    opened(page, app_url, link.split("?")[1])
    a_cell_leads_to_its_student_alone(page, visit, app_url)


def its_training_is_played_again(page: Page) -> None:
    end = cells(page).all_text_contents()
    back = page.get_by_label(re.compile("^Replay of the training of"))
    back.focus()
    asked = page.seen.asked  # type: ignore[attr-defined]
    page.keyboard.press("Home")
    assert cells(page).all_text_contents() != end
    expect(page.locator(".kdx .at")).to_have_text(re.compile(r"^0 of \d+ students$"))
    page.get_by_role("radio", name="20×").check(force=True)
    page.get_by_role("button", name="Play the training again").click()
    expect(page.locator(".kdx .at")).to_have_text(re.compile(r"^(\d+) of \1 students$"))
    assert cells(page).all_text_contents() == end
    assert page.seen.asked == asked, "the browser has all of it"  # type: ignore[attr-defined]


def a_cell_leads_to_its_student_alone(page: Page, visit: Visit, app_url: str) -> None:
    page.locator("[data-cell][aria-label*='T = 20'][aria-label*='0.5']").first.click()
    expect(page.get_by_text("The recipe of T = 20, α = 0.5")).to_be_visible()
    settle(page)
    link = page.url
    with page.context.expect_page() as opening:
        link_in(page, "seed 1").click()
    alone = opening.value
    temperature = alone.get_by_role("slider", name="Temperature T")
    expect(temperature).to_have_attribute("aria-valuetext", "20")
    expect(alone.get_by_label("Seed", exact=True)).to_have_value("1")
    settle(alone)
    button(alone, "More settings").click()
    expect(alone.get_by_label("Epochs", exact=True)).to_have_value("2")
    assert alone.get_by_test_id("stAlert").count() == 0
    alone.close()

    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Watch it train").click()
    expect(page.get_by_label("Seed", exact=True)).to_be_visible()
    settle(page)
    assert page.get_by_test_id("stAlert").count() == 0, "the explorer's settings came along"

    phone = opened(visit(viewport=PHONE, has_touch=True, is_mobile=True), app_url, link.split("?")[1])
    expect(phone.get_by_text("The recipe of T = 20, α = 0.5")).to_be_visible(timeout=WORKS)
    expect(phone.get_by_test_id("stMain").get_by_text("Best on the validation split is")).to_be_visible()
    settle(phone)
    widths = phone.evaluate(
        """() => [document.documentElement, document.querySelector('[data-testid="stMain"]')]
            .map((node) => node.scrollWidth - node.clientWidth)"""
    )
    assert max(widths) <= 1, "something sticks out"


def test_pointing_at_cells_asks_the_server_for_nothing(page: Page, app_url: str) -> None:
    opened(page, app_url, "data=digits")
    assert shifted(page) < 0.2  # 0.07 where nothing else runs
    expect(page.get_by_text(re.compile("for the largest stack"))).to_be_visible(timeout=WORKS)
    settle(page)
    asked = page.seen.asked
    for number in (0, 7, 13):
        cells(page).nth(number).hover()
    settle(page)
    assert page.seen.asked == asked


def test_the_slider_writes_the_values_and_the_values_move_the_slider(page: Page, app_url: str) -> None:
    opened(page, app_url, "data=digits")
    text = page.get_by_label("Exactly these T", exact=True)
    page.get_by_label("Values", exact=True).first.fill("3")
    page.keyboard.press("Enter")
    expect(text).to_have_value("1,4.5,20")
    expect(page).to_have_url(re.compile(r"temperatures=1(,|%2C)4.5(,|%2C)20"))
    expect(cells(page)).to_have_count(13)
    settle(page)  # a handle that is drawn anew under a key press loses it
    handle = page.locator(".st-key-temperatures_range input[type=range]").last
    handle.focus()
    page.keyboard.press("ArrowRight")
    expect(text).to_have_value("1,5.5,30")
    text.fill("7,0.3")
    text.press("Enter")
    expect(page.locator(".st-key-temperatures_range")).to_contain_text("0.3")
    expect(page.get_by_label("Values", exact=True).first).to_have_value("2")

    text.fill("20:1:5")
    text.press("Enter")
    expect(page.get_by_text("the range is reversed: write 1:20:5.")).to_be_visible()
    expect(button(page, "Start")).to_be_disabled()
    expect(text).to_have_value("20:1:5")
    settle(page)
    page.reload()
    expect(page.get_by_text("the range is reversed: write 1:20:5.")).to_have_count(1)
    expect(text).to_have_value("20:1:5")
    text.fill("1:20:5")
    text.press("Enter")
    expect(button(page, "Start")).to_be_enabled()


def test_a_long_sweep_is_asked_for_twice(page: Page, app_url: str) -> None:
    opened(page, app_url, "data=digits&epochs=500&temperatures=1:100:20&alphas=0.05:1:20&seeds=0-6")
    yes = page.get_by_text(re.compile(r"Yes, train for about .*h"))
    expect(yes).to_be_visible(timeout=WORKS)
    expect(button(page, "Start")).to_be_disabled()
    yes.click()
    expect(button(page, "Start")).to_be_enabled()
    page.get_by_label("Epochs", exact=True).fill("2")
    page.keyboard.press("Enter")
    expect(yes).to_have_count(0, timeout=WORKS)
    expect(button(page, "Start")).to_be_enabled()
