"""The whole chain: trained, distilled, pruned, quantised and exported on the pages, then used without kdviz."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import onnxruntime
import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect

from kdviz.engine import data
from kdviz.records.compressed import CompressedStudent
from kdviz.store.runs import RunStore
from tests.browser.app_server import AppServer
from tests.browser.visitor import button, run_id, settle
from tests.samples.kept_runs import store_of

CHAIN = "data=digits&teacher=784-128-10&student=784-32-10&epochs=3&teacher_epochs=3&seed=41&pretrained=false"
WORKS = 60_000  # ms until a worker that has just started has done something short


def unfold(chosen: Locator, option: Locator) -> None:
    """A page that is drawn anew just then folds it again."""
    for _ in range(6):
        chosen.click()
        with suppress(TimeoutError):
            option.wait_for(timeout=5_000)
            return
    expect(option).to_be_visible()


def trained(page: Page, app_server: AppServer) -> str:
    """Train and distil; the run's id."""
    page.goto(f"{app_server.url}/watch_it_train?{CHAIN}")
    button(page, "Start").click()
    expect(page.get_by_test_id("stProgress")).to_contain_text("finished in", timeout=2 * WORKS)
    return run_id(page)


def made_smaller(page: Page, app_server: AppServer, run: str) -> CompressedStudent:
    """Half of the units go, it learns again from soft targets, then it is rounded; what the store has of it."""
    page.goto(f"{app_server.url}/runs?run={run}")
    page.get_by_text("Make a student smaller").click()
    button(page, "Make it smaller").wait_for(timeout=WORKS)
    settle(page)
    button(page, "Make it smaller").click()
    expect(button(page, "Making it smaller …")).to_be_visible()
    expect(page.locator(".st-key-smaller").get_by_test_id("stDataFrame")).to_be_visible(timeout=2 * WORKS)
    store = RunStore(store_of(app_server.state))
    (made,) = store.compressed(run)
    store.close()
    assert made.learnt.name == "distilled-units-50-soft-1-int8"
    assert made.learnt.architecture == "784-16-10"
    return made


@pytest.mark.timeout(420)  # it trains twice, and a worker exports
def test_a_student_is_trained_made_smaller_downloaded_and_right_as_often_as_was_said(
    page: Page, app_server: AppServer, tmp_path: Path
) -> None:
    run = trained(page, app_server)
    made = made_smaller(page, app_server, run)
    chosen = page.get_by_role("combobox", name=re.compile("Student"))
    expect(chosen).to_be_visible(timeout=WORKS)
    settle(page)
    unfold(chosen, page.get_by_role("option", name=made.learnt.name, exact=True))
    for _ in ("distilled", "plain"):  # the run's own students come first
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    settle(page)
    button(page, "Prepare ONNX").click()
    file_of = page.get_by_role("button", name="ONNX", exact=True)
    expect(file_of).to_be_visible(timeout=2 * WORKS)
    with page.expect_download() as started:
        file_of.click()
    file = tmp_path / started.value.suggested_filename
    started.value.save_as(file)
    assert file.name == f"kdviz-digits-{run}.{made.learnt.name}.onnx"
    test = data.load("digits").test
    (logits,) = onnxruntime.InferenceSession(file).run(None, {"images": test.images.numpy()})
    right = (logits.argmax(axis=1) == test.labels.numpy()).mean()
    said = made.measured.runtimes[1]
    assert abs(right - said.test_accuracy) <= 0.001
    assert file.stat().st_size < 0.3 * made.before.runtimes[1].stored_bytes
