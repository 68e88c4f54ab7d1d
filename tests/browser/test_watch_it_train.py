"""Watch it train in a real browser: a run lives on its own, and every visitor sees the same one."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.app_server import AppServer
from tests.browser.visitor import button, changes, run_id, settle, shifted, until

SHORT = "data=digits&teacher=784-128-10&student=784-30-30-10&epochs=4&teacher_epochs=2"
LONG = "data=digits&teacher=784-128-10&student=784-800-800-10&epochs=500&teacher_epochs=2"  # a minute at least
EARLY = re.compile(r"epoch ([89]|\d\d+) of")  # the first six reports still find the height of an axis
WORKS = 30_000  # ms until a worker that has just started reports
KEY = "chalk"  # of the presenter, on the server that a test may break
LOST = ("",)  # a page may say what it likes about a server that was killed

Visit = Callable[..., Page]

pytestmark = pytest.mark.usefixtures("quiet")


def opened(page: Page, url: str, query: str) -> Page:
    page.goto(f"{url}/watch_it_train?{query}")
    button(page, "Start").wait_for()
    settle(page)
    return page


def status(page: Page) -> Locator:
    """The line that says how the run is."""
    return page.get_by_test_id("stProgress")


def temperature(page: Page) -> Locator:
    return page.get_by_role("slider", name="Temperature T")


def charts(page: Page) -> Locator:
    return page.get_by_test_id("stVegaLiteChart")


def update(page: Page) -> int:
    """The number of updates that the line names."""
    found = re.search(r"update ([\d,]+) of", status(page).inner_text())
    return int(found[1].replace(",", "")) if found else 0


def started(page: Page) -> str:
    """Press Start, wait until the students learn; the run's id."""
    button(page, "Start").click()
    expect(page).to_have_url(re.compile(r"run=[0-9a-f]{12}"))
    expect(status(page)).to_contain_text("Students: epoch", timeout=WORKS)
    return run_id(page)


def cancelled(page: Page) -> None:
    button(page, "Cancel").click()
    expect(status(page)).to_contain_text("cancelled")


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[AppServer]:
    """A server that a test may break."""
    server = AppServer(tmp_path / "state", environment={"KDVIZ_PRESENTER_KEY": KEY})
    yield server
    left = server.stop()
    assert not left, f"processes that outlived the server: {left}"


def test_a_run_is_watched_zoomed_paused_cancelled_and_begun_anew(page: Page, app_url: str) -> None:
    opened(page, app_url, f"{LONG}&seed=1")
    note_announcements(page)
    button(page, "Start").focus()
    page.keyboard.press("Enter")
    expect(status(page)).to_contain_text(EARLY, timeout=WORKS)
    expect(button(page, "Pause")).to_be_focused()  # Start is disabled: it took its place
    curves_grow_without_flicker(page)
    zoom_and_hover_outlive_an_update(page)
    announced_now_and_then(page)
    it_pauses_and_goes_on(page)
    cancel_takes_effect_at_once_and_start_begins_anew(page)


def note_announcements(page: Page) -> None:
    """Note when anything is announced, by the page's own clock, in milliseconds."""
    page.evaluate("""() => {
        window.announced = [];
        const live = "[aria-live]:not([aria-live=off]), [role=status]";
        const note = (changes) => {
            const elements = changes.map(({ target }) => (target instanceof Element ? target : target.parentElement));
            if (elements.some((element) => element?.closest(live))) announced.push(performance.now());
        };
        new MutationObserver(note).observe(document.body, { subtree: true, childList: true, characterData: true });
    }""")


def announced_now_and_then(page: Page) -> None:
    until(page, lambda: len(page.evaluate("announced")) > 1)
    times: list[float] = page.evaluate("announced")
    assert min(later - before for before, later in itertools.pairwise(times)) > 4900


