"""A teacher of one domain and students for another: USPS after MNIST, or the same digits turned or inverted.

The students see the other domain's training images; of a few of them the label may be used.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode, functional

from kdviz.distillers.offline import Offline
from kdviz.engine import data, evaluation, models
from kdviz.engine.batches import FixedTeachers
from kdviz.engine.data import Data, Split
from kdviz.engine.models import Cohort
from kdviz.recipes.base import Training
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.study_facts.other_domain import LABELLED
from kdviz.records.study import Curve, Row
from kdviz.runners.session import Session
from kdviz.runners.studies.lab import STUDENT, TEACHER, Given, Lab, Steps, copied

TEMPERATURE = 4.0
TUNING_RATE, TUNING_SHARE = 1e-4, 1 / 3  # of a fine-tuning: its learning rate, and its share of the usual updates
ANGLE = 45.0  # degrees, against the clock
ANGLES = tuple(float(angle) for angle in range(-90, 91, 15))  # at which the teachers are looked at


def turned(images: Tensor, angle: float = ANGLE) -> Tensor:
    """uint8 images (N, 28, 28) turned about their middle by `angle` degrees; what comes in at the corners is black."""
    if angle == 0:
        return images
    parts = [
        functional.rotate(part.unsqueeze(1), angle, InterpolationMode.BILINEAR).squeeze(1)
        for part in images.split(1000)
    ]
    return torch.cat(parts)


def inverted(images: Tensor) -> Tensor:
    """Black for white."""
    return 255 - images


CHANGES: Mapping[str, Callable[[Tensor], Tensor]] = MappingProxyType({"turned": turned, "inverted": inverted})


def measure(lab: Lab, arm: str) -> Steps[Given]:
    """One network in one domain. Raises DataError where USPS is wanted and cannot be had."""
    domain, _, way = arm.partition("-")
    there = _visit(lab, domain)
    teachers = yield from lab.teachers(lab.trainings(TEACHER, lab.epochs(3)), share=1.0 if way == "teacher" else 0.3)
    there.part = lab.part
    if way in ("tuned", "fine"):
        teachers = yield from lab.once(f"tuned {domain}", _tuned(there, teachers, "teachers"))
    if way in ("teacher", "tuned"):
        return _rows(lab, there, teachers), _over_angles(lab, teachers) if domain == "turned" else []
    if way == "own":
        learnt = yield from lab.once("students", lab.train(lab.trainings(STUDENT, lab.epochs(3)), share=0.3))
        there.part = lab.part
        students = yield from _tuned(there, learnt, "students")
        return _rows(lab, there, students), []

    trainings = _trainings(there, STUDENT, labels=LABELLED[lab.study.data] if way == "few" else None)
    distiller, teacher = None, None
    if way in ("straight", "fine"):
        distiller = Offline(TEMPERATURE, 1.0)
        teacher = FixedTeachers.of([teachers], there.session.data.training, trainings[0], TEMPERATURE)
    students = yield from there.train(trainings, distiller, teacher, share=1.0 - there.part)
    return _rows(lab, there, students, teachers if distiller else None), []


def _visit(lab: Lab, domain: str) -> Lab:
    """The same laboratory with another domain's images. Raises DataError."""
    here = lab.session.data
    if domain == "usps":
        found = data.load("usps")
        parts = [split.to(lab.session.device) for split in (found.training, found.validation, found.test)]
        there = Data(found.facts, *parts)
    else:
        change = CHANGES[domain]
        there = Data(here.facts, *(copied(each, images=change(each.images)) for each in _splits(here)))
    session = Session(there, lab.session.live_count, lab.session.clock)
    session.started = lab.session.started
    return replace(lab, session=session)


def _splits(whole: Data) -> tuple[Split, Split, Split]:
    return whole.training, whole.validation, whole.test


def _trainings(there: Lab, model: str, *, share: float = 1.0, **changes: Any) -> list[Training]:
    """As many updates as a student makes on the teacher's own domain, or a share of them, however many images."""
    own = DATA_SETS[there.study.data].training_images * there.epochs(3)
    epochs = max(1, round(share * own / len(there.session.data.training)))
    return there.trainings(model, epochs, data=there.session.data.facts.name, **changes)


def _tuned(there: Lab, cohort: Cohort, doing: str) -> Steps[Cohort]:
    """Copies of trained networks that learn on from a few labels of the other domain."""
    copies = [copy.deepcopy(network).requires_grad_(True) for network in cohort.networks]
    name = cohort.architecture.name
    trainings = _trainings(
        there, name, share=TUNING_SHARE, labels=LABELLED[there.study.data], learning_rate=TUNING_RATE
    )
    return (yield from there.train(trainings, cohort=models.cohort(name, copies), doing=f"{doing}, fine-tuned"))


def _rows(lab: Lab, there: Lab, cohort: Cohort, teachers: Cohort | None = None) -> list[Row]:
    """Figures in the other domain; beside them how well the digits of the teacher's own are read."""
    home = lab.session.data.test
    at_home = evaluation.accuracies(evaluation.logits_of_all(cohort, home.images), home.labels)
    return there.rows(cohort, teachers, extra={"source_accuracy": at_home})


def _over_angles(lab: Lab, teachers: Cohort) -> list[Curve]:
    """Each teacher's accuracy over the angle by which the validation images are turned."""
    images = lab.session.data.validation
    right = [
        evaluation.accuracies(evaluation.logits_of_all(teachers, turned(images.images, angle)), images.labels)
        for angle in ANGLES
    ]
    return [
        Curve(name="accuracy_by_angle", seed=seed, x=list(ANGLES), y=[each[number] for each in right])
        for number, seed in enumerate(lab.seeds)
    ]
