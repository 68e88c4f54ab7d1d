"""The run store is hurt while a run is trained: nothing of the run is lost, and it is said what happened.

README, "When something breaks", has the table of all faults with the test of each.
"""

import os
import re
import sqlite3
import time
from contextlib import closing, contextmanager
from types import SimpleNamespace

import pytest
from sqlalchemy import event

from kdviz.engine import data
from kdviz.jobs import worker
from kdviz.jobs.connection import Connection
from kdviz.jobs.messages import TaskOutcome
from kdviz.recipes.single import Recipe
from kdviz.store.runs import RunStore, StoreError
from tests.samples.fake_training import progress, result

RECIPE, OTHER = Recipe(), Recipe(seed=1)


def until(condition):
    """What the writer of a server does meanwhile."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


@contextmanager
def locked(pragmas, path):
    """Another program holds the database."""
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    yield
    holder.close()


@contextmanager
def lost(pragmas, path):
    """The file is moved away, as with the folder of a network that is gone, and comes back."""
    away = path.with_name("away")
    path.rename(away)
    yield
    away.rename(path)


@contextmanager
def damaged(pragmas, path):
    """Something else lies in its place, until the file is put back."""
    good, beside = path.with_name("good"), [path.with_name(f"{path.name}-{part}") for part in ("wal", "shm")]
    with closing(sqlite3.connect(path)) as connection, closing(sqlite3.connect(good)) as copy:
        connection.backup(copy)
    (other := path.with_name("other")).write_bytes(b"no database at all" * 1000)

    def put(file):
        for part in beside:  # of the file that is no more
            part.unlink(missing_ok=True)
        file.replace(path)

    put(other)
    yield
    put(good)


@contextmanager
def full(pragmas, path):
    """No page can be added; SQLite says then what it says of a disk without room."""
    pragmas.append("max_page_count=1")
    yield
    pragmas.append("max_page_count=1000000")


@contextmanager
def read_only(pragmas, path):
    """Nothing may be written."""
    pragmas.append("query_only=ON")
    yield
    pragmas.append("query_only=OFF")


FAULTS = {
    locked: "has been locked by another program",
    lost: "is gone: it was moved or deleted while it was in use",
    damaged: "is damaged: it is no database",
    full: "the disk is full",
    read_only: "cannot be written",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_run_outlives_what_happens_to_its_store(fault, make, tmp_path, monkeypatch):
    monkeypatch.setattr("kdviz.store.database._BUSY", 0.05)
    monkeypatch.setattr("kdviz.jobs.queue._WRITE", 0.05)
    path = tmp_path / "runs.sqlite"
    store = RunStore(f"sqlite:///{path}")
    pragmas = ["query_only=OFF"]  # the last one is every connection's
    event.listen(store._database.engine, "checkout", lambda connection, *_: connection.execute(f"PRAGMA {pragmas[-1]}"))
    server = make(store)
    jobs, worker = server.jobs, server.connection
    run = jobs.submit(RECIPE)
    events = [progress(step, 40, step) for step in range(1, 41)]
    worker.say("begin")
    worker.say("event", events[0])
    until(lambda: store.count(run.id) == 1)
    with fault(pragmas, path):
        for each in events[1:]:
            worker.say("event", each)
        until(lambda: FAULTS[fault] in jobs.trouble)
        assert jobs.trouble.endswith(".")
        assert jobs.get(run.id).live
        assert jobs.events(run.id) == events, "who watches it sees it go on"
        with pytest.raises(StoreError, match=FAULTS[fault]):
            jobs.submit(OTHER)
        worker.ordered[-1][1](TaskOutcome(result=result(RECIPE, 3.0)))
        assert jobs.get(run.id).result, "its end can be looked at"
        until(lambda: f"Not stored so far: the end of run {run.id}" in jobs.trouble)
    until(lambda: not jobs.trouble)
    again = RunStore(f"sqlite:///{path}")
    until(lambda: again.get(run.id).status == "finished")
    assert again.events(run.id) == events
    assert jobs.submit(OTHER).status == "queued"
    again.close()


def test_a_store_that_is_lost_is_not_made_a_second_time(tmp_path):
    path = tmp_path / "runs.sqlite"
    store = RunStore(f"sqlite:///{path}")
    kept = store.request(RECIPE)
    with lost([], path):
        for action in (store.check, lambda: store.request(OTHER)):
            with pytest.raises(StoreError, match=r"^The run store .*runs.sqlite is gone: .*\.$"):
                action()
        assert not path.exists()
    assert store.get(kept.id) == kept
    other = RunStore(f"sqlite:///{tmp_path / 'other.sqlite'}")
    theirs = other.request(OTHER)
    for one in (store, other):
        one.close()
    os.replace(tmp_path / "other.sqlite", path)
    assert [run.id for run in store.recent()] == [theirs.id], "the file that is there now counts"
    store.close()


def test_a_scheduler_that_was_started_again_is_met_anew():
    """Dask's client goes over to it by itself, but no message of its trainings would come."""
    connection = Connection("tcp://127.0.0.1:1", receive=None)
    connection._met = "the first"

    def client(status="running", scheduler="the first"):
        return SimpleNamespace(status=status, scheduler_info=lambda n_workers: {"id": scheduler})

    assert connection._is_the_same(client())
    assert not connection._is_the_same(client(scheduler="the second"))
    assert not connection._is_the_same(client(status="connecting"))
    assert not connection._is_the_same(SimpleNamespace(status="running"))  # lost just now: it raises
    connection.close()


def test_a_run_on_damaged_data_ends_with_what_is_wrong_with_which_file(tmp_path, own_state, monkeypatch):
    monkeypatch.setenv("KDVIZ_DATA_DIR", str(tmp_path))
    (folder := tmp_path / "MNIST" / "raw").mkdir(parents=True)
    for part, size in (("train-images-idx3", 784), ("t10k-images-idx3", 784), ("train-labels-idx1", 1)):
        (folder / f"{part}-ubyte").write_bytes(bytes([0, 0, 8, 3]) + bytes(size))
    (folder / "t10k-labels-idx1-ubyte").write_bytes(b"no labels at all")
    monkeypatch.setattr(data, "load", data.load.__wrapped__)  # another test of this process may have read the good ones
    result, refusal = worker._guarded(lambda: list(worker.carry_out(Recipe(data="mnist"), [])))
    assert result is None
    assert re.fullmatch(r"\S+/MNIST/raw/\S+ is damaged.*\.", refusal)
