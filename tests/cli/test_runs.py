"""`python -m kdviz runs`: list, show, export, import, delete, restore; plain errors, nothing written over."""

import json
import re
import sqlite3
from pathlib import Path

import onnx
import pandas as pd
import pytest
import torch
from click.testing import CliRunner
from safetensors.numpy import load

from kdviz import settings
from kdviz.cli import runs as cli_runs
from kdviz.cli.main import main
from kdviz.exports import results as exports
from kdviz.records import weights
from kdviz.store.runs import RunStore
from tests.samples import run_records
from tests.samples.kept_runs import COMPARISON, CONVOLUTIONAL, SINGLE, SWEEP, copied


def kdviz(*arguments, **more):
    """Run a command in this process; its result with standard output and standard error apart."""
    result = CliRunner().invoke(main, ["runs", *map(str, arguments)], **more)
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def said(result, code=0):
    """What the command printed; an error is one sentence on standard error."""
    assert result.exit_code == code, result.output
    if code:
        assert result.stdout == ""
        (line,) = result.stderr.strip().splitlines()
        assert line.startswith("Error: ")
        assert line.endswith(".")
        return line
    return result.stdout


@pytest.fixture(scope="module")
def trained(trained_runs, tmp_path_factory):
    """A state folder with one run of each kind."""
    state = tmp_path_factory.mktemp("state")
    made = copied(trained_runs, state)
    made.annotate(SINGLE.id, ["lesson 1", "best"], "a note")
    made.close()
    return state


@pytest.fixture
def store(trained, tmp_path, monkeypatch):
    """That store, for commands of this process, which are in an empty folder."""
    monkeypatch.setenv("KDVIZ_STATE_DIR", str(trained))
    monkeypatch.chdir(tmp_path)
    made = RunStore(settings.database_url())
    yield made
    made.restore([run.id for run in made.discarded()])
    made.close()


def test_list_knows_every_kind_of_run(store):
    shown = said(kdviz("list"))
    accuracy = store.get(SINGLE.id).result.distilled.test_accuracy
    assert re.search(rf"{SINGLE.id} +finished +digits .* seed 3 +{accuracy:.2%} .*lesson 1, best", shown)
    assert re.search(rf"{COMPARISON.id} +finished .* 3 methods, seeds 0-1 ", shown)
    chosen = store.get(SWEEP.id).result.choice.test_accuracy.mean
    assert re.search(rf"{SWEEP.id} +finished .* 2,8 +0,0\.9 +4 cells, seeds 0-1 +{chosen:.2%}", shown)
    document = json.loads(said(kdviz("list", "--json")))
    assert [run["id"] for run in document] == [SWEEP.id, COMPARISON.id, SINGLE.id]
    assert document[-1]["tags"] == ["lesson 1", "best"]
    assert len(json.loads(said(kdviz("list", "--json", "--limit", 1)))) == 1


def test_show_tells_what_is_kept(store):
    shown = said(kdviz("show", SINGLE.id))
    assert "tags: lesson 1, best\nnote: a note\nstudents kept: distilled, plain\n" in shown
    assert re.search(r"^distilled +784-30-30-10", shown, re.MULTILINE)
    sweep = said(kdviz("show", SWEEP.id))
    assert "students kept: seed 2, seed 3" in sweep
    assert "Chosen on the validation split" in sweep
    assert json.loads(said(kdviz("show", SWEEP.id, "--json")))["recipe"]["study"] == "sweep"
    assert "nonesuch is not in the store" in said(kdviz("show", "nonesuch"), 2)


def test_show_tells_what_of_a_sweep_is_finished(store):
    unfinished = SWEEP.model_copy(update={"seeds": (0, 1, 7)})
    store.request(unfinished)
    stacks = store.finished(SWEEP.id)
    store.append(unfinished.id, stacks[:1], 1)
    store.cancel(unfinished.id)
    try:
        assert "Finished so far: 3 students." in said(kdviz("show", unfinished.id))
        assert re.search(rf"{unfinished.id} +cancelled .* seeds 0-1,7 +\d{{4}}-", said(kdviz("list")))
    finally:
        store.delete(unfinished.id)


