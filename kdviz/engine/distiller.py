"""What every way of teaching has in common: the loop's view of it, and the two usual shapes.

A distiller says how an update's gradient comes about. The loss itself is not computed in every update: the gradients at
the logits are known in closed form (`losses.py`), and the terms are worked out for the reports alone.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from kdviz.engine import losses
from kdviz.engine.batches import Batch, Chunk
from kdviz.engine.models import Cohort


class Step(NamedTuple):
    """One update's backward pass: start at `outputs`, which are in the graph, with `gradients` of the loss there."""

    outputs: Sequence[Tensor]
    gradients: Sequence[Tensor]
    record: tuple[Tensor, ...]  # (students, batch, ...): the student's logits, then what else `terms` needs


class Terms(NamedTuple):
    """The two terms as they enter the loss, means over the images given, (students,)."""

    loss_kd: Tensor
    loss_ce: Tensor
    gradient_share_kd: Tensor | None = None  # ||soft|| / (||soft|| + ||hard||) at the student's logits


class Distiller(ABC):
    """A way of teaching, as the loop sees it. `cohorts` are the networks that learn: the students, then their peers."""

    @property
    def parameters(self) -> list[Tensor]:
        """Parameters trained with the students and thrown away afterwards: of heads, of regressors."""
        return []

    @property
    def extra_multiply_adds(self) -> float:
        """Multiply-adds for each image, besides the forward and backward passes of `cohorts`."""
        return 0.0

    def targets(self, chunk: Chunk) -> Tensor:
        """What `step` needs of a fixed teacher's logits, made for many batches at once, (students, N, classes).

        The labels where there is no such teacher.
        """
        return chunk.one_hot

    @abstractmethod
    def step(self, cohorts: Sequence[Cohort], batch: Batch) -> Step:
        """The forward pass of one update, and the loss's gradients at its outputs."""

    @abstractmethod
    def terms(self, chunk: Chunk, record: tuple[Tensor, ...]) -> Terms:
        """The terms of the loss over the images of a chunk, from what `step` recorded.

        Teachers are constants in it: the derivative of the terms is the gradient that `step` gives.
        """

    def other_logits(self, cohorts: Sequence[Cohort], images: Tensor) -> dict[str, Tensor]:
        """Logits of peers, heads and earlier selves by name, (students, N, classes), for uint8 images (N, 28, 28)."""
        return {}


@dataclass(frozen=True)
class LogitDistiller(Distiller):
    """alpha * soft term + (1 - alpha) * CE, where the soft term is one of the student's and the teacher's logits."""

    temperature: float
    alpha: float

    @abstractmethod
    def soft_term(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Each image's soft term, without alpha, (students, N), from logits (students, N, classes)."""

    @abstractmethod
    def soft_gradient(self, student: Tensor, targets: Tensor, weight: float) -> Tensor:
        """Gradient of `weight` times each image's soft term at the student's logits, (students, N, classes)."""

    def targets(self, chunk: Chunk) -> Tensor:
        """The teacher's logits."""
        return chunk.teacher_logits

    def step(self, cohorts: Sequence[Cohort], batch: Batch) -> Step:
        """Both gradients at the student's logits."""
        logits = cohorts[0].logits(batch.images)
        student = logits.detach()
        images = student.shape[1]
        soft = self.soft_gradient(student, batch.targets, self.alpha / images)
        hard = losses.cross_entropy_gradient(student, batch.one_hot, (1 - self.alpha) / images, batch.labelled)
        return Step((logits,), (hard + soft,), (logits,))

    def terms(self, chunk: Chunk, record: tuple[Tensor, ...]) -> Terms:
        """Both terms, and the soft one's share of the gradient."""
        return self.weighted_terms(chunk, record[0], self.alpha)

    def weighted_terms(self, chunk: Chunk, logits: Tensor, alpha: Tensor | float) -> Terms:
        """Both terms with an alpha, (students, N), for each image.

        In double precision: at T = 1000 the rounding of single precision, times T^2, can exceed the KL itself.
        """
        soft = self.soft_term(logits.double(), chunk.teacher_logits.double())
        hard = losses.cross_entropy(logits.double(), chunk.labels, chunk.labelled)
        weight = alpha.unsqueeze(-1) if isinstance(alpha, Tensor) else alpha
        share = gradient_share(
            self.soft_gradient(logits, self.targets(chunk), 1.0) * weight,
            losses.cross_entropy_gradient(logits, chunk.one_hot, 1.0, chunk.labelled) * (1 - weight),
        )
        return Terms(*losses.distillation_loss(soft, hard, alpha), share)


@dataclass(frozen=True)
class FeatureDistiller(Distiller):
    """CE + strength * distance of the student's hidden layers from the teacher's; T and alpha play no part.

    The papers weigh their terms so; `strength` is theirs.
    """

    teachers: Cohort
    strength: float

    @abstractmethod
    def distance(self, number: int, student: list[Tensor], teacher: list[Tensor]) -> Tensor:
        """Distance of student `number` from its teacher in one batch, a number; of the layers the logits come last."""

    @property
    def extra_multiply_adds(self) -> float:
        """The teacher's forward pass: its hidden layers are too large to be kept for all images."""
        return float(self.teachers.architecture.multiply_adds)

    def step(self, cohorts: Sequence[Cohort], batch: Batch) -> Step:
        """The gradient of the hard term at the logits; autograd goes back from the distance itself."""
        layers = cohorts[0].layers(batch.images)
        with torch.no_grad():
            teacher = self.teachers.layers(batch.images)
        distances = torch.stack(
            [
                self.distance(number, [layer[number] for layer in layers], [layer[number] for layer in teacher])
                for number in range(len(cohorts[0]))
            ]
        )
        logits, strengths = layers[-1], torch.full_like(distances, self.strength)
        hard = losses.cross_entropy_gradient(logits.detach(), batch.one_hot, 1 / logits.shape[1], batch.labelled)
        soft = (self.strength * distances).double().unsqueeze(1).expand(logits.shape[:2])
        return Step((logits, distances), (hard, strengths), (logits, soft))

    def terms(self, chunk: Chunk, record: tuple[Tensor, ...]) -> Terms:
        """The mean of the batches' distances times the strength, and the hard term."""
        logits, soft = record
        hard = losses.cross_entropy(logits.double(), chunk.labels, chunk.labelled)
        return Terms(soft.mean(dim=1), hard.mean(dim=1))


def gradient_share(soft: Tensor, hard: Tensor) -> Tensor:
    """||soft|| / (||soft|| + ||hard||) of gradients (students, N, classes), (students,); 0 where both are 0."""
    soft_norm, hard_norm = (gradient.float().norm(dim=(1, 2)) for gradient in (soft, hard))
    total = soft_norm + hard_norm
    return torch.where(total != 0, soft_norm / total, 0.0)
