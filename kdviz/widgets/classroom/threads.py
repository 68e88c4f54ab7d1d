"""Threads for calls that wait for the database, so that the server's own wait for none of them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Threads:
    """A few threads, which start when they are needed."""

    def __init__(self, most: int = 4) -> None:
        self._pool = ThreadPoolExecutor(most, "classroom")

    async def do(self, act: Callable[..., T], *given: object) -> T:
        """What a call returns; meanwhile the event loop goes on."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, act, *given)
