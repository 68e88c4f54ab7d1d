"""A small load: what must hold for many visitors holds for a few, on a machine that does other things too."""

import json

import pytest

from tests.load.drive import Plan, run
from tests.load.figures import Spread


@pytest.mark.cluster
def test_a_few_visitors_read_and_watch(tmp_path):
    plan = Plan(
        visitors=5, within=0.5, reading=2.5, watching=5.0, watchers=2, starters=1, think=(0.3, 0.6), data="digits"
    )
    load = run(plan, tmp_path)
    assert (load.errors, load.lost) == ((), 0)
    assert load.later.times >= 5
    assert load.controls.times >= 3
    assert load.megabytes_session < 5
    assert load.watcher_bytes < 10_000
    assert load.progress.times >= 4
    assert load.progress_slow.median < 2  # it does not fall behind
    assert load.pause < 5
    assert "| first page |" in load.table()
    json.dumps(load.json())


def test_a_spread_is_of_all_values():
    spread = Spread.of([0.01 * number for number in range(1, 101)])
    assert (spread.times, spread.most) == (100, 1.0)
    assert (spread.median, spread.p95) == pytest.approx((0.505, 0.95))
    assert Spread.of([2.0]) == Spread(1, 2.0, 2.0, 2.0)
