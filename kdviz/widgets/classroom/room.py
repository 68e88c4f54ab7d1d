"""One class at this server: what was last read of it, and everybody here who wants to know when that changes.

One task looks at the store five times a second, however many seats there are, and only while somebody is here. What is
written here is looked at right away.
"""

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from kdviz.store.classes import ClassStore, Post, State
from kdviz.store.database import StoreError
from kdviz.widgets.classroom.messages import Answer, Poll, Show
from kdviz.widgets.classroom.question import question_of
from kdviz.widgets.classroom.threads import Threads

LOOK = 0.2  # seconds between two looks
MOST_OF_A_SEAT = 4  # connections at this server: pages of one browser
SIGN = 5.0  # seconds between two signs of life of the seats that are here
_AT_ONCE = 0.02  # seconds in which what was written here is looked at once
_LOG = logging.getLogger("kdviz.classroom")

T = TypeVar("T")


class Room:
    """A class, as long as somebody of it is connected to this server."""

    def __init__(self, store: ClassStore, threads: Threads, code: str) -> None:
        self.code = code
        self.over = False  # whether the class has ended
        self.state: State | None = None  # None before the first look
        self.shown: Show | None = None
        self.ask: dict[str, Any] | None = None
        self.seats = 0  # of all servers
        self._text = ""  # what seats are told
        self._store, self._threads = store, threads
        self._here: Counter[str] = Counter()  # seats that are connected here, by their ids
        self._waiting: set[asyncio.Event] = set()
        self._written = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._sign = -SIGN

    @contextmanager
    def entered(self) -> Iterator[asyncio.Event]:
        """Be in the room; the event is set whenever something has changed."""
        changed = asyncio.Event()
        self._waiting.add(changed)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            yield changed
        finally:
            self._waiting.discard(changed)

    async def sit(self, seat: str) -> bool:
        """Take a seat; False where the class is full, or the seat has too many connections."""
        if self._here[seat] >= MOST_OF_A_SEAT or not await self._write(self._store.arrive, self.code, seat):
            return False
        self._here[seat] += 1
        return True

    async def stand_up(self, seat: str) -> None:
        """Leave a seat, unless it has another connection here."""
        self._here[seat] -= 1
        if self._here[seat] <= 0:
            del self._here[seat]
            await self._write(self._store.leave, self.code, seat)

    async def show(self, show: Show) -> None:
        """Show something; a scene's question is asked as it comes onto the stage."""
        if self.state is None:
            await self._refresh()
        same = self.shown is not None and self.shown.place == show.place
        await self._change(show, self.ask if same else question_of(show))

    async def poll(self, poll: Poll) -> None:
        """Close the question, tell its truth, or open it again."""
        if self.ask is None or self.shown is None:
            return
        posts = await self._threads.do(self._store.posts, self.code, self.shown.place)
        counts = counted(answers(posts).values(), self.ask) if poll.closed else None
        await self._change(self.shown, {**self.ask, **poll.model_dump(mode="json"), "counts": counts})

    async def answer(self, seat: str, answer: Answer) -> None:
        """Keep a seat's answer, as long as that is asked."""
        ask = self.ask
        if ask is None or ask["closed"] or answer.scene != ask["scene"] or answer.choice >= len(ask["choices"]):
            return
        await self.keep(seat, "answer", json.dumps(answer.choice))

    async def keep(self, seat: str, kind: str, body: str) -> None:
        """Keep what a seat has sent, for what is shown now."""
        if self.shown is not None:
            await self._write(self._store.post, self.code, seat, self.shown.place, kind, body)

    async def end(self) -> None:
        """End the class, for everybody."""
        await self._write(self._store.end, self.code)

    async def _change(self, show: Show, ask: dict[str, Any] | None) -> None:
        self.shown, self.ask = show, ask
        await self._write(self._store.show, self.code, show.model_dump_json(), None if ask is None else json.dumps(ask))

    def told(self) -> str:
        """What seats are told, as JSON."""
        return self._text

    async def posts(self, after: int) -> list[Post]:
        """What seats have sent for what is shown now."""
        if self.shown is None:
            return []
        return await self._threads.do(self._store.posts, self.code, self.shown.place, after)

    async def _write(self, act: Callable[..., T], *given: Any) -> T:
        """Write to the store and look at it."""
        done = await self._threads.do(act, *given)
        self._written.set()
        return done

    async def _look(self) -> None:
        """Look at the store as long as anybody is here."""
        while self._waiting:
            try:
                await self._refresh()
            except (StoreError, ValueError) as error:  # locked, away, of another version: what was read last stays
                _LOG.warning("A class cannot be read: %s", error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._written.wait(), LOOK)
                await asyncio.sleep(_AT_ONCE)
            self._written.clear()
        self._looking = self.state = None

    async def _refresh(self) -> None:
        now = time.monotonic()
        signed = now - self._sign >= SIGN
        if signed:
            self._sign = now
            await self._threads.do(self._store.alive, self.code, list(self._here))
        state = await self._threads.do(self._store.state, self.code)
        if state is None:
            self.over = True
            self._tell()
        elif signed or state != self.state:
            seats = await self._threads.do(self._store.seats, self.code)
            if (state, seats) != (self.state, self.seats):
                self.seats = seats
                self._take(state)
                self._tell()

    def _take(self, state: State) -> None:
        if self.state is None or state.revision != self.state.revision:
            self.shown = Show.model_validate_json(state.shown) if state.shown else None
            self.ask = json.loads(state.ask) if state.ask else None
            told = {"class": self.code, "revision": state.revision}
            self._text = json.dumps({**told, "show": json.loads(state.shown or "null"), "ask": self.ask})
        self.state = state

    def _tell(self) -> None:
        for changed in self._waiting:
            changed.set()


class StageView:
    """What one stage has been told of the seats: it is told what is new, and all where it shows something else."""

    def __init__(self) -> None:
        self._place: str | None = None
        self._after = 0
        self._answers: dict[int, int] = {}

    async def news(self, room: Room) -> str:
        """The next message, as JSON."""
        assert room.state is not None
        place = room.shown.place if room.shown is not None else ""
        fresh = place != self._place
        if fresh:
            self._place, self._after, self._answers = place, 0, {}
        posted = room.state.posted
        posts = await room.posts(self._after)
        self._after = max([posted, *(post.number for post in posts)])
        self._answers |= answers(posts)
        told = {
            "class": room.code,
            "seats": room.seats,
            "ask": room.ask,
            "counts": counted(self._answers.values(), room.ask),
            "drawings": _of_kind(posts, "drawing"),
            "points": _of_kind(posts, "point"),
            "fresh": fresh,
        }
        return json.dumps(told)


def answers(posts: Sequence[Post]) -> dict[int, int]:
    """The choice of each seat, by its number."""
    return {post.seat: json.loads(post.body) for post in posts if post.kind == "answer"}


def counted(choices: Iterable[int], ask: dict[str, Any] | None) -> list[int] | None:
    """How often each choice was taken; None where nothing is asked."""
    if ask is None:
        return None
    taken = Counter(choices)
    return [taken[choice] for choice in range(len(ask["choices"]))]


def _of_kind(posts: Sequence[Post], kind: str) -> list[dict[str, Any]]:
    return [{"seat": str(post.seat), **json.loads(post.body)} for post in posts if post.kind == kind]
