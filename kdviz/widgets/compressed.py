"""Scripts, styles and pages are sent gzipped: Streamlit sends its own as they are, up to 10 MB for a first visit.

Streamlit leaves that to a proxy, since it would compress every file anew for every visitor. Here a file is compressed
once and kept: Streamlit's files have a hash of their content in their names and never change.
"""

import gzip
import re
from asyncio import Lock, to_thread

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kdviz.widgets.asked import asks_for_page

LEVEL = 6  # at 9 the files are half a percent smaller and take three times as long
MOST = 32_000_000  # bytes that are kept: all of Streamlit's scripts together have a quarter of that
_FILE = re.compile(r"/static/(?:js|css|media)/[\w.-]+\.[\w-]{8}\.(?:js|css|ttf)$")
_TEXT = (b"text/", b"application/javascript", b"application/json", b"font/ttf")
_SHORT = 1000  # bytes, of which there is nothing to gain
_UNWANTED = (b"accept-encoding",)


class Compressed:
    """ASGI middleware around Streamlit: compresses its files and pages for browsers that take it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: dict[str, list[Message]] = {}  # whole answers, by path
        self._size = 0
        self._making: dict[str, Lock] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope.get("path", "")
        if scope["type"] != "http" or scope["method"] != "GET" or not _takes_gzip(scope):
            await self._app(scope, receive, send)
        elif _FILE.search(path):
            await self._file(path, scope, receive, send)
        elif asks_for_page(scope):
            await self._app(scope, receive, _Gzipped(send))
        else:
            await self._app(scope, receive, send)

    async def _file(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        lock = self._making.setdefault(path, Lock())
        async with lock:  # of many who arrive at once, one makes it
            if path not in self._kept:
                answer: list[Message] = []

                async def note(message: Message) -> None:
                    answer.append(message)

                asked = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in _UNWANTED]}
                await self._app(asked, receive, _Gzipped(note))
                self._keep(path, answer)
            else:
                answer = self._kept[path]
        self._making.pop(path, None)
        for message in answer:
            await send(message)

    def _keep(self, path: str, answer: list[Message]) -> None:
        size = sum(len(message.get("body", b"")) for message in answer)
        if _is_gzipped_file(answer[0]) and self._size + size <= MOST:
            self._kept[path] = answer
            self._size += size


class _Gzipped:
    """Sends what Streamlit answers; a text of some length once it is whole and compressed."""

    def __init__(self, send: Send) -> None:
        self._send = send
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
            body = await to_thread(gzip.compress, body, LEVEL, mtime=0)
            headers.append((b"content-encoding", b"gzip"))
        await self._send({**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
        await self._send({"type": "http.response.body", "body": body})


def _takes_gzip(scope: Scope) -> bool:
    asked = dict(scope["headers"])
    return b"gzip" in asked.get(b"accept-encoding", b"") and not {b"range", b"if-none-match"} & asked.keys()


def _is_text(start: Message) -> bool:
    headers = {name.lower(): value for name, value in start["headers"]}
    kind = headers.get(b"content-type", b"")
    return start["status"] == 200 and b"content-encoding" not in headers and kind.startswith(_TEXT)


def _is_gzipped_file(start: Message) -> bool:
    """Whether it is one: Streamlit answers with its page where there is none."""
    headers = dict(start["headers"])
    return headers.get(b"content-encoding") == b"gzip" and not headers[b"content-type"].startswith(b"text/html")


def _weak(name: bytes, value: bytes) -> bytes:
    """The name of a content that is the same but for its coding."""
    return b"W/" + value if name.lower() == b"etag" and not value.startswith(b"W/") else value
