"""Offline distillation: a trained teacher, fixed, advises the student.

Hinton, Vinyals, Dean 2015, section 2; with matched logits as Ba, Caruana 2014, section 2.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from kdviz.distillers.plain import Plain
from kdviz.distillers.stage import Given, Stage
from kdviz.engine import losses
from kdviz.engine.batches import Chunk
from kdviz.engine.models import Cohort
from kdviz.engine.teaching import FromLogits
from kdviz.recipes.base import Loss


@dataclass(frozen=True)
class Offline(FromLogits):
    """alpha * T^2 * KL(p || q) + (1 - alpha) * CE, or one of KL's relatives."""

    loss: Loss = "kl"

    def targets(self, chunk: Chunk) -> Tensor:
        """p, the softmax at T, once for all batches; the logits where they are matched."""
        return losses.soft_targets(self.loss, chunk.teacher, self.temperature)

    def soft_gradient(self, logits: Tensor, targets: Tensor, weight: float) -> Tensor:
        """T * (q - p)."""
        return losses.soft_gradient(self.loss, logits, targets, self.temperature, weight)

    def soft_term(self, logits: Tensor, teacher: Tensor) -> Tensor:
        """T^2 * KL(p || q)."""
        return losses.soft_term(self.loss, logits, teacher, self.temperature)


def stages(given: Given, loss: Loss = "kl") -> Iterator[Stage]:
    """Each student with the teacher of its own seed."""
    method = Offline(given.conditions.temperature, given.conditions.alpha, loss)
    yield distilled(given, method, {"teacher": given.teachers[0]})


def independent(given: Given) -> Iterator[Stage]:
    """The control of Stanton et al. 2021, section 4: each student with the teacher of the next seed."""
    method = Offline(given.conditions.temperature, given.conditions.alpha)
    yield distilled(given, method, {"other teacher": given.teachers[1]})


def distilled(given: Given, method: FromLogits, teachers: dict[str, Cohort]) -> Stage:
    """The students' stage under fixed teachers. With alpha = 0 nobody is asked: that is plain training."""
    asked = given.conditions.alpha > 0
    return Stage(
        "student",
        [given.students()],
        method if asked else Plain(),
        given.trainings(),
        given.advice(*teachers.values()) if asked else None,
        fixed=teachers,
        arrows=[(name, "student") for name in teachers] if asked else [],
    )
