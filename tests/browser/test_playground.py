"""The playground in a real browser: students learn in it while everything is moved, and the server may be gone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.app_server import AppServer
from tests.browser.axe import objections
from tests.browser.visitor import PHONE, button, settle, until

LOST = (
    "ERR_CONNECTION",
    "WebSocket connection",
    "Failed to load resource",
    "Failed to fetch",
    "Client Error",
    "not responding",
)

Visit = Callable[..., Page]


def opened(page: Page, url: str, query: str = "") -> Page:
    page.goto(f"{url}/playground?data=digits{query and '&'}{query}")
    page.locator(".playground:not(.busy)").wait_for(timeout=60_000)
    settle(page)
    return page


def updates(page: Page) -> int:
    return int(page.locator(".playground").get_attribute("data-updates") or 0)


def learnt(page: Page, count: int) -> None:
    """Play until so many updates are made, then pause."""
    button(page, "Play").click()
    until(page, lambda: updates(page) >= count, limit=60)
    button(page, "Pause").click()
    expect(button(page, "Play")).to_be_visible()
    paused(page)


def paused(page: Page) -> None:
    """Wait for the picture of the last update."""
    seen = -1
    while seen != updates(page):
        seen = updates(page)
        page.wait_for_timeout(200)


def step(page: Page, times: int) -> None:
    for _ in range(times):
        before = updates(page)
        button(page, "One update").click()
        until(page, lambda before=before: updates(page) == before + 1)


def says(page: Page, part: str) -> str:
    """What a picture says to a screen reader."""
    return page.locator(part).get_attribute("aria-label") or ""


def right(page: Page) -> list[int]:
    """Of each digit, the per cent that the taught student gets right."""
    return [int(share) for share in re.findall(r"\d (\d+)\s%", says(page, ".by-digit"))]


def slider(page: Page, name: str) -> Locator:
    return page.locator(f"#playground-{name}")


def heights(page: Page) -> list[str | None]:
    bars = page.locator(".bars rect[fill='var(--kd-student)']").all()
    return [bar.get_attribute("height") for bar in bars]


def test_play_moves_everything_and_asks_the_server_nothing(page: Page, app_url: str) -> None:
    opened(page, app_url)
    asked, still = page.seen.asked, heights(page)  # type: ignore[attr-defined]
    expect(page.locator(".say")).to_contain_text("Press play")
    button(page, "Play").click()
    until(page, lambda: updates(page) > 60)
    assert heights(page) != still
    expect(page.locator(".say")).to_contain_text(re.compile(r"With 100 labels, after \d+ updates: taught \d+\s%"))
    expect(page.locator(".pulls")).to_have_attribute("aria-label", re.compile(r"teacher \d+\s%, labels \d+\s%"))
    box = slider(page, "t").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.53, box["y"] + box["height"] / 2)
    page.mouse.down()
    shown = set()
    for share in (0.6, 0.7, 0.8):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        shown.add(page.locator(".t-value").inner_text())
    assert len(shown) == 3
    at = updates(page)
    until(page, lambda: updates(page) > at)  # it goes on under the finger
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"[?&]T=\d+"))
    expect(page.locator(".accuracy .mark").first).to_be_attached()
    page.locator(".t").press(" ")
    expect(button(page, "Play")).to_be_visible()
    paused(page)
    at = updates(page)
    step(page, 1)
    assert updates(page) == at + 1
    assert page.seen.asked == asked, "the server was asked"  # type: ignore[attr-defined]


def test_the_very_next_update_uses_what_was_moved(page: Page, app_url: str) -> None:
    opened(page, app_url, "alpha=1")
    step(page, 5)
    assert re.search(r"soft [1-9][\d.]*, hard 0\.0", says(page, ".loss"))
    slider(page, "alpha").press("Home")
    step(page, 5)
    assert re.search(r"soft 0\.0, hard [1-9]", says(page, ".loss"))


def test_a_digit_never_shown_is_known_once_its_bias_is_raised(page: Page, app_url: str) -> None:
    opened(page, app_url, "labels=all&T=4")
    expect(slider(page, "bias")).to_be_disabled()
    page.locator(".digit-row label").nth(3).click()
    expect(page).to_have_url(re.compile("digits=012456789"))
    learnt(page, 400)
    before = right(page)
    assert before[3] <= 60
    assert all(share > before[3] for digit, share in enumerate(before) if digit != 3)
    slider(page, "bias").focus()
    for _ in range(14):
        page.keyboard.press("ArrowRight")
    until(page, lambda: right(page)[3] >= before[3] + 25)
    expect(page.locator(".say")).to_contain_text("Neither was shown any 3, with a label or without")


def test_a_link_replays_the_run_and_another_seed_does_not(page: Page, app_url: str) -> None:
    query = "T=3&alpha=0.6&labels=50&wrong=20&seed=7"
    runs = []
    for link in (query, query, query.replace("seed=7", "seed=8")):
        opened(page, app_url, link)
        step(page, 10)
        runs.append((says(page, ".loss"), says(page, ".by-digit"), says(page, ".bars")))
        page.goto("about:blank")
    assert runs[0] == runs[1] != runs[2]


def test_presets_are_links_and_reset_begins_anew(page: Page, app_url: str) -> None:
    opened(page, app_url)
    preset = page.get_by_role("link", name="20 labels")
    assert "labels=20" in (preset.get_attribute("href") or "")
    preset.click()
    expect(preset).to_have_attribute("aria-current", "true")
    expect(page).to_have_url(re.compile("labels=20"))
    until(page, lambda: updates(page) > 20)
    button(page, "Pause").click()
    button(page, "Reset").click()
    until(page, lambda: updates(page) == 0)
    expect(page.locator(".say")).to_contain_text("Press play")


def test_a_challenge_is_met_told_why_and_kept(page: Page, app_url: str) -> None:
    opened(page, app_url, "labels=20")
    page.locator(".views label").filter(has_text="Challenges").click()
    expect(button(page, "Challenge 1: 95 % with 50 labels")).to_have_attribute("aria-pressed", "true")
    set_up = page.get_by_role("link", name="Set it up")
    assert "alpha=0&" in f"{set_up.get_attribute('href')}&"
    set_up.click()
    until(page, lambda: updates(page) > 60)
    expect(page.locator(".challenge-now")).to_contain_text(re.compile(r"Now: taught \d+\s%"))
    slider(page, "labels").press("End")
    expect(page.locator(".challenge-now")).to_contain_text("More than 50 images have their label")
    set_up.click()
    slider(page, "alpha").press("End")
    until(page, lambda: page.locator(".challenge-why").inner_text().startswith("Done."), limit=120)
    expect(button(page, "Challenge 1, done: 95 % with 50 labels")).to_be_visible()
    opened(page, app_url)
    page.locator(".views label").filter(has_text="Challenges").click()
    expect(button(page, "Challenge 2: Teach a 3 without showing one")).to_have_attribute("aria-pressed", "true")
    button(page, "Challenge 1, done: 95 % with 50 labels").click()
    expect(page.locator(".challenge-why")).to_contain_text("The labels alone are too few.")


def test_which_was_taught_is_asked_without_names(page: Page, app_url: str) -> None:
    opened(page, app_url)
    page.locator(".views label").filter(has_text="Challenges").click()
    button(page, "Challenge 8: Which of these two was taught?").click()
    page.get_by_role("link", name="Set it up").click()
    until(page, lambda: updates(page) >= 200, limit=60)
    expect(page.locator(".bars")).to_have_attribute("aria-label", re.compile(r"teacher \d [\d.]+, A \d [\d.]+, B"))
    expect(page.locator(".say")).to_contain_text(re.compile(r"A \d+.*B \d+"))
    expect(page.locator(".pulls")).to_be_hidden()
    page.locator(".views label").filter(has_text="Hidden units").click()
    expect(page.locator(".say")).to_contain_text("labels only")
    page.locator(".views label").filter(has_text="Challenges").click()
    expect(page.locator(".challenge-now")).to_contain_text("The names were to be seen")
    expect(button(page, "A was taught")).to_be_disabled()
    page.get_by_role("link", name="Set it up").click()
    expect(button(page, "A was taught")).to_be_enabled(timeout=60_000)
    button(page, "A was taught").click()
    expect(page.locator(".challenge-now")).to_contain_text(re.compile(r"(Right|No), it was [AB]"))
    expect(page.locator(".say")).to_contain_text("labels only")
    expect(page.get_by_role("link", name="Next pair")).to_be_focused()


def test_a_drawing_is_read_by_all_three(page: Page, app_url: str) -> None:
    opened(page, app_url)
    learnt(page, 300)
    page.locator(".views label").filter(has_text="Draw a digit").click()
    pad = page.locator(".pad").bounding_box()
    assert pad is not None
    page.mouse.move(pad["x"] + pad["width"] / 2, pad["y"] + 12)
    page.mouse.down()
    page.mouse.move(pad["x"] + pad["width"] / 2, pad["y"] + pad["height"] - 12, steps=8)
    page.mouse.up()
    expect(page.locator(".image")).to_have_attribute("aria-label", "Your drawing")
    expect(page.locator(".bars")).to_have_attribute("aria-label", re.compile(r"teacher 1 \d+, taught 1 \d+"))


def test_learning_goes_on_without_the_server(visit: Visit, tmp_path: Path) -> None:
    server = AppServer(tmp_path / "state")
    try:
        page = opened(visit(allowed=LOST), server.url)
        button(page, "Play").click()
        until(page, lambda: updates(page) > 10)
    finally:
        server.stop()
    at = updates(page)
    until(page, lambda: updates(page) > at + 100)
    expect(page.locator("#kd-lost")).to_contain_text("The server does not answer; this page keeps trying.")
    expect(page.get_by_role("dialog")).to_have_count(0)  # Streamlit's would lie over the page and keep the focus
    slider(page, "alpha").press("ArrowLeft")
    expect(page.locator(".alpha-value")).to_have_text("0.89")
    expect(page.locator(".problem")).to_be_hidden()
    server = AppServer(server.state, port=server.port)
    try:
        expect(page.locator("#kd-lost")).to_have_count(0)
    finally:
        server.stop()
    page.close()


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("T=1e9", "T is 1e9, which it cannot be; here it is 100."),
        ("labels=-3", "labels is -3, which it cannot be; here it is 10."),
        ("teacher=nobody", "teacher is nobody, which it cannot be; here it is trained."),
    ],
)
def test_an_absurd_link_opens_the_nearest_state_with_a_sentence(
    page: Page, app_url: str, query: str, sentence: str
) -> None:
    opened(page, app_url, query)
    expect(page.locator(".note")).to_contain_text(sentence)
    step(page, 1)


def test_a_browser_without_workers_is_told_where_to_go(visit: Visit, app_url: str) -> None:
    page = visit(locale="en-GB")  # a context of its own, since the script stays in it
    page.add_init_script("delete window.Worker")
    page.goto(f"{app_url}/playground?data=digits")
    expect(page.locator(".problem")).to_contain_text("no Web Workers")
    expect(page.locator(".problem a")).to_have_attribute("href", re.compile("^watch_it_train"))


def test_a_tab_in_the_background_pauses_and_says_so(page: Page, app_url: str) -> None:
    opened(page, app_url)
    button(page, "Play").click()
    until(page, lambda: updates(page) > 5)
    hidden = """(hidden) => {
        Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
    }"""
    page.evaluate(hidden, True)
    page.evaluate(hidden, False)
    expect(button(page, "Play")).to_be_visible()
    expect(page.locator(".note")).to_contain_text("Paused while this tab was in the background.")
    page.evaluate("delete document.hidden")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1024, 768)])
def test_it_fits_one_screen(visit: Visit, app_url: str, width: int, height: int) -> None:
    page = opened(visit(viewport={"width": width, "height": height}), app_url)
    learnt(page, 20)
    for view in page.locator(".views label").all():
        view.click()
        settle(page, quiet=0.1)
        main = page.get_by_test_id("stMain").evaluate(
            "(node) => [node.scrollHeight, node.clientHeight, node.scrollWidth, node.clientWidth]"
        )
        assert main[0] <= main[1] + 1, "it is taller than the screen"
        assert main[2] <= main[3] + 1, "it is wider than the screen"


def test_a_phone_has_it_in_a_sensible_order(visit: Visit, app_url: str) -> None:
    page = opened(visit(viewport=PHONE, has_touch=True, is_mobile=True), app_url)
    places = [
        page.locator(part).bounding_box()
        for part in (".play", ".bars", ".t", ".inside", ".say", ".accuracy", ".controls")
    ]
    tops = [place["y"] for place in places if place is not None]
    assert len(tops) == 7
    assert tops == sorted(tops)
    width = page.get_by_test_id("stMain").evaluate("(node) => [node.scrollWidth, node.clientWidth]")
    assert width[0] <= width[1] + 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(visit: Visit, app_url: str, theme: str) -> None:
    page = opened(visit(color_scheme=theme), app_url)
    learnt(page, 20)
    assert objections(page) == []
