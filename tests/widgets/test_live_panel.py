"""The looks at a run that was just started: each waits until there is something new, and not for long."""

from types import SimpleNamespace

import pytest

from kdviz.widgets import live_panel


class Clock:
    """Time that passes only in `sleep`."""

    def __init__(self):
        self.now = 0.0

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(live_panel, "monotonic", lambda: clock.now)
    monkeypatch.setattr(live_panel, "sleep", clock.sleep)
    return clock


def looks_at(clock, *, changes_at, awaits=lambda: ""):
    """The first looks at a run that changes at this second."""
    jobs = SimpleNamespace(version=lambda _: clock.now >= changes_at, awaits=lambda _: awaits())
    return live_panel._FirstLooks(jobs, SimpleNamespace(id="run"))


def test_the_first_look_waits_for_nothing(clock):
    looks_at(clock, changes_at=9).wait()
    assert clock.now == 0


def test_a_look_waits_until_the_run_has_changed(clock):
    looks = looks_at(clock, changes_at=0.1)
    looks.wait()
    looks.wait()
    assert 0.1 <= clock.now <= 0.1 + 2 * live_panel.FIRST_STEP


def test_a_look_waits_until_the_run_waits_for_something_else(clock):
    looks = looks_at(clock, changes_at=9, awaits=lambda: "worker" if clock.now >= 0.1 else "cluster")
    looks.wait()
    looks.wait()
    assert 0.1 <= clock.now <= 0.1 + 2 * live_panel.FIRST_STEP


def test_a_look_at_what_does_not_change_ends_soon(clock):
    looks = looks_at(clock, changes_at=9)
    looks.wait()
    for times in (1, 2):
        looks.wait()
        assert clock.now == pytest.approx(times * live_panel.FIRST_WAIT, abs=times * live_panel.FIRST_STEP)
