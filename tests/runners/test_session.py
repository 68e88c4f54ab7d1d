"""What a worker does before its first run."""

import pytest

from kdviz.engine import data
from kdviz.jobs import worker
from kdviz.runners import session


@pytest.fixture
def loaded(monkeypatch):
    """The data sets that were loaded."""
    names = []
    monkeypatch.setattr(data, "load", names.append)
    return names


def test_a_worker_that_starts_reads_the_data_that_pages_begin_with(loaded, mnist_folder):
    worker._rehearse()
    assert loaded == ["mnist"]


def test_data_that_are_not_there_are_not_asked_for(loaded, monkeypatch):
    """A download would take the only line of a slow network."""
    monkeypatch.setattr(session.data_files, "published_file", lambda *_: None)
    session.rehearse()
    assert loaded == []


def test_files_that_cannot_be_read_are_for_the_run_to_tell(monkeypatch, mnist_folder):
    def broken(name):
        raise session.DataError("cannot be read")

    monkeypatch.setattr(data, "load", broken)
    session.rehearse()
