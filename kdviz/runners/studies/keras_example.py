"""The worked example of Keras' documentation (Borup 2020), as its code runs: networks, weights drawn, epochs, Adam.

Its alpha weighs the hard term: 0.1 there is 0.9 here. Its code names a batch of 64 and then does not use it, so that
Keras takes 32. It trains on all 60,000 images, those of the validation split too, for nothing is chosen. Each seed has
a teacher of its own.
"""

from kdviz.engine.data import Split
from kdviz.recipes.base import Training
from kdviz.runners.studies.lab import ArmResult, Lab, Reporting

TEACHER, STUDENT = "keras-256-512", "keras-16-32"
TEMPERATURE = 10.0
HARD_WEIGHT = 0.1  # the example's alpha
EPOCHS = {"teacher": 5, "scratch": 3, "distilled": 3}
DIGITS_TIMES = 3  # so many times the epochs where there are 1,437 images
QUICK_IMAGES = 6_000


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """The teachers, the students from scratch or the distilled students."""
    images, trainings = _images(lab), _trainings(lab, arm)
    if arm == "scratch":
        students = yield from lab.train(trainings, split=images)
        return lab.rows(students), []
    share = 1.0 if arm == "teacher" else 0.9
    learning = lab.teachers(_trainings(lab, "teacher"), split=images, share=share)
    teachers = yield from lab.once("teachers", learning)
    if arm == "teacher":
        return lab.rows(teachers), []
    students = yield from lab.distil(trainings, teachers, TEMPERATURE, 1 - HARD_WEIGHT, split=images)
    return lab.rows(students, teachers), []


def _images(lab: Lab) -> Split:
    """All images; the first of them where it is to be quick."""
    return lab.all_images[:QUICK_IMAGES] if lab.study.quick else lab.all_images


def _trainings(lab: Lab, arm: str) -> list[Training]:
    """Adam 1e-3, batches of 32."""
    epochs = EPOCHS[arm] * (DIGITS_TIMES if lab.study.data == "digits" and not lab.study.quick else 1)
    return lab.trainings(TEACHER if arm == "teacher" else STUDENT, epochs, batch_size=32, with_validation=True)
