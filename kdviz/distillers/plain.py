"""Plain training: the labels alone. The control of every comparison, and how a teacher is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from kdviz.distillers.stage import Given, Stage
from kdviz.engine import losses
from kdviz.engine.batches import Batch, Chunk
from kdviz.engine.models import Cohort
from kdviz.engine.teaching import Alone, Step, Terms


class Plain(Alone):
    """CE with the hard labels."""

    def targets(self, chunk: Chunk) -> Tensor:
        """The labels, as a distribution."""
        return chunk.one_hot

    def step(self, cohorts: Sequence[Cohort], batch: Batch) -> Step:
        """The gradient of the hard term: softmax(z) - y."""
        logits = cohorts[0].logits(batch.images)
        answer = logits.detach()
        gradient = losses.hard_gradient(answer, batch.targets, 1 / answer.shape[1])
        return Step((logits,), (gradient if batch.labelled is None else gradient * batch.labelled,), (answer,))

    def terms(self, chunk: Chunk, record: tuple[Tensor, ...]) -> Terms:
        """The hard term alone."""
        each = -(self.targets(chunk) * torch.log_softmax(record[0].double(), dim=-1)).sum(dim=-1)
        hard = (each if chunk.labelled is None else each * chunk.labelled).mean(dim=1)
        return Terms(torch.zeros_like(hard), hard)


def stages(given: Given) -> Iterator[Stage]:
    """The students and the labels."""
    yield Stage("student", [given.students()], Plain(), given.trainings())