@pytest.mark.parametrize("form", cli_runs.FORMATS)
def test_each_format_has_a_file_of_its_own_name(store, form):
    ending = cli_runs.FORMATS[form]
    printed = said(kdviz("export", SINGLE.id, "--format", form))
    (path,) = Path().iterdir()
    assert path.name == f"kdviz-digits-{SINGLE.id}.{ending}"
    assert printed.startswith(f"{path}, ")
    content, run = path.read_bytes(), store.get(SINGLE.id)
    check = {
        "csv": lambda: content == exports.as_csv(run),
        "parquet": lambda: len(pd.read_parquet(path)) == 3,
        "json": lambda: json.loads(content)["run_id"] == SINGLE.id,
        "safetensors": lambda: {k: v.shape for k, v in load(content).items()} == weights.shapes(SINGLE.student),
        "onnx": lambda: onnx.load_from_string(content).metadata_props[0].key == "architecture",
        "pytorch": lambda: torch.load(path, weights_only=True)["1.weight"].shape == (30, 784),
        "html": lambda: content.startswith(b"<!doctype html>") and b"784-30-30-10" in content,
        "card": lambda: content.decode() == exports.model_card(run, "distilled"),
        "script": lambda: content.decode() == exports.script(SINGLE, run.result.threads),
        "bundle": lambda: content[:2] == b"PK",
    }[form]
    assert check()


def test_a_file_that_is_there_is_not_written_over(store):
    path = Path(f"kdviz-digits-{SINGLE.id}.csv")
    path.write_text("mine")
    assert f"{path} is there already; --force writes over it" in said(kdviz("export", SINGLE.id, "--format", "csv"), 2)
    assert path.read_text() == "mine"
    said(kdviz("export", SINGLE.id, "--format", "csv", "--force"))
    assert path.read_text().startswith("run_id,")
    said(kdviz("export", SINGLE.id, "--format", "csv", "--output", "other.csv"))
    assert Path("other.csv").read_bytes() == path.read_bytes()


def test_a_file_that_cannot_be_written_is_told(store):
    line = said(kdviz("export", SINGLE.id, "--format", "csv", "--output", "no/such/folder/a.csv"), 1)
    assert line == "Error: no/such/folder/a.csv cannot be written: No such file or directory."


def test_where_there_are_several_students_one_must_be_named(store):
    line = said(kdviz("export", SWEEP.id, "--format", "safetensors"), 2)
    assert "--student takes one of seed 2, seed 3." in line
    said(kdviz("export", SWEEP.id, "--format", "safetensors", "--student", "seed 3"))
    (path,) = Path().iterdir()
    assert path.name == f"kdviz-digits-{SWEEP.id}.seed-3.safetensors"
    line = said(kdviz("export", SWEEP.id, "--format", "card", "--student", "../x"), 2)
    assert line == "Error: --student is ../x; it takes one of seed 2, seed 3."


def test_what_is_not_there_is_not_exported(store):
    store.request(CONVOLUTIONAL)
    store.cancel(CONVOLUTIONAL.id)
    try:
        assert "has no results to export, as it is cancelled" in said(
            kdviz("export", CONVOLUTIONAL.id, "--format", "parquet"), 1
        )
        assert "keeps no student" in said(kdviz("export", CONVOLUTIONAL.id, "--format", "onnx"), 1)
        said(kdviz("export", CONVOLUTIONAL.id, "--format", "script", "--output", "repeat.py"))
        said(kdviz("export", CONVOLUTIONAL.id, "--format", "bundle", "--output", "bundle.zip"))
        assert {path.name for path in Path().iterdir()} == {"repeat.py", "bundle.zip"}
    finally:
        store.delete(CONVOLUTIONAL.id)
    assert "nonesuch is not in the store" in said(kdviz("export", "nonesuch", "--format", "csv"), 2)
    assert kdviz("export", SINGLE.id, "--format", "pickle").exit_code == 2