def curves_grow_without_flicker(page: Page) -> None:
    expect(charts(page)).to_have_count(2)
    page.wait_for_function("() => document.querySelector('.st-key-watched')")
    expect(status(page)).to_contain_text(EARLY, timeout=WORKS)
    script = """() => [...document.querySelectorAll('[data-testid="stVegaLiteChart"], .st-key-watched')].map((host) => {
        const nodes = [host, host.querySelector("svg")].filter(Boolean);
        const kept = nodes.every((node) => node.kdMark);
        nodes.forEach((node) => { node.kdMark = true; });
        return { kept, drawn: host.querySelectorAll("svg path, svg line").length && host.innerHTML };
    })"""
    first, at, looks = page.evaluate(script), update(page), []

    def grew() -> bool:
        looks.append(page.evaluate(script))
        later = zip(first[:2], looks[-1][:2], strict=True)
        return update(page) > at and all(before["drawn"] != after["drawn"] for before, after in later)

    until(page, grew)
    changes(page, lambda: update(page))
    grew()
    assert {len(nodes) for nodes in looks} == {3}
    assert all(node["kept"] for nodes in looks for node in nodes), "a chart's node was made anew"


def settled(page: Page, texts: Locator, other: set[str]) -> set[str]:
    """The texts once they are others and stand still: a busy browser takes its time over a turn of the wheel."""
    before: set[str] = set()
    for _ in range(40):
        now = set(texts.all_text_contents())
        if now == before and now != other:
            return now
        before = now
        page.wait_for_timeout(300)
    raise AssertionError(f"nothing was zoomed: {before}")


def zoom_and_hover_outlive_an_update(page: Page) -> None:
    chart = charts(page).last
    chart.scroll_into_view_if_needed()
    ticks = chart.locator(".role-axis-label text")
    whole = set(ticks.all_text_contents())  # in no order: what comes back comes last
    chart.hover(position={"x": 200, "y": 100})
    page.keyboard.down("Shift")
    page.mouse.wheel(0, -400)
    page.keyboard.up("Shift")
    zoomed = settled(page, ticks, whole)
    changes(page, lambda: update(page))
    page.wait_for_timeout(400)  # a chart draws after the line of its update
    assert set(ticks.all_text_contents()) == zoomed, "an update took the zoom away"


def it_pauses_and_goes_on(page: Page) -> None:
    button(page, "Pause").focus()
    page.keyboard.press("Enter")
    expect(button(page, "Go on")).to_be_focused()
    expect(status(page)).to_contain_text("paused")
    settle(page, quiet=0.1)
    at = update(page)
    changes(page, lambda: page.seen.runs)  # the page has asked several times more
    assert update(page) == at, "it moved while it was paused"
    page.reload()
    expect(button(page, "Go on")).to_be_visible()
    page.locator(".kd-skip").wait_for(state="attached")  # what keeps the focus has come
    settle(page, quiet=0.1)
    button(page, "Go on").focus()
    page.keyboard.press("Enter")
    expect(button(page, "Pause")).to_be_focused()
    until(page, lambda: update(page) > at)


def cancel_takes_effect_at_once_and_start_begins_anew(page: Page) -> None:
    run = run_id(page)
    began = time.monotonic()
    button(page, "Cancel").focus()
    page.keyboard.press("Enter")
    expect(status(page)).to_contain_text("cancelled", timeout=5000)
    took = time.monotonic() - began
    print(f"\ncancelled is on the page {took:.2f} s after the click")
    assert took < 3
    expect(button(page, "Cancel")).to_have_count(0)
    expect(button(page, "Start again")).to_be_focused()
    settle(page)
    asked = page.seen.asked
    settle(page, quiet=1.2)
    assert page.seen.asked == asked, "a run that is over still makes its page run"

    assert started(page) == run
    cancelled(page)


