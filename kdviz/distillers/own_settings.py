"""Offline distillation of several students at once, each with a temperature and a weight of its own (Hinton 2015)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from kdviz.engine import losses
from kdviz.engine.batches import Batch, Chunk
from kdviz.engine.models import Cohort
from kdviz.engine.teaching import Alone, Step, Terms, cross_entropy

# For the curves alone: the terms of all images of many students would take a twentieth of the training's time.
LOOKED_AT = 4


@dataclass(frozen=True)
class OwnSettings(Alone):
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
        """From a number for each student."""
        lists = (list(temperatures), list(alphas))
        return cls(*(torch.tensor(each, device=device, dtype=dtype).view(-1, 1, 1) for each in lists))

    def targets(self, chunk: Chunk) -> Tensor:
        """p, the same teacher's softmax at the T of each student.

        Zeros where alpha = 0: 0 times the p of a teacher that diverged would be no number.
        """
        return losses.softmax(chunk.teacher, self.temperatures).masked_fill_(self.alphas == 0, 0.0)

    def step(self, cohorts: Sequence[Cohort], batch: Batch) -> Step:
        """Both gradients at the students' logits."""
        logits = cohorts[0].logits(batch.images)
        answer = logits.detach()
        images = answer.shape[1]
        soft = losses.soft_gradient("kl", answer, batch.targets, self.temperatures, self.alphas / images)
        hard = losses.hard_gradient(answer, batch.one_hot, (1 - self.alphas) / images)
        if batch.labelled is not None:
            hard = hard * batch.labelled
        return Step((logits,), (hard + soft,), (answer,))

    def terms(self, chunk: Chunk, record: tuple[Tensor, ...]) -> Terms:
        """Both terms over one of `LOOKED_AT` images, in double precision as `FromLogits` has them."""
        some = (slice(None), slice(None, None, LOOKED_AT))
        seen = replace(
            chunk, labels=chunk.labels[some], labelled=None if chunk.labelled is None else chunk.labelled[some]
        )
        logits, teacher = record[0][some].double(), chunk.teacher[some].double()
        temperatures, alphas = self.temperatures.double(), self.alphas.double().squeeze(-1)
        apart = losses.kl_divergence(logits, teacher, temperatures)
        soft = (apart * alphas * temperatures.squeeze(-1).square()).masked_fill(alphas == 0, 0.0).mean(dim=1)
        return Terms(soft, cross_entropy(logits, seen, 1 - alphas))
