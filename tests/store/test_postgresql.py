"""What only a database with a server does: it is started by several at once, stops, is locked and may only be read."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import sqlalchemy as sa

from kdviz.recipes.single import Recipe
from kdviz.store.runs import RunStore, StoreError
from tests.samples.fake_training import progress

RECIPE, OTHER = Recipe(), Recipe(seed=1)


@pytest.fixture
def url(postgresql):
    return postgresql.url()


@pytest.fixture
def store(url):
    made = RunStore(url)
    yield made
    made.close()


def until(condition):
    """Wait for what is true a moment after the server is back."""
    end = time.monotonic() + 20
    while True:
        with suppress(StoreError):
            if condition():
                return
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def test_servers_that_start_at_the_same_moment_make_the_tables_once(url):
    with ThreadPoolExecutor(8) as threads:
        stores = list(threads.map(RunStore, [url] * 8))
    run = stores[0].request(RECIPE)
    assert all(store.get(run.id) == run for store in stores)
    for store in stores:
        store.close()


def test_a_server_that_stops_is_told_and_what_it_had_is_there_when_it_is_back(store, postgresql):
    run = store.request(RECIPE)
    store.append(run.id, [progress(1, 2, 1)], 1)
    postgresql.stop()
    try:
        for action in (store.check, lambda: store.request(OTHER), lambda: store.append(run.id, [progress(2, 2, 2)], 2)):
            with pytest.raises(StoreError, match=r"^The run store postgres of postgresql does not answer; .*\.$"):
                action()
    finally:
        postgresql.start()
    until(lambda: store.get(run.id) == run)
    store.append(run.id, [progress(2, 2, 2)], 2)
    assert [each.step for each in store.events(run.id)] == [1, 2]


def test_a_server_that_hangs_is_not_asked_by_every_line_of_a_page(url, postgresql, monkeypatch):
    monkeypatch.setattr("kdviz.store.database._BUSY", 2.0)
    monkeypatch.setattr("kdviz.store.database._REST", 0.5)
    store = RunStore(url)
    run = store.request(RECIPE)
    store.close()
    postgresql.signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        for _ in range(10):
            with pytest.raises(StoreError, match="does not answer"):
                store.get(run.id)
        assert time.monotonic() - began < 4
    finally:
        postgresql.signal(signal.SIGCONT)
    until(lambda: store.get(run.id) == run)
    store.close()


def test_a_row_that_is_locked_for_long_is_told_and_holds_nobody_up(url, monkeypatch):
    monkeypatch.setattr("kdviz.store.database._BUSY", 1.0)
    store = RunStore(url)
    run = store.request(RECIPE)
    with sa.create_engine(url).begin() as holder:
        holder.exec_driver_sql("SELECT * FROM runs FOR UPDATE")
        assert store.get(run.id) == run, "reading goes on"
        began = time.monotonic()
        with pytest.raises(StoreError, match=r"has been locked by another program for too long; try again.*\.$"):
            store.append(run.id, [progress(1, 1, 1)], 1)
        assert time.monotonic() - began < 3
    store.append(run.id, [progress(1, 1, 1)], 1)
    assert store.count(run.id) == 1
    store.close()


def test_a_database_that_may_only_be_read_is_told(url):
    store = RunStore(url)
    run = store.request(RECIPE)
    store.close()
    store = RunStore(url + "%20-cdefault_transaction_read_only%3Don")
    assert store.get(run.id) == run
    with pytest.raises(StoreError, match=r"may only be read at present; .*\.$"):
        store.request(OTHER)
    store.close()


@pytest.mark.parametrize(
    ("change", "says"), [(("kdviz:", "nobody:x"), "lets nobody in"), (("/postgres", "/none"), "is not there, or not")]
)
def test_an_address_that_is_wrong_is_told_without_account_and_machine(url, change, says):
    with pytest.raises(StoreError, match=says) as caught:
        RunStore(url.replace(*change))
    assert "127.0.0.1" not in str(caught.value)


def test_what_is_asked_of_a_run_by_many_at_once_is_lost_by_nobody(store, url):
    """Each wish is heard once: one that comes while the others are read is not wiped out with them."""
    run_id = store.request(RECIPE).id
    other = RunStore(url)
    heard = []
    with ThreadPoolExecutor(2) as threads:
        for _ in range(20):
            asked = threads.submit(other.wish, run_id, "cancel")
            heard += store.wishes([run_id]).values()
            asked.result()
            heard += store.wishes([run_id]).values()
    assert heard == ["cancel"] * 20
    other.close()


def test_a_finished_run_that_two_train_anew_at_once_is_set_aside_once(store, url):
    from tests.samples.fake_training import result

    other = RunStore(url)
    for _ in range(5):
        run_id = store.request(RECIPE).id
        store.begin(run_id)
        store.finish(run_id, result(RECIPE, 1.0))
        with ThreadPoolExecutor(2) as threads:
            runs = list(threads.map(lambda one: one.restart(RECIPE, keep=True), (store, other)))
        assert {run.status for run in runs} == {"queued"}
        assert len({run.owner for run in runs}) == 1, "one of the two trains it, and both show it"
        store.delete(run_id)
        store.delete(f"{run_id}before")
    other.close()
