"""Teachers that learnt from smoothed labels, and their students (Müller, Kornblith, Hinton 2019, section 4).

The students never see a label: alpha = 1, so whatever they know came through the soft targets.
"""

from __future__ import annotations

import torch
from torch import Tensor

from kdviz.distillers.offline import Offline
from kdviz.engine import evaluation, losses
from kdviz.engine.batches import FixedTeachers
from kdviz.engine.models import Cohort
from kdviz.recipes.study_facts.smoothed_teacher import SHARE
from kdviz.records.study import Curve
from kdviz.runners.studies.lab import STUDENT, TEACHER, Given, Lab, Steps

SCHEDULE = "one-cycle"  # ends with small steps: the teachers differ in their smoothing more than in their last batches
LOOKED_AT = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)  # temperatures at which soft targets are compared


def within_class(logits: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """Share of the variance of softmax(v / T) over the images that lies within the classes, (networks,).

    `logits` (networks, N, classes). 0 where all images of a class are given one and the same soft target, which then
    says no more than their label does.
    """
    soft = losses.softmax(logits.double(), temperature)
    members = torch.eye(logits.shape[-1], dtype=soft.dtype, device=soft.device)[labels]
    sizes = members.sum(dim=0).clamp(min=1).unsqueeze(-1)
    means = (members.T @ soft) / sizes  # (networks, labels, classes)
    within = (soft - means[:, labels]).square().sum(dim=(1, 2))
    total = (soft - soft.mean(dim=1, keepdim=True)).square().sum(dim=(1, 2))
    return within / total


def measure(lab: Lab, arm: str) -> Steps[Given]:
    """One of the two teachers, or a student of theirs at one T, or a student of the labels."""
    epochs = lab.epochs(3)
    which, _, temperature = arm.partition("-")
    if arm.endswith("labels"):
        share = SHARE if which == "smoothed" else 0.0
        students = yield from lab.train(lab.trainings(STUDENT, epochs, schedule=SCHEDULE, label_smoothing=share))
        return lab.rows(students), []

    share = SHARE if which == "smoothed" else 0.0
    is_teacher = arm.endswith("teacher")
    trainings = lab.trainings(TEACHER, epochs, schedule=SCHEDULE, label_smoothing=share)
    teachers = yield from lab.teachers(trainings, share=1.0 if is_teacher else 0.5)
    if is_teacher:
        return lab.rows(teachers), _spread(lab, teachers)

    students_learn = lab.trainings(STUDENT, epochs, schedule=SCHEDULE)
    teacher = FixedTeachers.of([teachers], lab.session.data.training, students_learn[0], float(temperature))
    students = yield from lab.train(students_learn, Offline(float(temperature), 1.0), teacher, share=0.5)
    test = lab.session.data.test
    theirs = evaluation.accuracies(evaluation.logits_of_all(teachers, test.images), test.labels)
    return lab.rows(students, teachers, extra={"teacher_accuracy": theirs}), []


def _spread(lab: Lab, teachers: Cohort) -> list[Curve]:
    """Over T, how differently each teacher speaks of images of one class; on the validation images."""
    images = lab.session.data.validation
    logits = evaluation.logits_of_all(teachers, images.images)
    shares = torch.stack([within_class(logits, images.labels, temperature) for temperature in LOOKED_AT])
    return [
        Curve(name="within_class", seed=seed, x=list(LOOKED_AT), y=each.tolist())
        for seed, each in zip(lab.seeds, shares.T, strict=True)
    ]
