"""A teacher of one domain and students for another: USPS after MNIST, or the same digits turned or inverted.

The students see the other domain's training images; of a few of them the label may be used.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from kdviz.engine import data, models
from kdviz.engine.models import Cohort
from kdviz.recipes.base import Training
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.study_facts.other_domain import LABELLED
from kdviz.records.study import Curve, Row
from kdviz.runners.studies.lab import STUDENT, ArmResult, Lab, Reporting, accuracies

TEMPERATURE = 4.0
TUNING_RATE, TUNING_SHARE = 1e-4, 1 / 3  # of a fine-tuning: its learning rate, and its share of the usual updates
ANGLE = 45.0  # degrees, against the clock
ANGLES = tuple(float(angle) for angle in range(-90, 91, 15))  # at which the teachers are evaluated


def turned(images: Tensor, angle: float = ANGLE) -> Tensor:
    """uint8 images (N, 28, 28) turned about their middle by `angle` degrees; the corners are filled with black."""
    if angle == 0:
        return images
    from torchvision.transforms.v2 import InterpolationMode, functional  # as long to import as torch itself

    bilinear = InterpolationMode.BILINEAR
    parts = [functional.rotate(part.unsqueeze(1), angle, bilinear).squeeze(1) for part in images.split(1000)]
    return torch.cat(parts)


def inverted(images: Tensor) -> Tensor:
    """Black for white."""
    return 255 - images


CHANGES: Mapping[str, Callable[[Tensor], Tensor]] = {"turned": turned, "inverted": inverted}


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """One network in one domain. Raises DataError where USPS is wanted and cannot be had."""
    domain, _, way = arm.partition("-")
    there = _in_domain(lab, domain)
    teachers = yield from lab.reference_teachers(share=1.0 if way == "teacher" else 0.3)
    there.part = lab.part
    if way in ("tuned", "fine"):
        share = 0.3 if way == "fine" else None
        teachers = yield from lab.once(f"tuned {domain}", _tuned(there, teachers, "teachers", share))
    if way in ("teacher", "tuned"):
        return _rows(lab, there, teachers), _over_angles(lab, teachers) if domain == "turned" else []
    if way == "own":
        learnt = yield from lab.once("students", lab.train(lab.trainings(STUDENT), share=0.3))
        there.part = lab.part
        students = yield from _tuned(there, learnt, "students")
        return _rows(lab, there, students), []

    trainings = _trainings(there, STUDENT, labels=LABELLED[lab.study.data] if way == "few" else None)
    teaching = teachers if way in ("straight", "fine") else None
    students = yield from there.distil(trainings, teaching, TEMPERATURE)
    return _rows(lab, there, students, teaching), []


def _in_domain(lab: Lab, domain: str) -> Lab:
    """The same laboratory with another domain's images. Raises DataError."""
    if domain == "usps":
        there = data.load("usps").changed(lambda split: split.to(lab.session.device))
    else:
        there = lab.session.data.changed(lambda split: replace(split, images=CHANGES[domain](split.images)))
    return replace(lab, session=replace(lab.session, data=there))


def _trainings(there: Lab, model: str, *, share: float = 1.0, **changes: Any) -> list[Training]:
    """As many updates as a student makes on the teacher's own domain, or a share of them, on any number of images."""
    own = DATA_SETS[there.study.data].training_images * there.epochs(3)
    epochs = max(1, round(share * own / len(there.session.data.training)))
    return there.trainings(model, epochs, data=there.session.data.facts.name, **changes)


def _tuned(there: Lab, cohort: Cohort, doing: str, share: float | None = None) -> Reporting[Cohort]:
    """Copies of trained networks that learn on from a few labels of the other domain."""
    copies = [copy.deepcopy(network).requires_grad_(True) for network in cohort.networks]
    changes = {"labels": LABELLED[there.study.data], "learning_rate": TUNING_RATE}
    trainings = _trainings(there, cohort.architecture.name, share=TUNING_SHARE, **changes)
    tuned = models.cohort(cohort.architecture.name, copies)
    return (yield from there.train(trainings, cohort=tuned, doing=f"{doing}, fine-tuned", share=share))


def _rows(lab: Lab, there: Lab, cohort: Cohort, teachers: Cohort | None = None) -> list[Row]:
    """Figures in the other domain; beside them the accuracy on the test images of the teacher's own."""
    return there.rows(cohort, teachers, extra={"source_accuracy": accuracies(cohort, lab.session.data.test)})


def _over_angles(lab: Lab, teachers: Cohort) -> list[Curve]:
    """Each teacher's accuracy over the angle by which the validation images are turned."""
    images = lab.session.data.validation
    right = [accuracies(teachers, replace(images, images=turned(images.images, angle))) for angle in ANGLES]
    return lab.curves(ANGLES, {"accuracy_by_angle": right})
