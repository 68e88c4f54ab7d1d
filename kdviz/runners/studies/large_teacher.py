"""A large gap between teacher and student (Cho, Hariharan 2019), and a teacher assistant (Mirzadeh et al. 2020).

The small teacher and the assistant are networks of one architecture: the first learnt from labels, the second from the
large teacher. Students of one size make the same updates on the same images, whoever teaches them.
"""

from __future__ import annotations

from kdviz.distillers.offline import Offline
from kdviz.engine import evaluation
from kdviz.engine.batches import FixedTeachers
from kdviz.engine.models import Cohort
from kdviz.recipes.study_facts.large_teacher import LARGE, MIDDLE, STUDENTS
from kdviz.runners.studies.lab import Given, Lab, Steps

TEMPERATURE, ALPHA = 4.0, 0.9
EPOCHS = 3


def measure(lab: Lab, arm: str) -> Steps[Given]:
    """One student with one teacher."""
    way, _, units = arm.partition("-")
    teachers = yield from _teachers(lab, way)
    lab.part = 0.0
    students = yield from taught(lab, STUDENTS[units], teachers)
    if teachers is None:
        return lab.rows(students), []
    test = lab.session.data.test
    theirs = evaluation.accuracies(evaluation.logits_of_all(teachers, test.images), test.labels)
    return lab.rows(students, teachers, extra={"teacher_accuracy": theirs}), []


def _teachers(lab: Lab, way: str) -> Steps[Cohort | None]:
    """Who teaches: nobody, a network of middle size, a large one, or one of middle size that the large one taught."""
    if way == "labels":
        return None
    model = MIDDLE if way == "small" else LARGE
    teachers = yield from lab.once(model, lab.teachers(lab.trainings(model, lab.epochs(EPOCHS))))
    if way != "assistant":
        return teachers
    assistants = yield from lab.once("assistants", taught(lab, MIDDLE, teachers, doing="assistants"))
    return assistants.frozen()


def taught(lab: Lab, model: str, teachers: Cohort | None, *, doing: str = "students") -> Steps[Cohort]:
    """Networks of one architecture, by labels alone where there is no teacher."""
    trainings = lab.trainings(model, lab.epochs(EPOCHS))
    if teachers is None:
        return (yield from lab.train(trainings, doing=doing))
    teacher = FixedTeachers.of([teachers], lab.session.data.training, trainings[0], TEMPERATURE)
    return (yield from lab.train(trainings, Offline(TEMPERATURE, ALPHA), teacher, doing=doing))
