"""A few labelled images, no others, and remedies against learning them by heart.

All students make the same number of updates on the same images. Soft targets as a remedy: Hinton, Vinyals, Dean 2015,
section 6; dropout: Srivastava et al. 2014.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from kdviz.engine import data, evaluation
from kdviz.engine.models import Cohort
from kdviz.engine.training import Report
from kdviz.recipes.base import Training
from kdviz.recipes.study_facts.overfitting import LABELLED
from kdviz.runners.studies.lab import STUDENT, TEACHER, ArmResult, Lab, Reporting, accuracies

TEMPERATURE = 4.0
INPUT_DROPOUT, DROPOUT = 0.2, 0.5  # of the pixels and of the hidden units (Srivastava et al. 2014, appendix A.4)


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """A student with the remedies that stand in the arm's name; with soft targets, alpha = 1."""
    remedies, count = set(arm.split("-")), LABELLED[lab.study.data]
    epochs = lab.epochs(1)
    changes: dict[str, Any] = {"input_dropout": INPUT_DROPOUT, "dropout": DROPOUT} if "dropout" in remedies else {}
    augmentation = next((name for name in ("shift", "affine") if name in remedies), "none")
    trainings = lab.trainings(STUDENT, epochs, labels=count, augmentation=augmentation, **changes)
    teachers = None
    if "taught" in remedies:
        teachers = yield from lab.teachers(lab.trainings(TEACHER, labels=count if "small" in remedies else None))
    students, own = lab.networks(trainings), _own(lab, trainings)
    x, training, validation = [0.0], [_right(students, *own)], [accuracies(students, lab.session.live)]
    passes = epochs * len(lab.session.data.training) / count  # over the labelled images, in all

    def evaluate(report: Report, learning: Cohort) -> None:
        x.append(passes / report.steps * report.step)
        training.append(_right(learning, *own))
        validation.append(accuracies(learning, lab.session.live))

    yield from lab.distil(trainings, teachers, TEMPERATURE, labelled_only=True, cohort=students, on_report=evaluate)
    trained, tested = _right(students, *own), accuracies(students, lab.session.data.test)
    gaps = [100 * (own_share - test_share) for own_share, test_share in zip(trained, tested, strict=True)]
    curves = lab.curves(x, {"training_accuracy": training, "validation_accuracy": validation})
    return lab.rows(students, extra={"training_accuracy": trained, "gap": gaps}), curves


def _own(lab: Lab, trainings: Sequence[Training]) -> tuple[Tensor, Tensor]:
    """The labelled images of each student, uint8 (students, labelled, 28, 28), and their labels."""
    split = lab.session.data.training
    indices = [data.labelled(split, training.labels, training.seed) for training in trainings]
    which = torch.stack(indices).to(split.labels.device)
    return split.images[which], split.labels[which]


def _right(students: Cohort, images: Tensor, labels: Tensor) -> list[float]:
    """Accuracy of each student on images of its own, as they are, without dropout."""
    logits = evaluation.logits_of_each(students, images)
    return [evaluation.accuracy(student, right) for student, right in zip(logits, labels, strict=True)]
