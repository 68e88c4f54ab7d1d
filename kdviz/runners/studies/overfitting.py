"""A few labelled images, no others, and remedies against learning them by heart.

All students make the same number of updates on the same images. Soft targets as a remedy: Hinton, Vinyals, Dean 2015,
section 6; dropout: Srivastava et al. 2014.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from kdviz.distillers.offline import Offline
from kdviz.engine import data, evaluation
from kdviz.engine.models import Cohort
from kdviz.engine.training import Report, steps_of
from kdviz.recipes.base import Training
from kdviz.recipes.study_facts.overfitting import LABELLED
from kdviz.records.study import Curve, Row
from kdviz.runners.studies.few_labels import LabelledOnly
from kdviz.runners.studies.lab import STUDENT, TEACHER, Given, Lab, Steps

TEMPERATURE = 4.0
INPUT_DROPOUT, DROPOUT = 0.2, 0.5  # of the pixels and of the hidden units (Srivastava et al. 2014, appendix A.4)


class Look(NamedTuple):
    """The students at one moment of their training; lists have an entry for each seed."""

    passes: float  # over the labelled images, so far
    training_accuracy: list[float]  # on those images as they are, without dropout
    validation_accuracy: list[float]


def measure(lab: Lab, arm: str) -> Steps[Given]:
    """A student with the remedies that stand in the arm's name; with soft targets, alpha = 1."""
    remedies, count = set(arm.split("-")), LABELLED[lab.study.data]
    epochs = lab.epochs(1)
    changes = {"input_dropout": INPUT_DROPOUT, "dropout": DROPOUT} if "dropout" in remedies else {}
    augmentation = next((each for each in ("shift", "affine") if each in remedies), "none")
    trainings = lab.trainings(STUDENT, epochs, labels=count, augmentation=augmentation, **changes)
    distiller, teacher = None, None
    if "taught" in remedies:
        known = count if "small" in remedies else None
        teachers = yield from lab.teachers(lab.trainings(TEACHER, lab.epochs(3), labels=known), share=0.5)
        distiller = Offline(TEMPERATURE, 1.0)
        teacher = LabelledOnly.of([teachers], lab.session.data.training, trainings[0], TEMPERATURE)
    students, own = lab.networks(trainings), _own(lab, trainings)
    seen = [Look(0.0, _right(students, *own), _validation(lab, students))]
    images = len(lab.session.data.training)
    passes = epochs * images / count / steps_of(trainings[0], images)  # over the labelled images, in one update

    def look(report: Report, learning: Cohort) -> None:
        seen.append(Look(passes * report.step, _right(learning, *own), _validation(lab, learning)))

    yield from lab.train(trainings, distiller, teacher, cohort=students, share=1.0 - lab.part, heard=look)
    return _rows(lab, students, own), _curves(lab.seeds, seen)


def _own(lab: Lab, trainings: Sequence[Training]) -> tuple[Tensor, Tensor]:
    """The labelled images of each student, uint8 (students, labelled, 28, 28), and their labels."""
    split = lab.session.data.training
    which = torch.stack([data.labelled(split, each.labels, each.seed) for each in trainings]).to(split.labels.device)
    return split.images[which], split.labels[which]


def _right(students: Cohort, images: Tensor, labels: Tensor) -> list[float]:
    """Accuracy of each student on images of its own, as they are, without dropout."""
    answers = evaluation.logits_of_each(students, images)
    return [evaluation.accuracy(said, true) for said, true in zip(answers, labels, strict=True)]


def _validation(lab: Lab, students: Cohort) -> list[float]:
    said = evaluation.logits_of_all(students, lab.session.live_images)
    return evaluation.accuracies(said, lab.session.live_labels)


def _rows(lab: Lab, students: Cohort, own: tuple[Tensor, Tensor]) -> list[Row]:
    test = lab.session.data.test
    said = evaluation.logits_of_all(students, test.images)
    trained, tested = _right(students, *own), evaluation.accuracies(said, test.labels)
    gaps = [100 * (here - there) for here, there in zip(trained, tested, strict=True)]
    return lab.rows_of(said, test.labels, extra={"training_accuracy": trained, "gap": gaps})


def _curves(seeds: Sequence[int], seen: Sequence[Look]) -> list[Curve]:
    """Both accuracies over the passes through the labelled images."""
    passes = [look.passes for look in seen]
    return [
        Curve(name=name, seed=seed, x=passes, y=[getattr(look, name)[number] for look in seen])
        for name in ("training_accuracy", "validation_accuracy")
        for number, seed in enumerate(seeds)
    ]
