"""What less noise in the gradient allows: a higher learning rate, fewer examples (Hinton et al. 2015, section 1).

The soft targets stand alone here (alpha = 1), so that a student has either the labels or the teacher. Both make the
same number of updates on batches of the same images in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence

from kdviz.distillers.offline import Offline
from kdviz.engine.batches import FixedTeachers
from kdviz.recipes.base import Training
from kdviz.runners.studies.lab import STUDENT, TEACHER, Given, Lab, Steps

TEMPERATURE = 4.0


class OnTheSameImages(FixedTeachers):
    """Logits of teachers for the images whose labels the other students have; the rest are not drawn."""

    unlabelled = False


def measure_rate(lab: Lab, arm: str) -> Steps[Given]:
    """One epoch (a third of the usual epochs) of SGD with momentum at one learning rate."""
    way, _, rate = arm.partition("-")
    settings = {"optimizer": "sgd", "learning_rate": float(rate)}
    return (yield from _taught(lab, way, lab.trainings(STUDENT, lab.epochs(1, 10), **settings)))


def measure_examples(lab: Lab, arm: str) -> Steps[Given]:
    """The usual number of updates on few images, each seen again and again."""
    way, _, count = arm.partition("-")
    return (yield from _taught(lab, way, lab.trainings(STUDENT, lab.epochs(3), labels=int(count))))


def _taught(lab: Lab, way: str, trainings: Sequence[Training]) -> Steps[Given]:
    """Students of labels alone, or of soft targets alone. The teacher has seen all training images with labels."""
    teachers = yield from lab.once("teachers", lab.teachers(lab.trainings(TEACHER, lab.epochs(3))))
    distiller, teacher = None, None
    if way == "taught":
        distiller = Offline(TEMPERATURE, 1.0)
        teacher = OnTheSameImages.of([teachers], lab.session.data.training, trainings[0], TEMPERATURE)
    cohort = yield from lab.train(trainings, distiller, teacher, share=1.0 - lab.part)
    return lab.rows(cohort, teachers), []
