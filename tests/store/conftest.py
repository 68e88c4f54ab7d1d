"""What tests of stores share: a database of each kind."""

import pytest


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """The address of an empty database of each kind."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql").url()
    return f"sqlite:///{tmp_path / 'deep' / 'runs.sqlite'}"
