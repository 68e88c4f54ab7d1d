"""Decoupled knowledge distillation: how sure the teacher is of the class, and what it says of the others, apart.

Zhao, Cui, Song, Qiu, Liang 2022, section 3: KL = TCKD + (1 - p_t) NCKD; the second factor, small where the teacher is
sure, is replaced by a constant.
"""

from torch import Tensor

from kdviz.distillers.offline import taught_by_own_teacher
from kdviz.engine import losses
from kdviz.engine.distiller import LogitDistiller


class Decoupled(LogitDistiller):
    """alpha * T^2 * (TCKD + 8 NCKD) + (1 - alpha) * CE.

    The class is the teacher's answer, so that an image without a label can be used: the paper takes the label.
    """

    def soft_term(self, student: Tensor, teacher: Tensor) -> Tensor:
        """T^2 * (TCKD + 8 NCKD)."""
        return losses.decoupled_loss(student, teacher, teacher.argmax(dim=-1), self.temperature)

    def soft_gradient(self, student: Tensor, targets: Tensor, weight: float) -> Tensor:
        """In closed form, see `losses`."""
        return losses.decoupled_gradient(student, targets, targets.argmax(dim=-1), self.temperature) * weight


stages = taught_by_own_teacher(Decoupled)
