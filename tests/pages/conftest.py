"""What tests of pages share."""

import pytest

from kdviz.store.rights import Visitor
from kdviz.widgets import visitor
from tests.samples.app_pages import run_of


@pytest.fixture
def stored(keep):
    """Puts the run of a recipe into the store of the pages."""

    def put(recipe, status="finished", events=(), result=None):
        return keep(run_of(recipe, status, result), events=events)

    return put


@pytest.fixture
def visiting(monkeypatch):
    """Lets somebody look at the pages from now on; without it, it is whoever sits at this machine: the presenter."""

    def visiting(mark, presenter=False):
        now = Visitor(mark, presenter)
        monkeypatch.setattr(visitor, "who", lambda: now)
        return now

    return visiting


@pytest.fixture
def shipped(jobs, recordings):
    """Puts a finished study into the folder of recorded runs, which is empty at first."""
    return recordings
