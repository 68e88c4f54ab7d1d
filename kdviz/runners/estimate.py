"""What a sweep will take on this machine, before it is begun: from a few updates of each kind, measured once."""

import time
from collections.abc import Iterable
from functools import lru_cache

import torch

from kdviz.distillers.own_settings import OwnSettings
from kdviz.engine import models, teachers
from kdviz.engine.batches import FixedTeachers
from kdviz.engine.data import Split
from kdviz.engine.training import fit, steps_of
from kdviz.recipes.base import Training
from kdviz.recipes.catalogue import ARCHITECTURES, CLASSES, IMAGE_SIDE
from kdviz.recipes.sweep import Stack, Sweep
from kdviz.records.sweep import Estimate
from kdviz.records.sweep_plan import expected
from kdviz.runners.sweep import MOST_REPORTS, REPORTS

MEASURED_UPDATES = 16  # at most; of a large network fewer, so that measuring it takes no longer
MEASURED_WORK = 2e9  # multiply-adds of their forward passes
MEASURED_IMAGES = 256  # of one update, at most: larger ones take as long for each image
EVALUATIONS = 1.1  # what trials and the images of reports add to the training, as a factor
STALE = 600.0  # seconds after which it is measured again: other programs may have been running
REPORT = 1.5e-3  # seconds of a report for each student, on whatever machine and data: a rough figure
BEGINNING = 0.3  # seconds of a stack or a run before its first update, likewise
COPIES = 4  # of every weight: itself, its gradient, both moments of Adam


def sweep(recipe: str) -> str:
    """An `Estimate` as JSON, for a sweep as JSON; half a second for each architecture that is new here."""
    return estimate(Sweep.model_validate_json(recipe)).model_dump_json()


def estimate(sweep: Sweep) -> Estimate:
    """Seconds with the teachers that are not there yet, one worker; memory of the largest stack."""
    stacks = expected(sweep)
    trainings = {training.id: training for training in map(sweep.teacher_of_stack, stacks)}
    seconds = _seconds_of_missing(sweep, trainings.values())
    for training in trainings.values():  # their logits of all images, computed once: a third of an epoch's work
        seconds += _seconds(sweep, training) / training.epochs / 3
    for stack in stacks:
        seconds += BEGINNING + REPORT * len(stack.cells) * min(MOST_REPORTS, REPORTS * stack.epochs)
        seconds += EVALUATIONS * len(stack.cells) * _seconds(sweep, sweep.training_of_stack(stack), len(stack.cells))
    cell = sweep.trained_cells[-1]  # any may be chosen
    choices = [sweep.recipe_of(cell, seed) for seed in sweep.seeds_of_test]
    seconds += sum(BEGINNING + 2 * _seconds(sweep, choice.student_training) for choice in choices)
    own_teachers = [choice.teacher_training for choice in choices if choice.teacher_training.id not in trainings]
    seconds += _seconds_of_missing(sweep, own_teachers)
    return Estimate(seconds=seconds, memory=max(memory_of(stack, sweep.batch_size) for stack in stacks))


def memory_of(stack: Stack, batch_size: int) -> int:
    """Bytes of a stack's training: grows in proportion to its students, as each has its weights and activations."""
    architecture = ARCHITECTURES[stack.cells[0].student]
    units = architecture.hidden  # of one image, layer by layer; of a convolution before it is pooled
    if architecture.convolutional:
        units = tuple(width * (IMAGE_SIDE >> number) ** 2 for number, width in enumerate(units))
    activations = batch_size * (sum(units) + CLASSES)
    return 4 * len(stack.cells) * (COPIES * architecture.parameters + 2 * activations)


def _seconds_of_missing(sweep: Sweep, trainings: Iterable[Training]) -> float:
    """Of the teachers that are not kept on this machine."""
    return sum(_seconds(sweep, training) for training in trainings if not teachers.kept_path(training).exists())


def _seconds(sweep: Sweep, training: Training, students: int = 1) -> float:
    """Of one student's training in a stack of `students`."""
    return steps_of(training, sweep.training_images) * _pace(training.model, training.batch_size, students)


def _pace(model: str, batch_size: int, students: int) -> float:
    """Seconds of an update, for each student of a stack."""
    if ARCHITECTURES[model].convolutional:
        students = 1  # they are trained one after the other
    images = min(batch_size, MEASURED_IMAGES)
    return _measured(model, images, students, int(time.time() / STALE)) * batch_size / images


@lru_cache(maxsize=64)
def _measured(model: str, batch_size: int, students: int, time_slot: int) -> float:
    """Seconds of an update, for each student of a stack, from a few updates; measured anew in each `time_slot`."""
    training = Training.reference("mnist", model, 1, batch_size=batch_size)
    work = students * batch_size * ARCHITECTURES[model].multiply_adds
    updates = max(1, min(MEASURED_UPDATES, int(MEASURED_WORK / work)))
    images = updates * batch_size
    split = Split(torch.zeros(images, IMAGE_SIDE, IMAGE_SIDE, dtype=torch.uint8), torch.zeros(images, dtype=torch.long))
    if torch.cuda.is_available():
        split = split.to(torch.device("cuda"))
    device = split.labels.device
    cohort = models.cohort(model, [models.build(model, 0).to(device) for _ in range(students)])
    advice = FixedTeachers([cohort], 1.0, torch.zeros(1, images, CLASSES, device=device))
    distiller = OwnSettings.of([4.0] * students, [0.5] * students, device)
    for _ in range(2):  # the first calls are slow: the second time counts
        begun = time.perf_counter()
        for _ in fit([cohort], split, [training], distiller, advice, reports=1):
            pass
    return (time.perf_counter() - begun) / updates / students
