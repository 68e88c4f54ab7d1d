"""The page "Runs" in a real browser: found, ticked, laid over one another, noted, deleted, brought back, exported."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from kdviz.exports.cells import INVISIBLE
from kdviz.store.runs import RunStore
from tests.browser.app_server import AppServer
from tests.browser.axe import objections
from tests.browser.staged import PROJECTOR, SMALL, fills
from tests.browser.visitor import LAPTOP, PHONE, changes, settle
from tests.samples import run_records
from tests.samples.comparison_records import comparison

NASTY = "=1+1 <img src=x onerror=alert(1)> **bold** [a](javascript:alert(1)) $x^2$ :material/home: :red[x]"
LONG = "data=digits&teacher=784-128-10&student=784-800-800-10&epochs=500&teacher_epochs=1"  # a minute at least
WORKS = 60_000  # ms until a worker that has just started reports
HEAD, ROW = 36, 35  # pixels of the table

Visit = Callable[..., Page]


@pytest.fixture
def store(app_server: AppServer) -> Iterator[RunStore]:
    """The app's store, with nothing of other tests: two single runs, a comparison and a sweep, in that order."""
    found = RunStore(f"sqlite:///{app_server.state / 'kdviz.sqlite'}")
    for run in (*found.recent(100), *found.discarded()):
        found.delete(run.id)
    run_records.put(found, run_records.recipe(), students=[run_records.learnt()])
    run_records.put(found, run_records.recipe(temperature=8.0))
    run_records.put(found, comparison())
    run_records.put(found, run_records.sweep())
    yield found
    found.close()


def ids(store: RunStore) -> list[str]:
    """The newest first, as the table has them."""
    return [run.id for run in store.recent(100)]


def opened(page: Page, server: AppServer, query: str = "") -> Page:
    page.goto(f"{server.url}/runs?{query}")
    expect(page.get_by_text(re.compile(r"\d of \d runs"))).to_be_visible(timeout=WORKS)
    settle(page)
    return page


def shown(page: Page, text: str) -> None:
    expect(page.get_by_text(re.compile(rf"^{text} runs\."))).to_be_visible()


def tick(page: Page, row: int) -> None:
    """Click the box at the beginning of a row; the table lies on a canvas."""
    grid = page.get_by_test_id("stDataFrame").first
    grid.click(position={"x": 17, "y": HEAD + ROW * row + ROW / 2})
    settle(page)


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def option(page: Page, label: str, name: str) -> None:
    page.get_by_role("combobox", name=re.compile(label)).click()
    page.get_by_role("option", name=name, exact=True).click()
    page.keyboard.press("Escape")
    settle(page)


def test_a_filter_stands_in_the_link_and_another_browser_shows_the_same(
    visit: Visit, app_server: AppServer, store: RunStore
) -> None:
    page = opened(visit(), app_server)
    shown(page, "4 of 4")
    option(page, "Kind", "single run")
    shown(page, "2 of 4")
    expect(page).to_have_url(re.compile(r"kind=single(\+|%20)run"))
    page.get_by_role("textbox", name="Search").fill(store.recent(100)[-1].id)
    page.keyboard.press("Enter")
    shown(page, "1 of 4")
    tick(page, 0)
    expect(page).to_have_url(re.compile(f"run={ids(store)[-1]}"))
    other = visit(page.url)
    shown(other, "1 of 4")
    expect(other.get_by_role("heading", name=f"Single run {ids(store)[-1]}")).to_be_visible()


