"""The playground and TensorFlow.js in one browser, on few updates; and what is said where either is not there."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from kdviz.bench import playground, timing
from tests.conftest import missing


@pytest.mark.browser
@pytest.mark.trains
def test_the_playground_and_tensorflow_do_the_same_work_and_are_timed_in_turns(mnist, monkeypatch):
    monkeypatch.setattr(playground, "UPDATES", {"playground": 6, "wasm": 3, "cpu": 1})
    monkeypatch.setattr(playground, "PAIR_UPDATES", 10)
    said = []
    with ThreadPoolExecutor(1) as own_thread:  # Playwright takes one browser a thread, and other tests may hold theirs
        measured = own_thread.submit(playground.measure, timing.Effort(2), said.append).result()
    if measured is None:
        missing(said[0])
    assert len(said) == 6
    assert measured.losses_apart < 1e-3
    assert [len(taken) for of_units in measured.milliseconds for taken in of_units.values()] == [2] * 6
    assert all(ratio.low > 0 for ratio in [*measured.faster_than_tensorflow, measured.pairs_per_second])


def test_without_a_browser_the_playground_is_left_out_in_one_line(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    said = []
    assert playground.measure(timing.FULL, said.append) is None
    assert len(said) == 1
    assert said[0].startswith("playground left out: ")
