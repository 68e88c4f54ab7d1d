"""The training loop of networks of images."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from kdviz.engine.batches import Chunk, TeacherLogits, chunk_size, chunks, joined
from kdviz.engine.data import Split
from kdviz.engine.distiller import Distiller
from kdviz.engine.dropout import Dropout
from kdviz.engine.models import Cohort
from kdviz.engine.optimizers import updates
from kdviz.recipes.base import Training
from kdviz.recipes.catalogue import ARCHITECTURES

REPORTS = 60  # of each network: a smooth curve that costs a few per cent
FIRST_WORK = 5e8  # multiply-adds of the forward passes before a report that is to come at once: some 50 ms


@dataclass(frozen=True)
class Report:
    """How far `fit` is and how its students do; lists have an entry for each student.

    Losses and accuracy are of the images since the last report.
    """

    step: int
    steps: int  # in all
    epoch: int
    epochs: int  # in all
    loss_kd: list[float]
    loss_ce: list[float]
    gradient_share_kd: list[float] | None
    training_accuracy: list[float]
    seconds: float  # of training so far; reports are not counted
    images_seen: int  # by all networks that learn, together
    multiply_adds: float  # a forward pass once, a forward and backward pass three times

    @property
    def place(self) -> dict[str, Any]:
        """Updates and epochs, so far and in all, as records name them."""
        return {"step": self.step, "steps": self.steps, "epoch": self.epoch, "epochs": self.epochs}

    @property
    def part(self) -> float:
        """The share of all updates that are done."""
        return self.step / self.steps


def steps_of(training: Training, images: int) -> int:
    """Number of updates in all; the last batch of an epoch may be smaller."""
    return training.epochs * -(-images // training.batch_size)


def chunks_of_epoch(training: Training, images: int, reports: int) -> int:
    """How often `fit` yields in each epoch of `images` images."""
    return -(-images // chunk_size(training, _every(training, images, reports)))


def _first_updates(training: Training) -> int:
    """Updates before a report that is to come at once: fewer of a large network, whose updates take longer."""
    return max(1, int(FIRST_WORK / (training.batch_size * ARCHITECTURES[training.model].multiply_adds)))


def _every(training: Training, images: int, reports: int) -> int:
    """Updates between two reports, of which there is at least one in each epoch."""
    return max(1, steps_of(training, images) // max(reports, training.epochs))


def fit(
    cohorts: Sequence[Cohort],
    split: Split,
    trainings: Sequence[Training],
    distiller: Distiller,
    teacher: TeacherLogits | None = None,
    *,
    reports: int = REPORTS,
    at_once: bool = False,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Report | None]:
    """Train students and their peers in place. Yields after every chunk of updates: a Report if one is due, else None.

    `trainings` has one for each student, which differ in their seeds alone, or a single one where all the students
    see the same batches. `at_once`: a Report more, after the first updates.
    """
    training = trainings[0]
    steps = steps_of(training, len(split))
    every = _every(training, len(split), reports)
    learning = [parameter for cohort in cohorts for parameter in cohort.parameters] + distiller.parameters
    learn = updates(training, learning, steps)
    for cohort in cohorts:
        cohort.train(Dropout.of(trainings, len(cohort), split.labels.device))
    # Each image takes three passes' worth from every network that learns, and what the distiller needs besides.
    work = 3 * sum(cohort.architecture.multiply_adds for cohort in cohorts) + distiller.extra_multiply_adds
    step, reported, images, seconds = 0, 0, 0, 0.0
    since: list[tuple[Chunk, tuple[Tensor, ...]]] = []
    started = clock()
    first = _first_updates(training) if at_once else None
    for chunk in chunks(split, trainings, teacher, every, first):
        records: list[tuple[Tensor, ...]] = []
        _expect_pixels(cohorts, training, learning=True)
        for batch in chunk.batches(distiller.targets(chunk), training.batch_size):
            forward = distiller.step(cohorts, batch)
            learn(forward.outputs, forward.gradients)
            if training.max_norm is not None:
                for cohort in cohorts:
                    cohort.limit_norms(training.max_norm)
            records.append(tuple(part.detach() for part in forward.record))
        _expect_pixels(cohorts, training, learning=False)
        step += len(records)
        images += chunk.labels.shape[1] * len(cohorts[0])
        since.append((chunk.without_images(), _joined_records(records)))
        if chunk.labels.is_cuda:
            torch.cuda.synchronize()  # what was only ordered so far is this training's work, not the next one's
        seconds += clock() - started
        if step - reported >= every or step == steps or (at_once and not reported):
            seen = joined([chunk for chunk, _ in since])
            record = _joined_records([record for _, record in since])
            terms = distiller.terms(seen, record)
            share = terms.gradient_share_kd
            yield Report(
                step=step,
                steps=steps,
                epoch=seen.epoch,
                epochs=training.epochs,
                loss_kd=terms.loss_kd.tolist(),
                loss_ce=terms.loss_ce.tolist(),
                gradient_share_kd=None if share is None else share.tolist(),
                training_accuracy=(record[0].argmax(dim=-1) == seen.labels).double().mean(dim=1).tolist(),
                seconds=seconds,
                images_seen=images * len(cohorts),
                multiply_adds=images * work + (0.0 if teacher is None else teacher.multiply_adds),
            )
            reported, since = step, []
        else:
            yield None
        started = clock()


def _expect_pixels(cohorts: Sequence[Cohort], training: Training, *, learning: bool) -> None:
    """Between two chunks the networks expect the usual pixels, -1 to 1, as evaluation gives them."""
    if training.pixels_from_zero:
        for cohort in cohorts:
            cohort.expect_pixels_from_zero(learning)


def _joined_records(records: Sequence[tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
    return tuple(torch.cat(parts, dim=1) for parts in zip(*records, strict=True))
