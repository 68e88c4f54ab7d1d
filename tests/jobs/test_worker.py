"""What a worker does when it starts."""

import os

import pytest

from kdviz.jobs import worker


@pytest.mark.skipif(not hasattr(os, "setpriority"), reason="Windows has no such thing")
def test_a_worker_stands_back_for_the_pages(monkeypatch):
    done = []
    monkeypatch.setattr(os, "setpriority", lambda *given: done.append(given))
    monkeypatch.setattr(worker, "_rehearse", lambda: None)
    worker.dask_setup(None)
    assert done == [(os.PRIO_PROCESS, 0, worker.BEHIND)]
