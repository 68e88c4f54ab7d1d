"""Students of one, two and three teachers, who give their mean soft targets (Hinton, Vinyals, Dean 2015, section 1).

No teacher teaches two of the study's students, so the seeds stay independent of each other.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from kdviz.distillers.offline import Offline
from kdviz.engine import evaluation, losses
from kdviz.engine.batches import FixedTeachers
from kdviz.engine.models import Cohort
from kdviz.recipes.base import Training
from kdviz.runners.studies.lab import STUDENT, TEACHER, Given, Lab, Steps

TEMPERATURE = 4.0


def seeds_of_teachers(seeds: Sequence[int], count: int) -> list[list[int]]:
    """Seeds of the teachers: the students' own first, then new ones after the largest; a list for each teacher."""
    beyond = max(seeds) + 1
    return [
        list(seeds),
        *(list(range(beyond + len(seeds) * n, beyond + len(seeds) * (n + 1))) for n in range(count - 1)),
    ]


def measure(lab: Lab, arm: str) -> Steps[Given]:
    """Labels only; so many teachers' mean answer; or its student, who never sees a label (alpha = 1)."""
    who, _, number = arm.partition("-")
    trainings = lab.trainings(STUDENT, lab.epochs(3))
    if who == "labels":
        students = yield from lab.train(trainings)
        return lab.rows(students), []

    count = int(number)
    teachers: list[Cohort] = []
    for seeds in seeds_of_teachers(lab.seeds, count):
        theirs = [each.model_copy(update={"seed": seed}) for each, seed in zip(_teachers(lab), seeds, strict=True)]
        teachers.append((yield from lab.teachers(theirs, share=(1.0 if who == "ensemble" else 0.5) / count)))
    test = lab.session.data.test
    together = mean_answer(teachers, test.images)
    if who == "ensemble":
        return lab.rows_of(together, test.labels), []

    teacher = FixedTeachers.of(teachers, lab.session.data.training, trainings[0], TEMPERATURE)
    students = yield from lab.train(trainings, Offline(TEMPERATURE, 1.0), teacher, share=0.5)
    said = evaluation.logits_of_all(students, test.images)
    right = evaluation.accuracies(together, test.labels)
    return lab.rows_of(said, test.labels, together, extra={"teacher_accuracy": right}), []


def _teachers(lab: Lab) -> list[Training]:
    return lab.trainings(TEACHER, lab.epochs(3))


def mean_answer(teachers: Sequence[Cohort], images: Tensor) -> Tensor:
    """Logits (students, N, classes) whose softmax at T = 1 is the mean of the teachers' softmax."""
    answers = torch.stack([evaluation.logits_of_all(each, images) for each in teachers])
    return losses.mean_of_teachers(answers, 1.0)
