"""A visitor without a browser: says over Streamlit's own protocol what a browser says, and times the answers."""

from __future__ import annotations

import asyncio
import json
import re
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PATIENCE = 60.0  # seconds for an answer
_ID = re.compile(r"\$\$ID-[0-9a-f]+-(.+)")  # of a widget, with the key it has in the program
_PROGRESS = re.compile(r"^(Teacher|Students): epoch .* update ([\d,]+) of")


class LostError(Exception):
    """The server closed the connection, or did not answer."""


class Counted(ClientConnection):
    """A connection that counts what arrives, as it travelled."""

    arrived = 0  # bytes

    def data_received(self, data: bytes) -> None:
        self.arrived += len(data)
        super().data_received(data)


@dataclass
class Heard:
    """What a session has seen so far."""

    errors: list[str] = field(default_factory=list)
    lost: bool = False
    progress: list[tuple[float, str, int]] = field(default_factory=list)  # moment, whose, update: as they were shown
    paused: float | None = None  # the moment at which it was shown that the run stands still


class Session:
    """One visitor's session. `open` it, `go` to other pages, `move` controls, `press` buttons; `close` it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.heard = Heard()
        self.query = ""
        self._pages: dict[str, str] = {}  # the hashes of pages, by address
        self._page = ""
        self._states: dict[str, WidgetState] = {}
        self._widgets: dict[str, str] = {}  # ids, by key
        self._labels: dict[str, str] = {}  # ids of buttons, by label
        self._cached: dict[str, None] = {}  # hashes of messages that a browser keeps
        self._ticking: dict[str, asyncio.Task[None]] = {}
        self._finished = asyncio.Event()
        self._socket: ClientConnection | None = None
        self._listener: asyncio.Task[None] | None = None

    async def open(self, page: str = "", query: str = "") -> float:
        """Arrive with a link; the seconds until the whole page is there."""
        begun = time.perf_counter()
        address = f"ws://127.0.0.1:{self._port}/_stcore/stream"
        try:
            self._socket = await connect(
                address,
                subprotocols=["streamlit"],  # type: ignore[list-item]
                create_connection=Counted,
                max_size=None,
                open_timeout=PATIENCE,
                ping_interval=None,
            )
        except (OSError, TimeoutError) as error:
            self.heard.lost = True
            raise LostError(f"no connection: {error}") from error
        self._listener = asyncio.create_task(self._listen())
        self.query = query
        await self._ask(page_name=page)
        return time.perf_counter() - begun

    async def go(self, page: str, query: str = "") -> float:
        """Go to another page by its link; the seconds until it is there."""
        begun = time.perf_counter()
        self._page, self.query = self._pages[page], query
        self._states.clear()
        await self._ask()
        return time.perf_counter() - begun

    async def move(self, key: str, value: object) -> float:
        """Move the control with that key; the seconds until the page has followed."""
        begun = time.perf_counter()
        state = WidgetState(id=self._widgets[key])
        if isinstance(value, dict):  # a component's own values
            state.json_value = json.dumps(value)
        elif isinstance(value, bool):
            state.bool_value = value
        elif isinstance(value, str):
            state.string_value = value
        elif isinstance(value, list):
            state.double_array_value.data.extend(value)
        else:
            state.double_value = float(value)  # type: ignore[arg-type]
        self._states[state.id] = state
        await self._ask()
        return time.perf_counter() - begun

    async def press(self, label: str) -> float:
        """Press the button that is called so; the seconds until the page has followed."""
        begun = time.perf_counter()
        self._states[""] = WidgetState(id=self._labels[label], trigger_value=True)
        await self._ask()
        return time.perf_counter() - begun

    @property
    def arrived(self) -> int:
        """Bytes that the server has sent."""
        return self._socket.arrived if isinstance(self._socket, Counted) else 0

    def knows(self, key: str) -> bool:
        """Whether the page has such a control."""
        return key in self._widgets

    async def close(self) -> None:
        """Leave."""
        self._stop_ticking()
        if self._listener is not None:
            self._listener.cancel()
            with suppress(asyncio.CancelledError):
                await self._listener
        if self._socket is not None:
            await self._socket.close()

    async def _ask(self, *, page_name: str = "") -> None:
        self._finished.clear()
        await self._send(page_name=page_name)
        self._states.pop("", None)  # a button is pressed once
        try:
            async with asyncio.timeout(PATIENCE):
                await self._finished.wait()
        except TimeoutError as error:
            self.heard.lost = True
            raise LostError(f"no answer within {PATIENCE:g} s") from error
        if self.heard.lost:
            raise LostError("the server closed the connection")

    async def _send(self, *, page_name: str = "", fragment: str = "") -> None:
        request = BackMsg()
        state = request.rerun_script
        state.query_string, state.page_script_hash, state.page_name = self.query, self._page, page_name
        state.widget_states.widgets.extend(self._states.values())
        state.cached_message_hashes.extend(self._cached)
        state.context_info.color_scheme = "light"
        if fragment:
            state.fragment_id, state.is_auto_rerun = fragment, True
        assert self._socket is not None
        try:
            await self._socket.send(request.SerializeToString())
        except ConnectionClosed as error:
            self.heard.lost = True
            raise LostError("the server closed the connection") from error

    async def _listen(self) -> None:
        assert self._socket is not None
        try:
            async for content in self._socket:
                self._take(ForwardMsg.FromString(content))  # type: ignore[arg-type]
        except ConnectionClosed:
            pass
        self.heard.lost = True
        self._stop_ticking()
        self._finished.set()

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if message.metadata.cacheable and kind == "delta":
            self._cached[message.hash] = None
        if (take := _TAKES.get(kind or "")) is not None:
            take(self, message)

    def _new_session(self, message: ForwardMsg) -> None:
        if message.metadata.run.fragment_ids:
            return
        self._page = message.new_session.page_script_hash
        self._stop_ticking()
        self._widgets.clear()
        self._labels.clear()

    def _navigation(self, message: ForwardMsg) -> None:
        self._pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
        self._page = message.navigation.page_script_hash

    def _page_info(self, message: ForwardMsg) -> None:
        self.query = message.page_info_changed.query_string

    def _session_event(self, message: ForwardMsg) -> None:
        if message.session_event.HasField("script_compilation_exception"):
            self.heard.errors.append(message.session_event.script_compilation_exception.message)

    def _auto_rerun(self, message: ForwardMsg) -> None:
        wish = message.auto_rerun
        if wish.fragment_id not in self._ticking:
            self._ticking[wish.fragment_id] = asyncio.create_task(self._tick(wish.fragment_id, wish.interval))

    def _stop_auto_rerun(self, message: ForwardMsg) -> None:
        for fragment in message.stop_auto_rerun.fragment_ids:
            if (task := self._ticking.pop(fragment, None)) is not None:
                task.cancel()

    async def _tick(self, fragment: str, interval: float) -> None:
        with suppress(LostError):
            while True:
                await asyncio.sleep(interval)
                await self._send(fragment=fragment)

    def _stop_ticking(self) -> None:
        for task in self._ticking.values():
            task.cancel()
        self._ticking.clear()

    def _script_finished(self, message: ForwardMsg) -> None:
        status = message.script_finished
        if status not in (ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY, ForwardMsg.FINISHED_EARLY_FOR_RERUN):
            self._finished.set()

    def _delta(self, message: ForwardMsg) -> None:
        if message.delta.WhichOneof("type") != "new_element":
            return
        element: Any = message.delta.new_element
        kind = element.WhichOneof("type")
        shown = getattr(element, kind)
        if kind == "exception":
            self.heard.errors.append(shown.message)
        elif kind == "progress":
            if (found := _PROGRESS.match(shown.text)) is not None:
                self.heard.progress.append((time.time(), found[1], int(found[2].replace(",", ""))))
            if self.heard.paused is None and shown.text.endswith("· paused"):
                self.heard.paused = time.time()
        elif kind == "button":
            self._labels[shown.label] = shown.id
        if (found := _ID.fullmatch(getattr(shown, "id", ""))) is not None:
            self._widgets[found[1]] = shown.id


_TAKES: dict[str, Any] = {
    "new_session": Session._new_session,
    "navigation": Session._navigation,
    "page_info_changed": Session._page_info,
    "session_event": Session._session_event,
    "auto_rerun": Session._auto_rerun,
    "stop_auto_rerun": Session._stop_auto_rerun,
    "script_finished": Session._script_finished,
    "delta": Session._delta,
}
