"""A class of many seats that follow a dragged temperature: how far behind they are, and what the server takes for it.

`python -m tests.load.seats --seats 60`
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path

import psutil
from websockets.asyncio.client import connect

from kdviz.store.classes import ClassStore
from tests.browser.app_server import AppServer

SHOWN = {"page": "soft_targets", "title": "Hard labels, soft targets", "sentence": "Drag T."}


async def drag(address, seats, seconds, rate):
    """Seconds between the stage's message and a seat's, for each message and seat."""
    sent, behind = {}, []

    async def follow(number, ready):
        async with connect(f"{address}?seat=seat-{number:016d}") as socket:
            ready.set()
            async for text in socket:
                shown = json.loads(text)["show"]
                if shown and shown["T"] in sent:
                    behind.append(time.perf_counter() - sent[shown["T"]])

    async with connect(f"{address}?role=stage") as stage:
        waiting = [asyncio.Event() for _ in range(seats)]
        following = [asyncio.create_task(follow(number, ready)) for number, ready in enumerate(waiting)]
        await asyncio.gather(*(ready.wait() for ready in waiting))
        for step in range(seconds * rate):
            sent[str(step)] = time.perf_counter()
            await stage.send(json.dumps({"show": {**SHOWN, "T": str(step)}}))
            await asyncio.sleep(1 / rate)
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
    return behind


def measure(seats, seconds, rate, folder):
    """Median, 95 % and most of the seconds that seats are behind, and the share of a core that the server takes."""
    state = Path(folder) / "state"
    state.mkdir()
    store = ClassStore(f"sqlite:///{state / 'kdviz.sqlite'}")
    store.begin()
    server = AppServer(state)
    try:
        process, begun = psutil.Process(server.pid), time.monotonic()
        before = sum(process.cpu_times()[:2])
        behind = asyncio.run(drag(f"ws://127.0.0.1:{server.port}/class/live", seats, seconds, rate))
        share = (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - begun)
    finally:
        server.stop()
        store.close()
    return {
        "median": statistics.median(behind),
        "95 %": statistics.quantiles(behind, n=20)[-1],
        "most": max(behind),
        "messages": len(behind),
        "of a core": share,
    }


def main():
    """Measure, and print it."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.seats", description=__doc__)
    parser.add_argument("--seats", type=int, default=60)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rate", type=int, default=10, help="messages of the stage a second")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kdviz-seats-") as folder:
        for name, figure in measure(given.seats, given.seconds, given.rate, folder).items():
            print(f"{name}: {figure:.3f}")


if __name__ == "__main__":
    main()
