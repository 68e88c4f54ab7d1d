"""A class left out of the transfer set (Hinton, Vinyals, Dean 2015, section 3).

A student that is taught without a single 3 still learns what a 3 looks like, from what the teacher says of 2s, 5s and
8s. It only says 3 too seldom. The paper raised the bias of 3 by what was best on the test images; here it is raised
until the student calls as many of the unlabelled validation images a 3 as there are 3s among digits.
"""

from __future__ import annotations

import torch
from torch import Tensor

from kdviz.distillers.offline import Offline
from kdviz.engine import evaluation
from kdviz.engine.batches import FixedTeachers
from kdviz.engine.data import Split
from kdviz.engine.models import Cohort
from kdviz.recipes.study_facts.left_out_class import BIASES, LEFT_OUT
from kdviz.records.study import Curve
from kdviz.runners.studies.lab import STUDENT, TEACHER, Given, Lab, Steps, part_of

TEMPERATURE = 4.0


def without(split: Split) -> Split:
    """The images of all other classes."""
    return part_of(split, split.labels != LEFT_OUT)


def raised(logits: Tensor, bias: float) -> Tensor:
    """Logits (..., classes) with `bias` added to that of the class left out."""
    added = torch.zeros(logits.shape[-1], dtype=logits.dtype, device=logits.device)
    added[LEFT_OUT] = bias
    return logits + added


def predicted(logits: Tensor) -> float:
    """Share of the images (N, classes) that are called the class left out."""
    return (logits.argmax(dim=-1) == LEFT_OUT).double().mean().item()


def chosen_bias(logits: Tensor, frequency: float) -> float:
    """The bias at which the predicted share of the class comes nearest to its known frequency; the smallest of equals.

    Needs no label: `logits` (N, classes) are of images of which nobody said what they show.
    """
    return min(BIASES, key=lambda bias: abs(predicted(raised(logits, bias)) - frequency))


def measure(lab: Lab, arm: str) -> Steps[Given]:
    """One student, on all digits or on all but the 3s."""
    whole = lab.session.data.training
    teachers = yield from lab.once("teachers", lab.teachers(lab.trainings(TEACHER, lab.epochs(3)), share=0.5))
    if arm in ("without", "corrected"):
        students = yield from lab.once("students", _students(lab, without(whole), teachers))
    elif arm == "all":
        students = yield from _students(lab, whole, teachers)
    else:
        students = yield from _students(lab, without(whole) if arm == "labels-without" else whole, None)
    test = lab.session.data.test
    said = evaluation.logits_of_all(students, test.images)
    biases, curves = [0.0] * len(lab.seeds), []
    frequency = (whole.labels == LEFT_OUT).double().mean().item()
    if arm == "corrected":
        unlabelled = evaluation.logits_of_all(students, lab.session.data.validation.images)
        biases = [chosen_bias(each, frequency) for each in unlabelled]
        curves = _curves(lab, said, test.labels, unlabelled)
    moved = torch.stack([raised(each, bias) for each, bias in zip(said, biases, strict=True)])
    known = evaluation.logits_of_all(teachers, test.images)
    facts = {"bias": biases, "frequency": [frequency] * len(biases)}
    return lab.rows_of(moved, test.labels, known, extra={**_figures(moved, test.labels), **facts}), curves


def _students(lab: Lab, split: Split, teachers: Cohort | None) -> Steps[Cohort]:
    """Soft targets alone, alpha = 1: labels would only teach that nothing is ever a 3."""
    trainings = lab.trainings(STUDENT, lab.epochs(3))
    left = max(1.0 - lab.part, 0.1)
    if teachers is None:
        return (yield from lab.train(trainings, split=split, share=left))
    teacher = FixedTeachers.of([teachers], split, trainings[0], TEMPERATURE)
    return (yield from lab.train(trainings, Offline(TEMPERATURE, 1.0), teacher, split=split, share=left))


def _figures(logits: Tensor, labels: Tensor) -> dict[str, list[float]]:
    """Of each seed's logits (seeds, N, classes): errors on the class left out and on the others, and what is said."""
    wrong = logits.argmax(dim=-1) != labels
    threes = labels == LEFT_OUT
    return {
        "errors_on_threes": wrong[:, threes].sum(dim=1).tolist(),
        "errors_on_others": wrong[:, ~threes].sum(dim=1).tolist(),
        "predicted_threes": [predicted(each) for each in logits],
        "threes": [float(threes.sum())] * len(logits),
    }


def _curves(lab: Lab, said: Tensor, labels: Tensor, unlabelled: Tensor) -> list[Curve]:
    """What becomes of each seed's student as the bias grows.

    The errors on the test images are only to be looked at; what the rule sees is the share of `unlabelled` images, the
    validation images, that are called the class left out.
    """
    over = [_figures(raised(said, bias), labels) for bias in BIASES]
    shares = [[predicted(raised(each, bias)) for each in unlabelled] for bias in BIASES]
    lines = {name: [figures[name] for figures in over] for name in ("errors_on_threes", "errors_on_others")}
    return [
        Curve(name=name, seed=seed, x=list(BIASES), y=[float(values[number]) for values in line])
        for name, line in (lines | {"predicted_share": shares}).items()
        for number, seed in enumerate(lab.seeds)
    ]