def test_ticked_rows_are_laid_over_one_another_and_deleted_with_a_way_back(
    page: Page, app_server: AppServer, store: RunStore
) -> None:
    opened(page, app_server)
    newest = ids(store)
    tick(page, 2)
    expect(page.get_by_role("heading", name=f"Single run {newest[2]}")).to_be_visible()
    settle(page)  # a tick while the page still runs can get lost in Streamlit's table
    assert objections(page) == []
    tick(page, 0)
    expect(page.get_by_role("heading", name="Two runs over one another")).to_be_visible()
    expect(page).to_have_url(re.compile(f"run={newest[0]}(,|%2C){newest[2]}"))
    lines = page.locator(".st-key-overlay .legendtext")
    expect(lines).to_have_count(4)
    expect(lines.filter(has_text="grid: T = 4, α = 1")).to_have_count(1)
    page.get_by_text("Share of the training").click()
    expect(page.locator(".st-key-overlay_share .xtitle")).to_have_text("of the training")
    settle(page)
    page.keyboard.press("s")
    page.locator(".on-stage[data-on] .sentence:not(:empty)").wait_for()
    expect(page.locator(".st-key-overlay_share .legendtext")).to_have_count(2)
    expect(page.locator(".st-key-overlay_share .annotation-text")).to_have_text("dashed: without a teacher")
    for size in (PROJECTOR, SMALL):
        fills(page, size, "runs")
    page.keyboard.press("s")
    page.set_viewport_size(LAPTOP)
    settle(page)

    button(page, "Delete 2 runs").click()
    bar = page.locator(".st-key-undo")
    expect(bar).to_contain_text("Two runs deleted.")
    shown(page, "2 of 2")
    settle(page)
    left = ids(store)
    tick(page, 0)  # whatever else is done meanwhile
    expect(page.get_by_role("heading", name=re.compile(left[0]))).to_be_visible()
    settle(page)  # Streamlit hands a tick on a moment later: it must not overtake the click below
    expect(bar).to_contain_text("Two runs deleted.")
    assert len(store.discarded()) == 2
    button(bar, "Undo").click()
    shown(page, "4 of 4")
    expect(bar).to_have_count(0)
    expect(page.get_by_role("heading", name="Two runs over one another")).to_be_visible()
    assert ids(store) == newest


def test_a_deleted_run_can_be_restored_from_the_list_after_a_reload(
    page: Page, app_server: AppServer, store: RunStore
) -> None:
    run = ids(store)[1]
    opened(page, app_server, f"run={run}")
    button(page, "Delete").click()
    shown(page, "3 of 3")
    opened(page, app_server)
    expect(page.locator(".st-key-undo")).to_have_count(0)
    page.get_by_text("Deleted runs (1)").click()
    listed = page.get_by_test_id("stExpander").filter(has_text="Deleted runs")
    expect(button(listed, "Restore")).to_be_disabled()
    listed.get_by_test_id("stDataFrame").click(position={"x": 17, "y": HEAD + ROW / 2})
    expect(button(listed, "Restore")).to_be_enabled()
    settle(page)  # the table may hand its tick on twice: the second must not overtake the click
    button(listed, "Restore").click()
    shown(page, "4 of 4")
    expect(page.get_by_role("heading", name=f"Comparison {run}")).to_be_visible()


def test_a_note_stays_text_in_every_browser(visit: Visit, app_server: AppServer, store: RunStore) -> None:
    run = ids(store)[-1]
    page = opened(visit(), app_server, f"run={run}")
    page.on("dialog", lambda dialog: pytest.fail(f"the note was run: {dialog.message}"))
    page.get_by_role("textbox", name="Note").fill(NASTY)
    page.get_by_role("textbox", name="Tags").fill("**t**, <b>u</b>")
    button(page, "Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    kept = store.get(run)
    assert kept is not None
    assert kept.note == NASTY
    other = visit(allowed=())
    other.on("dialog", lambda dialog: pytest.fail(f"the note was run: {dialog.message}"))
    opened(other, app_server, f"run={run}&tag=**t**")
    shown(other, "1 of 4")
    expect(other.get_by_role("textbox", name="Note")).to_have_value(NASTY)
    expect(other.get_by_role("textbox", name="Tags")).to_have_value("**t**, <b>u</b>")
    for rendered in ("img[src=x]", "strong", "b", 'a[href^="javascript"]', ".katex"):
        expect(other.get_by_test_id("stMain").locator(rendered)).to_have_count(0)
    (row,) = csv.DictReader(saved_table(other).splitlines())
    assert (row["note"].replace(INVISIBLE, ""), row["note"][0]) == (NASTY, INVISIBLE)
    assert row["tags"].replace(INVISIBLE, "") == "**t**,<b>u</b>"


def saved_table(page: Page) -> str:
    """What the button of Streamlit's own saves of the first table; the place where it is saved is this test."""
    page.evaluate(
        """() => {
            Object.assign(window, { saved: "", whole: false });
            const write = (piece) => { window.saved += new TextDecoder().decode(piece); };
            const close = () => { window.whole = true; };
            window.showSaveFilePicker = async () => ({ createWritable: async () => ({ write, close }) });
        }"""
    )
    page.get_by_test_id("stDataFrame").first.hover()
    page.get_by_role("button", name="Download as CSV").first.click()
    page.wait_for_function("window.whole")
    return str(page.evaluate("window.saved"))


def test_what_is_downloaded_can_be_imported_again(
    page: Page, app_server: AppServer, store: RunStore, tmp_path: Path
) -> None:
    run = ids(store)[-1]
    store.annotate(run, ("kept",), NASTY)
    opened(page, app_server, f"run={run}")
    name = f"kdviz-digits-{run}"

    def downloaded(label: str, ending: str) -> Path:
        with page.expect_download() as started:
            button(page, label).click()
        assert started.value.suggested_filename == f"{name}.{ending}"
        path = tmp_path / started.value.suggested_filename
        started.value.save_as(path)
        return path

    compile(downloaded("Python script", "py").read_text(), "script", "exec")
    assert downloaded("CSV", "csv").read_text().startswith("run_id,")
    assert downloaded("Parquet", "parquet").read_bytes()[:4] == b"PAR1"
    assert json.loads(downloaded("JSON", "json").read_text())["note"] == NASTY
    assert b"F32" in downloaded("Weights (safetensors)", "distilled.safetensors").read_bytes()[:200]
    assert "784-30-30-10" in downloaded("Model card", "distilled.md").read_text()
    button(page, "Prepare ONNX").click()
    expect(button(page, "ONNX")).to_be_visible(timeout=2 * WORKS)
    assert downloaded("ONNX", "distilled.onnx").stat().st_size > 50_000
    bundle = downloaded("Everything (.zip)", "zip")
    assert "students/distilled.onnx" in zipfile.ZipFile(bundle).namelist()

    store.delete(run)
    opened(page, app_server)
    shown(page, "3 of 3")
    page.get_by_text("Import a run from a file").click()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": "broken.zip", "mimeType": "application/zip", "buffer": bundle.read_bytes()[:-100]}
    )
    expect(page.get_by_text("Nothing was imported.")).to_be_visible()
    shown(page, "3 of 3")
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(bundle)
    shown(page, "4 of 4")
    expect(page.get_by_role("heading", name="Single run imported-")).to_be_visible()
    expect(page).to_have_url(re.compile("run=imported-"))
    expect(page.get_by_text("Imported from a file")).to_be_visible()
    expect(page.get_by_role("textbox", name="Note")).to_have_value(NASTY)
    expect(button(page, "Weights (safetensors)")).to_be_visible()


