"""The forgotten temperature: one student, read at several T (Hinton, Vinyals, Dean 2015, section 2: at T = 1).

The order of the logits does not depend on T, so no answer changes; how sure the student sounds does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from kdviz.distillers.offline import Offline
from kdviz.engine import evaluation, losses
from kdviz.engine.batches import FixedTeachers
from kdviz.recipes.study_facts.forgotten_temperature import TRAINING_TEMPERATURE
from kdviz.records.study import Curve
from kdviz.runners.studies.lab import STUDENT, TEACHER, Given, Lab, Steps

ALPHA = {"taught": 0.7, "soft": 1.0}
TEMPERATURES = [round(10 ** (exponent / 10), 4) for exponent in range(-10, 21)]  # 0.1 to 100, ten a decade
CURVES = ("test_accuracy", "nll", "ece", "confidence")


class Answers(NamedTuple):
    """Logits (seeds, N, classes) of the students on the images that choose T, and on those that are reported."""

    validation: Tensor
    test: Tensor


def measure(lab: Lab, arm: str) -> Steps[Given]:
    """One kind of student, read at one temperature; the curves over all T go with T = 1."""
    student, _, at = arm.partition("-")
    answers = yield from lab.once(student, _answers(lab, student))
    labels = lab.session.data.test.labels
    chosen = [_best(logits, lab.session.data.validation.labels) for logits in answers.validation]
    temperatures = chosen if at == "best" else [float(at)] * len(lab.seeds)
    read = torch.stack([logits / t for logits, t in zip(answers.test, temperatures, strict=True)])
    extra = {"confidence": [confidence(logits) for logits in read], "temperature": temperatures}
    curves = _curves(lab.seeds, answers.test, labels) if at == "1" else []
    return lab.rows_of(read, labels, extra=extra), curves


def _answers(lab: Lab, student: str) -> Steps[Answers]:
    """Train the students of all seeds and let them answer, once for all readings."""
    epochs = lab.epochs(3)
    trainings = lab.trainings(STUDENT, epochs)
    distiller, teacher = None, None
    if student in ALPHA:
        teachers = yield from lab.teachers(lab.trainings(TEACHER, epochs))
        distiller = Offline(TRAINING_TEMPERATURE, ALPHA[student])
        teacher = FixedTeachers.of([teachers], lab.session.data.training, trainings[0], TRAINING_TEMPERATURE)
    cohort = yield from lab.train(trainings, distiller, teacher, share=0.5 if student in ALPHA else 1.0)
    data = lab.session.data
    said = [evaluation.logits_of_all(cohort, split.images).double() for split in (data.validation, data.test)]
    return Answers(*said)


def confidence(logits: Tensor) -> float:
    """Mean of the largest softmax."""
    return losses.softmax(logits).max(dim=-1).values.mean().item()


def _best(logits: Tensor, labels: Tensor) -> float:
    """The T of the grid with the lowest NLL (temperature scaling: Guo et al. 2017, section 4.2)."""
    return min(TEMPERATURES, key=lambda t: _or_infinite(evaluation.nll(logits / t, labels)))


def _or_infinite(value: float) -> float:
    return value if math.isfinite(value) else math.inf  # a diverged student has no best T


def _curves(seeds: Sequence[int], said: Tensor, labels: Tensor) -> list[Curve]:
    found = []
    for seed, logits in zip(seeds, said, strict=True):
        figures = [_figures(logits / t, labels) for t in TEMPERATURES]
        found += [
            Curve(name=name, seed=seed, x=TEMPERATURES, y=rounded([each[name] for each in figures])) for name in CURVES
        ]
    return found


def _figures(logits: Tensor, labels: Tensor) -> dict[str, float]:
    return {**evaluation.test_figures(logits, labels), "confidence": confidence(logits)}


def rounded(values: Sequence[float]) -> list[float]:
    """Six significant digits: more than a picture shows, and half the size of a recorded run."""
    return [float(f"{value:.6g}") for value in values]