def test_a_bundle_is_imported_elsewhere(store, tmp_path, monkeypatch):
    said(kdviz("export", SINGLE.id, "--format", "bundle", "--with-onnx", "--output", "bundle.zip"))
    before = store.get(SINGLE.id)
    monkeypatch.setenv("KDVIZ_STATE_DIR", str(tmp_path / "elsewhere"))
    first = said(kdviz("import", "bundle.zip"))
    (run,) = RunStore(settings.database_url()).recent()
    assert f"Imported as run {run.id}, finished, with 2 students: shown, and never taken for a run" in first
    assert (run.result, run.note) == (before.result, "a note")
    assert f"Run {run.id} is here already, imported: nothing was written." in said(kdviz("import", "bundle.zip"))
    assert f"run {run.id}, finished: Imported from a file" in said(kdviz("show", run.id))
    assert f"{run.id}  imported" in said(kdviz("list"))
    assert json.loads(said(kdviz("list", "--json")))[0]["message"].startswith("Imported from a file")
    said(kdviz("export", run.id, "--format", "csv"))
    assert Path(f"kdviz-digits-{run.id}.csv").read_text().splitlines()[1].startswith(f"{run.id},True,")
    said(kdviz("export", run.id, "--format", "card"))
    assert "imported from a file" in Path(f"kdviz-digits-{run.id}.md").read_text()


def test_an_own_run_is_known_again(store):
    said(kdviz("export", SINGLE.id, "--format", "bundle", "--output", "bundle.zip"))
    assert f"Run {SINGLE.id} is here already, finished: nothing was written." in said(kdviz("import", "bundle.zip"))


