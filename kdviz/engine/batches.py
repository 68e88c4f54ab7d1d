"""What the training loop consumes: chunks of a few batches, gathered, augmented and normalised at once.

Several students can train at once, each on batches of its own seed: the first axis of every tensor counts them. Where
all of them see the same batches, that axis has the length 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple, Protocol, Self

import torch
from torch import Tensor

from kdviz.engine import data, evaluation, losses
from kdviz.engine.augmentation import augment
from kdviz.engine.data import Split
from kdviz.engine.models import Cohort
from kdviz.recipes.base import Training
from kdviz.recipes.catalogue import CLASSES

CHUNK_IMAGES = 1024  # large enough to cost nothing per batch, small enough for the cache


class TeacherLogits(Protocol):
    """A teacher's logits for training images."""

    @property
    def unlabelled(self) -> bool:
        """Whether images without a label are drawn as well, to learn from these logits alone."""
        ...

    def on(self, epoch: int, indices: Tensor, images: Tensor) -> Tensor:
        """Logits (students, N, classes) for the training images `indices` (students, N).

        `images`, uint8 (students, N, 28, 28), are these images as they are shown, which may be augmented.
        """
        ...

    @property
    def multiply_adds(self) -> float:
        """Multiply-adds of all forward passes so far."""
        ...


class FixedTeachers:
    """Trained teachers' logits for the training images, by sample index; of augmented images, computed anew.

    Each student has a teacher of its own, or several, whose mean soft targets at T it is given. A teacher and its
    student must see the same augmented image (Beyer et al. 2022, section 3).
    """

    unlabelled = True

    def __init__(self, teachers: Sequence[Cohort], temperature: float, cached: Tensor | None = None) -> None:
        self._teachers = teachers
        self._temperature = temperature
        self._cached = cached  # (students, training images, classes)
        self.multiply_adds = 0.0

    @classmethod
    def of(cls, teachers: Sequence[Cohort], split: Split, training: Training, temperature: float) -> Self:
        """With the logits of all training images computed now, unless they are augmented."""
        fixed = cls(teachers, temperature)
        if training.augmentation == "none":
            fixed._cached = fixed._logits(split.images.expand(len(teachers[0]), *split.images.shape))
        return fixed

    def on(self, epoch: int, indices: Tensor, images: Tensor) -> Tensor:
        """Logits (students, N, classes); see `TeacherLogits`."""
        if self._cached is None:
            return self._logits(images)
        return torch.stack([logits[index] for logits, index in zip(self._cached, indices, strict=True)])

    def _logits(self, images: Tensor) -> Tensor:
        logits = torch.stack([evaluation.logits_of_each(teacher, images) for teacher in self._teachers])
        for teacher in self._teachers:
            self.multiply_adds += float(images[..., 0, 0].numel() * teacher.architecture.multiply_adds)
        return logits[0] if len(logits) == 1 else losses.mean_of_teachers(logits, self._temperature)


class Batch(NamedTuple):
    """What one update sees; the axes of every tensor are (students, batch, ...)."""

    images: Tensor  # normalised, (students, batch, 1, 28, 28)
    targets: Tensor  # what the distiller made of the teacher's logits
    one_hot: Tensor  # (students, batch, classes)
    labelled: Tensor | None  # 1 where the label may be used, else 0, (students, batch); None where all may
    done: float  # share of all updates that came before this chunk


