"""The training loop: the only place that steps an optimizer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from kdviz.batches import Advice, Chunk, chunks
from kdviz.data import Split
from kdviz.losses import Contributions
from kdviz.optimizers import learning_rate, optimizer
from kdviz.recipe import Training

REPORTS = 60  # of each network: a smooth curve that costs a few per cent


class Distiller(Protocol):
    """A way of teaching, as the loop sees it: the gradient at the logits, and the terms that are shown."""

    def gradients(
        self, logits: Tensor, targets: Tensor, one_hot: Tensor, weight: float = 1.0, /
    ) -> tuple[Tensor | None, Tensor]:
        """Gradients of the soft and the hard term of each image at the student's logits; no soft term is None."""
        ...

    def contributions(
        self, logits: Tensor, teacher: Tensor, labels: Tensor, labelled: Tensor | None, /
    ) -> Contributions:
        """The two terms as they enter the loss, means over the images given."""
        ...


@dataclass(frozen=True)
class Report:
    """What `fit` says of its network now and then. Losses and accuracy are of the images since the last report."""

    step: int
    epoch: int
    loss_kd: float
    loss_ce: float
    gradient_share_kd: float | None
    training_accuracy: float
    seconds: float  # of training so far; reports are not counted
    images_seen: int


def steps_of(training: Training, images: int) -> int:
    """Number of updates in all; the last batch of an epoch may be smaller."""
    return training.epochs * -(-images // training.batch_size)


def fit(
    network: nn.Module,
    split: Split,
    training: Training,
    distiller: Distiller,
    advice: Advice | None = None,
    *,
    reports: int = REPORTS,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Report | None]:
    """Train `network` in place. Yields after every chunk of updates: a Report when one is due, else None."""
    steps = steps_of(training, len(split))
    every = max(1, steps // max(reports, training.epochs))
    update = optimizer(training, network.parameters())
    network.train()
    step, reported, images_seen, seconds = 0, 0, 0, 0.0
    since: list[tuple[Chunk, Tensor]] = []
    started = clock()
    for chunk in chunks(split, training, advice, every):
        answers: list[Tensor] = []
        for images, targets, one_hot, labelled in chunk.batches(training.batch_size):
            logits = network(images)
            answer = logits.detach()
            soft, gradient = distiller.gradients(answer, targets, one_hot, 1 / len(images))
            if labelled is not None:
                gradient = gradient * labelled
            if soft is not None:
                gradient = gradient + soft
            # The loss is a mean over the batch; its gradient at the logits is known in closed form (losses.py), so
            # the loss itself need not be computed in every update, only for the reports.
            logits.backward(gradient)
            update(learning_rate(training, step + len(answers), steps))
            answers.append(answer)
        step += len(answers)
        images_seen += len(chunk.labels)
        since.append((chunk.without_images(), torch.cat(answers)))
        seconds += clock() - started
        if step - reported >= every or step == steps:
            yield _report(step, distiller, since, seconds, images_seen)
            reported, since = step, []
        else:
            yield None
        started = clock()


def _report(
    step: int, distiller: Distiller, since: list[tuple[Chunk, Tensor]], seconds: float, images_seen: int
) -> Report:
    chunk_list = [chunk for chunk, _ in since]
    logits = torch.cat([logits for _, logits in since])
    labels = torch.cat([chunk.labels for chunk in chunk_list])
    teacher, targets, one_hot = (
        torch.cat([getattr(chunk, name) for chunk in chunk_list]) for name in ("teacher", "targets", "one_hot")
    )
    masks = [chunk.labelled for chunk in chunk_list if chunk.labelled is not None]
    labelled = torch.cat(masks) if masks else None
    terms = distiller.contributions(logits, teacher, labels, labelled)
    soft, hard = distiller.gradients(logits, targets, one_hot)
    if labelled is not None:
        hard = hard * labelled.unsqueeze(1)
    share = None
    if soft is not None:
        total = soft.norm() + hard.norm()
        share = (soft.norm() / total).item() if total != 0 else 0.0
    return Report(
        step=step,
        epoch=chunk_list[-1].epoch,
        loss_kd=terms.loss_kd.item(),
        loss_ce=terms.loss_ce.item(),
        gradient_share_kd=share,
        training_accuracy=(logits.argmax(dim=-1) == labels).float().mean().item(),
        seconds=seconds,
        images_seen=images_seen,
    )
