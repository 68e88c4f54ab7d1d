"""The page that a browser loads before it speaks with the server: Streamlit's own, with our language, title and style,
and with what watches the connection.

Streamlit sends them after the content has begun to show, and what is shown would jump.
"""

import json
import re
from functools import cache
from html import escape
from pathlib import Path

import streamlit
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kdviz import settings
from kdviz.texts import course
from kdviz.widgets.asked import asks_for_page

_CONNECTION = Path(__file__).parents[1] / "components" / "kdviz.shared" / "connection.js"
_UNWANTED = {b"accept-encoding", b"if-none-match", b"if-modified-since"}  # Streamlit's file is not what is answered
_OF_FILE = {b"content-length", b"etag", b"last-modified"}
# Until the list of pages stands beside it, the empty frame of the page would be moved by it.
_SHOWN = '[data-testid="stSidebar"], h1, [data-testid="stAlert"], [data-testid="stException"]'
_BEFORE = f".stApp:not(:has({_SHOWN})) [data-testid='stAppViewContainer'] {{ display: none; }}"
# What pages begin with and Streamlit would only load when it comes to it.
_PARTS = ("Html", "BidiComponent", "PageLink", "katex")
_CONTROLS = ("Button", "ButtonGroup", "Multiselect", "NumberInput", "Progress", "Selectbox", "Slider", "TextInput")
_IMPORTS = re.compile(rb"""(?:from|import)\s*["'`]\./([\w.-]+\.js)["'`]""")
_FILES = re.compile(r"/([\w.-]+\.js)\"")


class FirstPage:
    """ASGI middleware around Streamlit: completes the HTML of a page, and leaves everything else as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if not asks_for_page(scope):
            await self._app(scope, receive, send)
            return
        asked = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in _UNWANTED]}
        await self._app(asked, receive, _Completed(send))


class _Completed:
    """Sends what Streamlit answers; where that is HTML, once it is whole and completed."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None  # of an answer in HTML, held back until its length is known
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_html(message):
            self._start = message
        elif self._start is None or message["type"] != "http.response.body":
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                body = completed(self._body.decode()).encode()
                headers = [pair for pair in self._start["headers"] if pair[0].lower() not in _OF_FILE]
                length = (b"content-length", str(len(body)).encode())
                await self._send({**self._start, "headers": [*headers, length]})
                await self._send({"type": "http.response.body", "body": body})


def _is_html(message: Message) -> bool:
    kinds = [value for name, value in message["headers"] if name.lower() == b"content-type"]
    return message["status"] == 200 and any(kind.startswith(b"text/html") for kind in kinds)


def completed(html: str) -> str:
    """Streamlit's page with the program's language, name and style sheet."""
    style = (settings.ASSETS / "styles" / "page.css").read_text(encoding="utf-8")
    html = re.sub(r'<html lang="[^"]*">', f'<html lang="{escape(settings.language())}">', html, count=1)
    html = re.sub(r"<title>[^<]*</title>", "<title>kdviz</title>", html, count=1)
    html = html.replace("<head>", f"<head>{_connection()}", 1)
    html = html.replace("</head>", f"{_preloads()}</head>", 1)
    # Streamlit adds its own rules at the end of the head: what is said behind them counts.
    return html.replace("</body>", f"<style>{_BEFORE}\n{style}</style>\n</body>", 1)


@cache  # the same for all, as the content security policy names it by its content
def _connection() -> str:
    """What watches the page's connection: it has to be there before Streamlit opens one."""
    words = json.dumps("\n".join(map(course.words().word, ("lost", "away", "lost-close")))).replace("<", "\\u003c")
    return f'<script type="module">{_CONNECTION.read_text(encoding="utf-8")}\nwatch({words});\n</script>'


def _preloads() -> str:
    names = modules_of(_PARTS + _CONTROLS)
    return "".join(f'<link rel="modulepreload" crossorigin href="./static/js/{name}">\n' for name in names)


@cache
def modules_of(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Streamlit's files for these of its parts, with all that they import, without those that its own page names."""
    folder = Path(streamlit.__file__).parent / "static" / "static" / "js"
    found = [path.name for part in parts for path in folder.glob(f"{part}.*.js")]
    known = set(_FILES.findall((folder.parent.parent / "index.html").read_text(encoding="utf-8")))
    for name in found:  # grows meanwhile: a part is there once all that it imports is
        imported = [other.decode() for other in _IMPORTS.findall((folder / name).read_bytes())]
        found += [other for other in dict.fromkeys(imported) if other not in found and other not in known]
    return tuple(found)
