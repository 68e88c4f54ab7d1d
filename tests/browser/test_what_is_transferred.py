"""What is transferred in a real browser: three kinds of knowledge, before and after, while they are taught."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from kdviz.texts import lesson
from tests.browser.modules import import_modules
from tests.browser.visitor import PHONE, button, settle

RUN = "data=digits&taught=Hints&taught=Distances&taught=Flow&epochs=2&seed=3"
WORKS = 60_000  # ms until a worker that has just started has trained a teacher
WHOLE = 170_000  # ms until all of it is trained

Visit = Callable[..., Page]

pytestmark = pytest.mark.usefixtures("quiet")


def opened(page: Page, url: str, query: str) -> Page:
    page.goto(f"{url}/what_is_transferred?{query}")
    button(page, "Start").wait_for()
    page.locator(".kdi").wait_for()
    settle(page)
    return page


def status(page: Page) -> Locator:
    return page.get_by_test_id("stProgress")


def moment(page: Page) -> Locator:
    return page.get_by_role("slider", name=re.compile("Before"))


def says(page: Page, kind: str) -> Locator:
    return page.locator(f'.kind[data-kind="{kind}"] .say')


def maps(page: Page, role: str) -> list[str]:
    """The numbers of a student's heat map of CKA."""
    return page.locator(f".{role} .cka td:not(.corner)").all_inner_texts()


def colours(page: Page, role: str) -> list[str]:
    script = "(cells) => cells.map((cell) => cell.style.background)"
    found: list[str] = page.locator(f".{role} .relations td").evaluate_all(script)
    return found


def test_the_three_kinds_are_taught_and_looked_into(page: Page, app_url: str) -> None:
    opened(page, app_url, RUN)
    expect(page.locator(".diagram:visible")).to_have_count(3)
    expect(page.locator(".bench")).to_be_hidden()
    assert not page.locator(".cka").count(), "nothing is drawn that was not measured"

    button(page, "Start").click()
    expect(page).to_have_url(re.compile(r"run=[0-9a-f]{12}"))
    expect(status(page)).to_contain_text("The students, in turns", timeout=WORKS)
    expect(moment(page)).to_be_enabled(timeout=WORKS)
    expect(says(page, "response")).to_contain_text("does not teach it")

    run = page.url
    page.reload()
    expect(moment(page)).to_be_visible(timeout=WORKS)
    assert re.search(r"run=\w+", page.url)[0] == re.search(r"run=\w+", run)[0]  # type: ignore[index]
    expect(status(page)).to_contain_text("finished in", timeout=WHOLE)
    settle(page)

    expect(page.locator(".at")).to_have_text("update 40 of 40")
    after, before = maps(page, "taught"), maps(page, "before")
    assert len(after) == len(before) == 9
    assert after != before
    assert maps(page, "plain") != after
    expect(says(page, "feature")).to_contain_text(
        re.compile(r"from 0\.\d\d to 0\.\d\d with hints; without a teacher it is at 0\.\d\d\.")
    )
    expect(says(page, "relation")).to_contain_text("with distances and angles")

    the_slider_goes_back_to_the_same_first_weights(page)
    the_training_plays_again(page)
    what_is_looked_at_is_in_the_link(page)
    page.set_viewport_size(PHONE)
    settle(page)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("(node) => node.scrollWidth <= node.clientWidth + 1"), "it sticks out on a phone"
    columns = page.locator(".kind")
    assert columns.nth(1).bounding_box()["y"] > columns.nth(0).bounding_box()["y"] + 100  # type: ignore[index]


def the_slider_goes_back_to_the_same_first_weights(page: Page) -> None:
    before, far = maps(page, "before"), colours(page, "taught")
    asked = page.seen.asked  # type: ignore[attr-defined]
    moment(page).focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".at")).not_to_have_text("update 40 of 40")
    button(page, "Before").click()
    assert maps(page, "taught") == maps(page, "plain") == before, "the students have the same first weights"
    assert colours(page, "taught") == colours(page, "plain") != far
    expect(says(page, "feature")).to_contain_text("before the training")
    expect(page).to_have_url(re.compile(r"update=0"))
    settle(page)
    assert page.seen.asked <= asked + 2, "only what the finger leaves is told to the server"  # type: ignore[attr-defined]


