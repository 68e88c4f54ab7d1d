"""How much a visitor may send: one file at a time, and all visitors together what the server can hold.

Streamlit keeps each file of a session in memory until the session ends, as many as are sent under names of their own.
"""

import re

import streamlit as st
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

_FILES = 10  # of the largest size, that all visitors together may hold
_UPLOAD = re.compile(r"/_stcore/upload_file/(?P<session>[^/]+)/(?P<file>[^/]+)$")


class Uploads:
    """ASGI middleware around Streamlit: of what a session sends, the last file is kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        found = _UPLOAD.search(scope.get("path", "")) if scope["type"] == "http" and scope["method"] == "PUT" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        files = _files()
        drop_all_but(files, found["session"], "")
        if held(files) > most():
            await PlainTextResponse("Too many files at once; try again in a minute.", 503)(scope, receive, send)
            return
        await self._app(scope, receive, send)
        drop_all_but(files, found["session"], found["file"])


def largest() -> int:
    """Megabytes that a file may have: Streamlit's option, which `.streamlit/config.toml` or the environment sets."""
    return int(st.get_option("server.maxUploadSize"))


def most() -> int:
    """Bytes that the files of all visitors together may have."""
    return _FILES * largest() * 1_000_000


def _files() -> MemoryUploadedFileManager:
    files = runtime.get_instance().uploaded_file_mgr
    assert isinstance(files, MemoryUploadedFileManager)
    return files


def drop_all_but(files: MemoryUploadedFileManager, session: str, file: str) -> None:
    """Let go of the session's other files; those that came at the same time as well."""
    for other in set(files.file_storage.get(session, {})) - {file}:
        files.remove_file(session, other)


def held(files: MemoryUploadedFileManager) -> int:
    """Bytes of all files that are held."""
    return sum(len(file.data) for session in list(files.file_storage.values()) for file in list(session.values()))
