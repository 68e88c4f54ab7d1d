"""Open files, which connections are too: the server may have more of them than a shell allows by default."""

import logging
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config
from streamlit.runtime import Runtime

WANTED = 65_536
# A visit takes about ten for a moment, and three as long as its session is kept for a browser that may come back.
FEW = 1024
KEPT_FOR = 20  # seconds, where there are few; else two minutes, Streamlit's own
_NEAR = 0.8  # of the limit
_AGAIN = 60.0  # seconds between two warnings
_LISTS = ("/proc/self/fd", "/dev/fd")  # Linux, macOS
_LOG = logging.getLogger("kdviz.open_files")


def raise_limit(wanted: int = WANTED) -> int:
    """Raise this process's soft limit as far as it may be, and is of use; what it is now, 0 where there is none."""
    try:
        import resource
    except ImportError:  # Windows, which has no such limit
        return 0
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return 0
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    while most > soft:
        with suppress(ValueError, OSError):  # some systems have a limit of their own below the hard one
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            return most
        most //= 2
    return soft


def keep_fewer_sessions(limit: int) -> None:
    """Where there are few open files, let sessions go soon whose browser is gone; before Streamlit starts."""
    if 0 < limit < FEW:
        config.set_option("server.disconnectedSessionTTL", KEPT_FOR)
        _LOG.warning("Only %d open files: what a browser that is gone had open is kept for %d s.", limit, KEPT_FOR)


def forget_absent() -> None:
    """Delete all sessions that are kept for browsers which have left; called on the thread of Streamlit's event loop.

    Streamlit itself deletes those whose time is over only when it keeps another one, which needs open files first.
    """
    if Runtime.exists():
        sessions: Any = Runtime.instance()._session_mgr
        sessions._session_storage._cache.clear()


def number() -> int:
    """How many are open; 0 where that cannot be known."""
    for folder in _LISTS:
        if Path(folder).is_dir():
            return len(os.listdir(folder))
    return 0


class Watch:
    """ASGI middleware: looks at each new connection whether the limit is near, makes room, and says so in the log."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit
        self._said = -_AGAIN

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket" and self._limit:
            self._look(number(), time.monotonic())
        await self._app(scope, receive, send)

    def _look(self, now: int, moment: float) -> None:
        if now <= _NEAR * self._limit:
            return
        forget_absent()
        if moment - self._said >= _AGAIN:
            self._said = moment
            _LOG.warning(
                "%d of %d open files are in use; beyond that nobody else can connect, so what was kept "
                "for browsers that are gone is let go. `ulimit -n` allows more.",
                now,
                self._limit,
            )
