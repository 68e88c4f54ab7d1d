"""What less noise in the gradient allows: a higher learning rate, fewer examples (Hinton et al. 2015, section 1).

The soft targets stand alone here (alpha = 1), so that a student has either the labels or the teacher. Both make the
same number of updates on batches of the same images in the same order.
"""

from collections.abc import Sequence

from kdviz.recipes.base import Training
from kdviz.recipes.study_facts.noise_payoff import TEMPERATURE
from kdviz.runners.studies.lab import STUDENT, ArmResult, Lab, Reporting


def measure_rate(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """One epoch (a third of the usual epochs) of SGD with momentum at one learning rate."""
    way, _, rate = arm.partition("-")
    trainings = lab.trainings(STUDENT, lab.epochs(1, 10), optimizer="sgd", learning_rate=float(rate))
    return (yield from _taught(lab, way, trainings))


def measure_examples(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """The usual number of updates on few images, each seen again and again."""
    way, _, count = arm.partition("-")
    return (yield from _taught(lab, way, lab.trainings(STUDENT, labels=int(count))))


def _taught(lab: Lab, way: str, trainings: Sequence[Training]) -> Reporting[ArmResult]:
    """Students of labels alone, or of soft targets alone. The teacher has seen all training images with labels."""
    teachers = yield from lab.reference_teachers()
    known = teachers if way == "taught" else None
    students = yield from lab.distil(trainings, known, TEMPERATURE, labelled_only=True)
    return lab.rows(students, teachers), []
