"""What the networks of one study share: the data where they are trained, the clock, and the images to look at."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from kdviz.engine import data, evaluation, losses
from kdviz.engine.data import Data
from kdviz.engine.training import steps_of
from kdviz.recipes.base import Training
from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.records.base import Watched

# What an update costs besides its multiply-adds, in multiply-adds: only for estimates of the time left.
UPDATE_OVERHEAD = 2e7
CLOCK_TICK = 1e-9  # the least time that anything takes

Clock = Callable[[], float]


@dataclass
class Setting:
    """The data on the device that trains, and since when."""

    data: Data
    live: int  # so many of the validation images are looked at while a network is trained
    clock: Clock = time.perf_counter
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.clock()

    @classmethod
    def of(cls, name: str, live: int, clock: Clock) -> Setting:
        """Load a data set to the device. Raises DataError."""
        started = clock()
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        loaded = data.load(name)
        parts = (part.to(device) for part in (loaded.training, loaded.validation, loaded.test))
        setting = cls(Data(loaded.facts, *parts), live, clock)
        setting.started = started
        return setting

    def held_out(self, fold: int | None, folds: int | None) -> Setting:
        """The same study on other images to learn from: all but one of `folds`, which then validates."""
        if fold is None or folds is None:
            return self
        setting = Setting(data.held_out(self.data, fold, folds), self.live, self.clock)
        setting.started = self.started
        return setting

    @property
    def device(self) -> torch.device:
        """What trains."""
        return self.data.test.labels.device

    @property
    def device_name(self) -> str:
        """For people."""
        return torch.cuda.get_device_name() if self.device.type == "cuda" else "CPU"

    @property
    def images(self) -> Tensor:
        """The live part of the validation split, uint8 (N, 28, 28)."""
        return self.data.validation.images[: self.live]

    @property
    def labels(self) -> Tensor:
        """Their labels, (N,)."""
        return self.data.validation.labels[: self.live]

    def seconds(self) -> float:
        """Since the study began."""
        return self.clock() - self.started

    def work(self, training: Training) -> float:
        """Multiply-adds of a training: three times the forward pass of every image, and what every update costs."""
        images = training.epochs * len(self.data.training)
        passes = 3 * images * ARCHITECTURES[training.model].multiply_adds
        return passes + steps_of(training, len(self.data.training)) * UPDATE_OVERHEAD

    def watch(self, teacher: nn.Module, count: int) -> Watched:
        """Validation images to follow: of those the teacher gets right, the ones it is least sure of."""
        said = evaluation.logits_of(teacher, self.images)
        indices = most_unsure(said, self.labels, count)
        return Watched(
            indices=indices.tolist(),
            labels=self.labels[indices].tolist(),
            images=self.images[indices].flatten(1).tolist(),
            teacher_logits=said[indices].tolist(),
            teacher_validation_accuracy=evaluation.accuracy(said, self.labels),
        )


def most_unsure(logits: Tensor, labels: Tensor, count: int) -> Tensor:
    """Indices of images that a network gets right but is least sure of, no two of one class."""
    unsure = losses.entropy(logits, 1.0).masked_fill(logits.argmax(dim=-1) != labels, -1.0)
    chosen: dict[int, int] = {}
    for index in unsure.argsort(descending=True).tolist():
        if unsure[index] < 0:
            break
        chosen.setdefault(int(labels[index]), index)
        if len(chosen) == count:
            break
    return torch.tensor(list(chosen.values()), device=labels.device)