def the_training_plays_again(page: Page) -> None:
    """From where the slider stands, before the first update, to the end: in the picture and in the curves."""
    expect(page.locator(".moment .replay")).to_contain_text(re.compile(r"replay of the training of \d+ \w+ 20\d\d"))
    marks = page.locator(".st-key-chart_learning svg g.role-mark")
    clipped = "(marks) => marks.map((mark) => mark.style.clipPath)"
    assert all("inset" in clip for clip in marks.evaluate_all(clipped)), "the curves do not go back with it"
    page.get_by_role("radio", name="20×").check(force=True)
    page.get_by_role("button", name="Play the training again").click()
    expect(page.locator(".at")).to_have_text("update 40 of 40")
    assert not any(marks.evaluate_all(clipped))
    expect(page).not_to_have_url(re.compile("update="))
    button(page, "Before").click()


def what_is_looked_at_is_in_the_link(page: Page) -> None:
    reading = page.locator(".aside dt").first
    nearest = reading.text_content() or ""
    page.locator(".teacher .relations").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(reading).not_to_have_text(nearest)
    expect(page.locator(".relations td.told")).to_have_count(3)
    page.get_by_role("radio", name="Flow").check(force=True)
    expect(page.locator(".kind[data-kind=relation] .bars")).to_have_count(3)
    expect(page).to_have_url(re.compile(r"relation=fsp"))
    page.locator(".choices input").nth(4).check(force=True)
    expect(page).to_have_url(re.compile(r"image=5"))
    settle(page)
    link = page.url
    page.reload()
    expect(page.locator(".kind[data-kind=relation] .bars")).to_have_count(3)
    assert page.locator(".choices input").nth(4).is_checked()
    expect(page.locator(".at")).to_have_text("update 0")
    assert page.url == link


def test_a_run_can_be_paused_and_cancelled(page: Page, app_url: str) -> None:
    opened(page, app_url, "data=digits&taught=Distances&epochs=300&seed=1")
    button(page, "Start").click()
    expect(button(page, "Pause")).to_be_enabled(timeout=WORKS)
    expect(status(page)).to_contain_text("The teacher: epoch", timeout=WORKS)
    expect(page.locator(".diagram:visible")).to_have_count(3)
    button(page, "Pause").click()
    expect(button(page, "Go on")).to_be_visible()
    button(page, "Cancel").click()
    expect(status(page)).to_contain_text("cancelled")
    expect(button(page, "Start")).to_be_enabled()


# The mathematics of the sentences, held against NumPy.


@pytest.fixture(scope="module")
def script(browser: Browser) -> Iterator[Callable[[str, Any], Any]]:
    modules = ("inside/sentences.js", "kdviz.shared/training_plot.js", "kdviz.shared/format.js")
    page = import_modules(browser.new_page(), *modules)
    words = lesson.read("pictures").words
    tell = "const tell = (key, values) => kdviz.filled(words[`inside-${key}`], values ?? {});"
    yield lambda expression, argument: page.evaluate(
        f"([words, given]) => {{ {tell} {expression} }}", [dict(words), argument]
    )
    page.close()


def softmax(z: np.ndarray, temperature: float) -> np.ndarray:
    powers = np.exp((z - z.max()) / temperature)
    return powers / powers.sum()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 5.0, 100.0])
def test_kl_agrees_with_numpy(script: Callable[[str, Any], Any], temperature: float) -> None:
    teacher, student = np.random.default_rng(0).normal(scale=4, size=(2, 10))
    p, q = softmax(teacher, temperature), softmax(student, temperature)
    found = script("return kdviz.klAt(given[0], given[1], given[2])", [teacher.tolist(), student.tolist(), temperature])
    assert found == pytest.approx(float((p * np.log(p / q)).sum()), abs=1e-12)


def test_gaps_and_neighbours_agree_with_numpy(script: Callable[[str, Any], Any]) -> None:
    points = np.random.default_rng(1).normal(size=(2, 8, 3))
    teacher, student = (np.linalg.norm(x[:, None] - x[None], axis=-1) for x in points)
    given = [teacher.tolist(), student.tolist()]
    pairs = np.tril_indices(8, -1)
    assert script("return kdviz.relationGap(...given)", given) == pytest.approx(
        float(np.abs(teacher - student)[pairs].mean())
    )
    others = teacher + np.diag([np.inf] * 8)
    found = script("return given.map((_, i) => kdviz.nearest(given, i))", teacher.tolist())
    assert found == others.argmin(axis=1).tolist()
    assert script("return kdviz.singularGap(...given)", [[0.5, 0.4, 0.1], [0.8, 0.2]]) == pytest.approx(0.3)


