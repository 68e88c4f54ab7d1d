"""Self-distillation over time: the moving average of the network's own weights teaches it, with growing weight.

Tarvainen, Valpola 2017 (mean teacher), section 2, there with noise for the two.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from kdviz.distillers.earlier_self import EarlierSelf
from kdviz.distillers.stage import Setting, Stage
from kdviz.engine import evaluation, losses
from kdviz.engine.batches import Batch, Chunk
from kdviz.engine.distiller import Distiller, Step, Terms
from kdviz.engine.models import Cohort

DECAY = 0.99  # of the moving average in every update: it looks back about a hundred updates


class FromAverage(EarlierSelf):
    """Mean teacher: the teacher is the moving average of the student's weights."""

    targets = Distiller.targets  # the logits of the average are known only in the update itself

    def __init__(self, temperature: float, alpha: float, average: Cohort) -> None:
        super().__init__(temperature, alpha)
        self.average = average
        self._updates = 0

    @property
    def extra_multiply_adds(self) -> float:
        """The average's forward pass."""
        return float(self.average.architecture.multiply_adds)

    def weight(self, done: float) -> float:
        """The share of all updates that are done."""
        return done

    def step(self, cohorts: Sequence[Cohort], batch: Batch) -> Step:
        """Update the average, then both gradients with its logits for the teacher's."""
        self._updates += 1
        with torch.no_grad():
            # At first the mean of all weights so far, until that looks back far enough.
            part = max(1 / self._updates, 1 - DECAY)
            torch._foreach_lerp_(self.average.parameters, [p.detach() for p in cohorts[0].parameters], part)
            teacher = self.average.logits(batch.images)
        targets = losses.softmax(teacher, self.offline.temperature)
        step = super().step(cohorts, batch._replace(targets=targets))
        return step._replace(record=(*step.record, teacher))

    def terms(self, chunk: Chunk, record: tuple[Tensor, ...]) -> Terms:
        """Both terms, with the average's logits for the teacher's."""
        logits, alphas, teacher = record
        return super().terms(replace(chunk, teacher_logits=teacher), (logits, alphas))

    def other_logits(self, cohorts: Sequence[Cohort], images: Tensor) -> dict[str, Tensor]:
        """Logits of the average."""
        return {"own average": evaluation.logits_of_all(self.average, images)}


def stages(setting: Setting) -> Iterator[Stage]:
    """The students, taught by the moving average of their weights."""
    comparison, students = setting.comparison, setting.students()
    distiller = FromAverage(comparison.online_temperature, comparison.online_alpha, students.frozen())
    yield Stage("student", [students], distiller, setting.trainings())
