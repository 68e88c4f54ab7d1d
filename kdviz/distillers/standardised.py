"""Logit standardisation: the shape of the teacher's logits is taught, not their size (Sun et al. 2024, section 4).

The authors' code weighs the soft term with 9 and the hard one with 1, at T = 2: alpha = 0.9, and a tenth of their loss.
"""

from torch import Tensor

from kdviz.distillers.offline import taught_by_own_teacher
from kdviz.engine import losses
from kdviz.engine.distiller import LogitDistiller


class Standardised(LogitDistiller):
    """alpha * T^2 * KL of logits with mean 0 and deviation 1 + (1 - alpha) * CE."""

    def soft_term(self, student: Tensor, teacher: Tensor) -> Tensor:
        """T^2 * KL(softmax(Z(v) / T) || softmax(Z(z) / T))."""
        return losses.standardised_loss(student, teacher, self.temperature)

    def soft_gradient(self, student: Tensor, targets: Tensor, weight: float) -> Tensor:
        """In closed form, see `losses`."""
        return losses.standardised_gradient(student, targets, self.temperature, weight)


stages = taught_by_own_teacher(Standardised, "standardised")
