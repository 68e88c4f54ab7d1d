"""A student at home: its file in a browser without a network, and a digit drawn on it."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from kdviz.distillers.plain import Plain
from kdviz.engine import data, models, students
from kdviz.engine.training import fit
from kdviz.exports import take_home
from kdviz.recipes.base import Training
from tests.browser.axe import objections

SEVEN = [(0.28, 0.25), (0.72, 0.25), (0.5, 0.82)]


@pytest.fixture(scope="module")
def student():
    network, training = models.build("784-16-10", 0), Training.reference("digits", "784-16-10", 5)
    for _ in fit([models.cohort("784-16-10", [network])], data.load("digits").training, [training], Plain()):
        pass
    return students.learnt("distilled", "784-16-10", network)


@pytest.fixture
def home(browser: Browser, tmp_path: Path, student):
    file = tmp_path / "student.html"
    file.write_bytes(take_home.page(student, "digits", "right on 95.00% of the test images"))
    context = browser.new_context(offline=True, viewport={"width": 390, "height": 800})
    page, trouble = context.new_page(), []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    expect(page.locator("body[data-ready=yes]")).to_be_attached()
    yield page
    assert trouble == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    context.close()


def draw(page: Page, points) -> None:
    box = page.locator(".pad").bounding_box()
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*at[0])
    page.mouse.down()
    for x, y in at[1:]:
        page.mouse.move(x, y, steps=6)
    page.mouse.up()


def test_it_answers_what_is_drawn_as_the_network_does(home: Page, student) -> None:
    expect(home.locator(".say")).to_have_text("Draw, and the student answers while you do.")
    draw(home, SEVEN)
    expect(home.locator(".say")).to_contain_text("It says ")
    pixels = home.evaluate(
        "() => { const c = document.querySelector('.seen');"
        "return [...c.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0); }"
    )
    (first, bias), (last, last_bias) = take_home.dense_layers(student)
    hidden = np.maximum(first @ (np.array(pixels) / 127.5 - 1) + bias, 0)
    logits = last @ hidden + last_bias
    share = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    said = home.locator(".say").inner_text()
    assert said.startswith(f"It says {share.argmax()} (")
    shown = float(said.partition("(")[2].partition("\u00a0")[0])
    assert abs(shown - 100 * share.max()) < 0.5  # half precision
    home.get_by_role("button", name="Clear").click()
    expect(home.locator(".say")).to_have_text("Draw, and the student answers while you do.")


def test_it_is_for_everyone(home: Page) -> None:
    assert home.evaluate("document.documentElement.scrollWidth") == 390
    assert objections(home) == []
    home.keyboard.press("Tab")
    expect(home.locator(".pad")).to_be_focused()
    for key in ["Space", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "Space"]:
        home.keyboard.press(key)
    expect(home.locator(".say")).to_contain_text("It says ")
