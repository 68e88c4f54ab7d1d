"""Pages are made one after the other, in the order in which they were asked for.

Python runs one thread at a time. Where many pages are made at once, each of them waits for all others again and again:
whenever it has looked at a file or told its browser something. One after the other, the last is made no later than
before, and all others earlier. `python -m tests.load` measures it.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from threading import Event, Lock, local
from time import monotonic

MOST = 1.0  # seconds after which others no longer wait for a page that is still being made


@dataclass(eq=False)
class _Turn:
    begun: Event = field(default_factory=Event)
    ends: float = inf


class Turns:
    """A queue of threads; one that takes longer than `most` seconds goes on beside the next."""

    def __init__(self, most: float = MOST) -> None:
        self._most = most
        self._lock = Lock()
        self._queue: deque[_Turn] = deque()  # the first is the one whose turn it is
        self._thread = local()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for this thread's turn, which lasts as long as the context; no wait where it has come already.

        Also a decorator: of parts of a page that are drawn again by themselves.
        """
        if self._mine() is not None:
            yield
            return
        try:
            self._enter()
            yield
        finally:
            self._leave()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Give the turn away while this thread waits for a worker; after that it waits for another turn."""
        if self._mine() is None:
            yield
            return
        self._leave()
        try:
            yield
        finally:
            self._enter()

    def _mine(self) -> _Turn | None:
        mine: _Turn | None = getattr(self._thread, "mine", None)
        return mine

    def _enter(self) -> None:
        mine = self._thread.mine = _Turn()
        with self._lock:
            self._queue.append(mine)
            self._begin()
        while not mine.begun.wait(self._most):
            self._pass_over()

    def _leave(self) -> None:
        mine, self._thread.mine = self._thread.mine, None
        with self._lock:
            if mine in self._queue:
                self._queue.remove(mine)
            self._begin()

    def _begin(self) -> None:
        if self._queue and not self._queue[0].begun.is_set():
            self._queue[0].ends = monotonic() + self._most
            self._queue[0].begun.set()

    def _pass_over(self) -> None:
        with self._lock:
            if self._queue[0].ends <= monotonic():
                self._queue.popleft()
                self._begin()


of_pages = Turns()
