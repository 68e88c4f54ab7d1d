"""What all visitors of one server share."""

from concurrent.futures import Future
from importlib import import_module

import pytest

from kdviz.errors import PlainError
from kdviz.widgets import server


@pytest.fixture
def late(monkeypatch):
    """MNIST's gallery came after its first visitor had waited in vain; which galleries have been read since."""
    server._galleries.clear()
    server._galleries().awaited.add(server.FAVOURITE)
    read = []
    monkeypatch.setattr(server.gallery, "read", lambda data: read.append(data) or object())
    yield read
    server._galleries.clear()


def test_a_gallery_that_came_late_is_not_read_for_each_page(late):
    assert server.quiet_home() == server.FAVOURITE
    before = len(late)
    assert server.quiet_home() == server.FAVOURITE
    assert len(late) == before


@pytest.fixture
def asked(monkeypatch):
    """What workers were asked for; none ever answers."""
    server._galleries.clear()
    server._packs.clear()
    calls = []

    class Workers:
        def call(self, function, *args, key):
            calls.append((function, *args, key))
            return Future()

    monkeypatch.setattr(server, "jobs", Workers)
    yield calls
    server._galleries.clear()
    server._packs.clear()


def test_what_the_first_visitors_would_wait_for_is_asked_for_before_they_come(asked, monkeypatch):
    monkeypatch.setattr(server.gallery, "read", lambda data: None)
    monkeypatch.setattr(server.playground, "read", lambda data: None)
    server.prepare()
    assert [(data, key) for _, data, key in asked] == [("mnist", "gallery-mnist"), ("mnist", "pack-mnist")]
    for function, *_ in asked:
        module, name = function.split(":")
        assert callable(getattr(import_module(module), name))


def test_nothing_is_asked_for_that_is_there(asked, monkeypatch):
    monkeypatch.setattr(server.gallery, "read", lambda data: object())
    monkeypatch.setattr(server.playground, "read", lambda data: b"pack")
    monkeypatch.setattr(server.media, "serve", lambda name, content: name)
    server.prepare()
    assert asked == []


def test_a_state_folder_that_cannot_be_written_stops_no_server(asked, monkeypatch):
    def refuse():
        raise PlainError("no room")

    monkeypatch.setattr(server.gallery, "read", lambda data: None)
    monkeypatch.setattr(server, "jobs", refuse)
    server.prepare()