def test_the_last_look_that_is_not_later_is_shown(script: Callable[[str, Any], Any]) -> None:
    history = {"steps": [0, 40, 100]}
    found = script("return [0, 39, 40, 99, 500].map((s) => kdviz.lastUpTo(given.steps, s))", history)
    assert found == [0, 0, 1, 1, 2]
    methods = {"plain": history, "hints": {"steps": [0, 30]}}
    assert script("return kdviz.allSteps(given)", methods) == [0, 30, 40, 100]


LAYERS = ["convolution 1", "convolution 2", "logits"]


@pytest.mark.parametrize(
    ("before", "taught", "plain", "words"),
    [
        (
            0.41,
            0.93,
            0.90,
            ["rose from 0.41 to 0.93 with hints; without a teacher it is at 0.90.", "That is 0.03 above"],
        ),
        (0.41, 0.91, 0.90, ["rose from 0.41 to 0.91", "nearly all of that comes with learning the task"]),
        (0.41, 0.80, 0.90, ["came even closer: the hints did not raise it."]),
        (
            0.89,
            0.982,
            0.986,
            ["rose from 0.89 to 0.98", "at 0.99. For this seed the student without a teacher came even closer"],
        ),
        (0.90, 0.70, 0.80, ["fell from 0.90 to 0.70", "stayed closer"]),
        (0.41, 0.44, 0.42, ["That is 0.02 above"]),
        (0.90, 0.70, 0.70, ["fell from 0.90 to 0.70"]),
        (0.50, 0.50, None, ["stayed at 0.50 with hints. "]),
        (0.50, 0.9996, None, ["to 0.99 with"]),
    ],
)
def test_the_sentence_gives_the_credit_where_it_is_due(
    script: Callable[[str, Any], Any], before: float, taught: float, plain: float | None, words: list[str]
) -> None:
    def look(value: float | None) -> dict[str, Any] | None:
        return None if value is None else {"cka": [[0.5] * 3, [0.1, value, 0.1], [0.5] * 3]}

    facts = {
        "method": "hints",
        "teacher": {"layers": LAYERS, "studentLayers": LAYERS},
        "before": look(before),
        "taught": look(taught),
        "plain": look(plain),
        "begun": True,
    }
    said = script("return kdviz.featureSays({ ...given, tell })", facts)
    for word in words:
        assert word in said
    if plain is not None and plain > taught:
        assert "nearly all" not in said
    assert "before the training" in script("return kdviz.featureSays({ ...given, tell })", {**facts, "begun": False})


@pytest.mark.parametrize(("alone", "closer"), [(0.12, True), (0.08, False), (None, False)])
def test_a_gap_says_where_the_student_without_a_teacher_is_closer(
    script: Callable[[str, Any], Any], alone: float | None, closer: bool
) -> None:
    def look(share: float) -> dict[str, Any]:
        distances = [[0.0, 1.0 - share, 1.0], [1.0 - share, 0.0, 1.0], [1.0, 1.0, 0.0]]
        return {"singular": [1 - share, share], "relations": distances}

    facts = {
        "method": "similarity",
        "teacher": look(0.4),
        "before": look(0.0),
        "taught": look(0.1),
        "plain": None if alone is None else look(alone),
        "begun": True,
    }
    flow = script("return kdviz.relationSays({ ...given, tell })", {**facts, "method": "fsp"})
    assert "by 40\u00a0% of their sum before, now by 30\u00a0%" in flow
    similarity = script("return kdviz.relationSays({ ...given, tell })", facts)
    assert similarity.endswith("the maps show distances here too.")
    for said in (flow, similarity):
        assert ("without a teacher is closer" in said) is closer


def test_what_is_no_number_is_said_to_be_none(script: Callable[[str, Any], Any]) -> None:
    look = {"logits": [[None] * 10] * 8}
    facts = {"T": 5, "method": "offline", "teacher": {"logits": [[0.0] * 10] * 8}, "before": look, "taught": look}
    said = script("return kdviz.responseSays({ ...given, tell })", {**facts, "plain": None, "begun": True})
    assert "from – to – nats" in said
    assert "NaN" not in said
