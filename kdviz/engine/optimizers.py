"""The updates of the weights, the only place that makes them: the fused kernels that torch.optim itself calls.

`torch.optim.Optimizer.step` adds hooks, profiler ranges and parameter groups to every update; for a network as small
as ours that costs as much as the update itself (`python -m kdviz bench`).
"""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Any

import torch
from torch import Tensor

from kdviz.recipes.base import Training

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8  # Kingma, Ba 2015, algorithm 1
MOMENTUM = 0.9
_NEITHER: dict[str, Any] = {"weight_decay": 0.0, "maximize": False}

Update = Callable[[float], None]


def optimizer(training: Training, parameters: Iterable[Tensor]) -> Update:
    """A function of the learning rate that makes one update of `parameters` from their gradients and clears them."""
    weights = list(parameters)
    apply = (_sgd if training.optimizer == "sgd" else _adam)(weights)

    def update(rate: float) -> None:
        with torch.no_grad():
            apply([w.grad for w in weights if w.grad is not None], rate)
        for w in weights:
            w.grad = None

    return update


def updates(
    training: Training, parameters: Iterable[Tensor], steps: int
) -> Callable[[Sequence[Tensor], Sequence[Tensor]], None]:
    """A function that makes the next update of a training of `steps`, from outputs and the loss's gradients at them.

    At logits they are known in closed form (losses.py), so the loss itself need not be computed in every update, only
    for the reports.
    """
    update, done = optimizer(training, parameters), count()

    def learn(outputs: Sequence[Tensor], gradients: Sequence[Tensor]) -> None:
        torch.autograd.backward(outputs, gradients)
        update(learning_rate(training, next(done), steps))

    return learn


def learning_rate(training: Training, step: int, steps: int) -> float:
    """The rate of update `step` (from 0) of `steps`.

    One-cycle (Smith, Topin 2018) as torch's OneCycleLR has it: from 1/25 of the peak up over 30 % of the updates, down
    to nothing over the rest, both along half a cosine.
    """
    peak = training.learning_rate
    if training.schedule == "constant":
        return peak
    top = 0.3 * steps - 1
    first, last = peak / 25, peak / 25 / 1e4
    if step <= top:
        return _half_cosine(first, peak, step / top)
    return _half_cosine(peak, last, (step - top) / (steps - 1 - top))


def _half_cosine(start: float, end: float, part: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2


def _adam(weights: list[Tensor]) -> Callable[[list[Tensor], float], None]:
    means, squares = [torch.zeros_like(w) for w in weights], [torch.zeros_like(w) for w in weights]
    counts = [torch.zeros((), device=w.device) for w in weights]
    options: dict[str, Any] = {"beta1": BETA1, "beta2": BETA2, "eps": EPSILON, "amsgrad": False}

    def apply(gradients: list[Tensor], rate: float) -> None:
        torch._foreach_add_(counts, 1)
        torch._fused_adam_(weights, gradients, means, squares, [], counts, lr=rate, **_NEITHER, **options)

    return apply


def _sgd(weights: list[Tensor]) -> Callable[[list[Tensor], float], None]:
    momenta = [torch.zeros_like(w) for w in weights]
    options: dict[str, Any] = {"momentum": MOMENTUM, "dampening": 0.0, "nesterov": False, "is_first_step": False}

    def apply(gradients: list[Tensor], rate: float) -> None:
        torch._fused_sgd_(weights, gradients, momenta, lr=rate, **_NEITHER, **options)

    return apply
