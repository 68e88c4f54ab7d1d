"""Offline distillation: a trained teacher, fixed, gives its soft targets (Hinton, Vinyals, Dean 2015, section 2)."""

from collections.abc import Iterator
from dataclasses import replace

from torch import Tensor

from kdviz.distillers.plain import Plain
from kdviz.distillers.stage import Setting, Stage, Stages
from kdviz.engine import losses
from kdviz.engine.batches import Chunk, FixedTeachers
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


def offline_stage(
    setting: Setting, kind: type[LogitDistiller], teachers: dict[str, Cohort], method: str = "offline"
) -> Stage:
    """The students' stage under fixed teachers, with T and alpha of the method.

    With alpha = 0 they are not asked: that is plain training.
    """
    comparison, trainings = setting.comparison, setting.trainings()
    plain = Stage("student", [setting.students()], Plain(), trainings, fixed=teachers)
    temperature, alpha = comparison.temperature_of(method), comparison.alpha_of(method)
    if alpha == 0:
        return plain
    logits = FixedTeachers.of(list(teachers.values()), setting.split, trainings[0], temperature)
    return replace(plain, distiller=kind(temperature, alpha), teacher=logits)


def taught_by_own_teacher(kind: type[LogitDistiller], method: str = "offline") -> Stages:
    """The stages of a method in which each student has the teacher of its own seed; T and alpha are the method's."""

    def stages(setting: Setting) -> Iterator[Stage]:
        yield offline_stage(setting, kind, {"teacher": setting.teachers[0]}, method)

    return stages


stages = taught_by_own_teacher(Offline)
