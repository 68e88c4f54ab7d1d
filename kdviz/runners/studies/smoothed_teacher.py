"""Teachers that learnt from smoothed labels, and their students (Müller, Kornblith, Hinton 2019, section 4).

The students never see a label: alpha = 1, so all they know came through the soft targets.
"""

import torch
from torch import Tensor

from kdviz.engine import evaluation, losses
from kdviz.engine.models import Cohort
from kdviz.recipes.study_facts.smoothed_teacher import SHARE
from kdviz.records.study import Curve
from kdviz.runners.studies.lab import STUDENT, TEACHER, ArmResult, Lab, Reporting, accuracies

SCHEDULE = "one-cycle"  # ends with small steps: the teachers differ in their smoothing more than in their last batches
COMPARED_AT = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)  # temperatures at which soft targets are compared
IN_SPREADS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0)  # the same in units of the spread of each teacher's own logits


def spread(logits: Tensor) -> Tensor:
    """Root of the mean square of the centred logits (networks, N, classes), (networks,): T beside it says how soft."""
    centred = logits.double() - logits.double().mean(dim=-1, keepdim=True)
    return centred.square().mean(dim=(1, 2)).sqrt()


def within_class(logits: Tensor, labels: Tensor, temperature: Tensor | float) -> Tensor:
    """Share of the variance of softmax(v / T) over the images that lies within the classes, (networks,).

    `logits` (networks, N, classes); T is one for all, or (networks, 1, 1). 0 where all images of a class have one and
    the same soft target, which then says no more than their label does.
    """
    soft = losses.softmax(logits.double(), temperature)
    members = torch.eye(logits.shape[-1], dtype=soft.dtype, device=soft.device)[labels]
    sizes = members.sum(dim=0).clamp(min=1).unsqueeze(-1)
    means = (members.T @ soft) / sizes  # (networks, labels, classes)
    within = (soft - means[:, labels]).square().sum(dim=(1, 2))
    total = (soft - soft.mean(dim=1, keepdim=True)).square().sum(dim=(1, 2))
    return within / total


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """One of the two teachers, or a student of theirs at one T, or a student of the labels."""
    which, _, temperature = arm.partition("-")
    smoothing = SHARE if which == "smoothed" else 0.0
    if arm.endswith("labels"):
        students = yield from lab.train(lab.trainings(STUDENT, schedule=SCHEDULE, label_smoothing=smoothing))
        return lab.rows(students), []

    is_teacher = arm.endswith("teacher")
    trainings = lab.trainings(TEACHER, schedule=SCHEDULE, label_smoothing=smoothing)
    teachers = yield from lab.teachers(trainings, share=1.0 if is_teacher else 0.5)
    if is_teacher:
        return lab.rows(teachers), _spread(lab, teachers)

    students = yield from lab.distil(lab.trainings(STUDENT, schedule=SCHEDULE), teachers, float(temperature))
    extra = {"teacher_accuracy": accuracies(teachers, lab.session.data.test)}
    return lab.rows(students, teachers, extra=extra), []


def _spread(lab: Lab, teachers: Cohort) -> list[Curve]:
    """`within_class` of each teacher over T, and over T / `spread`, on the validation images."""
    images = lab.session.data.validation
    logits = evaluation.logits_of_all(teachers, images.images)
    shares = [within_class(logits, images.labels, temperature).tolist() for temperature in COMPARED_AT]
    own = spread(logits).view(-1, 1, 1)
    alike = [within_class(logits, images.labels, ratio * own).tolist() for ratio in IN_SPREADS]
    return [
        *lab.curves(COMPARED_AT, {"within_class": shares}),
        *lab.curves(IN_SPREADS, {"within_class_by_spread": alike}),
    ]
