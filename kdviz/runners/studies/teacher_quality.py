"""Teachers that are right more or less often, and their students (Cho, Hariharan 2019: teachers stopped early).

The students see no label, alpha = 1. Those that are shown a part of the digits know the others from soft targets alone:
from what a teacher says of a 7 on images none of which is one.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from kdviz.engine import evaluation, losses
from kdviz.engine.data import of_classes
from kdviz.engine.models import Cohort
from kdviz.recipes.base import Training
from kdviz.recipes.study_facts.teacher_quality import HOT, SHOWN, TEMPERATURE
from kdviz.runners.studies.lab import STUDENT, TEACHER, ArmResult, Lab, Reporting, accuracies

SMALL_STEPS: dict[str, Any] = {"schedule": "one-cycle"}  # at the end: seeds differ less


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """The teachers of one kind, or the students of one kind on all digits or on a part of them."""
    images, _, who = arm.partition("-")
    temperature = HOT if who == "hot" else TEMPERATURE
    teachers = None
    if who != "labels":
        kind = "best" if who == "hot" else who
        share = 1.0 if images == "teacher" else 0.5
        teachers = yield from lab.once(f"{kind} teachers", lab.teachers(_of_kind(lab, kind), share=share))
    if images == "teacher":
        assert teachers is not None  # labels are no teacher
        return lab.rows(teachers, extra=_unseen(lab, teachers) | _told(lab, teachers, temperature)), []
    training = lab.session.data.training
    split = training if images == "all" else of_classes(training, SHOWN)
    students = yield from lab.distil(lab.trainings(STUDENT, **SMALL_STEPS), teachers, temperature, split=split)
    told = {} if teachers is None else _told(lab, teachers, temperature)
    return lab.rows(students, teachers, extra=_unseen(lab, students) | told), []


def _of_kind(lab: Lab, kind: str) -> list[Training]:
    """The reference teacher; the same, stopped after a third of its training or less; or the best one.

    That one learns longer, from images that are shifted anew in every epoch, and ends with small steps.
    """
    if kind == "best":
        return lab.trainings(TEACHER, lab.epochs(10, 60), augmentation="shift", learning_rate=2e-3, **SMALL_STEPS)
    return lab.trainings(TEACHER, lab.epochs(1, 5) if kind == "early" else None)


def _unseen(lab: Lab, networks: Cohort) -> dict[str, Sequence[float]]:
    """How often each network is right on the test images of the digits that some students are not shown."""
    test = lab.session.data.test
    images = test[~_is_shown(test.labels)]
    return {"unseen_accuracy": accuracies(networks, images), "unseen_images": [float(len(images))] * len(networks)}


def _told(lab: Lab, teachers: Cohort, temperature: float) -> dict[str, Sequence[float]]:
    """How often each teacher is right, and how much of its soft targets for shown digits is about the others.

    The latter on the validation images.
    """
    validation = of_classes(lab.session.data.validation, SHOWN)
    soft = losses.softmax(evaluation.logits_of_all(teachers, validation.images).double(), temperature)
    others = ~_is_shown(torch.arange(soft.shape[-1], device=soft.device))
    told = soft[..., others].sum(dim=-1).mean(dim=-1)
    return {"teacher_accuracy": accuracies(teachers, lab.session.data.test), "told": told.tolist()}


def _is_shown(labels: Tensor) -> Tensor:
    return torch.isin(labels, torch.tensor(SHOWN, device=labels.device))