def test_a_live_run_is_followed_and_what_is_ticked_stays_ticked(
    visit: Visit, app_server: AppServer, store: RunStore
) -> None:
    trainer = visit(f"{app_server.url}/watch_it_train?{LONG}")
    button(trainer, "Start").click(timeout=WORKS)
    expect(trainer).to_have_url(re.compile(r"run=[0-9a-f]{12}"))
    page = opened(visit(), app_server)
    line = page.get_by_test_id("stProgress")
    expect(line).to_contain_text(re.compile(r"Single run [0-9a-f]{12} on digits · \d+"), timeout=WORKS)
    tick(page, 1)
    sweep = ids(store)[1]
    heading = page.get_by_role("heading", name=f"Sweep {sweep}")
    expect(heading).to_be_visible()
    changes(page, line.inner_text)
    expect(heading).to_be_visible()
    button(trainer, "Cancel").click()
    expect(line).to_have_count(0)  # by itself
    expect(heading).to_be_visible()
    expect(page).to_have_url(re.compile(f"run={sweep}"))


def test_a_runs_own_page_is_a_click_away(page: Page, app_server: AppServer, store: RunStore) -> None:
    run = ids(store)[1]
    opened(page, app_server, f"run={run}")
    page.get_by_role("link", name="Open in “Three ways to teach”").click()
    expect(page).to_have_url(re.compile(rf"three_ways\?.*run={run}"))
    expect(page.get_by_test_id("stProgress")).to_contain_text(f"run {run}, finished in")


def test_an_empty_list_leads_to_the_pages_that_train(page: Page, app_server: AppServer, store: RunStore) -> None:
    for run in ids(store):
        store.delete(run)
    page.goto(f"{app_server.url}/runs")
    expect(page.get_by_text("Nothing has been trained here yet.")).to_be_visible(timeout=WORKS)
    settle(page)
    page.locator(".st-key-first_run").get_by_role("link", name="Three ways to teach").click()
    expect(page).to_have_url(re.compile("three_ways"))


@pytest.mark.parametrize("ticked", [1, 4])
def test_nothing_sticks_out_on_a_phone(visit: Visit, app_server: AppServer, store: RunStore, ticked: int) -> None:
    page = visit(viewport=PHONE, has_touch=True, is_mobile=True)
    opened(page, app_server, f"run={','.join(ids(store)[:ticked])}")
    widths = page.evaluate(
        """() => [document.documentElement, document.querySelector('[data-testid="stMain"]')]
            .map((node) => node.scrollWidth - node.clientWidth)"""
    )
    assert max(widths) <= 1
