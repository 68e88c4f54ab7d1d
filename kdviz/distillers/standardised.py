"""Logit standardisation: the shape of the teacher's logits is taught, not their size (Sun et al. 2024, section 4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from kdviz.distillers.offline import distilled
from kdviz.distillers.stage import Given, Stage
from kdviz.engine import losses
from kdviz.engine.teaching import FromLogits


@dataclass(frozen=True)
class Standardised(FromLogits):
    """alpha * T^2 * KL of logits with mean 0 and deviation 1 + (1 - alpha) * CE."""

    def soft_gradient(self, logits: Tensor, targets: Tensor, weight: float) -> Tensor:
        """In closed form."""
        return losses.standardised_gradient(logits, targets, self.temperature, weight)

    def soft_term(self, logits: Tensor, teacher: Tensor) -> Tensor:
        """T^2 * KL(softmax(Z(v) / T) || softmax(Z(z) / T))."""
        return losses.standardised_loss(logits, teacher, self.temperature)


def stages(given: Given) -> Iterator[Stage]:
    """Each student with the teacher of its own seed."""
    method = Standardised(given.conditions.temperature, given.conditions.alpha)
    yield distilled(given, method, {"teacher": given.teachers[0]})
