"""What all networks of a run share: the data on the device that trains, the clock, and the images to report on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from kdviz.distillers.plain import Plain
from kdviz.engine import data, evaluation, losses, models
from kdviz.engine.data import Data, Split
from kdviz.engine.memory import PeakMemory
from kdviz.engine.training import fit, steps_of
from kdviz.recipes.base import Training
from kdviz.recipes.catalogue import ARCHITECTURES, DATA_SETS
from kdviz.recipes.openings import CONVOLUTIONAL
from kdviz.recipes.single import Recipe
from kdviz.records.base import Watched
from kdviz.store import data_files
from kdviz.store.data_files import DataError

# What an update costs besides its multiply-adds, in multiply-adds: only for estimates of the time left.
UPDATE_OVERHEAD = 2e7
CLOCK_TICK = 1e-9  # seconds, the least that anything takes

Clock = Callable[[], float]

_WARM: set[tuple[str, torch.device]] = set()  # what this process has run before


def training_device() -> torch.device:
    """Where networks are trained: on a GPU if there is one. The same recipe gives the same bits there too."""
    torch.backends.cudnn.deterministic = True  # of convolutions
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@dataclass(kw_only=True)
class Begun:
    """When a run began, and on which machine."""

    clock: Clock
    started: float  # by the clock
    device: torch.device

    def machine_facts(self) -> dict[str, Any]:
        """What an ending says of the machine: the device's name, torch's threads and its version."""
        device = torch.cuda.get_device_name() if self.device.type == "cuda" else "CPU"
        return {"device": device, "threads": torch.get_num_threads(), "torch": torch.__version__}

    def seconds(self) -> float:
        """Seconds since the run began."""
        return self.clock() - self.started


@dataclass(kw_only=True)
class Session(Begun):
    """The data on the device that trains, and the time since the run began."""

    data: Data
    live_count: int  # validation images on which a network is evaluated while it is trained

    @classmethod
    def load(cls, name: str, live_count: int, clock: Clock) -> Session:
        """Load a data set to the device. Raises DataError."""
        started, device = clock(), training_device()
        loaded = data.load(name).changed(lambda split: split.to(device))
        return cls(data=loaded, live_count=live_count, clock=clock, started=started, device=device)

    def held_out(self, fold: int | None, folds: int | None) -> Session:
        """The same run with other images to learn from: all but one of `folds`, which then validates."""
        if fold is None or folds is None:
            return self
        return replace(self, data=data.held_out(self.data, fold, folds))

    def showing(self, classes: Sequence[int]) -> Session:
        """The same run for networks that learn from the training images of these classes alone; of all if empty."""
        if not classes:
            return self
        return replace(self, data=replace(self.data, training=data.of_classes(self.data.training, classes)))

    @property
    def live(self) -> Split:
        """The live part of the validation split."""
        return self.data.validation[: self.live_count]

    def work(self, training: Training) -> float:
        """Multiply-adds of a training: three times the forward pass of every image, and what every update costs."""
        images = training.epochs * len(self.data.training)
        passes = 3 * images * ARCHITECTURES[training.model].multiply_adds
        return passes + steps_of(training, len(self.data.training)) * UPDATE_OVERHEAD

    def watch(self, teacher: nn.Module, count: int) -> Watched:
        """`count` live images to follow: of those the teacher gets right, the ones it is least sure of."""
        logits = evaluation.logits_of(teacher, self.live.images)
        indices = most_unsure(logits, self.live.labels, count)
        return Watched(
            indices=indices.tolist(),
            labels=self.live.labels[indices].tolist(),
            images=self.live.images[indices].flatten(1).tolist(),
            teacher_logits=logits[indices].tolist(),
            teacher_validation_accuracy=evaluation.accuracy(logits, self.live.labels),
        )


def most_unsure(logits: Tensor, labels: Tensor, count: int) -> Tensor:
    """Indices of images that a network gets right but is least sure of, no two of one class."""
    entropy = losses.entropy(logits, 1.0).masked_fill(logits.argmax(dim=-1) != labels, -1.0)
    chosen: dict[int, int] = {}
    for index in entropy.argsort(descending=True).tolist():
        if entropy[index] < 0:
            break
        chosen.setdefault(int(labels[index]), index)
        if len(chosen) == count:
            break
    return torch.tensor(list(chosen.values()), device=labels.device)


def warm_up(training: Training, few: Split) -> None:
    """Train a network on a few images, for nothing: the first calls of every kernel are slow.

    Once in a process for each architecture and device.
    """
    warm = training.model, few.labels.device
    if warm in _WARM:
        return
    network = models.build(training.model, 0).to(few.labels.device)
    with PeakMemory():
        for _ in fit([models.cohort(training.model, [network])], few, [training], Plain()):
            pass
    _WARM.add(warm)


def rehearse() -> None:
    """Do once what a worker's first run would wait for: read the data set that pages begin with, and warm up."""
    begin = Recipe()
    if all(data_files.published_file(begin.data, number) for number in range(len(DATA_SETS[begin.data].files))):
        with suppress(DataError):
            data.load(begin.data)
    blank = Split(
        torch.zeros(2 * begin.batch_size, 28, 28, dtype=torch.uint8), torch.zeros(2 * begin.batch_size).long()
    )
    for model in (begin.student, CONVOLUTIONAL["student"]):
        warm_up(Training.reference(begin.data, model, 1), blank)
