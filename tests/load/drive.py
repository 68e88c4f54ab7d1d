"""One load from its beginning to its end, on a server of its own."""

from __future__ import annotations

import asyncio
import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import psutil

from kdviz.records.single import Progress
from kdviz.store.runs import RunStore
from tests.browser.app_server import AppServer
from tests.load import browsers, scenes
from tests.load.figures import Load, Spread
from tests.load.session import Session
from tests.load.slow_line import slow_line
from tests.samples import asynchronous

# A run that reports for a minute on two cores; the seed tells those of several visitors apart.
TRAINED = {
    "data": "digits",
    "teacher": "784-128-10",
    "student": "784-800-800-10",
    "teacher_epochs": 2,
    "epochs": 500,
}


@dataclass(frozen=True)
class Plan:
    """How many visitors, and for how long they do what."""

    visitors: int = 30
    within: float = 3.0  # seconds in which all arrive
    reading: float = 20.0  # seconds
    watching: float = 20.0
    watchers: int = 10
    starters: int = 5
    think: tuple[float, float] = (2.0, 4.0)  # seconds between two things that a visitor does
    browsers: int = 0
    data: str = ""  # of the pages' links; "" for the server's own


def run(plan: Plan, folder: Path) -> Load:
    """Start a server with its state in `folder`, load it, and end it."""
    server = AppServer(folder / "state", environment={"KDVIZ_MOST_WAITING": "1000"})
    try:
        return asynchronous.run(_run(plan, server))
    finally:
        server.stop()


async def _run(plan: Plan, server: AppServer) -> Load:
    await scenes.tour(server.port, plan.data)
    await _worker_is_up(server)
    cores, times = scenes.Cores(server.pid), scenes.Times()
    megabytes, used = cores.megabytes, {}
    cores.look()
    looking = asyncio.create_task(asyncio.to_thread(browsers.visit, server.url, plan.browsers))
    sessions = await scenes.arrive(server.port, plan.data, plan.visitors, plan.within, times)
    used["arriving"] = cores.look()
    seen = await looking
    cores.look()
    await scenes.together(
        [scenes.read(session, at, plan.data, plan.reading, plan.think, times) for at, session in enumerate(sessions)]
    )
    used["reading"] = cores.look()
    most = cores.megabytes
    watched = Watched()
    if plan.watching:
        watched = await _watch(plan, server, sessions, cores)
        used["watching"] = cores.look()
    await asyncio.gather(*(session.close() for session in sessions))
    heard = [session.heard for session in sessions]
    return Load(
        visitors=plan.visitors,
        watchers=plan.watchers if plan.watching else 0,
        first=Spread.of(times.first),
        later=_spread(times.later),
        controls=_spread(times.controls),
        later_trained=_spread(watched.times.later + watched.times.controls),
        progress=_spread(watched.ages),
        progress_slow=_spread(watched.slow_ages),
        pause=watched.pause,
        watcher_bytes=sum(watched.rates) / len(watched.rates) if watched.rates else None,
        errors=tuple(error for one in heard for error in one.errors),
        lost=sum(one.lost for one in heard) + watched.lost,
        megabytes=megabytes,
        megabytes_session=(most - megabytes) / plan.visitors,
        cores=used,
        browsers=_spread(seen),
        machine=_machine(),
    )


@dataclass
class Watched:
    """What came of a run that was watched."""

    times: scenes.Times = field(default_factory=scenes.Times)  # of those who read meanwhile
    rates: list[float] = field(default_factory=list)  # bytes a second, for each watcher
    ages: list[float] = field(default_factory=list)  # seconds
    slow_ages: list[float] = field(default_factory=list)
    pause: float | None = None
    lost: int = 0  # of the slow one


async def _watch(plan: Plan, server: AppServer, sessions: list[Session], cores: scenes.Cores) -> Watched:
    """Some watch a run, one of them over a slow network, some start their own, the others go on reading."""
    watched = Watched()
    run = await scenes.start(sessions[0], TRAINED)
    await _trains(sessions[0])
    cores.look()
    end = plan.watchers + plan.starters
    watchers, starters, others = sessions[: plan.watchers], sessions[plan.watchers : end], sessions[end:]
    async with slow_line(server.port, late=0.4, rate=50_000) as line:
        slow = Session(line)

        async def start(number: int, session: Session) -> None:
            await scenes.start(session, TRAINED | {"seed": number})
            await asyncio.sleep(plan.watching)

        async def watch_slowly() -> None:
            await slow.open("watch_it_train", urlencode({"run": run}))
            await asyncio.sleep(plan.watching)

        await scenes.together(
            [
                watch_slowly(),
                *(scenes.watch(session, run, plan.watching, watched.rates) for session in watchers),
                *(start(number, session) for number, session in enumerate(starters, 1)),
                *(
                    scenes.read(session, at, plan.data, plan.watching, plan.think, watched.times)
                    for at, session in enumerate(others)
                ),
            ]
        )
        pressed = time.time()
        await scenes.together([scenes.pause(watchers[0], slow)])
        watched.pause = None if slow.heard.paused is None else slow.heard.paused - pressed
        watched.lost = slow.heard.lost
        await slow.close()
    made = _made(server, run)
    watched.ages = [age for session in watchers for age in _ages(made, session.heard.progress)]
    watched.slow_ages = _ages(made, slow.heard.progress)
    return watched


def _spread(values: list[float]) -> Spread | None:
    return Spread.of(values) if values else None


async def _worker_is_up(server: AppServer) -> None:
    """Wait until the worker has loaded PyTorch and rehearsed, which takes all cores."""
    end, before = time.monotonic() + 60, -1.0
    while time.monotonic() < end:
        now = sum(sum(child.cpu_times()[:2]) for child in server.children())
        if before >= 0 and now - before < 0.15 and len(server.children()) > 1:
            return
        before = now
        await asyncio.sleep(1.0)
    raise RuntimeError("The workers are still busy after a minute.")


async def _trains(session: Session) -> None:
    end = time.monotonic() + 60
    while not session.heard.progress:
        if time.monotonic() > end:
            raise RuntimeError("The run has shown nothing for a minute.")
        await asyncio.sleep(0.1)


def _made(server: AppServer, run_id: str) -> dict[tuple[str, int], float]:
    """When the worker made each report: by whose it is, and the update."""
    store = RunStore(f"sqlite:///{server.state / 'kdviz.sqlite'}")
    try:
        run, events = store.get(run_id), store.events(run_id)
    finally:
        store.close()
    assert run is not None
    assert run.started is not None
    begun, made = run.started.timestamp(), dict[tuple[str, int], float]()
    for event in events:
        if isinstance(event, Progress):
            made.setdefault(("Teacher" if event.role == "teacher" else "Students", event.step), begun + event.seconds)
    return made


def _ages(made: Mapping[tuple[str, int], float], shown: Sequence[tuple[float, str, int]]) -> list[float]:
    """How old each report was when a visitor was shown it first; the first one was there before they came."""
    first: dict[tuple[str, int], float] = {}
    for moment, who, step in shown:
        first.setdefault((who, step), moment)
    return [moment - made[report] for report, moment in list(first.items())[1:] if report in made]


def _machine() -> str:
    memory = psutil.virtual_memory().total / 1e9
    return f"{os.cpu_count()} cores of {_processor()}, {memory:.0f} GB, Python {platform.python_version()}."


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
