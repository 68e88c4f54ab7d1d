"""The components' mathematics, run in a real browser and held against NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from kdviz.texts import lesson
from kdviz.widgets.components import half_precision, to_base64
from tests.browser.modules import import_modules

MODULES = (
    *(f"kdviz.shared/{name}.js" for name in ("softmax", "bytes", "network", "matrix", "format")),
    *("kdviz.shared/preprocess.js", "soft_targets/sentence.js"),
)
SIDE = 28
CANVAS = 280


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield import_modules(page, *MODULES)
    page.close()


def softmax(logits: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    scaled = (logits - logits.max(axis=-1, keepdims=True)) / temperature
    exponentials = np.exp(scaled)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def to_image(page: Page, drawing: NDArray[np.uint8], frame: str = "mnist") -> NDArray[np.float64] | None:
    """28x28 grey levels of a drawing, by the browser."""
    script = """([base64, width, height, frame]) => {
        const image = kdviz.toImage(kdviz.decodeBase64(base64), width, height, frame);
        return image && Array.from(image);
    }"""
    height, width = drawing.shape
    image = page.evaluate(script, [to_base64(drawing), width, height, frame])
    return None if image is None else np.array(image, dtype=np.float64).reshape(SIDE, SIDE)


def seven(left: int, top: int, size: int) -> NDArray[np.uint8]:
    """A 7 whose outer box is `size` high, drawn with bars of a tenth of its size."""
    drawing = np.zeros((CANVAS, CANVAS), dtype=np.uint8)
    pen = size // 10
    width = size * 6 // 10
    drawing[top : top + pen, left : left + width] = 255
    for y in range(size):
        x = left + width - pen - y * (width - 2 * pen) // size
        drawing[top + y, x : x + pen] = 255
    return drawing


def centre_of_mass(image: NDArray[np.float64]) -> tuple[float, float]:
    at = np.arange(image.shape[0]) + 0.5
    return float((image.sum(axis=0) * at).sum() / image.sum()), float((image.sum(axis=1) * at).sum() / image.sum())


def extent(image: NDArray[np.float64]) -> tuple[int, int]:
    """(columns, rows) of the box around all ink."""
    columns, rows = np.nonzero(image.any(axis=0))[0], np.nonzero(image.any(axis=1))[0]
    return int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1)


@pytest.mark.parametrize("temperature", [0.05, 0.1, 1, 4, 100, 1000])
def test_softmax_and_entropy_agree_with_numpy(page: Page, temperature: float) -> None:
    logits = np.random.default_rng(0).normal(scale=8, size=(20, 10))
    logits[0] = 0
    logits[1, 0] = 900  # every other class underflows
    script = """([rows, T]) => rows.map((z) => {
        const p = kdviz.softmax(z, T);
        return [Array.from(p), kdviz.entropyBits(p)];
    })"""
    answers = page.evaluate(script, [logits.tolist(), temperature])
    expected = softmax(logits, temperature)
    logs = np.log2(expected, out=np.zeros_like(expected), where=expected > 0)
    np.testing.assert_allclose([p for p, _ in answers], expected, rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose([bits for _, bits in answers], -(expected * logs).sum(axis=1), atol=1e-9)


def test_half_precision_is_decoded_exactly(page: Page) -> None:
    every = np.arange(2**16, dtype="<u2").view("<f2")
    finite = every[np.isfinite(every)]
    script = "(text) => Array.from(kdviz.decodeHalf(kdviz.decodeBase64(text)))"
    np.testing.assert_array_equal(page.evaluate(script, to_base64(finite)), finite.astype(np.float64))
    special = np.array([np.inf, -np.inf, np.nan], dtype="<f2")
    texts = page.evaluate(f"(text) => ({script})(text).map(String)", to_base64(special))
    assert texts == ["Infinity", "-Infinity", "NaN"]


def test_forward_pass_agrees_with_numpy(page: Page) -> None:
    rng = np.random.default_rng(1)
    widths = (784, 512, 256, 10)
    layers = [(rng.normal(scale=i**-0.5, size=(o, i)), rng.normal(scale=0.1, size=o)) for i, o in pairwise(widths)]
    sent = [
        {"weight": half_precision(w), "bias": half_precision(b), "inputs": w.shape[1], "outputs": w.shape[0]}
        for w, b in layers
    ]
    images = rng.integers(0, 256, size=(20, 784), dtype=np.uint8)
    script = """([layers, images]) => {
        const decoded = kdviz.decodeLayers(layers);
        return images.map((pixels) => Array.from(kdviz.forwardLayers(decoded, pixels)));
    }"""
    logits = page.evaluate(script, [sent, images.tolist()])
    hidden: NDArray[Any] = images / 255 * 2 - 1
    for i, (weight, bias) in enumerate(layers):
        hidden = hidden @ weight.astype(np.float16).astype(float).T + bias.astype(np.float16).astype(float)
        hidden = np.maximum(hidden, 0) if i < len(layers) - 1 else hidden
    np.testing.assert_allclose(logits, hidden, atol=1e-4)


def test_a_layer_of_the_wrong_size_is_refused(page: Page) -> None:
    layer = {"weight": half_precision(np.zeros(5)), "bias": half_precision(np.zeros(2)), "inputs": 3, "outputs": 2}
    script = "(layer) => { try { kdviz.decodeLayers([layer]); } catch (error) { return error.message; } }"
    assert "5 weights" in page.evaluate(script, layer)


@pytest.mark.parametrize(("left", "top", "size"), [(20, 20, 240), (100, 60, 160), (180, 170, 100), (5, 3, 60)])
def test_drawing_is_framed_as_mnist_was(page: Page, left: int, top: int, size: int) -> None:
    image = to_image(page, seven(left, top, size))
    assert image is not None
    assert centre_of_mass(image) == pytest.approx((SIDE / 2, SIDE / 2), abs=0.51)  # shifts are whole pixels
    assert extent(image) == (12, 20)  # its aspect, 6 to 10, is kept
    assert image.max() == 255


def test_framing_does_not_depend_on_place(page: Page) -> None:
    here, there = to_image(page, seven(20, 20, 160)), to_image(page, seven(111, 97, 160))
    np.testing.assert_array_equal(here, there)


def test_framing_hardly_depends_on_size(page: Page) -> None:
    small, large = to_image(page, seven(30, 30, 100)), to_image(page, seven(30, 20, 200))
    assert small is not None
    assert large is not None
    assert np.abs(small - large).mean() < 4  # of 255: what is left is the coarser raster of the small one


@pytest.mark.parametrize("frame", ["mnist", "8x8"])
def test_ink_is_averaged_not_sampled(page: Page, frame: str) -> None:
    stripes = np.zeros((CANVAS, CANVAS), dtype=np.uint8)
    stripes[40:240:2, 40:240] = 200
    image = to_image(page, stripes, frame)
    assert image is not None
    inner = image[8:20, 8:20]
    np.testing.assert_allclose(inner, 100, atol=6)


def test_digits_frame_is_eight_cells_resized(page: Page) -> None:
    """A square that fills its box: white everywhere, with four black pixels around, whatever its weight."""
    drawing = np.zeros((CANVAS, CANVAS), dtype=np.uint8)
    drawing[50:210, 60:220] = 255
    image = to_image(page, drawing, "8x8")
    expected = np.zeros((SIDE, SIDE))
    expected[4:24, 4:24] = 255
    np.testing.assert_array_equal(image, expected)


def test_digits_frame_keeps_the_aspect(page: Page) -> None:
    drawing = np.zeros((CANVAS, CANVAS), dtype=np.uint8)
    drawing[40:240, 120:170] = 255  # a 1: four times as high as wide, two of eight cells
    image = to_image(page, drawing, "8x8")
    assert image is not None
    assert image[14].sum() / 255 == pytest.approx(5, abs=0.1)
    assert image[:, 14].sum() / 255 == pytest.approx(20, abs=0.1)


@pytest.mark.parametrize("frame", ["mnist", "8x8"])
def test_lopsided_and_tiny_drawings_stay_inside(page: Page, frame: str) -> None:
    lopsided = np.zeros((CANVAS, CANVAS), dtype=np.uint8)
    lopsided[10:270, 10:60] = 255
    lopsided[139:141, 10:270] = 40
    dot = np.zeros((CANVAS, CANVAS), dtype=np.uint8)
    dot[279, 279] = 255
    for drawing in (lopsided, dot):
        image = to_image(page, drawing, frame)
        assert image is not None
        assert max(extent(image)) == 20
    assert to_image(page, np.zeros((CANVAS, CANVAS), dtype=np.uint8), frame) is None


@pytest.mark.parametrize("temperature", [0.1, 1, 4, 100])
def test_matrix_agrees_with_numpy(page: Page, temperature: float) -> None:
    rng = np.random.default_rng(2)
    logits = rng.normal(scale=6, size=(3000, 10)).astype(np.float16)
    labels = rng.integers(0, 9, size=3000).astype(np.uint8)  # no image of the last class
    script = """([logits, labels, T]) => {
        const rows = kdviz.decodeHalf(kdviz.decodeBase64(logits));
        const matrix = kdviz.prepareMatrix(rows, kdviz.decodeBase64(labels), 10);
        return Array.from(kdviz.meanSoftTargets(matrix, T));
    }"""
    mean = np.reshape(page.evaluate(script, [to_base64(logits), to_base64(labels), temperature]), (10, 10))
    soft = softmax(logits.astype(np.float64), temperature)
    expected = np.stack([soft[labels == c].mean(axis=0) for c in range(9)])
    np.testing.assert_allclose(mean[:9], expected, atol=1e-12)
    np.testing.assert_array_equal(mean[9], 0)


def sentence(page: Page, logits: list[float], temperature: float, label: int | None, mode: str = "image") -> str:
    script = """([words, z, T, names, label, mode]) => {
        const tell = (key, values) => kdviz.filled(words[key], values ?? {});
        return kdviz.describe({ tell, z, p: kdviz.softmax(z, T), own: kdviz.softmax(z, 1), T, names, label, mode });
    }"""
    names = ["dog", "wolf", "cat", "car"][: len(logits)]
    labels = lesson.read("pictures").words.items()
    words = {key.removeprefix("soft_targets-"): text for key, text in labels if key.startswith("soft_targets-")}
    told = page.evaluate(script, [words, logits, temperature, names, label, mode])
    return str(told).replace("\u00a0", " ")


def test_sentence_tells_what_the_numbers_say(page: Page) -> None:
    logits = [6.0, 3.0, 1.0, -4.0]
    assert "dog with 95 %" in sentence(page, logits, 1, 0)
    cold, warm, hot = (sentence(page, logits, t, 0) for t in (0.1, 4, 100))
    assert "rises from 95 % to over 99.9 %" in cold
    assert "hardly more from this than from the hard label" in cold
    assert "falls from 95 % to" in warm
    assert "wolf" in warm
    assert "car" in warm
    assert "close to 25 %" in hot


def test_sentence_says_when_the_teacher_is_wrong(page: Page) -> None:
    logits = [6.0, 3.0, 1.0, -4.0]
    assert "the teacher is wrong, and sure of it" in sentence(page, logits, 0.1, 1)
    assert "hard label" not in sentence(page, logits, 0.1, None)
    assert "All logits are equal" in sentence(page, [1.0, 1.0, 1.0], 4, 0, "edit")
