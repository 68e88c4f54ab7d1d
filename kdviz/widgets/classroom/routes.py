"""The addresses of a class, and the channel by which its stage and its seats hear of one another.

A stage is the presenter's; a seat is anybody's. What cannot be read, or comes too often, closes the connection that it
came by, with the reason, and nothing else.
"""

import asyncio
import gzip
import hashlib
import logging
import re
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import segno
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit.web.server.server_util import is_url_from_allowed_origins

from kdviz import settings
from kdviz.exports.class_posts import as_csv
from kdviz.store.classes import ClassStore, seat_address
from kdviz.store.database import StoreError
from kdviz.widgets import visitor
from kdviz.widgets.classroom import messages
from kdviz.widgets.classroom.messages import FromSeat, FromStage, UnreadableError
from kdviz.widgets.classroom.room import Room, StageView
from kdviz.widgets.classroom.threads import Threads

MOST_DATA = 4_000_000  # bytes of a component's data
_SEAT = re.compile(r"[\w-]{16,64}", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}")
_FOREVER = {"cache-control": "public, max-age=31536000, immutable", "content-encoding": "gzip"}
_LOG = logging.getLogger("kdviz.classroom")

# Why a connection is closed. A browser connects anew after each, but only now and then after the first two.
GONE, ENDED, FORBIDDEN, UNREADABLE, TOO_MUCH, FULL, LATER = 4404, 4410, 4403, 4400, 4408, 4429, 1013


class RefusedError(Exception):
    """A connection that is closed, and the reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class Allowance:
    """How many messages a connection may send: `burst` at once, and `rate` a second for long."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._left, self._since = burst, time.monotonic()

    def take(self, now: float) -> None:
        """One message more, at a moment. Raises RefusedError."""
        self._left = min(self._burst, self._left + (now - self._since) * self._rate) - 1
        self._since = now
        if self._left < 0:
            raise RefusedError(TOO_MUCH, "Too many messages.")


