"""Self-distillation over time: the network at the end of the epoch before teaches it, with growing weight.

Kim, Ji, Yoon, Hwang 2021 (PS-KD), section 3, equation 5 for the weight.
"""

import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from kdviz.distillers.offline import Offline
from kdviz.distillers.stage import Setting, Stage
from kdviz.engine import evaluation
from kdviz.engine.batches import Batch, Chunk, FixedTeachers
from kdviz.engine.data import Split
from kdviz.engine.distiller import Distiller, Step, Terms
from kdviz.engine.models import Cohort
from kdviz.recipes.base import Training
from kdviz.recipes.catalogue import CLASSES


class EarlierSelf(Distiller):
    """Offline's loss with an earlier self as the teacher; alpha grows to its full size."""

    def __init__(self, temperature: float, alpha: float) -> None:
        self.offline = Offline(temperature, alpha)

    @abstractmethod
    def weight(self, done: float) -> float:
        """The share of alpha that counts when the share `done` of all updates is done."""

    def targets(self, chunk: Chunk) -> Tensor:
        """p, as offline."""
        return self.offline.targets(chunk)

    def step(self, cohorts: Sequence[Cohort], batch: Batch) -> Step:
        """As offline, with the alpha of the moment."""
        alpha = self.offline.alpha * self.weight(batch.done)
        step = replace(self.offline, alpha=alpha).step(cohorts, batch)
        (logits,) = step.record
        alphas = torch.full(logits.shape[:2], alpha, dtype=torch.double, device=logits.device)
        return step._replace(record=(logits, alphas))

    def terms(self, chunk: Chunk, record: tuple[Tensor, ...]) -> Terms:
        """Both terms, with the alpha that each image had."""
        return self.offline.weighted_terms(chunk, *record)


class EpochBefore:
    """Logits of the students as they were at the end of the epoch before, for the training images."""

    unlabelled = False  # a network that is not trained yet is no teacher for images without a label

    def __init__(self, students: Cohort, split: Split, training: Training) -> None:
        self.snapshot: Cohort | None = None
        self._students, self._split, self._training = students, split, training
        self._logits: FixedTeachers | None = None
        self._epoch = 1
        self._spent = 0.0

    @property
    def multiply_adds(self) -> float:
        """Multiply-adds of all forward passes so far."""
        return self._spent + (self._logits.multiply_adds if self._logits else 0.0)

    def on(self, epoch: int, indices: Tensor, images: Tensor) -> Tensor:
        """Logits (students, N, classes); zeros in the first epoch, in which alpha is 0."""
        if epoch > self._epoch:
            self._spent, self._epoch = self.multiply_adds, epoch
            self.snapshot = self._students.frozen()
            self._logits = FixedTeachers.of([self.snapshot], self._split, self._training, 1.0)
        if self._logits is None:
            return torch.zeros(*indices.shape, CLASSES, device=indices.device)
        return self._logits.on(epoch, indices, images)


class FromEpochBefore(EarlierSelf):
    """PS-KD: the teacher is the network at the end of the epoch before."""

    def __init__(self, temperature: float, alpha: float, before: EpochBefore, epochs: int) -> None:
        super().__init__(temperature, alpha)
        self._before, self._epochs = before, epochs

    def weight(self, done: float) -> float:
        """epoch / epochs, and 0 in the first, which has none before it."""
        epoch = math.floor(done * self._epochs + 1e-9) + 1
        return epoch / self._epochs if epoch > 1 else 0.0

    def other_logits(self, cohorts: Sequence[Cohort], images: Tensor) -> dict[str, Tensor]:
        """Logits of the network at the end of the epoch before, from the second epoch on."""
        before = self._before.snapshot
        return {} if before is None else {"last epoch": evaluation.logits_of_all(before, images)}


def stages(setting: Setting) -> Iterator[Stage]:
    """The students, taught by the epoch before."""
    comparison, students, trainings = setting.comparison, setting.students(), setting.trainings()
    before = EpochBefore(students, setting.split, trainings[0])
    distiller = FromEpochBefore(comparison.online_temperature, comparison.online_alpha, before, comparison.epochs)
    yield Stage("student", [students], distiller, trainings, before)
