"""The sliders of biases: fingers, keys and numbers move curves and sentence in the browser; the link keeps up."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from kdviz.charts import hinton
from kdviz.charts.hinton import Biases
from kdviz.store.recorded import recorded
from tests.browser.visitor import PHONE, settle

TEN, NINE = "/hintons_table?data=digits", "/when_it_helps?data=digits&study=left-out-class"
SPACE = 12  # pixels before a count in the paper's figure

Visit = Callable[..., Page]


@dataclass(frozen=True)
class Place:
    """A slider on a page."""

    path: str
    study: str
    key: str  # of its element
    name: str  # as a screen reader says it
    label: str  # of its number field
    parameter: str  # in the URL
    steps: tuple[str, str]  # what the field shows after one key and two from 0


THREE = Place(
    TEN,
    "hinton-2015",
    "slider_bias",
    "Bias added to the logit of class 3",
    "Bias of class 3",
    "bias",
    ("+0.25", "+0.50"),
)
TWO = Place(
    TEN,
    "hinton-2015",
    "slider_biases",
    "Bias added to the logits of 7 and 8",
    "Biases of 7 and 8",
    "biases",
    ("+0.25", "+0.50"),
)
LEFT_OUT = Place(
    NINE, "left-out-class", "bias_slider", "Bias added to the logit of 3", "Bias of 3", "bias", ("0.1", "0.2")
)
PLACES = pytest.mark.parametrize("place", [THREE, TWO, LEFT_OUT], ids=lambda place: place.key)


def opened(page: Page, url: str, place: Place, more: str = "") -> Locator:
    """The component, once the page is still."""
    if recorded(place.study) is None:
        pytest.skip(f"no recorded run of {place.study} comes with the program")
    page.goto(url + place.path + more)
    part = page.locator(f".st-key-{place.key}")
    part.locator("svg.over-t").first.wait_for(timeout=60_000)
    settle(page)
    part.scroll_into_view_if_needed()
    return part


def slider(part: Locator, place: Place) -> Locator:
    return part.get_by_role("slider", name=place.name, exact=True)


def field(part: Locator, place: Place) -> Locator:
    return part.get_by_label(place.label, exact=True)


def shown(part: Locator) -> list[str]:
    """The sentence, and the values above the charts."""
    return [part.locator(".say").inner_text(), *part.locator(".now b").all_inner_texts()]


def query(page: Page, name: str) -> str | None:
    return parse_qs(urlsplit(page.url).query).get(name, [None])[0]


def asked(page: Page) -> int:
    return page.seen.asked  # type: ignore[attr-defined,no-any-return]


def measured(arm: str) -> Biases:
    """What Hinton’s table draws of an arm."""
    studied = recorded("hinton-2015")
    assert studied is not None
    found = hinton.over_biases(studied.arm(arm))
    assert found is not None
    return found.worth_seeing()


@PLACES
def test_fingers_and_keys_move_it_without_the_server_and_the_link_follows(
    page: Page, app_url: str, place: Place
) -> None:
    part = opened(page, app_url, place)
    keys_move_it_and_are_one_rerun(page, part, place)
    settle(page)
    for on in (".b-range", "svg.over-t"):
        what_is_dragged_follows_and_the_link_after_release(page, part, place, on)
        field(part, place).fill("0")
        field(part, place).press("Enter")
        expect(page).not_to_have_url(re.compile(rf"[?&]{place.parameter}="))
        settle(page)
    the_rules_place_is_a_click_away(page, part, place)
    settle(page)
    kept, told = field(part, place).input_value(), shown(part)
    page.reload()
    part.locator("svg.over-t").first.wait_for(timeout=60_000)
    settle(page)
    assert (field(part, place).input_value(), shown(part)) == (kept, told)


def what_is_dragged_follows_and_the_link_after_release(page: Page, part: Locator, place: Place, on: str) -> None:
    before, still = asked(page), shown(part)
    assert query(page, place.parameter) is None
    part.locator(on).last.scroll_into_view_if_needed()
    box = part.locator(on).last.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.5 * box["width"], y)
    page.mouse.down()
    seen = set()
    for share in (0.25, 0.5, 0.6, 0.75):  # none of them at 0
        page.mouse.move(box["x"] + share * box["width"], y)
        seen.add(tuple(shown(part)))
    assert len(seen) == 4
    assert tuple(still) not in seen
    assert "{{" not in str(seen)
    settle(page)
    assert asked(page) == before, "a rerun while the finger was down"
    assert query(page, place.parameter) is None
    page.mouse.up()
    expect(page).to_have_url(re.compile(rf"[?&]{place.parameter}="))
    settle(page)
    assert asked(page) == before + 1
    assert float(query(page, place.parameter) or "") == float(field(part, place).input_value().replace("−", "-"))


def keys_move_it_and_are_one_rerun(page: Page, part: Locator, place: Place) -> None:
    before = asked(page)
    slider(part, place).focus()
    for _ in place.steps:  # in a row: a rerun follows once no key has come for a moment, which a slow test may exceed
        page.keyboard.press("ArrowRight")
    assert asked(page) == before
    expect(page).to_have_url(re.compile(rf"[?&]{place.parameter}={re.escape(place.steps[-1].removeprefix('+'))}"))
    settle(page)
    assert asked(page) == before + 1
    for _ in place.steps:
        page.keyboard.press("ArrowLeft")
    for text in place.steps:
        page.keyboard.press("ArrowRight")
        expect(field(part, place)).to_have_value(text)
        expect(slider(part, place)).to_have_attribute("aria-valuetext", f"{place.label} {text}")
    for _ in place.steps:
        page.keyboard.press("ArrowLeft")
    expect(page).not_to_have_url(re.compile(rf"[?&]{place.parameter}="))
    expect(field(part, place)).to_have_value(re.compile(r"^0\.0+$"))


def the_rules_place_is_a_click_away(page: Page, part: Locator, place: Place) -> None:
    rule = part.locator(".b-ticks .rule")
    at = float(rule.inner_text().split(": ")[1].replace("−", "-"))
    rule.click()
    expect(page).to_have_url(re.compile(rf"[?&]{place.parameter}="))
    assert float(query(page, place.parameter) or "") == pytest.approx(at, abs=0.13)
    found, known = part.locator(".panel").nth(1).locator(".now b").all_inner_texts()
    assert float(found.split()[0]) == pytest.approx(float(known.split()[0]), abs=0.7)  # per cent


def test_a_link_shows_what_was_measured(page: Page, app_url: str) -> None:
    part = opened(page, app_url, THREE, "&bias=-1.5&biases=-4")
    run = measured("no-threes-bias")
    at = run.nearest(-1.5)
    values = part.locator(".now b").all_inner_texts()
    assert values[:2] == [f"{run.test_errors[at]:,.0f}", f"{run.three_errors[at]:,.0f}"]
    assert values[2].split()[0] == f"{100 * run.share_predicted[at]:.1f}"
    expect(field(part, THREE)).to_have_value("−1.50")
    expect(part.locator(".say")).to_contain_text(
        f"At a bias of −1.50, {run.test_errors[at]:,.0f} test images are wrong"
    )
    other, run = page.locator(f".st-key-{TWO.key}"), measured("sevens-eights-bias")
    expect(field(other, TWO)).to_have_value("−4.00")
    expect(other.locator(".now b").first).to_have_text(f"{run.test_errors[run.nearest(-4)]:,.0f}")


@pytest.mark.parametrize(
    "wrong", [((THREE, "much"), (TWO, "nan")), ((THREE, "99"),), ((LEFT_OUT, "-1"),)], ids=("both", "far", "nine")
)
def test_a_link_to_no_bias_is_answered_in_a_sentence(
    page: Page, app_url: str, wrong: tuple[tuple[Place, str], ...]
) -> None:
    opened(page, app_url, wrong[0][0], "".join(f"&{place.parameter}={text}" for place, text in wrong))
    for place, text in wrong:
        said = page.get_by_role("alert").filter(has_text=f"{place.parameter} is {text}; it takes a number from ")
        expect(said).to_have_count(1)
        expect(field(page.locator(f".st-key-{place.key}"), place)).to_have_value(re.compile(r"^0\.0+$"))
        if place == THREE:
            expect(page.get_by_text("Not yet")).to_have_count(0)


def test_the_question_is_answered_when_the_finger_lets_go(page: Page, app_url: str) -> None:
    part = opened(page, app_url, THREE)
    told = page.locator(".st-key-told_hintons_table_find-bias")
    expect(told).to_have_count(0)
    run = measured("no-threes-bias")
    for bias, answer in ((run.biases[0], "Not yet"), (run.rule, "Right:"), (run.biases[-1], "Too far")):
        field(part, THREE).fill(f"{bias:.2f}")
        field(part, THREE).press("Enter")
        expect(told).to_contain_text(answer)
    settle(page)
    run_from = asked(page)
    slider(part, THREE).focus()
    page.keyboard.press("Home")
    expect(told).to_contain_text("Not yet")
    settle(page)
    assert asked(page) == run_from + 1


def test_a_number_is_typed_with_either_minus_and_what_is_none_changes_nothing(page: Page, app_url: str) -> None:
    part = opened(page, app_url, TWO)
    number, values = field(part, TWO), part.locator(".now b").first
    run = measured("sevens-eights-bias")
    for typed in ("-3", "−3.0", "-3,1"):
        number.fill("-5")
        number.fill(typed)
        expect(values).to_have_text(f"{run.test_errors[run.nearest(-3)]:,.0f}")
    for wrong in ("", "x", "-40"):
        number.fill(wrong)
        expect(number).to_have_attribute("aria-invalid", "true")
        expect(values).to_have_text(f"{run.test_errors[run.nearest(-3)]:,.0f}")
    number.press("Enter")
    expect(number).to_have_value("−3.00")
    expect(page).to_have_url(re.compile(r"[?&]biases=-3\.00"))
    settle(page)


def test_one_slider_leaves_the_other_alone(page: Page, app_url: str) -> None:
    part = opened(page, app_url, THREE, "&biases=-2")
    other = page.locator(f".st-key-{TWO.key}")
    still = shown(other)
    slider(part, THREE).focus()
    page.keyboard.press("Home")  # a place that both have
    expect(page).to_have_url(re.compile(r"[?&]bias="))
    settle(page)
    assert shown(other) == still
    assert query(page, "biases") == "-2"


@pytest.mark.parametrize("places", [(THREE, TWO), (LEFT_OUT,)], ids=("ten", "nine"))
def test_nothing_sticks_out_or_jumps_on_a_phone(visit: Visit, app_url: str, places: tuple[Place, ...]) -> None:
    page = visit(viewport=PHONE, has_touch=True, is_mobile=True)
    opened(page, app_url, places[0])
    for place in places:
        holds_still(page, page.locator(f".st-key-{place.key}"), place)


def holds_still(page: Page, part: Locator, place: Place) -> None:
    part.scroll_into_view_if_needed()
    box = part.bounding_box()
    assert box is not None
    for inner in (".panel", ".b-range", ".b-ticks button", ".say"):
        for node in part.locator(inner).all():
            at = node.bounding_box()
            assert at is not None
            assert box["x"] - 1 <= at["x"]
            assert at["x"] + at["width"] <= box["x"] + box["width"] + 1
    names = [name.bounding_box() for name in part.locator(".b-ticks button").all()]
    for one, next_ in pairwise(names):
        assert one is not None
        assert next_ is not None
        assert one["x"] + one["width"] <= next_["x"] or next_["x"] + next_["width"] <= one["x"]
    slider(part, place).focus()
    for key in ("PageUp", "Home", "End"):
        page.keyboard.press(key)
        after = part.bounding_box()
        assert after is not None
        assert after["height"] == box["height"]
    settle(page)


@pytest.mark.parametrize("wide", [390, 1280])
def test_the_papers_counts_stand_beside_their_intervals(visit: Visit, app_url: str, wide: int) -> None:
    page = visit(viewport={"width": wide, "height": 844})
    opened(page, app_url, THREE)
    figure = page.locator(".st-key-paper")
    figure.scroll_into_view_if_needed()
    numbers = figure.locator(".textpoint text")
    numbers.first.wait_for()
    studied = recorded("hinton-2015")
    assert studied is not None
    lines = hinton.table_rows(studied)
    expected = [f"{count.mean:,.0f}" for line in lines for count in (line.ours, line.paper) if count is not None]
    assert sorted(text.strip() for text in numbers.all_text_contents()) == sorted(expected)
    boxes = [node.bounding_box() for node in numbers.all()]
    marks = [node.bounding_box() for node in figure.locator(".points path.point").all()]
    frame = figure.bounding_box()
    assert frame is not None
    for i, box in enumerate(boxes):
        assert box is not None
        assert box["x"] + box["width"] <= frame["x"] + frame["width"]
        for other in (*boxes[:i], *marks):
            assert other is not None
            apart = box["x"] + SPACE >= other["x"] + other["width"] or other["x"] >= box["x"] + box["width"]
            apart |= box["y"] + 3 >= other["y"] + other["height"] or other["y"] + 3 >= box["y"] + box["height"]
            assert apart, (box, other)  # 3 px: a line of text is higher than its figures
