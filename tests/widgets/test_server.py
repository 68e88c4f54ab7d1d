"""What all visitors of one server share."""

import pytest

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
