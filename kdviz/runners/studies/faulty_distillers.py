"""Distillation done wrong: the losses and the soft targets of the mistakes, as programs that make them compute them.

p = softmax(v / T), q = softmax(z / T), N classes; see `kdviz.engine.losses` for the loss they should be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from kdviz.distillers.offline import Offline
from kdviz.engine import data, losses
from kdviz.engine.augmentation import augment
from kdviz.engine.batches import Chunk, FixedTeachers
from kdviz.engine.data import Split
from kdviz.engine.distiller import Terms
from kdviz.engine.dropout import Dropout
from kdviz.engine.models import Cohort
from kdviz.recipes.base import Augmentation, Training


@dataclass(frozen=True)
class WithoutTSquared(Offline):
    """alpha * KL(p || q): the gradient is (q - p) / T, so it fades as T grows."""

    def soft_gradient(self, student: Tensor, targets: Tensor, weight: float) -> Tensor:
        """(q - p) / T."""
        return super().soft_gradient(student, targets, weight / self.temperature**2)

    def soft_term(self, student: Tensor, teacher: Tensor) -> Tensor:
        """KL(p || q)."""
        return losses.kl_divergence(student, teacher, self.temperature)


@dataclass(frozen=True)
class MeanOverClasses(Offline):
    """T^2 * KL(p || q) / N: what `torch.nn.KLDivLoss` gives with its default, a mean over all elements of its input."""

    def soft_gradient(self, student: Tensor, targets: Tensor, weight: float) -> Tensor:
        """T * (q - p) / N."""
        return super().soft_gradient(student, targets, weight / student.shape[-1])

    def soft_term(self, student: Tensor, teacher: Tensor) -> Tensor:
        """T^2 * KL(p || q) / N."""
        return super().soft_term(student, teacher) / student.shape[-1]


@dataclass(frozen=True)
class Probabilities(Offline):
    """T^2 * sum p (log p - q): what `torch.nn.KLDivLoss` gives when its input is q in place of log q.

    Linear in q, so it is least where q is all on the teacher's likeliest class; it is below 0 for every q.
    """

    def soft_gradient(self, student: Tensor, targets: Tensor, weight: float) -> Tensor:
        """-T * q * (p - <p, q>)."""
        q = losses.softmax(student, self.temperature)
        expected = (targets * q).sum(dim=-1, keepdim=True)
        return q.mul_(expected - targets).mul_(weight * self.temperature)

    def soft_term(self, student: Tensor, teacher: Tensor) -> Tensor:
        """-T^2 * (H(p) + <p, q>)."""
        p, q = losses.softmax(teacher, self.temperature), losses.softmax(student, self.temperature)
        return -(self.temperature**2) * (losses.entropy(teacher, self.temperature) + (p * q).sum(dim=-1))


@dataclass(frozen=True)
class Hardened(Offline):
    """T^2 * KL(e || q), with e all on the teacher's likeliest class: `argmax` before the loss leaves a label of p."""

    def soft_gradient(self, student: Tensor, targets: Tensor, weight: float) -> Tensor:
        """T * (q - e)."""
        return super().soft_gradient(student, _all_on_the_likeliest(targets), weight)

    def soft_term(self, student: Tensor, teacher: Tensor) -> Tensor:
        """-T^2 * log q at the teacher's likeliest class."""
        log_q = losses.log_softmax(student, self.temperature)
        return -(self.temperature**2) * log_q.gather(-1, teacher.argmax(dim=-1, keepdim=True)).squeeze(-1)


def _all_on_the_likeliest(targets: Tensor) -> Tensor:
    """One-hot distributions (..., classes)."""
    return torch.zeros_like(targets).scatter_(-1, targets.argmax(dim=-1, keepdim=True), 1.0)


@dataclass(frozen=True)
class OwnTeacher(Offline):
    """Teacher and student are the same object: p is the student's own q, in every update."""

    def soft_gradient(self, student: Tensor, targets: Tensor, weight: float) -> Tensor:
        """T * (q - q) = 0: the hard term acts alone; autograd would see the teacher as a constant."""
        return super().soft_gradient(student, losses.softmax(student, self.temperature), weight)

    def terms(self, chunk: Chunk, record: tuple[Tensor, ...]) -> Terms:
        """Both terms, with the student's own logits in place of a teacher's."""
        return super().terms(replace(chunk, teacher_logits=record[0]), record)


