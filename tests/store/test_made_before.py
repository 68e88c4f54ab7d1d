"""A store that was made before the classes of what it holds got other names and places: all of it can be read."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from kdviz.records import weights
from kdviz.store import runs
from kdviz.store.runs import RunStore

MADE_BEFORE = Path(__file__).parents[1] / "data" / "before"
SINGLE, CANCELLED, DISCARDED = "6be74a3ed3cd", "b0311d84dc7f", "fcf829035778"


@pytest.fixture
def rows(tmp_path):
    """Asks the copied file itself, past the store."""
    shutil.copy(MADE_BEFORE / "runs.sqlite", tmp_path)
    connection = sqlite3.connect(tmp_path / "runs.sqlite")
    connection.row_factory = sqlite3.Row
    yield lambda statement, *values: connection.execute(statement, values).fetchall()
    connection.close()


@pytest.fixture
def store(rows, tmp_path):
    made = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield made
    made.close()


def document(record):
    return json.loads(record.model_dump_json())


def test_every_run_is_what_it_was(store, rows):
    stored = rows("select * from runs where id != ? order by created desc", DISCARDED)
    assert [run.id for run in store.recent()] == [row["id"] for row in stored]
    for run, row in zip(store.recent(), stored, strict=True):
        assert run.recipe.id == run.id
        assert document(run.recipe) == json.loads(row["recipe"])
        assert (run.status, run.attempt) == (row["status"], row["attempt"])
        assert run.created.timestamp() == pytest.approx(row["created"], abs=1e-5)
        assert run.finished.timestamp() == pytest.approx(row["finished"], abs=1e-5)
        assert (document(run.result) if run.result else None) == json.loads(row["result"] or "null")
    assert {run.recipe.model_dump().get("study", "single") for run in store.recent()} == {
        "single",
        "compare",
        "sweep",
        "all-labels",
    }


def test_tags_note_and_what_was_discarded_are_there(store, monkeypatch):
    run = store.get(SINGLE)
    assert run.tags == ("reference", "made before the move")
    assert run.note == "Kept to see that it can be read for good: ½ & <b>."
    assert store.get(DISCARDED) is None
    monkeypatch.setattr(runs, "DAY", 1e12)
    assert [run.id for run in store.discarded()] == [DISCARDED]
    store.restore([DISCARDED])
    assert store.get(DISCARDED).result is not None


def test_every_event_is_what_it_was(store, rows):
    kinds = set()
    for run in rows("select id from runs"):
        stored = rows("select * from events where run_id = ? and sequence > 0 order by sequence", run["id"])
        kinds |= {row["kind"] for row in stored}
        assert [document(event) for event in store.events(run["id"])] == [json.loads(row["payload"]) for row in stored]
        assert store.count(run["id"]) == len(stored) > 0
    assert kinds == {
        "watched",
        "progress",
        "moment",
        "finished",
        "inside",
        "grown",
        "finishedstack",
        "studyprogress",
        "finishedarm",
    }


def test_finished_parts_are_there_to_go_on_from(store, rows):
    stored = rows("select * from events where kind like 'finished%' order by run_id, sequence")
    ids = dict.fromkeys(row["run_id"] for row in stored)
    assert [document(part) for run_id in ids for part in store.finished(run_id)] == [
        json.loads(row["payload"]) for row in stored
    ]
    (method,) = store.finished(CANCELLED)
    again = store.request(store.get(CANCELLED).recipe)
    assert again.status == "queued"
    assert store.events(CANCELLED) == []
    assert store.finished(CANCELLED) == [method]


def test_every_student_is_what_it_was(store, rows):
    for row in rows("select * from students"):
        student = store.student(row["run_id"], row["name"])
        assert (student.name, student.architecture) == (row["name"], row["architecture"])
        content = student.weights
        assert content == row["weights"]
        weights.check(content, student.architecture)


def test_what_is_written_now_has_the_names_of_then(store, rows):
    for run in store.recent():
        before = rows("select kind, payload from events where run_id = ? and sequence > 0 order by sequence", run.id)
        events = store.events(run.id)
        store.restart(run.recipe)
        store.append(run.id, events, 1)
        after = rows("select kind, payload from events where run_id = ? order by sequence", run.id)
        assert list(map(tuple, after)) == list(map(tuple, before))
