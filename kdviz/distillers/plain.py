"""Plain training: the labels alone. The control of every comparison, and how a teacher is made."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from kdviz import losses
from kdviz.losses import Contributions


@dataclass(frozen=True)
class Plain:
    """CE with the hard labels; `targets` and `teacher` are not looked at."""

    def gradients(
        self, logits: Tensor, targets: Tensor | None, one_hot: Tensor, weight: float = 1.0
    ) -> tuple[Tensor | None, Tensor]:
        """No soft term, and the gradient of the hard one at the logits, (batch, classes)."""
        return None, losses.hard_gradient(logits, one_hot, weight)

    def contributions(
        self, logits: Tensor, teacher: Tensor | None, labels: Tensor, labelled: Tensor | None
    ) -> Contributions:
        """The hard term alone, the mean over the images given."""
        hard = losses.cross_entropy(logits, labels)
        if labelled is not None:
            hard = hard * labelled
        return Contributions(hard.new_zeros(()), hard.mean())
