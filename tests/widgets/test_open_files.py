"""The limit of open files: raised as far as it may be, and said in the log when it is near."""

import logging
import subprocess
import sys

import pytest
from streamlit import config

from kdviz.widgets.open_files import Watch, keep_fewer_sessions, number, raise_limit

resource = pytest.importorskip("resource", reason="Windows has no such limit")
SCRIPT = """
import resource, sys
from kdviz.widgets.open_files import raise_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (256, int(sys.argv[1])))
print(raise_limit(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize("hard", [256, 1024])
def test_the_soft_limit_is_raised_to_the_hard_one(hard):
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(hard)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(hard), str(hard)]


def test_what_is_more_stays(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (100_000, 200_000))
    monkeypatch.setattr(resource, "setrlimit", lambda *_: pytest.fail("it was changed"))
    assert raise_limit() == 100_000


@pytest.mark.parametrize(("limit", "kept_for"), [(256, 20), (4096, 120), (0, 120)])
def test_where_there_are_few_sessions_without_a_browser_go_soon(limit, kept_for):
    kept = config.get_option("server.disconnectedSessionTTL")
    try:
        keep_fewer_sessions(limit)
        assert config.get_option("server.disconnectedSessionTTL") == kept_for
    finally:
        config.set_option("server.disconnectedSessionTTL", kept)


def test_open_files_are_counted():
    before = number()
    with open(__file__):
        assert number() == before + 1


def test_the_log_says_once_a_minute_that_the_limit_is_near(caplog):
    watch = Watch(None, 100)
    with caplog.at_level(logging.WARNING):
        for now, moment in ((80, 0.0), (81, 1.0), (99, 30.0), (90, 62.0)):
            watch._look(now, moment)
    assert [record.getMessage().partition(" open")[0] for record in caplog.records] == ["81 of 100", "90 of 100"]
