"""What a trained network takes and gives on the machine it is on: sizes, work, times, memory, energy, accuracy."""

from __future__ import annotations

from typing import Literal

from kdviz.recipes.compression import Compression
from kdviz.records.base import Figure, Record
from kdviz.records.intervals import wilson_interval


class Spread(Record):
    """The median of several repetitions, the least and the most."""

    median: Figure
    low: Figure
    high: Figure


class Energy(Record):
    """Joules for one image of a large batch: read from the machine, or estimated as `how` says."""

    joules: Figure
    kind: Literal["measured", "estimate"]
    how: str


class InRuntime(Record):
    """A network in one runtime, on the CPU: how it is stored there, how fast it is, how often right."""

    runtime: str  # "PyTorch 2.15.0"
    threads: int
    stored_bytes: int  # the file that this runtime reads
    compressed_bytes: int  # the same after gzip
    one_image: Spread  # milliseconds
    throughput: Spread  # images a second, in batches of up to 1,000
    peak_memory: int | None  # bytes of the tensors of a batch at once, weights included; None: it was not counted
    energy: Energy
    test_errors: int
    test_images: int

    @property
    def test_accuracy(self) -> float:
        """Share of the test images that it gets right."""
        return 1 - self.test_errors / self.test_images

    @property
    def test_accuracy_interval(self) -> tuple[float, float]:
        """95 % Wilson score interval of the test accuracy."""
        return wilson_interval(self.test_accuracy, self.test_images)


class Measurement(Record):
    """A network as it was measured, in every runtime that can carry it out."""

    name: str
    architecture: str
    compression: Compression | None = None  # what made it of another network; None of one that was trained so
    quantize: str  # "none", or the scheme
    parameters: int
    nonzero: int  # of the parameters
    multiply_adds: int  # for one image, those with a weight of 0 among them
    runtimes: tuple[InRuntime, ...]
