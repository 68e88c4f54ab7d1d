"""Reading and moving the picture of the soft targets, as a visitor does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page

SLIDER = "Temperature T, logarithmic"

# Counts what is drawn and when: one record for every pointer event that changed the bars, in milliseconds.
_RECORD = """(columns) => {
    const record = window.record = { inputs: 0, moves: 0, drawn: [], painted: [], states: new Set() };
    let moved = null;
    window.addEventListener("pointermove", (event) => { moved = event.timeStamp; record.moves++; }, true);
    window.addEventListener("input", () => { record.inputs++; }, true);
    new MutationObserver(() => {
        record.states.add([...columns.querySelectorAll(".bar")].map((bar) => bar.style.transform).join());
        if (moved === null) return;
        const from = moved;
        moved = null;
        record.drawn.push(performance.now() - from);
        requestAnimationFrame(() => {
            const channel = new MessageChannel();
            channel.port1.onmessage = () => record.painted.push(performance.now() - from);
            channel.port2.postMessage(0);
        });
    }).observe(columns, { subtree: true, attributes: true, attributeFilter: ["style"] });
}"""


@dataclass(frozen=True)
class Drag:
    """What happened while a finger dragged."""

    moves: int  # pointer events that reached the page
    inputs: int
    states: int  # different pictures
    drawn: list[float]  # pointer event to changed bars, ms
    painted: list[float]  # pointer event to the frame that shows them, ms
    seconds: float


def probabilities(page: Page) -> dict[str, str]:
    """What the bars' description says of each class, for example {"1": "99 %"}."""
    label = page.locator(".plot").get_attribute("aria-label") or ""
    classes = re.findall(r"(?:: |, )(.+?) ((?:over |under )?[\d.]+) %", label.replace("\u00a0", " "))
    return dict(classes)


def likeliest(page: Page) -> str:
    """The class with the longest bar."""
    values = {name: float(text.split()[-1]) for name, text in probabilities(page).items()}
    return max(values, key=lambda name: values[name])


def bars(page: Page) -> list[str]:
    return page.locator(".columns .bar").evaluate_all("(bars) => bars.map((bar) => bar.style.transform)")


def slider(page: Page) -> Locator:
    return page.get_by_label(SLIDER, exact=True)


def shown_temperature(page: Page) -> float:
    return float(page.locator(".chart-head .t-text").inner_text())


def start_recording(page: Page) -> None:
    page.locator(".columns").evaluate(_RECORD)


def drag(page: Page, moves: int = 200, pause: float = 8.0) -> Drag:
    """Drag the temperature to and fro with the mouse, `pause` ms between moves; the button stays down."""
    start_recording(page)
    box = slider(page).bounding_box()
    assert box is not None
    y, left, width = box["y"] + box["height"] / 2, box["x"] + 10, box["width"] - 20
    page.mouse.move(left + 0.4 * width, y)
    page.mouse.down()
    began = page.evaluate("performance.now()")
    for i in range(moves):
        way = 0.98 * abs(((i / moves) * 2 + 0.4) % 2 - 1) + 0.02 * i / moves  # there and back, never the same twice
        page.mouse.move(left + way * width, y)
        page.wait_for_timeout(pause)
    facts: dict[str, Any] = page.evaluate(
        """async () => {
            await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 20)));
            return { ...record, states: record.states.size, now: performance.now() };
        }"""
    )
    return Drag(
        facts["moves"],
        facts["inputs"],
        facts["states"],
        facts["drawn"],
        facts["painted"],
        (facts["now"] - began) / 1000,
    )


def draw(page: Page, *strokes: list[tuple[float, float]]) -> None:
    """Draw strokes on the pad; points from 0 to 1 from its upper left corner."""
    box = page.locator("canvas.pad").bounding_box()
    assert box is not None
    for stroke in strokes:
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=6)
        page.mouse.up()
