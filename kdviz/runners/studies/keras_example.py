"""The worked example of Keras' documentation (Borup 2020), as its code runs: networks, weights drawn, epochs, Adam.

Its alpha weighs the hard term: 0.1 there is 0.9 here. Its code names a batch of 64 and then does not use it, so that
Keras takes 32. It trains on all 60,000 images, those of the validation split too, for nothing is chosen. Each seed has
a teacher of its own.
"""

from __future__ import annotations

import torch

from kdviz.distillers.offline import Offline
from kdviz.engine import evaluation
from kdviz.engine.batches import FixedTeachers
from kdviz.engine.data import Split
from kdviz.recipes.base import Training
from kdviz.runners.studies.hinton import everything, kept_teachers
from kdviz.runners.studies.lab import Given, Lab, Steps, part_of

TEACHER, STUDENT = "keras-256-512", "keras-16-32"
TEMPERATURE = 10.0
HARD_WEIGHT = 0.1  # the example's alpha
EPOCHS = {"teacher": 5, "scratch": 3, "distilled": 3}
DIGITS_TIMES = 3  # so many times the epochs where there are 1,437 images
QUICK_IMAGES = 6_000


def measure(lab: Lab, arm: str) -> Steps[Given]:
    """The teachers, the students from scratch or the distilled students."""
    images, trainings = _images(lab), _trainings(lab, arm)
    if arm == "scratch":
        cohort = yield from lab.train(trainings, split=images)
        return lab.rows(cohort), []
    share = 1.0 if arm == "teacher" else 0.9
    taught = yield from lab.once("teachers", kept_teachers(lab, _trainings(lab, "teacher"), images, share=share))
    if arm == "teacher":
        return lab.rows(taught), []
    advice = FixedTeachers([], TEMPERATURE, evaluation.logits_of_all(taught, images.images))
    cohort = yield from lab.train(trainings, Offline(TEMPERATURE, 1 - HARD_WEIGHT), advice, split=images)
    return lab.rows(cohort, taught), []


def _images(lab: Lab) -> Split:
    """All images; the first of them where it is to be quick."""
    whole = everything(lab)
    first = torch.arange(min(QUICK_IMAGES, len(whole)), device=whole.labels.device)
    return part_of(whole, first) if lab.study.quick else whole


def _trainings(lab: Lab, arm: str) -> list[Training]:
    """Adam 1e-3, batches of 32."""
    epochs = EPOCHS[arm] * (DIGITS_TIMES if lab.study.data == "digits" and not lab.study.quick else 1)
    return lab.trainings(TEACHER if arm == "teacher" else STUDENT, epochs, batch_size=32, with_validation=True)
