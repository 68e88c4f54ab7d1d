"""What every way of teaching has in common: the loop's view of it, and the two usual shapes.

A distiller says how an update's gradient comes about. It never computes a loss that nobody looks at: the gradients at
the logits are known in closed form (`losses.py`), and the terms are worked out for the reports alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from kdviz.engine import losses
from kdviz.engine.batches import Batch, Chunk
from kdviz.engine.models import Cohort


class Step(NamedTuple):
    """One update's backward pass: start at `outputs`, which are in the graph, with `gradients` of the loss there."""

    outputs: Sequence[Tensor]
    gradients: Sequence[Tensor]
    record: tuple[Tensor, ...]  # detached, (students, batch, ...): the student's logits, then what `terms` needs


class Terms(NamedTuple):
    """The two terms as they enter the loss, means over the images given, (students,)."""

    loss_kd: Tensor
    loss_ce: Tensor
    gradient_share_kd: Tensor | None = None  # ||soft|| / (||soft|| + ||hard||) at the student's logits


class Distiller(Protocol):
    """A way of teaching, as the loop sees it. `cohorts` are who learns: the students first, then their peers."""

    @property
    def parameters(self) -> list[Tensor]:
        """What learns along and is thrown away afterwards: heads, regressors."""
        ...

    @property
    def asked(self) -> float:
        """Multiply-adds for each image, besides the forward and backward passes of those who learn."""
        ...

    def targets(self, chunk: Chunk) -> Tensor:
        """What `step` needs of the teacher's logits, worked out for many batches at once, (students, N, classes)."""
        ...

    def step(self, cohorts: Sequence[Cohort], batch: Batch) -> Step:
        """The forward pass of one update, and the gradients to start back from."""
        ...

    def terms(self, chunk: Chunk, record: tuple[Tensor, ...]) -> Terms:
        """The terms of the loss over the images of a chunk, from what `step` recorded."""
        ...

    def voices(self, cohorts: Sequence[Cohort], images: Tensor) -> dict[str, Tensor]:
        """Logits (students, N, classes) of everybody who speaks besides the student, for uint8 images (N, 28, 28)."""
        ...


class Alone:
    """Nobody learns along, nothing is asked in every batch, nobody else speaks: what most ways of teaching say."""

    @property
    def parameters(self) -> list[Tensor]:
        """None."""
        return []

    @property
    def asked(self) -> float:
        """Nothing."""
        return 0.0

    def voices(self, cohorts: Sequence[Cohort], images: Tensor) -> dict[str, Tensor]:
        """Nobody."""
        return {}


@dataclass(frozen=True)
class FromLogits(Alone, ABC):
    """alpha * soft term + (1 - alpha) * CE, where the soft term is one of the student's and somebody's logits."""

    temperature: float
    alpha: float

    def targets(self, chunk: Chunk) -> Tensor:
        """The teacher's logits."""
        return chunk.teacher

    @abstractmethod
    def soft_gradient(self, logits: Tensor, targets: Tensor, weight: float) -> Tensor:
        """Gradient of `weight` times each image's soft term at the logits, (students, batch, classes)."""

    @abstractmethod
    def soft_term(self, logits: Tensor, teacher: Tensor) -> Tensor:
        """Each image's soft term, without alpha, (students, N)."""

    def step(self, cohorts: Sequence[Cohort], batch: Batch) -> Step:
        """Both gradients at the student's logits."""
        logits = cohorts[0].logits(batch.images)
        answer = logits.detach()
        soft = self.soft_gradient(answer, batch.targets, self.alpha / answer.shape[1])
        return Step((logits,), (hard(answer, batch, 1 - self.alpha) + soft,), (answer,))

    def terms(self, chunk: Chunk, record: tuple[Tensor, ...]) -> Terms:
        """Both terms."""
        return self.weighed_terms(chunk, record[0], self.alpha)

    def weighed_terms(self, chunk: Chunk, answer: Tensor, alpha: Tensor | float) -> Terms:
        """Both terms with an alpha of its own, (students, N), for each image.

        In double precision: at T = 1000 the rounding of single precision, times T^2, can exceed the KL itself.
        """
        logits = answer.double()
        soft = (self.soft_term(logits, chunk.teacher.double()) * alpha).mean(dim=1)
        pull = self.soft_gradient(answer, self.targets(chunk), 1.0)
        push = mask(losses.hard_gradient(answer, chunk.one_hot), chunk.labelled)
        if isinstance(alpha, Tensor):
            part = share(pull * alpha.unsqueeze(-1), push * (1 - alpha).unsqueeze(-1))
        else:
            part = share(pull * alpha, push * (1 - alpha))
        return Terms(soft, cross_entropy(logits, chunk, 1 - alpha), part)