def test_visitors_share_a_run_and_the_next_one_waits_for_it(visit: Visit, app_url: str) -> None:
    page = opened(visit(), app_url, f"{LONG}&seed=2")
    run, at = started(page), update(page)
    page.reload()
    expect(status(page)).to_contain_text("Students: epoch")
    assert run_id(page) == run
    assert update(page) >= at, "the run began anew"
    expect(button(page, "Start")).to_be_disabled()

    other = visit(page.url)
    expect(status(other)).to_contain_text("Students: epoch")
    changes(other, lambda: update(other))
    assert abs(update(other) - update(page)) < 2000

    waiting = opened(visit(), app_url, f"{SHORT}&seed=5")
    button(waiting, "Start").click()
    expect(status(waiting)).to_contain_text("waiting for 1 run before it")
    button(other, "Cancel").click()
    expect(status(page)).to_contain_text("cancelled")
    expect(button(page, "Start")).to_be_enabled()
    expect(status(waiting)).to_contain_text("finished in", timeout=60_000)
    a_finished_run_shows_its_summary(waiting)

    other = opened(visit(), app_url, f"{SHORT}&seed=5")
    button(other, "Start").click()  # the same recipe: the same run, at once
    expect(status(other)).to_contain_text("finished in")
    same = other.locator("table").filter(has_text="Distilled student")
    expect(same).to_be_visible()
    assert same.inner_text() == summary(waiting).inner_text()
    its_training_is_replayed(waiting)


def summary(page: Page) -> Locator:
    return page.locator("table").filter(has_text="Distilled student")


def a_finished_run_shows_its_summary(page: Page) -> None:
    table = summary(page)
    expect(table).to_have_count(1)
    expect(table.get_by_role("row")).to_have_count(4)
    for network in ("Teacher", "Distilled student", "no teacher"):
        expect(table).to_contain_text(network)
    expect(table).to_contain_text(re.compile(r"\d\d\.\d\d\s%"))
    expect(page.get_by_test_id("stMain").get_by_text("With one seed that is no verdict")).to_be_visible()
    expect(button(page, "Start")).to_be_disabled()
    expect(page.get_by_text("These settings are trained")).to_be_visible()
    expect(button(page, "Cancel")).to_have_count(0)


def its_training_is_replayed(page: Page) -> None:
    page.get_by_text("More curves of this run").click()
    expect(page.locator(".st-key-finished .js-plotly-plot")).to_be_visible()
    replay = page.get_by_label(re.compile("^Replay of the training of"))
    replay.focus()
    expect(page.locator(".st-key-watched figure")).to_have_count(4)
    before = page.locator(".st-key-watched rect.student").evaluate_all("(all) => all.map((r) => r.outerHTML)")
    page.keyboard.press("Home")
    after = page.locator(".st-key-watched rect.student").evaluate_all("(all) => all.map((r) => r.outerHTML)")
    assert before != after
    marks = page.locator(".st-key-curves svg g.role-mark")
    clips = marks.evaluate_all("(marks) => marks.map((mark) => mark.style.clipPath)")
    assert clips
    assert all("inset" in clip for clip in clips), "the curves do not go back with the replay"
    page.keyboard.press("End")
    assert not any(marks.evaluate_all("(marks) => marks.map((mark) => mark.style.clipPath)"))


@pytest.mark.parametrize(
    ("preset", "value"),
    [("T = 20", "20"), ("A narrow student", "3")],
)
def test_presets_set_the_controls(page: Page, app_url: str, preset: str, value: str) -> None:
    opened(page, app_url, "data=digits")
    assert shifted(page) < 0.1
    page.locator(".st-key-presets").get_by_text(preset, exact=True).click()
    expect(temperature(page)).to_have_attribute("aria-valuetext", value)
    settle(page)
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    expect(temperature(page)).to_have_attribute("aria-valuetext", value)
    page.locator(".st-key-presets").get_by_text("All labels", exact=True).click()
    expect(temperature(page)).to_have_attribute("aria-valuetext", "5")


