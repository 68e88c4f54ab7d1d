"""What the training loop eats: chunks of a few batches, gathered, augmented and normalised at once, with advice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from kdviz import data, evaluation, losses
from kdviz.augmentation import augment
from kdviz.catalogue import CLASSES
from kdviz.data import Split
from kdviz.recipe import Loss, Training

CHUNK_IMAGES = 1024  # large enough to cost nothing per batch, small enough for the cache


@dataclass(frozen=True)
class Advice:
    """The teacher's logits for the training images, by sample index; of augmented images, asked anew.

    A teacher and its student must see the same augmented image (Beyer et al. 2021, section 3).
    """

    network: nn.Module
    cached: Tensor | None
    temperature: float
    loss: Loss

    @classmethod
    def of(cls, network: nn.Module, split: Split, training: Training, temperature: float, loss: Loss) -> Advice:
        """Cached for all training images at once, unless they are augmented."""
        cached = evaluation.logits_of(network, split.images) if training.augmentation == "none" else None
        return cls(network, cached, temperature, loss)

    def on(self, indices: Tensor, images: Tensor) -> Tensor:
        """Logits (N, classes) for the training images `indices`, which now look like the uint8 `images`."""
        return evaluation.logits_of(self.network, images) if self.cached is None else self.cached[indices]


@dataclass(frozen=True)
class Chunk:
    """A few batches in a row; the first axis of every tensor counts their images."""

    epoch: int
    labels: Tensor
    images: Tensor  # normalised, (N, 1, 28, 28)
    one_hot: Tensor  # (N, classes)
    labelled: Tensor | None  # 1 where the label may be used, (N,); None where all may
    teacher: Tensor  # logits (N, classes); without a teacher the one-hot labels, which nobody looks at
    targets: Tensor  # what `losses.soft_gradient` takes

    def batches(self, size: int) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor | None]]:
        """(images, targets, one-hot labels, labelled (batch, 1) or None) of one update after another."""
        count = -(-len(self.labels) // size)
        masks = [None] * count if self.labelled is None else self.labelled.unsqueeze(1).split(size)
        return zip(self.images.split(size), self.targets.split(size), self.one_hot.split(size), masks, strict=True)

    def without_images(self) -> Chunk:
        """All but the images, which are most of the memory."""
        return replace(self, images=self.images.new_empty(0))


def epoch_order(usable: Tensor, images: int, generator: torch.Generator) -> Tensor:
    """`images` indices out of `usable`, shuffled: each comes once before any comes a second time."""
    rounds = -(-images // len(usable))
    return torch.cat([usable[torch.randperm(len(usable), generator=generator)] for _ in range(rounds)])[:images]


def chunks(split: Split, training: Training, advice: Advice | None, most_updates: int) -> Iterator[Chunk]:
    """All images of all epochs, in chunks of at most `most_updates` batches; the same for the same `training`.

    Images that add nothing to the loss are not drawn: without advice, those whose label may not be used. The number
    of images is the same all the same.
    """
    total, device = len(split), split.labels.device
    labelled = data.labelled(split, training.labels, training.seed)
    is_labelled = None
    if training.labels is not None and advice is not None:
        is_labelled = torch.zeros(total).index_fill_(0, labelled, 1.0).to(device)
    usable = labelled if advice is None else torch.arange(total)

    one_hot = torch.eye(CLASSES, device=device)[split.labels]
    generator = torch.Generator().manual_seed(training.seed)
    size = training.batch_size * max(1, min(most_updates, CHUNK_IMAGES // training.batch_size))
    for epoch in range(1, training.epochs + 1):
        order = epoch_order(usable, total, generator).to(device)
        for indices in order.split(size):
            images = split.images[indices]
            if training.augmentation != "none":
                images = augment(images, training.augmentation, int(torch.randint(2**31, (), generator=generator)))
            hard = one_hot[indices]
            teacher = hard if advice is None else advice.on(indices, images)
            yield Chunk(
                epoch=epoch,
                labels=split.labels[indices],
                images=data.normalise(images),
                one_hot=hard,
                labelled=None if is_labelled is None else is_labelled[indices],
                teacher=teacher,
                targets=hard if advice is None else losses.soft_targets(advice.loss, teacher, advice.temperature),
            )
