"""Students of one, two and three teachers, who give their mean soft targets (Hinton, Vinyals, Dean 2015, section 1).

No teacher teaches two of the study's students, so the seeds stay independent of each other.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from kdviz.engine import evaluation, losses
from kdviz.engine.models import Cohort
from kdviz.runners.studies.lab import STUDENT, TEACHER, ArmResult, Lab, Reporting

TEMPERATURE = 4.0


def seeds_of_teachers(seeds: Sequence[int], count: int) -> list[list[int]]:
    """Seeds of the teachers: the students' own first, then new ones after the largest; a list for each teacher."""
    first = max(seeds) + 1
    new = [list(range(first + len(seeds) * n, first + len(seeds) * (n + 1))) for n in range(count - 1)]
    return [list(seeds), *new]


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """Labels only; the mean answer of some teachers; or their student, which never sees a label (alpha = 1)."""
    way, _, number = arm.partition("-")
    if way == "labels":
        students = yield from lab.train(lab.trainings(STUDENT))
        return lab.rows(students), []

    count = int(number)
    teachers: list[Cohort] = []
    for seeds in seeds_of_teachers(lab.seeds, count):
        trainings = lab.trainings(TEACHER, seeds=seeds)
        teachers.append((yield from lab.teachers(trainings, share=(1.0 if way == "ensemble" else 0.5) / count)))
    test = lab.session.data.test
    mean_logits = mean_answer(teachers, test.images)
    if way == "ensemble":
        return lab.rows_of(mean_logits, test.labels), []
    students = yield from lab.distil(lab.trainings(STUDENT), teachers, TEMPERATURE)
    extra = {"teacher_accuracy": evaluation.accuracies(mean_logits, test.labels)}
    return lab.rows_of(lab.test_logits(students), test.labels, mean_logits, extra=extra), []


def mean_answer(teachers: Sequence[Cohort], images: Tensor) -> Tensor:
    """Logits (students, N, classes) whose softmax at T = 1 is the mean of the teachers' softmax."""
    return losses.mean_of_teachers(torch.stack([evaluation.logits_of_all(cohort, images) for cohort in teachers]), 1.0)
