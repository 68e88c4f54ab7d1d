"""A slow network between a visitor and the server: what passes is late, and there is only so much of it a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_PIECE = 1460  # bytes, what a packet carries
_WINDOW = 16_384  # bytes that wait for their turn; a sender that has more has to wait


@asynccontextmanager
async def slow_line(port: int, *, late: float, rate: float) -> AsyncIterator[int]:
    """A port that leads to `port`, `late` seconds there and back together, at `rate` bytes a second each way."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop, on_its_way = asyncio.get_running_loop(), asyncio.Queue[tuple[float, bytes]](_WINDOW // _PIECE)

        async def arrive() -> None:
            while True:
                due, piece = await on_its_way.get()
                await asyncio.sleep(due - loop.time())
                writer.write(piece)
                await writer.drain()
                if not piece:
                    writer.close()
                    return

        arriving = asyncio.create_task(arrive())
        try:
            while piece := await reader.read(_PIECE):
                await asyncio.sleep(len(piece) / rate)
                await on_its_way.put((loop.time() + late / 2, piece))
            await on_its_way.put((loop.time() + late / 2, b""))
            await arriving
        finally:
            arriving.cancel()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port, limit=_WINDOW)
        with suppress(ConnectionError, asyncio.CancelledError):  # the line is taken away at the end
            await asyncio.gather(carry(reader, back), carry(there, writer))

    line = await asyncio.start_server(connect, "127.0.0.1", 0, limit=_WINDOW)
    async with line:
        yield int(line.sockets[0].getsockname()[1])
