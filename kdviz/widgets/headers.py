"""What every answer tells the browser: to fetch nothing from elsewhere, who may show the app in a frame, and no more.

Streamlit sends no such headers of its own.
"""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

import streamlit
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kdviz import settings
from kdviz.widgets.first_page import completed

_HOST = re.compile(rb"[A-Za-z0-9.:\[\]_-]{1,255}")
# What is asked for within a page, which has said it: for the two hundred files of a first visit a tenth of a megabyte.
_WITHIN = (b"script", b"style", b"font")
_INLINE = re.compile(r"""<script(?: type="module")?>(.*?)</script>""", re.DOTALL)


class Headers:
    """ASGI middleware around everything: adds headers to each answer, but for those that it has.

    Which page may fetch what is left out where a browser says that it asks for no page, frame or worker.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = dict(scope["headers"])
        host, destination = asked.get(b"host", b""), asked.get(b"sec-fetch-dest", b"")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = {name.lower() for name, _ in message["headers"]}
                more = [pair for pair in _headers(host, destination) if pair[0] not in said]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        await self._app(scope, receive, with_headers)


def _headers(host: bytes, destination: bytes) -> list[tuple[bytes, bytes]]:
    for_all = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin")]
    return for_all if destination in _WITHIN else [(b"content-security-policy", policy(host).encode()), *for_all]


def policy(host: bytes = b"") -> str:
    """The content security policy for pages that a browser found at `host`: nothing from anywhere else.

    Styles stand in pages and in what Streamlit adds to them; scripts are files, but for those in the first page.
    """
    # Not every browser takes the server's own WebSocket for 'self'.
    sockets = f" ws://{host.decode()} wss://{host.decode()}" if _HOST.fullmatch(host) else ""
    rules = {
        "default-src": "'self'",
        # Plotly's parallel coordinates compile what they ask of WebGL, and say that there is none where they must not.
        "script-src": " ".join(("'self'", "'unsafe-eval'", *_inline_scripts())),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "media-src": "'self' data: blob:",
        "connect-src": f"'self'{sockets} data: blob:",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": " ".join(("'self'", *settings.frames())),
    }
    return "; ".join(f"{name} {allowed}" for name, allowed in rules.items())


@cache
def _inline_scripts() -> tuple[str, ...]:
    """The scripts in the first page, Streamlit's and ours, by what is in them."""
    html = completed((Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8"))
    digests = (b64encode(sha256(script.encode()).digest()).decode() for script in _INLINE.findall(html))
    return tuple(f"'sha256-{digest}'" for digest in digests)
