"""The training loop of networks of letters, and what such a network is told in each update."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from kdviz.engine.letters.network import LetterNetwork
from kdviz.engine.letters.windows import Windows
from kdviz.engine.optimizers import updates
from kdviz.recipes.base import Training


class Told(NamedTuple):
    """What is said of the letters that count, at the student's logits z (letters, alphabet)."""

    gradient: Tensor  # of the loss of each letter at z, (letters, alphabet)
    loss_kd: Tensor  # the soft term's share of the loss of each letter, (letters,)
    loss_ce: Tensor  # the hard term's


class Telling(Protocol):
    """What the student learns from: its windows, new ones in each epoch if need be, and the loss of each letter."""

    def windows(self, epoch: int) -> Windows:
        """What is learnt from in an epoch, from 0."""

    def told(self, student: Tensor, labels: Tensor, chosen: Tensor, counted: Tensor) -> Told:
        """The loss at the logits of the letters that count, of the windows with the numbers `chosen` (batch,).

        `student` and `labels` are of the letters that count alone; `counted`, (batch, CONTEXT), says which they are.
        """


@dataclass(frozen=True)
class Report:
    """How far a training is; losses are means over the letters since the last report, in nats."""

    step: int
    steps: int  # in all
    epoch: int  # from 1
    loss_kd: float
    loss_ce: float
    ends_epoch: bool
    seconds: float  # of training so far


def fit(
    network: LetterNetwork,
    training: Training,
    telling: Telling,
    *,
    reports: int = 20,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Report | None]:
    """Train a network in place. Yields after every update: a Report if one is due, as at each epoch's end, else None.

    Every epoch has as many windows as the first. Dropout follows torch's own random numbers.
    """
    device = next(network.parameters()).device
    order = torch.Generator().manual_seed(training.seed)
    windows = telling.windows(0)
    count = len(windows.letters)
    each = -(-count // training.batch_size)
    steps, step, seconds = each * training.epochs, 0, 0.0
    learn = updates(training, network.parameters(), steps)
    every = max(1, steps // reports)
    kd, ce, since = torch.zeros((), device=device), torch.zeros((), device=device), 0
    for epoch in range(training.epochs):
        begun = clock()
        windows = windows if epoch == 0 else telling.windows(epoch)
        for chosen in torch.randperm(count, generator=order).to(device).split(training.batch_size):
            network.train()
            counted = windows.counted[chosen]
            logits = network(windows.letters[chosen])[counted]
            told = telling.told(logits.detach(), windows.following[chosen][counted], chosen, counted)
            learn([logits], [told.gradient / len(logits)])
            step, since = step + 1, since + 1
            kd, ce = kd + told.loss_kd.mean(), ce + told.loss_ce.mean()
            ends = step % each == 0
            if step % every == 0 or ends:
                soft, hard = float(kd) / since, float(ce) / since  # waits for the device
                seconds += clock() - begun
                yield Report(step, steps, epoch + 1, soft, hard, ends, seconds)
                begun = clock()
                kd, ce, since = torch.zeros_like(kd), torch.zeros_like(ce), 0
            else:
                yield None
        seconds += clock() - begun
