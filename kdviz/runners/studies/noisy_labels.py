"""Noisy labels (Li et al. 2017): students whose labels are partly wrong, with and without a teacher of right ones.

The noise is symmetric and drawn for each seed: it is part of the chance that the seeds stand for. So the students of
different seeds learn from different labels, and are trained one after another. Validation and test labels stay right.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from kdviz.engine import evaluation, models
from kdviz.engine.data import Split
from kdviz.engine.models import Cohort
from kdviz.recipes.catalogue import CLASSES
from kdviz.runners.studies.lab import STUDENT, TEACHER, ArmResult, Lab, Reporting

TEMPERATURE, ALPHA = 4.0, 0.9
STREAM = 20170307  # the day the paper appeared


def with_noise(labels: Tensor, share: float, seed: int) -> Tensor:
    """Labels (N,) of which a share, to the nearest image, is replaced by another class, each of the nine alike.

    The wrong labels of a smaller share are among those of a larger one.
    """
    # Not the seed itself: it would shuffle the images as the first epoch does, and the wrong labels would come first.
    generator = torch.Generator().manual_seed(STREAM + seed)
    order = torch.randperm(len(labels), generator=generator)
    shift = torch.randint(1, CLASSES, (len(labels),), generator=generator)
    wrong = order[: round(share * len(labels))]
    noisy = labels.cpu().clone()
    noisy[wrong] = (noisy[wrong] + shift[wrong]) % CLASSES
    return noisy.to(labels.device)


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """One way of teaching with one share of wrong labels."""
    way, _, percent = arm.partition("-")
    clean = lab.session.data.training
    noisy = [replace(clean, labels=with_noise(clean.labels, int(percent) / 100, seed)) for seed in lab.seeds]
    of_clean_labels = yield from lab.reference_teachers()
    teachers = None if way == "labels" else of_clean_labels
    if way == "own" and int(percent):
        share = 0.7 * (1.0 - lab.part)
        teachers = (yield from _trained(lab, TEACHER, noisy, None, share=share)).frozen()
    alpha = 1.0 if way == "soft" else ALPHA
    students = yield from _trained(lab, STUDENT, noisy, teachers, alpha, share=1.0 - lab.part)
    return lab.rows(students, of_clean_labels, extra=_fitted(students, noisy, clean)), []


def _trained(
    lab: Lab, model: str, splits: Sequence[Split], teachers: Cohort | None, alpha: float = 1.0, *, share: float
) -> Reporting[Cohort]:
    """A network for each seed, each on labels of its own."""
    networks = []
    for number, (training, split) in enumerate(zip(lab.trainings(model), splits, strict=True)):
        own = None if teachers is None else models.cohort(teachers.architecture.name, [teachers.networks[number]])
        doing = f"{'teacher' if model == TEACHER else 'student'}, seed {training.seed}"
        one = yield from lab.distil(
            [training], own, TEMPERATURE, alpha, split=split, doing=doing, share=share / len(splits)
        )
        networks += one.networks
    return models.cohort(model, networks)


def _fitted(students: Cohort, noisy: Sequence[Split], clean: Split) -> dict[str, list[float]]:
    """The share of the training images with a wrong label to which each student gives that label."""
    answers = evaluation.logits_of_all(students, clean.images).argmax(dim=-1)
    wrong = [split.labels != clean.labels for split in noisy]
    if not wrong[0].any():
        return {}
    shares = [
        (answer == split.labels)[which].double().mean().item()
        for answer, split, which in zip(answers, noisy, wrong, strict=True)
    ]
    return {"fitted": shares}
