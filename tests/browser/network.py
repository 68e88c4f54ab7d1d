"""A network between a browser and the server that can be away for a while, or slow: a proxy of this process's own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine
from typing import Any

from tests.samples.ports import free_port

CHUNK = 4096  # bytes that are carried at once
AHEAD = 16  # chunks of a direction that may be on their way: what the network's own buffers hold


class Network:
    """Listens at `url`, and carries what comes to the server's port and back; `delay` in seconds, `rate` in bytes/s."""

    def __init__(self, port: int) -> None:
        self.delay, self.rate = 0.0, float("inf")
        self.carried = 0  # bytes from the server
        self._to, self._port = port, free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._loop = asyncio.new_event_loop()
        self._free = {True: 0.0, False: 0.0}  # when each direction has carried what was given to it
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._there = asyncio.Event()
        self._do(self._begin())

    def offline(self) -> None:
        """Nothing arrives any more; what is sent waits."""
        self._loop.call_soon_threadsafe(self._there.clear)

    def online(self) -> None:
        """What has waited arrives."""
        self._loop.call_soon_threadsafe(self._there.set)

    def slow(self, delay: float, rate: float) -> None:
        """From now on everything takes that long, and no more goes through; `rate` for all connections together."""
        self.delay, self.rate = delay, rate

    def close(self) -> None:
        """End every connection."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _begin(self) -> None:
        self._there.set()
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self._port)

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._there.wait()
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        both = self._carry(reader, back, False), self._carry(there, writer, True)
        await asyncio.gather(*both, return_exceptions=True)

    async def _carry(self, source: asyncio.StreamReader, to: asyncio.StreamWriter, down: bool) -> None:
        on_its_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(AHEAD)

        async def arrive() -> None:
            while True:
                due, data = await on_its_way.get()
                await asyncio.sleep(due - time.monotonic())
                await self._there.wait()
                if not data:
                    to.close()
                    return
                if down:
                    self.carried += len(data)
                to.write(data)
                await to.drain()

        arriving = asyncio.ensure_future(arrive())
        try:
            while not arriving.done():
                data = await source.read(CHUNK)
                await self._there.wait()
                begins = max(time.monotonic(), self._free[down])
                self._free[down] = begins + len(data) / self.rate
                await on_its_way.put((self._free[down] + self.delay, data))
                if not data:
                    await arriving
                    return
        finally:
            arriving.cancel()
            to.close()
