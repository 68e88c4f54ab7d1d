"""Self-distillation over time: the network's own earlier self teaches it, with growing weight.

As it was at the end of the epoch before: Kim, Ji, Yoon, Hwang 2021 (PS-KD), section 3, equation 5 for the weight.
As a moving average of its weights: Tarvainen, Valpola 2017 (mean teacher), section 2, there with noise for the two.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from kdviz.distillers.offline import Offline
from kdviz.distillers.stage import Given, Stage
from kdviz.engine import evaluation, losses
from kdviz.engine.batches import Advice, Batch, Chunk
from kdviz.engine.data import Split
from kdviz.engine.models import Cohort
from kdviz.engine.teaching import Alone, Step, Terms
from kdviz.recipes.base import Training
from kdviz.recipes.catalogue import CLASSES

DECAY = 0.99  # of the moving average in every update: it looks back about a hundred updates


class EpochBefore:
    """What the students said of the training images at the end of the epoch before."""

    unlabelled = False  # a network that is not trained yet is no teacher for images that nobody has labelled

    def __init__(self, students: Cohort, split: Split, training: Training) -> None:
        self.snapshot: Cohort | None = None
        self._students, self._split, self._training = students, split, training
        self._advice: Advice | None = None
        self._epoch = 1
        self._spent = 0.0

    @property
    def multiply_adds(self) -> float:
        """Of all forward passes so far."""
        return self._spent + (self._advice.multiply_adds if self._advice else 0.0)

    def on(self, epoch: int, indices: Tensor, images: Tensor) -> Tensor:
        """Logits; in the first epoch, which has none before it, all alike, and of no weight."""
        if epoch > self._epoch:
            self._spent, self._epoch = self.multiply_adds, epoch
            self.snapshot = self._students.frozen()
            self._advice = Advice.of([self.snapshot], self._split, self._training, 1.0)
        if self._advice is None:
            return torch.zeros(*indices.shape, CLASSES, device=indices.device)
        return self._advice.on(epoch, indices, images)


class EarlierSelf(Alone, ABC):
    """Offline's loss with somebody earlier as the teacher; alpha grows to its full size."""

    def __init__(self, temperature: float, alpha: float) -> None:
        self.offline = Offline(temperature, alpha)

    @abstractmethod
    def weight(self, done: float) -> float:
        """The part of alpha that counts after this share of all updates."""

    def targets(self, chunk: Chunk) -> Tensor:
        """p, as offline."""
        return self.offline.targets(chunk)

    def step(self, cohorts: Sequence[Cohort], batch: Batch) -> Step:
        """As offline, with the alpha of the moment."""
        alpha = self.offline.alpha * self.weight(batch.done)
        taught = replace(self.offline, alpha=alpha).step(cohorts, batch)
        answer = taught.record[0]
        alphas = torch.full(answer.shape[:2], alpha, dtype=torch.double, device=answer.device)
        return taught._replace(record=(answer, alphas))

    def terms(self, chunk: Chunk, record: tuple[Tensor, ...]) -> Terms:
        """Both terms, with the alpha that each image had."""
        return self.offline.weighed_terms(chunk, *record)


class FromEpochBefore(EarlierSelf):
    """PS-KD: the network at the end of the epoch before."""

    def __init__(self, temperature: float, alpha: float, before: EpochBefore, epochs: int) -> None:
        super().__init__(temperature, alpha)
        self._before, self._epochs = before, epochs

    def weight(self, done: float) -> float:
        """epoch / epochs, and 0 in the first, which has none before it."""
        epoch = math.floor(done * self._epochs + 1e-9) + 1
        return epoch / self._epochs if epoch > 1 else 0.0

    def voices(self, cohorts: Sequence[Cohort], images: Tensor) -> dict[str, Tensor]:
        """The network as it was at the end of the epoch before, from the second epoch on."""
        known = self._before.snapshot
        return {} if known is None else {"last epoch": evaluation.logits_of_all(known, images)}


class FromAverage(EarlierSelf):
    """Mean teacher: the moving average of the student's weights."""

    def __init__(self, temperature: float, alpha: float, average: Cohort) -> None:
        super().__init__(temperature, alpha)
        self.average = average
        self._updates = 0

    @property
    def asked(self) -> float:
        """The average's forward pass."""
        return float(self.average.architecture.multiply_adds)

    def weight(self, done: float) -> float:
        """The share itself."""
        return done

    def targets(self, chunk: Chunk) -> Tensor:
        """What the average says is known only when it is asked."""
        return chunk.one_hot

    def step(self, cohorts: Sequence[Cohort], batch: Batch) -> Step:
        """Bring the average up to date, ask it, and go on."""
        self._updates += 1
        with torch.no_grad():
            # At first the mean of all weights so far, until that looks back far enough.
            part = max(1 / self._updates, 1 - DECAY)
            torch._foreach_lerp_(self.average.parameters, [p.detach() for p in cohorts[0].parameters], part)
            said = self.average.logits(batch.images)
        targets = losses.softmax(said, self.offline.temperature)
        taught = super().step(cohorts, batch._replace(targets=targets))
        return taught._replace(record=(*taught.record, said))

    def terms(self, chunk: Chunk, record: tuple[Tensor, ...]) -> Terms:
        """Both terms, with what the average said."""
        answer, alphas, said = record
        return super().terms(replace(chunk, teacher=said), (answer, alphas))

    def voices(self, cohorts: Sequence[Cohort], images: Tensor) -> dict[str, Tensor]:
        """The average."""
        return {"own average": evaluation.logits_of_all(self.average, images)}


def stages(given: Given) -> Iterator[Stage]:
    """The students, taught by the epoch before."""
    conditions, students, trainings = given.conditions, given.students(), given.trainings()
    before = EpochBefore(students, given.split, trainings[0])
    method = FromEpochBefore(conditions.online_temperature, conditions.online_alpha, before, conditions.epochs)
    yield Stage("student", [students], method, trainings, before, arrows=[("last epoch", "student")])


def averaged(given: Given) -> Iterator[Stage]:
    """The students, taught by the moving average of their weights."""
    students = given.students()
    method = FromAverage(given.conditions.online_temperature, given.conditions.online_alpha, students.frozen())
    yield Stage("student", [students], method, given.trainings(), arrows=[("own average", "student")])
