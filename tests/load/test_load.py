"""A small load: what must hold for many visitors holds for a few, on a machine that does other things too."""

import json
from contextlib import suppress

import pytest

from tests.browser.app_server import AppServer
from tests.load.drive import Plan, run
from tests.load.figures import Spread
from tests.load.session import LostError, Session
from tests.samples import asynchronous


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


async def come_and_go(port, visits):
    """So many visitors, one after the other; those that were not served."""
    sessions = [Session(port) for _ in range(visits)]
    for session in sessions:
        with suppress(LostError):
            await session.open("temperature", "data=digits")
        await session.close()
    return [session for session in sessions if session.heard.lost]


@pytest.mark.cluster
def test_a_server_with_few_open_files_serves_whoever_comes_after_many(tmp_path):
    """Each session that is kept for its browser to come back has three of them open."""
    pytest.importorskip("resource", reason="Windows has no such limit")
    server = AppServer(tmp_path / "state", open_files=128)
    try:
        lost = asynchronous.run(come_and_go(server.port, visits=60))
        log = server.log.read_text()
    finally:
        server.stop()
    assert lost == []
    assert "Only 128 open files" in log
    assert "of 128 open files are in use" in log


def test_a_spread_is_of_all_values():
    spread = Spread.of([0.01 * number for number in range(1, 101)])
    assert (spread.times, spread.most) == (100, 1.0)
    assert (spread.median, spread.p95) == pytest.approx((0.505, 0.95))
    assert Spread.of([2.0]) == Spread(1, 2.0, 2.0, 2.0)
