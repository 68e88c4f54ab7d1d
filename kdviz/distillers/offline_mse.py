"""Offline distillation by matching logits (Ba, Caruana 2014, section 2.2).

In the limit of a high temperature T^2 * KL is half the mean square between *centred* logits (Hinton 2015, section 2.1);
here the logits are matched as they are, their mean included.
"""

from torch import Tensor

from kdviz.distillers.offline import taught_by_own_teacher
from kdviz.engine import losses
from kdviz.engine.distiller import LogitDistiller


class MatchedLogits(LogitDistiller):
    """alpha * mean of (z - v)^2 + (1 - alpha) * CE; T plays no part."""

    def soft_term(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Mean over the classes of (z - v)^2."""
        return losses.logit_mse(student, teacher)

    def soft_gradient(self, student: Tensor, targets: Tensor, weight: float) -> Tensor:
        """2 * (z - v) / classes."""
        return losses.logit_mse_gradient(student, targets, weight)


stages = taught_by_own_teacher(MatchedLogits)