def test_what_is_no_bundle_is_refused(store, tmp_path, monkeypatch):
    said(kdviz("export", SINGLE.id, "--format", "bundle", "--output", "bundle.zip"))
    content = Path("bundle.zip").read_bytes()
    monkeypatch.setenv("KDVIZ_STATE_DIR", str(tmp_path / "elsewhere"))
    Path("cut.zip").write_bytes(content[: len(content) // 2])
    assert said(kdviz("import", "cut.zip"), 1) == "Error: The bundle is damaged; nothing of it was taken."
    Path("text.zip").write_text("hello")
    assert said(kdviz("import", "text.zip"), 1) == "Error: The file is no bundle of kdviz; nothing of it was taken."
    assert said(kdviz("import", "nonesuch.zip"), 1) == (
        "Error: nonesuch.zip cannot be read: No such file or directory."
    )
    assert "Is a directory" in said(kdviz("import", "."), 1)
    assert json.loads(said(kdviz("list", "--json"))) == []


def test_deleted_runs_come_back(store):
    assert "nothing was deleted; --yes deletes 2 runs without asking." in said(
        kdviz("delete", SINGLE.id, COMPARISON.id), 2
    )
    assert "nonesuch is not in the store" in said(kdviz("delete", SINGLE.id, "nonesuch", "--yes"), 2)
    assert store.get(SINGLE.id) is not None
    assert "Deleted 2 runs" in said(kdviz("delete", SINGLE.id, COMPARISON.id, "--yes"))
    assert [run["id"] for run in json.loads(said(kdviz("list", "--json")))] == [SWEEP.id]
    assert SINGLE.id in said(kdviz("list", "--deleted"))
    assert "not in the store" in said(kdviz("show", SINGLE.id), 2)
    assert f"run {SWEEP.id} is not among the deleted ones" in said(kdviz("restore", SINGLE.id, SWEEP.id), 2)
    assert said(kdviz("restore", SINGLE.id, COMPARISON.id)) == f"Restored {SINGLE.id}, {COMPARISON.id}.\n"
    assert store.get(SINGLE.id).note == "a note"
    assert "No deleted runs." in said(kdviz("list", "--deleted"))


def test_a_person_is_asked(store, monkeypatch):
    monkeypatch.setattr(cli_runs, "_interactive", lambda: True)
    assert "nothing was deleted." in kdviz("delete", SINGLE.id, input="n\n").stderr
    assert store.get(SINGLE.id) is not None
    assert f"Deleted run {SINGLE.id}" in kdviz("delete", SINGLE.id, input="y\n").stdout
    assert store.get(SINGLE.id) is None


def test_a_run_under_way_is_not_deleted(store):
    store.request(CONVOLUTIONAL)
    try:
        assert "is still under way; stop it first, then delete it." in said(
            kdviz("delete", CONVOLUTIONAL.id, "--yes"), 1
        )
    finally:
        store.delete(CONVOLUTIONAL.id)


def test_a_damaged_run_store_is_set_aside_by_a_command_and_a_good_one_stays(store, tmp_path, monkeypatch):
    before = [run.id for run in store.recent()]
    assert said(kdviz("anew")) == "The run store can be read: it stays as it is.\n"
    assert [run.id for run in store.recent()] == before
    monkeypatch.setenv("KDVIZ_STATE_DIR", str(tmp_path))
    (tmp_path / "kdviz.sqlite.damaged-1").write_bytes(b"of before")
    (tmp_path / "kdviz.sqlite").write_bytes(b"no database" * 500)
    assert "`python -m kdviz runs anew` sets it aside" in said(kdviz("list"), 1)
    assert "kdviz.sqlite.damaged-2; a new one begins" in said(kdviz("anew"))
    assert (tmp_path / "kdviz.sqlite.damaged-1").read_bytes() == b"of before"
    assert (tmp_path / "kdviz.sqlite.damaged-2").read_bytes() == b"no database" * 500
    assert "No runs yet" in said(kdviz("list"))


@pytest.fixture
def full(own_state):
    """A state folder with a run that was deleted long ago, a teacher, a gallery, a pack, and a damaged store."""
    made = RunStore(settings.database_url())
    run = run_records.put(made, run_records.recipe())
    gone = run_records.put(made, run_records.recipe(seed=1))
    student = run_records.learnt().model_copy(update={"weights": b"x" * 2_000_000})
    made.restart(gone.recipe)
    made.keep_student(gone.id, student)
    made.cancel(gone.id)
    made.discard([gone.id])
    made.close()
    with sqlite3.connect(own_state / "kdviz.sqlite") as connection:
        connection.execute("update discarded set since = since - 100000")
    connection.close()
    for name in ("teachers/a.safetensors", "gallery/b.npz", "playground/c.gz", "kdviz.sqlite.damaged-1"):
        path = own_state / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x" * 3000)
    (own_state / "teachers" / "d.safetensors.damaged").write_bytes(b"x" * 10)
    return run


def files(state):
    return {str(path.relative_to(state)) for path in state.rglob("*") if path.is_file()}


def test_tidy_says_what_takes_room_and_clears_it_when_asked(full, own_state):
    before = files(own_state)
    answer = said(kdviz("tidy"))
    for words in ("database", "teachers", "3.0\u00a0kB", "trained again when a run needs them", "Nothing was cleared"):
        assert words in answer
    assert files(own_state) == before
    assert (own_state / "kdviz.sqlite").stat().st_size > 2_000_000
    answer = said(kdviz("tidy", "--yes"))
    assert "Nothing was cleared" not in answer
    assert files(own_state) <= {"kdviz.sqlite", "kdviz.sqlite-wal", "kdviz.sqlite-shm"}
    assert (own_state / "kdviz.sqlite").stat().st_size < 500_000, "the database shrinks"
    store = RunStore(settings.database_url())
    assert [run.id for run in store.recent()] == [full.id]
    store.close()


def test_tidy_clears_what_is_named_and_nothing_while_a_run_is_under_way(full, own_state):
    said(kdviz("tidy", "teachers", "--yes"))
    assert "gallery/b.npz" in files(own_state)
    assert "teachers/a.safetensors" not in files(own_state)
    store = RunStore(settings.database_url())
    live = store.request(run_records.recipe(seed=2))
    assert said(kdviz("tidy", "--yes"), 1) == f"Error: Run {live.id} is queued: tidy up when nothing is trained."
    assert "gallery/b.npz" in files(own_state)
    store.close()
