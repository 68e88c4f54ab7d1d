"""A large gap between teacher and student (Cho, Hariharan 2019), and a teacher assistant (Mirzadeh et al. 2020).

The small teacher and the assistant are networks of one architecture: the first learnt from labels, the second from the
large teacher. Students of one size make the same updates on the same images, with each of these teachers.
"""

from kdviz.engine.models import Cohort
from kdviz.recipes.study_facts.large_teacher import LARGE, MIDDLE, STUDENTS
from kdviz.runners.studies.lab import ArmResult, Lab, Reporting, accuracies

TEMPERATURE, ALPHA = 4.0, 0.9


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """One student with one teacher."""
    way, _, units = arm.partition("-")
    teachers = yield from _teachers(lab, way)
    students = yield from lab.distil(lab.trainings(STUDENTS[units]), teachers, TEMPERATURE, ALPHA)
    extra = {} if teachers is None else {"teacher_accuracy": accuracies(teachers, lab.session.data.test)}
    return lab.rows(students, teachers, extra=extra), []


def _teachers(lab: Lab, way: str) -> Reporting[Cohort | None]:
    """No teachers, networks of middle size, large ones, or ones of middle size that the large ones taught."""
    if way == "labels":
        return None
    model = MIDDLE if way == "small" else LARGE
    teachers = yield from lab.once(model, lab.teachers(lab.trainings(model)))
    if way != "assistant":
        return teachers
    training = lab.distil(lab.trainings(MIDDLE), teachers, TEMPERATURE, ALPHA, doing="assistants", share=0.3)
    return (yield from lab.once("assistants", training)).frozen()