@dataclass(frozen=True)
class Chunk:
    """Consecutive batches; the axes of every tensor are (students, N, ...)."""

    epoch: int
    done: float  # share of all updates that came before
    labels: Tensor
    images: Tensor  # normalised, (students, N, 1, 28, 28)
    one_hot: Tensor  # (students, N, classes)
    labelled: Tensor | None  # 1 where the label may be used, (students, N); None where all may
    teacher_logits: Tensor  # (students, N, classes); without a teacher the one-hot labels, as a stand-in

    def batches(self, targets: Tensor, size: int) -> Iterator[Batch]:
        """Batches of `size` images, of which the last may be smaller; `targets` are those of the whole chunk."""
        count = -(-self.labels.shape[1] // size)
        masks = [None] * count if self.labelled is None else self.labelled.split(size, 1)
        parts = zip(self.images.split(size, 1), targets.split(size, 1), self.one_hot.split(size, 1), masks, strict=True)
        return (Batch(*part, self.done) for part in parts)

    def without_images(self) -> Chunk:
        """The chunk without its images, which are most of its memory."""
        return replace(self, images=self.images.new_empty(0))


def joined(chunks: Sequence[Chunk]) -> Chunk:
    """Several chunks as one, without their images; `epoch` and `done` are the last one's."""
    masks = [chunk.labelled for chunk in chunks if chunk.labelled is not None]
    return replace(
        chunks[-1].without_images(),
        labels=torch.cat([chunk.labels for chunk in chunks], dim=1),
        one_hot=torch.cat([chunk.one_hot for chunk in chunks], dim=1),
        teacher_logits=torch.cat([chunk.teacher_logits for chunk in chunks], dim=1),
        labelled=torch.cat(masks, dim=1) if masks else None,
    )


def epoch_order(usable: Tensor, images: int, generator: torch.Generator) -> Tensor:
    """`images` indices out of `usable`, shuffled: each comes once before any comes a second time."""
    rounds = torch.empty(-(-images // len(usable)), len(usable), dtype=torch.int64)
    for order in rounds:  # into one tensor: with 100 labels there are hundreds of rounds, and a run's first curve waits
        torch.randperm(len(usable), generator=generator, out=order)
    return usable[rounds.flatten()[:images]]


def chunk_size(training: Training, most_updates: int) -> int:
    """Images of each student in a chunk; the last one of an epoch may be smaller."""
    return training.batch_size * max(1, min(most_updates, CHUNK_IMAGES // training.batch_size))


def chunks(
    split: Split,
    trainings: Sequence[Training],
    teacher: TeacherLogits | None,
    most_updates: int,
    first_updates: int | None = None,
) -> Iterator[Chunk]:
    """All images of all epochs, in chunks of at most `most_updates` batches; the same for the same trainings.

    The very first chunk has at most `first_updates` batches; the batches are the same whatever makes a chunk.
    The trainings differ in their seeds alone. Images that add nothing to the loss are not drawn: without a trained
    teacher, those whose label may not be used. The number of images stays the same.
    """
    training, total, device = trainings[0], len(split), split.labels.device
    labelled = [data.labelled(split, training.labels, training.seed) for training in trainings]
    is_labelled = None
    unlabelled = teacher is not None and teacher.unlabelled
    if training.labels is not None and unlabelled:
        is_labelled = torch.stack([torch.zeros(total).index_fill_(0, chosen, 1.0) for chosen in labelled]).to(device)
    usable = [torch.arange(total)] * len(trainings) if unlabelled else labelled

    one_hot = torch.eye(CLASSES, device=device)[split.labels]
    generators = [torch.Generator().manual_seed(training.seed) for training in trainings]
    size = chunk_size(training, most_updates)
    first = size if first_updates is None else chunk_size(training, min(first_updates, most_updates))
    for epoch in range(1, training.epochs + 1):
        orders = torch.stack(
            [epoch_order(indices, total, generator) for indices, generator in zip(usable, generators, strict=True)]
        ).to(device)
        ends = [*range(first if epoch == 1 else size, total, size), total]
        for begin, end in pairwise([0, *ends]):
            indices = orders[:, begin:end]
            images = split.images[indices]
            if training.augmentation != "none":
                images = torch.stack(
                    [_augmented(own, training, generator) for own, generator in zip(images, generators, strict=True)]
                )
            yield Chunk(
                epoch=epoch,
                done=(epoch - 1 + begin / total) / training.epochs,
                labels=split.labels[indices],
                images=_pixels(images, training).unflatten(0, indices.shape),
                one_hot=one_hot[indices],
                labelled=None if is_labelled is None else is_labelled.gather(1, indices),
                teacher_logits=one_hot[indices] if teacher is None else teacher.on(epoch, indices, images),
            )


def _pixels(images: Tensor, training: Training) -> Tensor:
    """uint8 images (students, N, 28, 28) to floats (students * N, 1, 28, 28): -1 to 1, or 0 to 1 where so trained."""
    normalised = data.normalise(images.flatten(0, 1))
    return normalised.add_(1).mul_(0.5) if training.pixels_from_zero else normalised


def _augmented(images: Tensor, training: Training, generator: torch.Generator) -> Tensor:
    """Augmented batch by batch, so that the images do not depend on how many batches make a chunk."""
    batches = images.split(training.batch_size)
    seeds = [int(torch.randint(2**31, (), generator=generator)) for _ in batches]
    return torch.cat([augment(batch, training.augmentation, seed) for batch, seed in zip(batches, seeds, strict=True)])
