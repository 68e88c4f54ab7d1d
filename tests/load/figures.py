"""What a load is told by: spreads of seconds, and the table of them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

SLOW = "400 ms and 50 kB/s"  # as `drive` has it


@dataclass(frozen=True)
class Spread:
    """How long something took, in seconds."""

    times: int
    median: float
    p95: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Of at least one value; `p95` is the smallest that 95 % of them do not exceed."""
        ordered = sorted(values)
        p95 = ordered[math.ceil(0.95 * len(ordered)) - 1]
        return cls(len(ordered), statistics.median(ordered), p95, ordered[-1])

    def __str__(self) -> str:
        return f"{self.median:.2f} / {self.p95:.2f} / {self.most:.2f} s ({self.times})"


@dataclass(frozen=True)
class Load:
    """What so many visitors cost, and how long they waited."""

    visitors: int
    watchers: int
    first: Spread  # from the connection to the whole page, all arriving together
    later: Spread | None  # pages after the first
    controls: Spread | None  # from a control that is moved to the page that has followed
    later_trained: Spread | None  # pages and controls while a network is trained on the same cores
    progress: Spread | None  # from a report in the worker to the page that shows it, for each watcher
    progress_slow: Spread | None  # the same of one more, with a slow network
    pause: float | None  # seconds from Pause until the one with the slow network sees it
    watcher_bytes: float | None  # a second, of one watcher
    errors: tuple[str, ...]
    lost: int  # sessions
    megabytes: float  # of the server, with one visitor gone through all pages
    megabytes_session: float  # for each session more
    cores: dict[str, float]  # of the server, by what went on
    browsers: Spread | None  # Chromium: from the link to the whole page
    machine: str

    def json(self) -> dict[str, Any]:
        """As one document."""
        return asdict(self)

    def table(self) -> str:
        """As Markdown."""
        busy = ", ".join(f"{part} {cores:.2f}" for part, cores in self.cores.items())
        rows = {
            "first page": self.first,
            "later pages": self.later,
            "controls": self.controls,
            "pages and controls while a network is trained": self.later_trained,
            f"age of progress, {self.watchers} watchers": self.progress,
            f"age of progress where the network has {SLOW}": self.progress_slow,
            "first page in Chromium": self.browsers,
        }
        lines = [f"| {name} | {spread} |" for name, spread in rows.items() if spread is not None]
        if self.watcher_bytes is not None:
            lines.append(f"| sent to a watcher | {self.watcher_bytes / 1000:.1f} kB/s |")
        if self.pause is not None:
            lines.append(f"| Pause is seen there after | {self.pause:.2f} s |")
        lines += [
            f"| errors, lost sessions | {len(self.errors)}, {self.lost} |",
            f"| memory of the server, for each session | {self.megabytes:.0f} MB, {self.megabytes_session:.2f} MB |",
            f"| cores the server uses | {busy} |",
        ]
        head = f"| {self.visitors} visitors | median / 95 % / most (times) |\n|:--|:--|"
        return "\n".join([head, *lines, "", self.machine])
