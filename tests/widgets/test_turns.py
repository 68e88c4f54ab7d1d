"""Pages are made one after the other, but for one that takes too long."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from kdviz.widgets.turns import Turns
from tests.samples.app_pages import opened

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


def test_a_page_that_waits_for_a_worker_keeps_nobody_waiting_and_takes_another_turn():
    turns, done = Turns(most=LIMIT), Event()

    def other():
        with turns.turn():
            done.set()

    with ThreadPoolExecutor() as threads, turns.turn():
        with turns.aside():
            threads.submit(other)
            assert done.wait(LIMIT / 2), "the other waited"
        assert len(turns._queue) == 1
    assert not turns._queue
    with turns.aside():
        assert not turns._queue, "without a turn there is nothing to give away"


def test_the_app_makes_its_pages_in_turn(jobs, monkeypatch):
    turns, seen = Turns(), []
    monkeypatch.setattr("kdviz.widgets.turns.of_pages", turns)
    monkeypatch.setattr("kdviz.widgets.visitor.say_wrong_key", lambda: seen.append(len(turns._queue)))
    opened("pages/words.py")
    assert seen == [1]
    assert not turns._queue


def test_a_page_that_ends_with_an_error_gives_its_turn_away():
    turns = Turns(most=LIMIT)
    for _ in range(2):
        with pytest.raises(ValueError, match="a page"), turns.turn():
            raise ValueError("a page")
    assert not turns._queue
