"""A class left out of the transfer set (Hinton, Vinyals, Dean 2015, section 3).

A student that is taught without a single 3 still learns what a 3 looks like, from the teacher's soft targets for 2s, 5s
and 8s. It only says 3 too seldom. The paper raised the bias of 3 by what was best on the test images; here it is raised
until the student calls as many of the unlabelled validation images a 3 as there are 3s among digits.
"""

import torch
from torch import Tensor

from kdviz.engine import evaluation
from kdviz.engine.data import Split
from kdviz.recipes.study_facts.left_out_class import BIASES, LEFT_OUT
from kdviz.records.study import Curve
from kdviz.runners.studies.lab import STUDENT, ArmResult, Lab, Reporting

TEMPERATURE = 4.0


def without(split: Split) -> Split:
    """The images of all other classes."""
    return split[split.labels != LEFT_OUT]


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

    Needs no label of the images that `logits` (N, classes) are of.
    """
    return min(BIASES, key=lambda bias: abs(predicted(raised(logits, bias)) - frequency))


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """One student, on all digits or on all but the 3s.

    Where it is taught, alpha = 1: labels would only teach that nothing is ever a 3.
    """
    data = lab.session.data
    teachers = yield from lab.reference_teachers()
    split = data.training if arm in ("labels", "all") else without(data.training)
    known = None if arm.startswith("labels") else teachers
    once = "without" if arm == "corrected" else arm
    students = yield from lab.once(once, lab.distil(lab.trainings(STUDENT), known, TEMPERATURE, split=split))
    logits = lab.test_logits(students)
    biases, curves = [0.0] * len(lab.seeds), []
    frequency = (data.training.labels == LEFT_OUT).double().mean().item()
    if arm == "corrected":
        unlabelled = evaluation.logits_of_all(students, data.validation.images)
        biases = [chosen_bias(student, frequency) for student in unlabelled]
        curves = _curves(lab, logits, data.test.labels, unlabelled)
    moved = torch.stack([raised(student, bias) for student, bias in zip(logits, biases, strict=True)])
    extra = _figures(moved, data.test.labels) | {"bias": biases, "frequency": [frequency] * len(biases)}
    return lab.rows_of(moved, data.test.labels, lab.test_logits(teachers), extra=extra), curves


def _figures(logits: Tensor, labels: Tensor) -> dict[str, list[float]]:
    """Of each seed's logits (seeds, N, classes): errors on the class left out and on the others, and its share."""
    wrong = logits.argmax(dim=-1) != labels
    threes = labels == LEFT_OUT
    return {
        "errors_on_threes": wrong[:, threes].sum(dim=1).tolist(),
        "errors_on_others": wrong[:, ~threes].sum(dim=1).tolist(),
        "predicted_threes": [predicted(student) for student in logits],
        "threes": [float(threes.sum())] * len(logits),
    }


def _curves(lab: Lab, logits: Tensor, labels: Tensor, unlabelled: Tensor) -> list[Curve]:
    """What becomes of each seed's student as the bias grows.

    The errors on the test images are only to be looked at; what the rule sees is the share of `unlabelled` images, the
    validation images, that are called the class left out.
    """
    over = [_figures(raised(logits, bias), labels) for bias in BIASES]
    shares = [[predicted(raised(student, bias)) for student in unlabelled] for bias in BIASES]
    errors = {name: [figures[name] for figures in over] for name in ("errors_on_threes", "errors_on_others")}
    return lab.curves(BIASES, errors | {"predicted_share": shares})
