"""Offline distillation of several students at once, each with a temperature and a weight of its own (Hinton 2015)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from kdviz.engine import losses
from kdviz.engine.batches import Batch, Chunk
from kdviz.engine.distiller import Distiller, Step, Terms
from kdviz.engine.models import Cohort

# For the curves alone: the terms of all images of many students would take a twentieth of the training's time.
LOOKED_AT = 4


@dataclass(frozen=True)
class OwnSettings(Distiller):
    """alpha * T^2 * KL(p || q) + (1 - alpha) * CE for each student of a stack; both tensors are (students, 1, 1).

    With alpha = 0 a student's gradient is plain training's to the last bit, whatever its neighbours do.
    """

    temperatures: Tensor
    alphas: Tensor

    @classmethod
    def of(
        cls,
        temperatures: Iterable[float],
        alphas: Iterable[float],
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> OwnSettings:
        """From a temperature and an alpha for each student."""
        lists = (list(temperatures), list(alphas))
        return cls(*(torch.tensor(numbers, device=device, dtype=dtype).view(-1, 1, 1) for numbers in lists))

    def targets(self, chunk: Chunk) -> Tensor:
        """p, the same teacher's softmax at the T of each student.

        Zeros where alpha = 0: 0 times the p of a teacher that diverged would be no number.
        """
        return losses.softmax(chunk.teacher_logits, self.temperatures).masked_fill_(self.alphas == 0, 0.0)

    def step(self, cohorts: Sequence[Cohort], batch: Batch) -> Step:
        """Both gradients at the students' logits."""
        logits = cohorts[0].logits(batch.images)
        student, images = logits.detach(), logits.shape[1]
        soft = losses.kd_gradient(student, batch.targets, self.temperatures, self.alphas / images)
        hard = losses.cross_entropy_gradient(student, batch.one_hot, (1 - self.alphas) / images, batch.labelled)
        return Step((logits,), (hard + soft,), (logits,))

    def terms(self, chunk: Chunk, record: tuple[Tensor, ...]) -> Terms:
        """Both terms over one of `LOOKED_AT` images, in double precision as `LogitDistiller` has them."""
        some = (slice(None), slice(None, None, LOOKED_AT))
        labelled = None if chunk.labelled is None else chunk.labelled[some]
        student, teacher = record[0][some].double(), chunk.teacher_logits[some].double()
        temperatures, alphas = self.temperatures.double(), self.alphas.double().squeeze(-1)
        kl = losses.kl_divergence(student, teacher, temperatures)
        soft = (kl * alphas * temperatures.squeeze(-1).square()).masked_fill(alphas == 0, 0.0)
        hard = losses.cross_entropy(student, chunk.labels[some], labelled) * (1 - alphas)
        return Terms(soft.mean(dim=1), hard.mean(dim=1))