class Classroom:
    """The classes at this server."""

    def __init__(self, opened: Callable[[], ClassStore]) -> None:
        """`opened` opens the store, once it is needed."""
        self._opened = opened
        self._store: ClassStore | None = None
        self._threads = Threads()
        self._rooms: dict[str, Room] = {}

    def routes(self) -> list[Route | WebSocketRoute]:
        """The addresses of all classes."""
        return [
            WebSocketRoute("/class/live", self.live),
            Route("/class/now", _told(self.now), methods=["GET"]),
            Route("/class/saved.csv", _told(self.saved), methods=["GET"]),
            Route("/class/data", _told(self.keep_data), methods=["POST"]),
            Route("/class/data/{digest}", _told(self.data), methods=["GET"]),
        ]

    async def store(self) -> ClassStore:
        """The store of the classes. Raises StoreError."""
        if self._store is None:
            self._store = await self._threads.do(self._opened)
        return self._store

    async def live(self, socket: WebSocket) -> None:
        """A stage or a seat, as long as it is connected."""
        await socket.accept()
        try:
            await self._meet(socket)
        except WebSocketDisconnect:
            pass
        except RefusedError as refused:
            await _close(socket, refused.code, refused.reason)
        except StoreError as error:
            _LOG.warning("A class cannot be served: %s", error)
            await _close(socket, LATER, "The class cannot be read now.")

    async def _meet(self, socket: WebSocket) -> None:
        if not from_own_page(socket.headers):
            raise RefusedError(FORBIDDEN, "This page is not the app's.")
        asked = socket.query_params
        as_stage = asked.get("role") == "stage"
        if as_stage and not visitor.presents(socket.cookies, socket.headers):
            raise RefusedError(FORBIDDEN, "Only the presenter has the stage of a class.")
        if not as_stage and not _SEAT.fullmatch(asked.get("seat", "")):
            raise RefusedError(UNREADABLE, "A seat has an id of 16 to 64 letters, digits, hyphens and underscores.")
        code = await self.code(asked.get("class", ""))
        room = self._rooms.setdefault(code, Room(await self.store(), self._threads, code))
        try:
            await (self._stage(socket, room) if as_stage else self._seat(socket, room, asked["seat"]))
        finally:
            if room.over:
                self._rooms.pop(code, None)

    async def code(self, wanted: str = "") -> str:
        """The open class of that name, or whichever is open. Raises RefusedError where there is none."""
        store = await self.store()
        code = await self._threads.do(store.open_code, wanted)
        if code is None:
            raise RefusedError(GONE, "There is no such class; it may have ended." if wanted else "No class is open.")
        return code

    async def _stage(self, socket: WebSocket, room: Room) -> None:
        allowed, view = Allowance(rate=20, burst=60), StageView()

        async def hear(text: str) -> bool:
            said = messages.read(FromStage, text, messages.MOST_OF_STAGE)
            if said.show is not None:
                await room.show(said.show)
            if said.poll is not None:
                await room.poll(said.poll)
            if said.end:
                await room.end()
            return said.ping is not None

        with room.entered() as changed:
            await _converse(socket, room, changed, allowed, hear, lambda: view.news(room))

    async def _seat(self, socket: WebSocket, room: Room, seat: str) -> None:
        allowed = Allowance(rate=4, burst=40)

        async def hear(text: str) -> bool:
            said = messages.read(FromSeat, text, messages.MOST_OF_SEAT)
            if said.answer is not None:
                await room.answer(seat, said.answer)
            if said.drawing is not None:
                await room.keep(seat, "drawing", said.drawing.model_dump_json())
            if said.point is not None:
                await room.keep(seat, "point", said.point.model_dump_json())
            return said.ping is not None

        async def told() -> str:
            return room.told()

        if not await room.sit(seat):
            raise RefusedError(FULL, "The class is full.")
        try:
            with room.entered() as changed:
                await _converse(socket, room, changed, allowed, hear, told)
        finally:
            await room.stand_up(seat)

    async def now(self, request: Request) -> Response:
        """The presenter's open class: its code, where its seats are, and that as a QR code; nothing for others.

        `at` is where the presenter's browser finds the app.
        """
        told: dict[str, str] = {}
        if visitor.presents(request.cookies, request.headers):
            with suppress(RefusedError):
                code = await self.code()
                address = seat_address(settings.class_address() or request.query_params.get("at", "/"), code)
                qr = segno.make(address, micro=False, error="m").svg_data_uri(svgns=True, scale=8)
                told = {"code": code, "address": address, "qr": qr}
        return JSONResponse(told, headers={"cache-control": "no-store"})

    async def saved(self, request: Request) -> Response:
        """What the class has sent, as a table."""
        if not visitor.presents(request.cookies, request.headers):
            return PlainTextResponse("Only the presenter saves a class.", 403)
        store, code = await self.store(), await self.code(request.query_params.get("class", ""))
        table = as_csv(await self._threads.do(store.posts, code))
        named = {"content-disposition": f'attachment; filename="class-{code}.csv"', "cache-control": "no-store"}
        return PlainTextResponse(table, media_type="text/csv", headers=named)

    async def keep_data(self, request: Request) -> Response:
        """Keep a component's data for the seats; answers with the hash that they have from now on."""
        if not from_own_page(request.headers) or not visitor.presents(request.cookies, request.headers):
            return PlainTextResponse("Only the presenter has the stage of a class.", 403)
        code = await self.code(request.query_params.get("class", ""))
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > MOST_DATA:
                return PlainTextResponse(f"The data of a component may have {MOST_DATA} bytes.", 413)
        digest = hashlib.sha256(body).hexdigest()
        packed = await self._threads.do(gzip.compress, body, 6)
        store = await self.store()
        if not await self._threads.do(store.keep, code, digest, packed):
            return PlainTextResponse("There is no room for more data of this class.", 507)
        return JSONResponse({"hash": digest})

    async def data(self, request: Request) -> Response:
        """A component's data."""
        digest = request.path_params["digest"]
        store, code = await self.store(), await self.code(request.query_params.get("class", ""))
        found = await self._threads.do(store.data, code, digest) if _HASH.fullmatch(digest) else None
        if found is None:
            return PlainTextResponse("There are no such data.", 404)
        return Response(found, media_type="application/json", headers=_FOREVER)


def from_own_page(headers: Headers) -> bool:
    """Whether a page of the app asks, or no page at all: another site's must not act in the presenter's name."""
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host") or is_url_from_allowed_origins(origin)


async def _converse(
    socket: WebSocket,
    room: Room,
    changed: asyncio.Event,
    allowed: Allowance,
    hear: Callable[[str], Awaitable[bool]],
    news: Callable[[], Awaitable[str]],
) -> None:
    """Hear what is sent, and tell what is new, until one of the two ends; a browser that asks is told that we hear."""

    async def listen() -> None:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            allowed.take(time.monotonic())
            try:
                asked = await hear(message.get("text") or "")
            except UnreadableError as error:
                raise RefusedError(UNREADABLE, str(error)) from None
            if asked:
                await socket.send_text('{"pong": 1}')

    async def tell() -> None:
        said = ""
        while not room.over:
            if room.state is not None and (text := await news()) != said:
                said = text
                await socket.send_text(text)
            await changed.wait()
            changed.clear()
        raise RefusedError(ENDED, "The class has ended.")

    await _until_one_ends(listen(), tell())


async def _until_one_ends(*parts: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    with suppress(RuntimeError, WebSocketDisconnect):  # where it has gone meanwhile
        await socket.close(code, reason.encode()[:120].decode(errors="ignore"))


def _told(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[HTTPConnection], Awaitable[Response]]:
    """A refusal as a plain sentence."""

    async def told(request: Any) -> Response:
        try:
            return await answer(request)
        except RefusedError as refused:
            return PlainTextResponse(refused.reason, 404)
        except StoreError as error:
            _LOG.warning("A class cannot be served: %s", error)
            return PlainTextResponse("The class cannot be read now.", 503)

    return told
