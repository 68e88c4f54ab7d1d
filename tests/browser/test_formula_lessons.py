"""The lessons on the temperature and on the loss in a real browser: their mathematics, their links, hands and keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import torch
from playwright.sync_api import Browser, Locator, Page, expect

from kdviz.engine import losses
from kdviz.store import gallery
from kdviz.store.recorded import recorded
from kdviz.widgets.pictures.chosen_image import unsure_but_decided
from kdviz.widgets.pictures.loss_lesson import LossState, readings
from tests.browser.modules import import_modules
from tests.browser.picture import slider
from tests.browser.visitor import PHONE, settle

TEMPERATURE, LOSS = "/temperature?data=digits", "/loss?data=digits"
MODULES = ("kdviz.shared/over_t.js", "kdviz.shared/softmax.js", "loss/formulas.js")
CASES = 60

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def bare(browser: Browser) -> Iterator[Page]:
    """A page with the formulas alone."""
    page = browser.new_page()
    yield import_modules(page, *MODULES)
    page.close()


def opened(page: Page, url: str) -> Page:
    page.goto(url)
    slider(page).first.wait_for(timeout=60_000)
    settle(page)  # the first visitor may wait for a worker to look for MNIST
    return page


def query(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


# The formulas.


def cases() -> list[tuple[list[float], list[float], float, int, float]]:
    """Student, teacher, T, label, alpha: from tame logits to those whose probabilities underflow."""
    generator = torch.Generator().manual_seed(3)
    found = []
    for number in range(CASES):
        scale = (0.1, 1.0, 5.0, 30.0)[number % 4]
        z, v = (scale * torch.randn(2, 2 + number % 9, generator=generator, dtype=torch.float64)).tolist()
        temperature = 10 ** (3 * torch.rand(1, generator=generator).item() - 1)
        found.append((z, v, temperature, number % len(z), number / (CASES - 1)))
    return found


def test_the_losses_are_those_of_the_engine(bare: Page) -> None:
    script = """(cases) => cases.map(([z, v, T, label, alpha]) => ({
        forward: kdviz.klDivergence(z, v, T), reverse: kdviz.klDivergence(v, z, T), entropy: kdviz.entropyNats(v, T),
        ce: kdviz.softCrossEntropy(z, v, T), hard: kdviz.hardCrossEntropy(z, label), parts: kdviz.klParts(z, v, T),
        whole: kdviz.distillationLoss(z, v, label, T, alpha),
    }))"""
    given = cases()
    for (z, v, temperature, label, alpha), shown in zip(given, bare.evaluate(script, given), strict=True):
        student, teacher = (torch.tensor([values], dtype=torch.float64) for values in (z, v))
        expected = {
            "forward": losses.kl_divergence(student, teacher, temperature),
            "reverse": losses.kl_divergence(teacher, student, temperature),
            "entropy": losses.entropy(teacher, temperature),
            "ce": losses.soft_cross_entropy(student, teacher, temperature),
            "hard": losses.cross_entropy(student, torch.tensor([label])),
        }
        soft, hard = losses.distillation_loss(losses.kd_loss(student, teacher, temperature), expected["hard"], alpha)
        for name, value in expected.items():
            assert shown[name] == pytest.approx(value.item(), rel=1e-9, abs=1e-9), name
        assert shown["whole"]["soft"] == pytest.approx(soft.item(), rel=1e-7, abs=1e-6)
        assert shown["whole"]["hard"] == pytest.approx(hard.item(), rel=1e-9, abs=1e-9)
        assert sum(shown["parts"]) == pytest.approx(expected["forward"].item(), rel=1e-9, abs=1e-9)
        assert shown["ce"] == pytest.approx(shown["entropy"] + shown["forward"], rel=1e-9, abs=1e-9)


def test_a_bar_that_is_set_to_a_share_gets_it_and_the_others_keep_their_ratios(bare: Page) -> None:
    z, temperature = [2.0, 1.0, -1.0, 0.5], 3.0
    for share in (0.001, 0.3, 0.97):
        moved = bare.evaluate("([z, p, T]) => kdviz.logitForShare(z, 1, p, T)", [z, share, temperature])
        after = losses.softmax(torch.tensor([z[0], moved, *z[2:]], dtype=torch.float64), temperature)
        before = losses.softmax(torch.tensor(z, dtype=torch.float64), temperature)
        assert after[1].item() == pytest.approx(share)
        assert (after[0] / after[3]).item() == pytest.approx((before[0] / before[3]).item())


def test_a_curve_is_read_between_its_points(bare: Page) -> None:
    script = "(T) => kdviz.valueAt([0.1, 1, 10, 100], [0, 1, 3, null], T)"
    values = {temperature: bare.evaluate(script, temperature) for temperature in (0.05, 0.1, 1, 10**0.5, 10, 50)}
    assert values == pytest.approx({0.05: 0, 0.1: 0, 1: 1, 10**0.5: 2, 10: 3, 50: None})


@pytest.mark.parametrize(("most", "ends"), [(0.9, 1.0), (1.0, 1.0), (0.037, 0.04), (7.3, 8.0), (2.4, 2.4)])
def test_an_axis_ends_at_a_round_number_above_all_values(bare: Page, most: float, ends: float) -> None:
    ticks = bare.evaluate("(most) => kdviz.linearAxis(most, String).ticks.map(([value]) => value)", most)
    assert ticks[0] == 0
    assert ticks[-1] >= most * (1 - 1e-9)
    assert ticks[-1] <= max(ends, 1.5 * most)
    assert 3 <= len(ticks) <= 6


# The temperature.


def test_bars_and_entropy_are_those_of_the_formula(page: Page, app_url: str) -> None:
    shown = gallery.read("digits")
    assert shown is not None
    z = torch.tensor(shown.logits[unsure_but_decided(shown)[0]], dtype=torch.float64).sort(descending=True).values
    for temperature in (0.1, 1.0, 3.7, 100.0):
        opened(page, f"{app_url}{TEMPERATURE}&T={temperature:g}")
        expect(page.locator(".chart-head .t-text")).to_have_text(re.compile(f"^{temperature:g}"))
        bits = losses.entropy(z.unsqueeze(0), temperature).item() / torch.log(torch.tensor(2.0)).item()
        assert float(page.locator(".bits").inner_text()) == pytest.approx(bits, abs=0.006)
        p = losses.softmax(z, temperature)
        heights = page.locator(".columns .bar").evaluate_all(
            "(bars) => bars.map((bar) => Number(bar.style.transform.match(/[\\d.]+/)[0]))"
        )
        assert heights == pytest.approx(p.tolist(), abs=1e-4)
        assert heights == sorted(heights, reverse=True)


def test_dragging_the_curves_moves_t_and_reruns_once(page: Page, app_url: str) -> None:
    opened(page, app_url + TEMPERATURE)
    asked = page.seen.asked  # type: ignore[attr-defined]
    box = page.locator(".shares svg").bounding_box()
    assert box is not None
    texts = set()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 40)
    page.mouse.down()
    for share in (0.5, 0.6, 0.7, 0.8):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + 40)
        texts.add(page.locator(".chart-head .t-text").inner_text())
    assert len(texts) == 4
    assert page.seen.asked == asked  # type: ignore[attr-defined]
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"[?&]T="))
    settle(page)
    assert page.seen.asked == asked + 1  # type: ignore[attr-defined]
    assert float(query(page)["T"]) == pytest.approx(float(page.locator(".chart-head .t-text").inner_text()), rel=0.01)


def test_keys_move_t_and_the_check_follows(page: Page, app_url: str) -> None:
    opened(page, app_url + TEMPERATURE)
    field = page.get_by_label("Temperature T", exact=True).first
    field.fill("100")
    field.press("Enter")
    expect(page.get_by_text("Less doubt needs a lower T")).to_be_visible()
    slider(page).first.focus()
    page.keyboard.press("Home")
    expect(page.get_by_text("More doubt needs a higher T")).to_be_visible()
    expect(page).to_have_url(re.compile(r"[?&]T=0\.1(&|$)"))
    expect(page.locator(".temperature-lesson .say")).to_contain_text("as good as T → 0")


def lanes(page: Page) -> list[list[float]]:
    return page.locator(".lane").evaluate_all(  # type: ignore[no-any-return]
        "(rows) => rows.map((row) => [...row.querySelectorAll('.part')].map((part) => parseFloat(part.style.width)))"
    )


def test_the_race_runs_from_equal_shares_to_the_images_own(page: Page, app_url: str) -> None:
    opened(page, f"{app_url}{TEMPERATURE}&grown=0&T=7")
    for lane in lanes(page):
        assert lane == pytest.approx([10.0] * 10)
    play = page.locator(".play")
    play.click()
    expect(play).to_have_text("Pause")
    expect(play).to_have_text("Play", timeout=20_000)
    expect(page).not_to_have_url(re.compile("grown="))  # grown in full: what the link means without it
    shown = gallery.read("digits")
    assert shown is not None
    z = torch.tensor(shown.logits[unsure_but_decided(shown)[0]], dtype=torch.float64).sort(descending=True).values
    for temperature, lane in zip((0.5, 1.0, 2.0, 5.0, 20.0, 7.0), lanes(page), strict=True):
        assert lane == pytest.approx((100 * losses.softmax(z, temperature)).tolist(), abs=0.01)
    page.get_by_label("Logits grown to, per cent").focus()
    page.keyboard.press("Home")
    expect(page).to_have_url(re.compile(r"[?&]grown=0\.00"))
    page.emulate_media(reduced_motion="reduce")
    play.click()
    moments: int = page.locator(".bar-of-all").first.evaluate(
        """(bar) => new Promise((done) => {
            const seen = new Set();
            const look = () => { seen.add(bar.firstChild.style.width); requestAnimationFrame(look); };
            look();
            setTimeout(() => done(seen.size), 1200);
        })"""
    )
    assert moments <= 4, "who wants no motion sees two pictures a second"
    play.click()


# The loss.


def shown_sums(page: Page) -> dict[str, float]:
    return {
        name: float(page.locator(f'[data-sum="{name}"] .sum-value').inner_text())
        for name in ("ce", "forward", "reverse", "whole")
    }


def in_link(page: Page, names: int = 5) -> LossState:
    """What the link says, all of it."""
    told = query(page)
    teacher, student = (tuple(float(z) for z in told[name].split(",")) for name in ("teacher", "student"))
    assert len(teacher) == names
    label = ("dog", "wolf", "fox", "cat", "car").index(told["label"])
    return LossState(teacher, student, label, float(told["T"]), float(told["alpha"]))


def agrees(page: Page, chosen: LossState) -> None:
    now, shown = readings(chosen), shown_sums(page)
    expected = {
        "ce": now.entropy + now.forward,
        "forward": now.forward,
        "reverse": now.reverse,
        "whole": now.soft_part + now.hard_part,
    }
    assert shown == pytest.approx(expected, rel=5e-3, abs=6e-4)


def handle(page: Page, name: str) -> Locator:
    return page.get_by_role("slider", name=name, exact=True)


MOVED = "&teacher=2,1,0,-1,-2&student=0.5,0,0,1,0&label=cat&T=4&alpha=0.35"


@pytest.mark.parametrize("changes", [{}, {"T": "0.5"}, {"T": "37"}, {"alpha": "0"}, {"alpha": "1", "label": "car"}])
def test_the_sums_are_those_of_the_formula(page: Page, app_url: str, changes: dict[str, str]) -> None:
    link = MOVED
    for name, value in changes.items():
        link = re.sub(rf"&{name}=[^&]*", f"&{name}={value}", link)
    opened(page, app_url + LOSS + link)
    agrees(page, in_link(page))


def test_a_dragged_bar_follows_and_stays_after_a_reload(visit: Visit, app_url: str) -> None:
    page = opened(visit(), app_url + LOSS + MOVED)
    asked = page.seen.asked  # type: ignore[attr-defined]
    bar = handle(page, "Student, dog")
    box = bar.bounding_box()
    assert box is not None
    x = box["x"] + box["width"] / 2
    page.mouse.move(x, box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(x, box["y"] + 0.2 * box["height"], steps=5)
    expect(bar).to_have_attribute("aria-valuenow", re.compile(r"^(79|80|81)"))
    before = shown_sums(page)
    assert page.seen.asked == asked  # type: ignore[attr-defined]
    page.mouse.up()
    expect(page).to_have_url(re.compile("student=(?!0.5)"))
    settle(page)
    assert page.seen.asked == asked + 1  # type: ignore[attr-defined]
    assert shown_sums(page) == before
    agrees(page, in_link(page))
    again = opened(visit(), page.url)
    assert shown_sums(again) == before


def test_keys_move_a_bar_and_a_name_is_the_label(page: Page, app_url: str) -> None:
    opened(page, app_url + LOSS)
    bar = handle(page, "Teacher, car")
    before = shown_sums(page)
    bar.focus()
    for _ in range(3):
        page.keyboard.press("PageUp")
    assert shown_sums(page) != before
    expect(page).to_have_url(re.compile("teacher="))
    settle(page)
    page.get_by_label("Hard label wolf").check(force=True)
    expect(page).to_have_url(re.compile("label=wolf"))
    number = page.locator(".alpha-number")
    number.fill("0.25")
    number.press("Enter")
    expect(page).to_have_url(re.compile(r"alpha=0\.25"))
    settle(page)
    expect(page.get_by_text("The teacher needs more weight")).to_be_visible()


def test_a_preset_is_in_the_link_and_the_same_student_costs_nothing(page: Page, app_url: str) -> None:
    opened(page, app_url + LOSS + MOVED)
    page.get_by_role("button", name="Student = teacher").click()
    expect(page).to_have_url(re.compile("example=same"))
    expect(page.locator('[data-sum="forward"] .sum-value')).to_have_text("0.000")
    settle(page)
    assert query(page).get("example") == "same"
    assert "student" not in query(page)
    shown = shown_sums(page)
    assert shown["ce"] > 0
    assert shown["reverse"] == 0
    page.get_by_role("button", name="Two peaks, student on one").click()
    expect(page.locator(".loss-lesson .say")).to_contain_text("KL(p‖q) charges most for cat")
    expect(page.locator("#kd-announcer")).to_contain_text("KL(p‖q) charges most for cat")


@pytest.mark.parametrize("path", [TEMPERATURE, LOSS, f"{LOSS}&example=image"])
def test_nothing_sticks_out_on_a_phone(visit: Visit, app_url: str, path: str) -> None:
    page = opened(visit(viewport=PHONE, has_touch=True, is_mobile=True), app_url + path)
    wide = page.evaluate(
        """() => [document.documentElement, document.querySelector('[data-testid="stMain"]')]
            .filter((node) => node.scrollWidth > node.clientWidth + 1).length"""
    )
    assert wide == 0


@pytest.mark.parametrize(("path", "study"), [(TEMPERATURE, "forgotten-temperature"), (LOSS, "t-squared")])
def test_the_measured_curves_share_the_temperature(page: Page, app_url: str, path: str, study: str) -> None:
    if recorded(study) is None:
        pytest.skip(f"no recorded run of {study} comes with the program")
    opened(page, app_url + path)
    page.locator(".panel").first.wait_for()
    values = page.locator(".panel .now").nth(1).inner_text()
    first = page.get_by_label("Temperature T", exact=True).first
    first.fill("20")
    assert page.locator(".panel .now").nth(1).inner_text() != values
    curves = page.locator(".panel svg.over-t").first
    curves.scroll_into_view_if_needed()
    box = curves.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    expect(first).not_to_have_value("20.0")