def hard(logits: Tensor, batch: Batch, weight: float) -> Tensor:
    """Gradient of `weight` times the mean cross-entropy of a batch; an unlabelled image adds nothing."""
    gradient = losses.hard_gradient(logits, batch.one_hot, weight / logits.shape[1])
    return gradient if batch.labelled is None else gradient * batch.labelled


def mask(gradient: Tensor, labelled: Tensor | None) -> Tensor:
    """No gradient where the label may not be used; `labelled` (students, N)."""
    return gradient if labelled is None else gradient * labelled.unsqueeze(-1)


def cross_entropy(logits: Tensor, chunk: Chunk, weight: Tensor | float = 1.0) -> Tensor:
    """Mean over the images of `weight` times the cross-entropy with the labels, (students,)."""
    each = losses.cross_entropy(logits, chunk.labels) * weight
    return (each if chunk.labelled is None else each * chunk.labelled).mean(dim=1)


def share(soft: Tensor, hard: Tensor) -> Tensor:
    """Who pulls harder: ||soft|| / (||soft|| + ||hard||) of gradients (students, N, classes), 0 where nobody does."""
    pulls = soft.float().norm(dim=(1, 2)), hard.float().norm(dim=(1, 2))
    total = pulls[0] + pulls[1]
    return torch.where(total != 0, pulls[0] / total, 0.0)


@dataclass(frozen=True)
class FromActivations(Alone, ABC):
    """CE + strength * how far the student's hidden layers are from the teacher's; T and alpha play no part.

    The papers weigh their terms so; `strength` is theirs.
    """

    teachers: Cohort
    strength: float

    @property
    def asked(self) -> float:
        """The teacher's forward pass: its hidden layers are too large to be kept for all images."""
        return float(self.teachers.architecture.multiply_adds)

    def targets(self, chunk: Chunk) -> Tensor:
        """Nothing is made of logits."""
        return chunk.one_hot

    @abstractmethod
    def knowledge(self, number: int, student: list[Tensor], teacher: list[Tensor]) -> Tensor:
        """How far the layers of student `number` are from its teacher's, in one batch; the logits come last."""

    def step(self, cohorts: Sequence[Cohort], batch: Batch) -> Step:
        """The gradient of the hard term at the logits; autograd goes back from the knowledge term itself."""
        layers = cohorts[0].layers(batch.images)
        with torch.no_grad():
            teacher = self.teachers.layers(batch.images)
        away = torch.stack(
            [
                self.knowledge(number, [layer[number] for layer in layers], [layer[number] for layer in teacher])
                for number in range(len(cohorts[0]))
            ]
        )
        logits = layers[-1]
        answer = logits.detach()
        strengths = torch.full_like(away, self.strength)
        recorded = (self.strength * away.detach()).double().unsqueeze(1).expand(answer.shape[:2])
        return Step((logits, away), (hard(answer, batch, 1.0), strengths), (answer, recorded))

    def terms(self, chunk: Chunk, record: tuple[Tensor, ...]) -> Terms:
        """The knowledge term is a batch's: each of its images carries it."""
        return Terms(record[1].mean(dim=1), cross_entropy(record[0].double(), chunk))
