"""Offline distillation: a trained teacher, fixed, gives its soft targets (Hinton, Vinyals, Dean 2015, section 2)."""

from collections.abc import Iterator

from torch import Tensor

from kdviz.distillers.plain import Plain
from kdviz.distillers.stage import Setting, Stage, Stages
from kdviz.engine import losses
from kdviz.engine.batches import Chunk
from kdviz.engine.distiller import LogitDistiller
from kdviz.engine.models import Cohort


class Offline(LogitDistiller):
    """alpha * T^2 * KL(p || q) + (1 - alpha) * CE."""

    def targets(self, chunk: Chunk) -> Tensor:
        """p, the softmax at T, once for all batches."""
        return losses.softmax(chunk.teacher_logits, self.temperature)

    def soft_term(self, student: Tensor, teacher: Tensor) -> Tensor:
        """T^2 * KL(p || q)."""
        return losses.kd_loss(student, teacher, self.temperature)

    def soft_gradient(self, student: Tensor, targets: Tensor, weight: float) -> Tensor:
        """T * (q - p)."""
        return losses.kd_gradient(student, targets, self.temperature, weight)


def offline_stage(setting: Setting, kind: type[LogitDistiller], teachers: dict[str, Cohort]) -> Stage:
    """The students' stage under fixed teachers. With alpha = 0 they are not asked: that is plain training."""
    comparison, taught = setting.comparison, setting.comparison.alpha > 0
    return Stage(
        "student",
        [setting.students()],
        kind(comparison.temperature, comparison.alpha) if taught else Plain(),
        setting.trainings(),
        setting.logits_of(*teachers.values()) if taught else None,
        fixed=teachers,
    )


def taught_by_own_teacher(kind: type[LogitDistiller]) -> Stages:
    """The stages of a method in which each student has the teacher of its own seed."""

    def stages(setting: Setting) -> Iterator[Stage]:
        yield offline_stage(setting, kind, {"teacher": setting.teachers[0]})

    return stages


stages = taught_by_own_teacher(Offline)
