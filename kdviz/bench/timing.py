"""What the benchmarks share: timings, ratios of timings taken in turns, and what a quick benchmark leaves out."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from unittest.mock import patch

from pydantic import BaseModel, ConfigDict

from kdviz.engine import data
from kdviz.engine.data import Data, Split

Say = Callable[[str], None]  # gets a line for each step


class Measurement(BaseModel):
    """What a benchmark measured."""

    model_config = ConfigDict(frozen=True)


class Ratio(Measurement):
    """The median of a ratio over the repetitions, with the smallest and the largest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, above: Sequence[float], below: Sequence[float]) -> Ratio:
        """Ratios of timings that were taken in pairs."""
        ratios = [a / b for a, b in zip(above, below, strict=True)]
        return cls(median=statistics.median(ratios), low=min(ratios), high=max(ratios))


@dataclass(frozen=True)
class Effort:
    """How much is timed."""

    repetitions: int
    images: int = 1  # one of so many images of a data set is used
    usual_loops: int = 25  # that are really run; they differ in T and alpha only, and all take the same time


FULL, QUICK = Effort(5), Effort(2, images=10, usual_loops=2)


def seconds(work: Callable[[], object]) -> float:
    """How long a call takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def exhaust(events: Iterable[object]) -> None:
    """Carry out what reports events."""
    for _ in events:
        pass


@contextmanager
def empty_state() -> Iterator[None]:
    """A state folder of its own, so that no teacher is found from before, and none is left behind."""
    with tempfile.TemporaryDirectory(prefix="kdviz-bench-") as folder, patch.dict(os.environ, KDVIZ_STATE_DIR=folder):
        yield


@contextmanager
def fewer_images(share: int) -> Iterator[None]:
    """Data sets with one of so many of their images, within `empty_state`: the teachers are not those of a recipe."""
    whole = data.load

    def reduced(split: Split) -> Split:
        return Split(split.images[::share].clone(), split.labels[::share].clone())

    @cache
    def load(name: str) -> Data:
        return whole(name).changed(reduced)

    with patch.object(data, "load", load):
        yield
