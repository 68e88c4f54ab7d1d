"""Offline distillation with soft cross-entropy: KL plus the teacher's entropy (Hinton, Vinyals, Dean 2015, section 2).

The entropy does not depend on the student: the gradient is that of KL, but the loss is never 0.
"""

from torch import Tensor

from kdviz.distillers.offline import Offline, taught_by_own_teacher
from kdviz.engine import losses


class SoftCrossEntropy(Offline):
    """alpha * T^2 * CE(p, q) + (1 - alpha) * CE."""

    def soft_term(self, student: Tensor, teacher: Tensor) -> Tensor:
        """T^2 * CE(p, q)."""
        return self.temperature**2 * losses.soft_cross_entropy(student, teacher, self.temperature)


stages = taught_by_own_teacher(SoftCrossEntropy)
