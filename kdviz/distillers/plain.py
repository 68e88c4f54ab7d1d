"""Plain training: the labels alone. The control of every comparison, and how a teacher is made."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from kdviz.distillers.stage import Setting, Stage
from kdviz.engine import losses
from kdviz.engine.batches import Batch, Chunk
from kdviz.engine.distiller import Distiller, Step, Terms
from kdviz.engine.models import Cohort


class Plain(Distiller):
    """CE with the hard labels."""

    def step(self, cohorts: Sequence[Cohort], batch: Batch) -> Step:
        """The gradient of the hard term: softmax(z) - y."""
        logits = cohorts[0].logits(batch.images)
        gradient = losses.cross_entropy_gradient(logits.detach(), batch.targets, 1 / logits.shape[1], batch.labelled)
        return Step((logits,), (gradient,), (logits,))

    def terms(self, chunk: Chunk, record: tuple[Tensor, ...]) -> Terms:
        """The hard term alone."""
        of_images = -(self.targets(chunk) * losses.log_softmax(record[0].double())).sum(dim=-1)
        hard = (of_images if chunk.labelled is None else of_images * chunk.labelled).mean(dim=1)
        return Terms(torch.zeros_like(hard), hard)


def stages(setting: Setting) -> Iterator[Stage]:
    """One: the students learn from the labels."""
    yield Stage("student", [setting.students()], Plain(), setting.trainings())
