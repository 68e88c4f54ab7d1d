"""Seats of a class over its own protocol, many of them in one thread: they follow, answer, race, and come back."""

import asyncio
import json
import threading
import time
from contextlib import suppress

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

AGAIN = 0.2  # seconds before a connection is tried again


class Pupils:
    """So many seats; what each was told last is in `told`, by its number."""

    def __init__(self, address, count):
        self.told = {}
        self._address = address
        self._count = count
        self._sockets = {}
        self._begun = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._follow_all()), daemon=True)

    def __enter__(self):
        self._thread.start()
        self._begun.wait()
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(20)

    def wait(self, seen, patience=60.0):
        """Wait until each of them was told what `seen` says yes to. Raises AssertionError."""
        deadline = time.monotonic() + patience
        while not (len(self.told) == self._count and all(map(seen, list(self.told.values())))):
            assert time.monotonic() < deadline, f"told: {list(self.told.values())[:2]}"
            time.sleep(0.02)

    def say(self, message_of):
        """Each says what `message_of` makes of its number."""
        saying = asyncio.run_coroutine_threadsafe(self._say(message_of), self._loop)
        saying.result(20)

    async def _say(self, message_of):
        said = (socket.send(json.dumps(message_of(number))) for number, socket in self._sockets.items())
        await asyncio.gather(*said)

    async def _follow_all(self):
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        following = [asyncio.create_task(self._follow(number)) for number in range(self._count)]
        self._begun.set()
        await self._ended.wait()
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)

    async def _follow(self, number):
        while True:
            with suppress(OSError, WebSocketException):
                async with connect(f"{self._address}?seat=pupil-{number:016d}") as socket:
                    self._sockets[number] = socket
                    async for text in socket:
                        self.told[number] = json.loads(text)
            await asyncio.sleep(AGAIN)
