"""What visitors do: all arrive, read pages and move controls, watch a run, start their own."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode

import psutil

from tests.load.session import LostError, Session

PAGES = (
    "soft_targets",
    "",
    "temperature",
    "watch_it_train",
    "loss",
    "three_ways",
    "why_distil",
    "when_it_helps",
    "what_is_transferred",
    "after_distillation",
    "hintons_table",
    "mistakes",
    "next_letter",
    "gradient_noise",
    "words",
    "explorer",
    "runs",
    "playground",
)
_T = tuple({"T": value} for value in (2.0, 5.0, 1.0, 12.0))
# What can be moved on a page: the control's key, and values it is given one after the other.
MOVES: dict[str, tuple[str, tuple[object, ...]]] = {
    "": ("start_picture", _T),
    "soft_targets": ("picture", _T),
    "temperature": ("picture", _T),
    "watch_it_train": ("alpha", ([0.5], [0.9], [0.2])),
    "three_ways": ("epochs", (2.0, 3.0)),
    "words": ("glossary_search", ({"search": "logits"}, {"search": ""})),
    "runs": ("find", ("digits", "")),
}


@dataclass
class Times:
    """Seconds that visitors have waited."""

    first: list[float] = field(default_factory=list)
    later: list[float] = field(default_factory=list)
    controls: list[float] = field(default_factory=list)


class Cores:
    """What a process uses of the machine's cores between two looks."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self.look()

    def look(self) -> float:
        """Cores since the last look."""
        before = getattr(self, "_seen", (0.0, 0.0))
        used = self._process.cpu_times()
        self._seen = used.user + used.system, time.perf_counter()
        return (self._seen[0] - before[0]) / (self._seen[1] - before[1])

    @property
    def megabytes(self) -> float:
        """What the process holds."""
        return float(self._process.memory_info().rss) / 1e6


async def together(doings: list[Awaitable[None]]) -> None:
    """Do all of it at once; a session that is lost has noted so, and the others go on."""

    async def alone(doing: Awaitable[None]) -> None:
        with suppress(LostError):
            await doing

    await asyncio.gather(*map(alone, doings))


async def tour(port: int, data: str) -> None:
    """A visitor for each page, one after the other, so that the server has read what it keeps for all.

    Not one visitor for all pages: settings go from page to page, and a page with others than its own shows another
    picture.
    """
    for page in PAGES:
        visitor = Session(port)
        await visitor.open(page, query_of(data))
        await visitor.close()


async def arrive(port: int, data: str, visitors: int, within: float, times: Times) -> list[Session]:
    """That many sessions, which come evenly within so many seconds and open one page or another."""
    sessions = [Session(port) for _ in range(visitors)]

    async def one(number: int) -> None:
        await asyncio.sleep(within * number / visitors)
        times.first.append(await sessions[number].open(PAGES[number % len(PAGES)], query_of(data)))

    await together([one(number) for number in range(visitors)])
    return sessions


async def read(
    session: Session, number: int, data: str, seconds: float, think: tuple[float, float], times: Times
) -> None:
    """Think, go to the next page or move what it has to move, and think again."""
    chance, end, at, moved = random.Random(number), time.perf_counter() + seconds, number, 0
    while True:
        wait = chance.uniform(*think)
        if time.perf_counter() + wait > end:
            return
        await asyncio.sleep(wait)
        key, values = MOVES.get(PAGES[at % len(PAGES)], ("", ()))
        if moved < 2 and session.knows(key):
            times.controls.append(await session.move(key, values[moved % len(values)]))
            moved += 1
        else:
            at, moved = at + 1, 0
            times.later.append(await session.go(PAGES[at % len(PAGES)], query_of(data)))


async def start(session: Session, settings: dict[str, object]) -> str:
    """Start a training; its run's id."""
    await session.go("watch_it_train", urlencode(settings))
    await session.press("Start")
    return parse_qs(session.query)["run"][0]


async def watch(session: Session, run: str, seconds: float, rates: list[float]) -> None:
    """Look at a run for so long, and note how many bytes a second that takes once the page is there."""
    await session.go("watch_it_train", urlencode({"run": run}))
    before = session.arrived
    await asyncio.sleep(seconds)
    rates.append((session.arrived - before) / seconds)


async def pause(presses: Session, waits: Session) -> None:
    """One presses Pause; over once the other sees that the run stands still, or half a minute later."""
    await presses.press("Pause")
    end = time.perf_counter() + 30
    while waits.heard.paused is None and time.perf_counter() < end:
        await asyncio.sleep(0.02)


def query_of(data: str) -> str:
    """The link's part about the data set; nothing for the server's own."""
    return urlencode({"data": data}) if data else ""
