"""The forgotten temperature: one student, read at several T (Hinton, Vinyals, Dean 2015, section 2: at T = 1).

The order of the logits does not depend on T, so no answer changes; the confidence of the student does.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from kdviz.engine import evaluation, losses
from kdviz.recipes.study_facts.forgotten_temperature import ALPHA, TRAINING_TEMPERATURE
from kdviz.records.study import Curve
from kdviz.runners.studies.lab import STUDENT, ArmResult, Lab, Reporting, rounded

TEMPERATURES = [round(10 ** (exponent / 10), 4) for exponent in range(-10, 21)]  # 0.1 to 100, ten a decade
CURVES = ("test_accuracy", "nll", "ece", "confidence")


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """One kind of student, read at one temperature; the curves over all T go with T = 1."""
    student, _, at = arm.partition("-")
    of_validation, of_test = yield from lab.once(student, _logits(lab, student))
    labels = lab.session.data.test.labels
    chosen = [_best(logits, lab.session.data.validation.labels) for logits in of_validation]
    temperatures = chosen if at == "best" else [float(at)] * len(lab.seeds)
    read = torch.stack([logits / t for logits, t in zip(of_test, temperatures, strict=True)])
    extra = {"confidence": [confidence(logits) for logits in read], "temperature": temperatures}
    curves = _curves(lab.seeds, of_test, labels) if at == "1" else []
    return lab.rows_of(read, labels, extra=extra), curves


def _logits(lab: Lab, student: str) -> Reporting[list[Tensor]]:
    """Train the students; their logits (seeds, N, classes) of the validation images and of the test images."""
    teachers = None
    if student in ALPHA:
        teachers = yield from lab.reference_teachers()
    cohort = yield from lab.distil(lab.trainings(STUDENT), teachers, TRAINING_TEMPERATURE, ALPHA.get(student, 0.0))
    splits = lab.session.data.validation, lab.session.data.test
    return [evaluation.logits_of_all(cohort, split.images).double() for split in splits]


def confidence(logits: Tensor) -> float:
    """Mean of the largest softmax."""
    return losses.softmax(logits).max(dim=-1).values.mean().item()


def _best(logits: Tensor, labels: Tensor) -> float:
    """The T of the grid with the lowest NLL (temperature scaling: Guo et al. 2017, section 4.2)."""

    def nll(temperature: float) -> float:
        value = evaluation.nll(logits / temperature, labels)
        return value if math.isfinite(value) else math.inf  # a diverged student has no best T

    return min(TEMPERATURES, key=nll)


def _curves(seeds: Sequence[int], students: Tensor, labels: Tensor) -> list[Curve]:
    """A curve for each seed and figure over T; `students` are logits (seeds, N, classes)."""
    curves = []
    for seed, logits in zip(seeds, students, strict=True):
        over = [logits / t for t in TEMPERATURES]
        figures = [evaluation.test_figures(at, labels) | {"confidence": confidence(at)} for at in over]
        lines = {name: rounded([at[name] for at in figures]) for name in CURVES}
        curves += [Curve(name=name, seed=seed, x=TEMPERATURES, y=line) for name, line in lines.items()]
    return curves
