"""What tests of pages share."""

import pytest

from tests.samples.app_pages import run_of


@pytest.fixture
def stored(keep):
    """Puts the run of a recipe into the store of the pages."""

    def put(recipe, status="finished", events=(), result=None):
        return keep(run_of(recipe, status, result), events=events)

    return put


@pytest.fixture
def shipped(jobs, recordings):
    """Puts a finished study into the folder of recorded runs, which is empty at first."""
    return recordings
