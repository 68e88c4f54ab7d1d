"""Pages are made one after the other, but for one that takes too long."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from kdviz.widgets.turns import Turns

LIMIT = 30.0  # seconds


def enter(turns: Turns, begun: Event, may_end: Event) -> None:
    with turns.turn():
        begun.set()
        assert may_end.wait(LIMIT)


def test_each_waits_for_the_one_before_in_the_order_of_their_coming():
    turns, order, may_end = Turns(most=LIMIT), [], Event()
    with ThreadPoolExecutor() as threads:
        begun = Event()
        first = threads.submit(enter, turns, begun, may_end)
        assert begun.wait(LIMIT)

        def note(number):
            with turns.turn():
                order.append(number)

        waiting = []
        for number in range(3):
            waiting.append(threads.submit(note, number))
            while len(turns._queue) < number + 2:
                assert not waiting[-1].done()
        assert order == []
        may_end.set()
        for one in (first, *waiting):
            one.result(LIMIT)
    assert order == [0, 1, 2]


def test_one_that_takes_too_long_goes_on_beside_the_others():
    turns, begun, may_end = Turns(most=0.05), Event(), Event()
    with ThreadPoolExecutor() as threads:
        slow = threads.submit(enter, turns, begun, may_end)
        assert begun.wait(LIMIT)
        for _ in range(2):
            with turns.turn():
                assert not slow.done()
        may_end.set()
        slow.result(LIMIT)
    assert not turns._queue


def test_a_part_of_a_page_that_has_its_turn_does_not_wait_for_it():
    turns, seen = Turns(most=LIMIT), []

    @turns.turn()
    def part():
        seen.append(len(turns._queue))

    with turns.turn():
        part()
    part()
    assert seen == [1, 1]
    assert not turns._queue


def test_a_page_that_ends_with_an_error_gives_its_turn_away():
    turns = Turns(most=LIMIT)
    for _ in range(2):
        with pytest.raises(ValueError, match="a page"), turns.turn():
            raise ValueError("a page")
    assert not turns._queue
