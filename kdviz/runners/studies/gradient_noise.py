"""Noise in the gradient, hard labels beside soft targets (Hinton, Vinyals, Dean 2015, section 1).

At a few moments of a student's training the gradient of all its weights is taken for many batches, once towards each
kind of target: same weights, same batches. The noise is the trace of the covariance over the batches; beside the
squared length of the mean gradient it does not depend on how a loss is scaled (McCandlish et al. 2018, section 2.2).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from kdviz.engine import evaluation, losses
from kdviz.engine.data import normalise
from kdviz.engine.models import Cohort
from kdviz.recipes.catalogue import CLASSES
from kdviz.recipes.study_facts.gradient_noise import BATCH, MIDDLE, MOMENTS, TARGETS, Target
from kdviz.records.study import Curve, Row, StudyProgress
from kdviz.runners.studies.lab import STUDENT, ArmResult, Lab, Reporting

BATCHES, QUICK_BATCHES = 128, 64
ARROWS = 40  # batches of the first seed whose gradients are kept as arrows


class GradientNoise(NamedTuple):
    """Signal and noise of the gradients towards one kind of target at one moment, (seeds,)."""

    variance: Tensor  # trace of the covariance of a batch's gradient
    signal: Tensor  # squared length of the mean gradient, without what the noise adds to it
    arrows: list[tuple[float, float]]  # of the first seed's batches, see `arrows_of`

    @property
    def ratio(self) -> Tensor:
        """How many times as large as the signal the noise is, (seeds,)."""
        return self.variance / self.signal


NoiseAtMoment = tuple[float, dict[str, GradientNoise]]  # after so many epochs, of each kind of target


@dataclass(frozen=True)
class SharedBatches:
    """The same batches for every kind of target and every moment, drawn with replacement from the training images."""

    images: Tensor  # uint8 (training images, 28, 28)
    one_hot: Tensor  # (training images, classes)
    teacher: Tensor  # logits (seeds, training images, classes)
    indices: Tensor  # (seeds, batches, images of a batch)

    @classmethod
    def of(cls, lab: Lab, teachers: Cohort, count: int) -> SharedBatches:
        """Drawn from each seed's own generator."""
        split, device = lab.session.data.training, lab.session.device
        generators = [torch.Generator().manual_seed(seed) for seed in lab.seeds]
        drawn = [torch.randint(len(split), (count, BATCH), generator=generator) for generator in generators]
        one_hot = torch.eye(CLASSES, device=device)[split.labels]
        logits = evaluation.logits_of_all(teachers, split.images)
        return cls(split.images, one_hot, logits, torch.stack(drawn).to(device))

    def __len__(self) -> int:
        return self.indices.shape[1]

    def each_batch(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Images (seeds, batch, 1, 28, 28), labels and teacher's logits (seeds, batch, classes), batch after batch."""
        for number in range(len(self)):
            chosen = self.indices[:, number]
            images = normalise(self.images[chosen].flatten(0, 1)).unflatten(0, chosen.shape)
            rows = torch.arange(len(chosen), device=chosen.device).unsqueeze(1)
            yield images, self.one_hot[chosen], self.teacher[rows, chosen]


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """One kind of target along one student's training; the first arm that needs this student measures for all."""
    path, _, target = arm.partition("-")
    moments = yield from lab.once(path, _moments(lab, path))
    epochs, noises = [epoch for epoch, _ in moments], [of_targets[target] for _, of_targets in moments]
    rows, curves = [], []
    for number, seed in enumerate(lab.seeds):
        names = ("ratio", "variance", "signal")
        lines = {name: [float(getattr(noise, name)[number]) for noise in noises] for name in names}
        start, middle, end = (10 * math.log10(lines["ratio"][moment]) for moment in (0, MIDDLE, -1))
        figures = {"start": start, "middle": middle, "end": end, "variance_middle": lines["variance"][MIDDLE]}
        rows.append(Row(arm=lab.arm.name, seed=seed, figures=figures))
        curves += [Curve(name=name, seed=seed, x=epochs, y=values) for name, values in lines.items()]
    for number, noise in enumerate(noises):
        along, across = zip(*noise.arrows, strict=True)
        curves.append(Curve(name=f"arrows-{number}", seed=lab.seeds[0], x=list(along), y=list(across)))
    return rows, curves


def _moments(lab: Lab, path: str) -> Reporting[list[NoiseAtMoment]]:
    """Train the students of all seeds, by labels or taught, and stop at each moment to measure."""
    teachers = yield from lab.reference_teachers(share=0.2)
    batches = SharedBatches.of(lab, teachers, QUICK_BATCHES if lab.study.quick else BATCHES)
    trainings = lab.trainings(STUDENT)
    cohort, before = lab.networks(trainings), lab.part
    moments = [(0.0, (yield from _noises(cohort, batches, None)))]
    known = teachers if path == "taught" else None
    for progress in lab.distil(trainings, known, *TARGETS["mixed"], cohort=cohort):
        yield progress
        done = (lab.part - before) / (1.0 - before)
        if progress is not None and len(moments) < len(MOMENTS) and done >= MOMENTS[len(moments)] - 1e-9:
            moments.append((done * trainings[0].epochs, (yield from _noises(cohort, batches, progress))))
    return moments


def _noises(
    cohort: Cohort, batches: SharedBatches, progress: StudyProgress | None
) -> Reporting[dict[str, GradientNoise]]:
    """The noise of every kind of target at these weights. Yields `progress` again: nothing is trained meanwhile."""
    sums = {name: _GradientSums(len(batches)) for name in TARGETS}
    parameters = cohort.parameters
    for number, (images, one_hot, teacher) in enumerate(batches.each_batch()):
        logits = cohort.logits(images)
        for name, target in TARGETS.items():
            pull = gradient_at_logits(target, logits.detach(), one_hot, teacher)
            sums[name].add(torch.autograd.grad(logits, parameters, pull, retain_graph=True))
        if number % 10 == 0:
            yield None if progress is None else progress.model_copy(update={"doing": "gradients"})
    return {name: of_target.noise() for name, of_target in sums.items()}


def gradient_at_logits(target: Target, logits: Tensor, one_hot: Tensor, teacher: Tensor) -> Tensor:
    """Of the mean loss of each seed's batch, (seeds, batch, classes)."""
    share, temperature = 1 / logits.shape[-2], target.temperature
    hard = losses.cross_entropy_gradient(logits, one_hot, (1 - target.alpha) * share)
    if target.alpha == 0:
        return hard
    soft = losses.kd_gradient(logits, losses.softmax(teacher, temperature), temperature, target.alpha * share)
    return hard + soft


class _GradientSums:
    """Sums over the batches: all gradients at once would fill the memory."""

    def __init__(self, batches: int) -> None:
        self._batches = batches
        self._sums: list[Tensor] = []
        self._squares = torch.zeros(())
        self._kept: list[Tensor] = []

    def add(self, parts: Sequence[Tensor]) -> None:
        """One batch's gradient of each layer's weights or biases, (seeds, ...)."""
        squares = sum(part.flatten(1).norm(dim=1).double().square() for part in parts)
        if len(self._kept) < ARROWS:
            self._kept.append(torch.cat([part[0].flatten() for part in parts]))
        if not self._sums:
            self._sums, self._squares = [part.clone() for part in parts], torch.as_tensor(squares)
            return
        torch._foreach_add_(self._sums, list(parts))
        self._squares += squares

    def noise(self) -> GradientNoise:
        """Unbiased, both: the mean of n gradients is longer than what it estimates, by a n-th of the variance."""
        mean = torch.cat([layer.flatten(1) for layer in self._sums], dim=1) / self._batches
        length = mean.norm(dim=1).double().square()
        variance = (self._squares - self._batches * length) / (self._batches - 1)
        least = variance / self._batches  # a weaker signal cannot be seen with so many batches
        return GradientNoise(variance, torch.maximum(length - least, least), arrows_of(self._kept, mean[0]))


def arrows_of(gradients: Sequence[Tensor], mean: Tensor) -> list[tuple[float, float]]:
    """Each gradient in units of the mean's length: how far it goes along the mean, and how far across it.

    Across are all other directions together, so that the angle between the two is the one in the space of all weights.
    """
    length = mean.norm()
    direction, arrows = mean / length, []
    for gradient in gradients:
        along = float(gradient @ direction / length)
        across = float((gradient / length - along * direction).norm())
        arrows.append((round(along, 4), round(across, 4)))
    return arrows
