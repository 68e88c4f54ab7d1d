"""The whole chain: trained, distilled, pruned and quantised on the command line, downloaded from the page, used."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import onnxruntime
import pytest
from click.testing import CliRunner
from playwright.sync_api import Locator, Page, TimeoutError, expect

from kdviz.cli.main import main
from kdviz.engine import data
from tests.browser.app_server import AppServer
from tests.browser.visitor import settle

Visit = Callable[..., Page]
OPTIONS = ["--data", "digits", "--teacher", "784-128-10", "--student", "784-32-10", "--epochs", "3"]
WORKS = 60_000  # ms until a worker that has just started reports


def kdviz(*arguments: str) -> dict:
    result = CliRunner().invoke(main, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def compressed(app_server: AppServer, monkeypatch: pytest.MonkeyPatch) -> dict:
    monkeypatch.setenv("KDVIZ_STATE_DIR", str(app_server.state))
    run = kdviz("train", *OPTIONS, "--teacher-epochs", "3", "--seed", "41")["run_id"]
    taught = ["--finetune", "soft", "--epochs", "2"]
    return kdviz("compress", run, "--prune", "0.5", "--structured", "--quantize", "int8", *taught)


def unfold(chosen: Locator, option: Locator) -> None:
    """A page that is drawn anew just then folds it again."""
    for _ in range(6):
        chosen.click()
        with suppress(TimeoutError):
            option.wait_for(timeout=5_000)
            return
    expect(option).to_be_visible()


@pytest.mark.timeout(420)  # it trains, and a worker exports
def test_a_compressed_student_is_downloaded_and_right_as_often_as_was_said(
    page: Page, app_server: AppServer, compressed: dict, tmp_path: Path
) -> None:
    page.goto(f"{app_server.url}/runs?run={compressed['run_id']}")
    chosen = page.get_by_role("combobox", name=re.compile("Student"))
    expect(chosen).to_be_visible(timeout=WORKS)
    settle(page)
    unfold(chosen, page.get_by_role("option", name=compressed["student"], exact=True))
    for _ in ("distilled", "plain"):  # the run's own students come first
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    settle(page)
    page.get_by_role("button", name="Prepare ONNX").click()
    made = page.get_by_role("button", name="ONNX", exact=True)
    expect(made).to_be_visible(timeout=2 * WORKS)
    with page.expect_download() as started:
        made.click()
    file = tmp_path / started.value.suggested_filename
    started.value.save_as(file)
    assert file.name == f"kdviz-digits-{compressed['run_id']}.{compressed['student']}.onnx"
    test = data.load("digits").test
    (logits,) = onnxruntime.InferenceSession(file).run(None, {"images": test.images.numpy()})
    right = (logits.argmax(axis=1) == test.labels.numpy()).mean()
    said = compressed["after"]["runtimes"][1]
    assert abs(right - said["test_accuracy"]) <= 0.001
    assert file.stat().st_size < 0.3 * compressed["before"]["runtimes"][1]["stored_bytes"]
