"""Scripts, styles and pages are sent compressed: Streamlit sends its own as they are, up to 10 MB for a first visit.

Streamlit leaves that to a proxy, since it would compress every file anew for every visitor. Here a file is compressed
once and kept: Streamlit's files have a hash of their content in their names and never change. Brotli leaves an eighth
less than gzip; browsers take it from this machine and over HTTPS.
"""

import gzip
import re
from asyncio import Lock, to_thread
from collections.abc import Callable, Mapping
from functools import partial

import brotli
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kdviz.widgets.asked import asks_for_page, asks_for_seat

# How browsers name them, the best first. Gzip at 9 leaves half a percent less and takes three times as long; Brotli at
# 11 leaves 5 % less and takes twenty times as long.
CODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "br": partial(brotli.compress, quality=9),
    "gzip": partial(gzip.compress, compresslevel=6, mtime=0),
}
MOST = 32_000_000  # bytes that are kept: all of Streamlit's scripts together have a quarter of that
_FILE = re.compile(r"/static/(?:js|css|media)/[\w.-]+\.[\w-]{8}\.(?:js|css|ttf)$")
_TEXT = (b"text/", b"application/javascript", b"application/json", b"font/ttf")
_SHORT = 1000  # bytes, of which there is nothing to gain
_ACCEPTED = b"accept-encoding"


class Compressed:
    """ASGI middleware around Streamlit: compresses its files and pages for browsers that take it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: dict[tuple[str, str], list[Message]] = {}  # whole answers, by path and coding
        self._size = 0
        self._making: dict[tuple[str, str], Lock] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path, coding = scope.get("path", ""), ""
        if scope["type"] == "http" and scope["method"] == "GET":
            coding = _taken(scope)
        if coding and _FILE.search(path):
            await self._file(path, coding, scope, receive, send)
        elif coding and (asks_for_page(scope) or asks_for_seat(scope)):
            await self._app(scope, receive, _Coded(send, coding))
        else:
            await self._app(scope, receive, send)

    async def _file(self, path: str, coding: str, scope: Scope, receive: Receive, send: Send) -> None:
        lock = self._making.setdefault((path, coding), Lock())
        async with lock:  # of many who arrive at once, one makes it
            if (path, coding) not in self._kept:
                answer: list[Message] = []

                async def note(message: Message) -> None:
                    answer.append(message)

                asked = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != _ACCEPTED]}
                await self._app(asked, receive, _Coded(note, coding))
                self._keep(path, coding, answer)
            else:
                answer = self._kept[path, coding]
        self._making.pop((path, coding), None)
        for message in answer:
            await send(message)

    def _keep(self, path: str, coding: str, answer: list[Message]) -> None:
        if not answer:  # the browser left before its file was read
            return
        size = sum(len(message.get("body", b"")) for message in answer)
        if _is_coded_file(answer[0], coding) and self._size + size <= MOST:
            self._kept[path, coding] = answer
            self._size += size


class _Coded:
    """Sends what Streamlit answers; a text of some length once it is whole and compressed."""

    def __init__(self, send: Send, coding: str) -> None:
        self._send = send
        self._coding = coding
        self._start: Message | None = None  # of a text, held back until its length is known
        self._body: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_text(message):
            self._start = message
        elif self._start is None or message["type"] != "http.response.body":
            await self._send(message)
        else:
            self._body.append(message.get("body", b""))
            if not message.get("more_body", False):
                await self._whole(self._start, b"".join(self._body))

    async def _whole(self, start: Message, body: bytes) -> None:
        headers = [(name, _weak(name, value)) for name, value in start["headers"] if name.lower() != b"content-length"]
        headers.append((b"vary", b"Accept-Encoding"))
        if len(body) >= _SHORT:
            body = await to_thread(CODINGS[self._coding], body)
            headers.append((b"content-encoding", self._coding.encode()))
        await self._send({**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
        await self._send({"type": "http.response.body", "body": body})


def _taken(scope: Scope) -> str:
    """The best coding that the browser takes; "" where it takes none, or has a part of the file."""
    asked = dict(scope["headers"])
    if {b"range", b"if-none-match"} & asked.keys():
        return ""
    accepted = {part.partition(b";")[0].strip().decode("latin-1") for part in asked.get(_ACCEPTED, b"").split(b",")}
    return next((coding for coding in CODINGS if coding in accepted), "")


def _is_text(start: Message) -> bool:
    headers = {name.lower(): value for name, value in start["headers"]}
    kind = headers.get(b"content-type", b"")
    return start["status"] == 200 and b"content-encoding" not in headers and kind.startswith(_TEXT)


def _is_coded_file(start: Message, coding: str) -> bool:
    """Whether it is one: Streamlit answers with its page where there is none."""
    headers = dict(start["headers"])
    return headers.get(b"content-encoding") == coding.encode() and not headers[b"content-type"].startswith(b"text/html")


def _weak(name: bytes, value: bytes) -> bytes:
    """The name of a content that is the same but for its coding."""
    return b"W/" + value if name.lower() == b"etag" and not value.startswith(b"W/") else value