class ByPosition(FixedTeachers):
    """Logits in the order in which a first pass through a shuffled loader gave them; the training shuffles anew."""

    first_pass: Tensor  # (students, training images): the image whose logits lie at each position
    used = 0  # logits so far
    misplaced = 0  # how many of them were of another image
    _epoch = 0
    _position = 0

    @classmethod
    def shuffled(
        cls, teachers: Cohort, split: Split, trainings: Sequence[Training], temperature: float, seed_of_pass: int
    ) -> Self:
        """Logits from one pass of each student's own loader, whose generator goes on from there."""
        advice = cls.of([teachers], split, trainings[0], temperature)
        orders = [
            torch.randperm(len(split), generator=torch.Generator().manual_seed(training.seed + seed_of_pass))
            for training in trainings
        ]
        advice.first_pass = torch.stack(orders).to(split.labels.device)
        return advice

    def on(self, epoch: int, indices: Tensor, images: Tensor) -> Tensor:
        """Logits (students, N, classes) that lie at the positions of these images in their epoch."""
        if epoch != self._epoch:
            self._epoch, self._position = epoch, 0
        begin, self._position = self._position, self._position + indices.shape[1]
        at_positions = self.first_pass[:, begin : self._position]
        self.used += at_positions.numel()
        self.misplaced += int((at_positions != indices).sum())
        return super().on(epoch, at_positions, images)


class OtherViews(FixedTeachers):
    """Logits of the training images as the teachers see them: changed by draws of their own, not by the students'."""

    images: Tensor  # uint8 (training images, 28, 28), as they are in the data set
    kind: Augmentation
    generators: Sequence[torch.Generator]  # one for each student

    @classmethod
    def drawn(
        cls, teachers: Cohort, split: Split, trainings: Sequence[Training], temperature: float, seed_of_views: int
    ) -> Self:
        """Each teacher's views follow from its student's seed and `seed_of_views`. The trainings are augmented."""
        advice = cls.of([teachers], split, trainings[0], temperature)
        advice.images, advice.kind = split.images, trainings[0].augmentation
        advice.generators = [torch.Generator().manual_seed(training.seed + seed_of_views) for training in trainings]
        return advice

    def on(self, epoch: int, indices: Tensor, images: Tensor) -> Tensor:
        """Logits (students, N, classes) of other views than `images`."""
        views = [
            augment(self.images[own], self.kind, int(torch.randint(2**31, (), generator=generator)))
            for own, generator in zip(indices, self.generators, strict=True)
        ]
        return super().on(epoch, indices, torch.stack(views))


class InTrainingMode(FixedTeachers):
    """Logits computed anew in every epoch while the teachers drop units at random, as they did when they learnt."""

    @classmethod
    def dropping(cls, teachers: Cohort, trainings: Sequence[Training], temperature: float) -> InTrainingMode:
        """Of one teacher for each student; `trainings` say what a teacher drops."""
        frozen = teachers.frozen()
        frozen.train(Dropout.of(trainings, len(frozen), frozen.parameters[0].device))
        return cls([frozen], temperature)

    @property
    def students(self) -> int:
        """How many students there are, each with a teacher of its own."""
        return len(self._teachers[0])

    def on(self, epoch: int, indices: Tensor, images: Tensor) -> Tensor:
        """Logits (students, N, classes), different every time."""
        return self.ask(images)

    @torch.no_grad()
    def ask(self, images: Tensor) -> Tensor:
        """Logits (students, N, classes) of uint8 images (students, N, 28, 28)."""
        (teacher,) = self._teachers
        self.multiply_adds += float(images[..., 0, 0].numel() * teacher.architecture.multiply_adds)
        return teacher.logits(data.normalise(images.flatten(0, 1)).unflatten(0, images.shape[:2]))
