"""A class in the database: what is shown, who is there, what seats sent, and that nothing is left of it."""

import json

import pytest
import sqlalchemy as sa

from kdviz.store import classes
from kdviz.store.classes import ClassStore, Post
from kdviz.store.runs import RunStore

ANNA, BEN = "anna-0123456789abcdef", "ben-0123456789abcdef"


@pytest.fixture
def store(url):
    made = ClassStore(url)
    yield made
    made.close()


@pytest.fixture
def code(store):
    return store.begin()


def test_a_server_that_starts_again_goes_on_with_the_open_class(store, url, code):
    assert len(code) == classes.LENGTH
    assert ClassStore(url).begin() == code
    assert store.open_code() == store.open_code(code.lower()) == code
    assert store.open_code("ZZZZ") is None


def test_a_class_that_nobody_came_to_for_half_a_day_is_over(store, code, monkeypatch):
    store.arrive(code, ANNA)
    monkeypatch.setattr(classes, "IDLE", -1.0)
    assert store.open_code() is None
    monkeypatch.setattr(classes, "IDLE", 0.0)
    assert store.begin() != code
    assert store.state(code) is None


def test_what_is_shown_is_seen_by_another_server(store, url, code):
    other = ClassStore(url)
    assert other.state(code).revision == 0
    store.show(code, '{"page": "loss"}', None)
    store.show(code, '{"page": "loss"}', '{"scene": 1}')
    state = other.state(code)
    assert (state.shown, state.ask, state.revision) == ('{"page": "loss"}', '{"scene": 1}', 2)


def test_of_a_seat_the_last_of_a_kind_and_place_counts(store, code):
    store.arrive(code, ANNA)
    store.arrive(code, BEN)
    store.post(code, BEN, "talk/1", "answer", "0")
    store.post(code, ANNA, "talk/1", "answer", "1")
    before = store.state(code).posted
    store.post(code, ANNA, "talk/1", "answer", "2")
    store.post(code, ANNA, "talk/2", "point", "{}")
    whole = [(post.seat, post.kind, post.body) for post in store.posts(code, "talk/1")]
    assert whole == [(2, "answer", "0"), (1, "answer", "2")]
    (last, _) = store.posts(code, after=before)
    assert isinstance(last, Post)
    assert (last.seat, last.body) == (1, "2"), "what came after a number, as differences to a stage"


def test_seats_come_go_and_come_back(store, code, monkeypatch):
    assert store.arrive(code, ANNA)
    assert store.arrive(code, BEN)
    assert store.seats(code) == 2
    store.leave(code, ANNA)
    assert store.seats(code) == 1
    assert store.arrive(code, ANNA)
    store.post(code, ANNA, "loss", "answer", "1")
    assert [post.seat for post in store.posts(code)] == [1], "it keeps its number"
    monkeypatch.setattr(classes, "SILENCE", 0.0)
    assert store.seats(code) == 0, "those of a server that was killed"
    monkeypatch.setattr(classes, "SILENCE", 25.0)
    store.alive(code, [BEN])
    assert store.seats(code) == 2


def test_a_class_has_so_many_seats(store, code, monkeypatch):
    monkeypatch.setattr(classes, "MOST_SEATS", 1)
    assert store.arrive(code, ANNA)
    assert not store.arrive(code, BEN)
    assert store.arrive(code, ANNA)
    store.leave(code, ANNA)
    assert store.arrive(code, BEN), "whoever has left holds no seat"
    assert not store.arrive(code, ANNA[::-1])


def test_data_are_kept_within_limits(store, code, monkeypatch):
    monkeypatch.setattr(classes, "MOST_DATA", 5)
    assert store.keep(code, "a" * 64, b"1234")
    assert store.data(code, "a" * 64) == b"1234"
    store.show(code, json.dumps({"pictures": [{"data": "a" * 64}]}), None)
    assert not store.keep(code, "b" * 64, b"56")
    assert store.keep(code, "a" * 64, b"1234"), "what is kept already takes no more room"
    assert not store.keep("none", "a" * 64, b"")


def test_data_that_are_shown_no_more_make_room(store, code, monkeypatch):
    """A picture of a training that goes on has new ones twice a second."""
    monkeypatch.setattr(classes, "MOST_DATA", 5)
    assert store.keep(code, "a" * 64, b"1234")
    store.show(code, json.dumps({"pictures": [{"data": "a" * 64}]}), None)
    assert not store.keep(code, "b" * 64, b"56")
    store.show(code, json.dumps({"pictures": []}), None)
    assert store.keep(code, "b" * 64, b"56")
    assert store.data(code, "a" * 64) is None


def test_nothing_is_left_of_a_class_that_has_ended(store, url, code):
    store.arrive(code, ANNA)
    store.post(code, ANNA, "loss", "drawing", "{}")
    store.keep(code, "a" * 64, b"1")
    store.show(code, "{}", None)
    store.end(code)
    with sa.create_engine(url).connect() as plain:
        for table in classes.METADATA.tables:
            assert plain.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0, table
    assert not store.arrive(code, BEN)
    store.post(code, ANNA, "loss", "answer", "1")  # on its way when the class ended
    store.leave(code, ANNA)
    assert store.posts(code) == []


def test_runs_and_classes_share_a_database(url, code):
    runs = RunStore(url)
    assert runs.recent() == []
    runs.close()
