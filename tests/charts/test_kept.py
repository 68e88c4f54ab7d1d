"""Figures are drawn once for all visitors of the same result."""

import pytest

from kdviz.charts import kept as keeping
from kdviz.charts.kept import kept


@pytest.fixture
def drawn(monkeypatch):
    """A function that draws, and what it was given each time."""
    monkeypatch.setattr(keeping, "_kept", type(keeping._kept)())
    given = []

    @kept
    def draw(record, size, *, named=()):
        given.append((record, size))
        return object()

    return draw, given


def test_the_same_record_is_drawn_once(drawn):
    draw, given = drawn
    record = {"a": [1.0]}, [2.0]
    assert draw(record, 100) is draw(record, 100)
    assert draw(record, 200) is not draw(record, 100)
    assert draw(record, 100, named=[1]) is not draw(record, 100)
    assert [size for _, size in given] == [100, 200, 100]


def test_records_are_told_apart_however_much_alike_they_are(drawn):
    draw, given = drawn

    class Record:
        __hash__ = None

        def __eq__(self, other):
            return True

    first, second = Record(), Record()
    assert draw(first, 1) is not draw(second, 1)
    assert draw([first, second], 1) is draw([first, second], 1)
    assert len(given) == 3


def test_the_oldest_are_forgotten(drawn):
    draw, given = drawn
    first = draw("first", 0)
    for number in range(keeping.MOST - 1):
        draw("others", number)
    assert draw("first", 0) is first
    draw("one more", 0)
    draw("others", 0)
    assert [record for record, _ in given].count("others") == keeping.MOST
    assert len(keeping._kept) == keeping.MOST
