"""Offline distillation: a trained teacher, fixed, advises the student (Hinton, Vinyals, Dean 2015, section 2)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from kdviz import losses
from kdviz.losses import Contributions
from kdviz.recipe import Loss


@dataclass(frozen=True)
class Offline:
    """alpha * T^2 * KL(p || q) + (1 - alpha) * CE. With alpha = 0 this is plain training, and needs no teacher."""

    temperature: float
    alpha: float
    loss: Loss = "kl"

    def gradients(self, logits: Tensor, targets: Tensor, one_hot: Tensor, weight: float = 1.0) -> tuple[Tensor, Tensor]:
        """Gradients of the soft and of the hard term at the student's logits, each (batch, classes).

        `targets` as from `losses.soft_targets`; `one_hot` the labels; `weight` of each image, 1 / batch for the mean
        over the batch. The zero of an unlabelled image is the caller's.
        """
        soft = losses.soft_gradient(self.loss, logits, targets, self.temperature, weight * self.alpha)
        return soft, losses.hard_gradient(logits, one_hot, weight * (1 - self.alpha))

    def contributions(self, logits: Tensor, teacher: Tensor, labels: Tensor, labelled: Tensor | None) -> Contributions:
        """The two terms as they enter the loss, means over the images given.

        In double precision: at T = 1000 the rounding of single precision, times T^2, can exceed the KL itself.
        """
        return losses.distillation_loss(
            logits.double(),
            teacher.double(),
            labels,
            temperature=self.temperature,
            alpha=self.alpha,
            loss=self.loss,
            labelled=labelled,
        )