def test_the_page_opens_with_a_recorded_run_and_start_trains_in_its_place(page: Page, app_url: str) -> None:
    opened(page, app_url, "data=digits")
    recorded = page.get_by_text("Recorded run")
    expect(recorded).to_be_visible()
    expect(page).to_have_url(re.compile("labels=100"))  # what it opens with stands in the link
    expect(charts(page)).to_have_count(2)
    expect(page.locator(".st-key-watched figure")).to_have_count(4)
    expect(status(page)).to_have_count(0)
    top = charts(page).first.bounding_box()
    charts(page).evaluate_all("(all) => all.forEach((chart) => { chart.dataset.seen = 'before'; })")
    same = page.locator("[data-seen=before]")
    button(page, "Start").click()
    expect(page).to_have_url(re.compile(r"pretrained=true.*run=[0-9a-f]{12}"))
    expect(status(page)).to_contain_text("Students: epoch", timeout=WORKS)  # the teacher is there
    expect(recorded).to_have_count(0)
    now = charts(page).first.bounding_box()
    assert top
    assert now
    assert abs(now["y"] - top["y"]) < 30, "the panels stay where they are"
    expect(same).to_have_count(2)  # the charts of the recorded run show this one now
    expect(status(page)).to_contain_text("finished in", timeout=2 * WORKS)
    expect(page.get_by_text("How good are they?")).to_be_visible()
    expect(button(page, "Train anew")).to_be_visible()
    settle(page)
    expect(same).to_have_count(2)
    assert charts(page).first.bounding_box() == now, "nothing jumps when the run is over"


def test_the_temperature_is_moved_by_keyboard_and_an_odd_one_of_a_link_is_kept(page: Page, app_url: str) -> None:
    opened(page, app_url, "data=digits&temperature=3.7")
    expect(temperature(page)).to_have_attribute("aria-valuetext", "3.7")
    temperature(page).focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"temperature=4(&|$)"))
    expect(temperature(page)).to_have_attribute("aria-valuetext", "4")
    seed = page.get_by_label("Seed", exact=True)
    seed.press("Control+a")
    seed.press_sequentially("2,5")
    expect(seed).to_have_value("2.5")  # as it is understood, and not 25
    seed.press("Enter")
    expect(seed).to_have_value("2")
    expect(page).to_have_url(re.compile("seed=2(&|$)"))


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("epochs=0", "epochs is 0; it takes a whole number from 1 to 500"),
        ("run=000000000000", "There is no run 000000000000 in this store"),
    ],
)
def test_a_bad_link_is_answered_in_a_sentence(page: Page, app_url: str, query: str, sentence: str) -> None:
    opened(page, app_url, f"data=digits&{query}")
    expect(page.get_by_role("alert").filter(has_text=sentence)).to_be_visible()
    expect(button(page, "Start")).to_be_enabled()
    expect(page.get_by_test_id("stException")).to_have_count(0)


def only_who_started_it_and_the_presenter_may_stop_it(visit: Visit, page: Page) -> None:
    other = visit(page.url, allowed=LOST)
    expect(other.get_by_text("was not started in this browser")).to_be_visible()
    expect(button(other, "Cancel")).to_be_disabled()
    other.goto(f"{page.url}&presenter={KEY}")
    expect(button(other, "Cancel")).to_be_enabled()
    assert KEY not in other.url
    expect(button(page, "Cancel")).to_be_enabled()
    page.reload()
    expect(button(page, "Pause")).to_be_enabled()
    other.close()


@pytest.mark.timeout(420)  # three workers start, one after another
def test_a_killed_worker_is_replaced_and_what_a_killed_server_was_at_goes_on_at_the_next(
    visit: Visit, own_server: AppServer
) -> None:
    page = opened(visit(allowed=LOST), own_server.url, f"{LONG}&seed=8")
    run = started(page)
    only_who_started_it_and_the_presenter_may_stop_it(visit, page)
    own_server.worker().kill()
    expect(page.get_by_text("The worker was lost; started again.")).to_be_visible(timeout=WORKS)
    expect(status(page)).to_contain_text("Students: epoch", timeout=WORKS)
    assert run_id(page) == run
    link = page.url

    left = own_server.kill()
    assert not left, f"processes that outlived the killed server: {left}"
    page.close()
    again = AppServer(own_server.state, port=own_server.port)
    try:
        page = visit(link, allowed=LOST)
        expect(page.get_by_text("the run goes on by itself")).to_be_visible(timeout=40_000)
        # A cluster and a worker, which loads PyTorch, start for it: each may take as long as another's work.
        expect(status(page)).to_contain_text("Students: epoch", timeout=3 * WORKS)
        expect(charts(page)).to_have_count(2)
        assert run_id(page) == run
        cancelled(page)
        expect(button(page, "Start")).to_be_enabled()
    finally:
        assert not again.stop()
