"""Decoupled knowledge distillation: how sure the teacher is of the class, and what it says of the others, apart.

Zhao, Cui, Song, Qiu, Liang 2022, section 3: KL = TCKD + (1 - p_t) NCKD; the second factor, small where the teacher is
sure, is replaced by a constant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from kdviz.distillers.offline import distilled
from kdviz.distillers.stage import Given, Stage
from kdviz.engine import losses
from kdviz.engine.teaching import FromLogits


@dataclass(frozen=True)
class Decoupled(FromLogits):
    """alpha * T^2 * (TCKD + 8 NCKD) + (1 - alpha) * CE.

    The class is the teacher's answer, so that an image without a label can be used: the paper takes the label.
    """

    def soft_gradient(self, logits: Tensor, targets: Tensor, weight: float) -> Tensor:
        """In closed form."""
        return losses.decoupled_gradient(logits, targets, targets.argmax(dim=-1), self.temperature) * weight

    def soft_term(self, logits: Tensor, teacher: Tensor) -> Tensor:
        """T^2 * (TCKD + 8 NCKD)."""
        return losses.decoupled_loss(logits, teacher, teacher.argmax(dim=-1), self.temperature)


def stages(given: Given) -> Iterator[Stage]:
    """Each student with the teacher of its own seed."""
    method = Decoupled(given.conditions.temperature, given.conditions.alpha)
    yield distilled(given, method, {"teacher": given.teachers[0]})
