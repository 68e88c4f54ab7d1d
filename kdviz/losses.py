"""The losses of distillation: pure functions of logits.

Shapes: `student` and `teacher` are logits of shape (batch, classes), `labels` whole numbers of shape (batch,).
z are the student's logits, v the teacher's, q = softmax(z / T), p = softmax(v / T). Values are in nats.
Every function is finite for any finite logits and T > 0, also where probabilities underflow to 0.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from kdviz.recipe import Loss


class Contributions(NamedTuple):
    """The two terms as they enter the loss; their sum is the loss."""

    loss_kd: Tensor  # alpha * soft term
    loss_ce: Tensor  # (1 - alpha) * CE


def softmax(logits: Tensor, temperature: float) -> Tensor:
    """softmax(logits / T) along the last axis (Hinton 2015, equation 1); the maximum is subtracted first."""
    return torch.softmax(logits / temperature, dim=-1)


def log_softmax(logits: Tensor, temperature: float) -> Tensor:
    """log softmax(logits / T), exact where the softmax itself underflows."""
    return torch.log_softmax(logits / temperature, dim=-1)


def entropy(logits: Tensor, temperature: float) -> Tensor:
    """Entropy of softmax(logits / T) in nats, shape (batch,)."""
    log_p = log_softmax(logits, temperature)
    return -(log_p.exp() * log_p).sum(dim=-1)


def kl_divergence(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """KL(p || q), summed over the classes, shape (batch,). No T^2."""
    log_p, log_q = log_softmax(teacher, temperature), log_softmax(student, temperature)
    return (log_p.exp() * (log_p - log_q)).sum(dim=-1)


def soft_cross_entropy(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """CE(p, q) = KL(p || q) + H(p), shape (batch,): same gradient as KL, never 0. No T^2."""
    return -(softmax(teacher, temperature) * log_softmax(student, temperature)).sum(dim=-1)


def logit_mse(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean over the classes of (z - v)^2, shape (batch,) (Ba, Caruana 2014)."""
    return (student - teacher).square().mean(dim=-1)


def cross_entropy(student: Tensor, labels: Tensor) -> Tensor:
    """CE with the hard labels at T = 1, shape (batch,)."""
    return -torch.log_softmax(student, dim=-1).gather(-1, labels.unsqueeze(-1)).squeeze(-1)


def soft_term(loss: Loss, student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """The soft term of one image, shape (batch,); with T^2, so that its gradient keeps its size as T grows."""
    if loss == "kl":
        return temperature**2 * kl_divergence(student, teacher, temperature)
    if loss == "soft-ce":
        return temperature**2 * soft_cross_entropy(student, teacher, temperature)
    return logit_mse(student, teacher)


def distillation_loss(
    student: Tensor,
    teacher: Tensor,
    labels: Tensor,
    *,
    temperature: float,
    alpha: float,
    loss: Loss = "kl",
    labelled: Tensor | None = None,
) -> Contributions:
    """alpha * T^2 * KL(p || q) + (1 - alpha) * CE(y, softmax(z)), each the mean over the batch.

    `labelled`, shape (batch,), is 1 where the label may be used and 0 elsewhere; the hard term of an unlabelled
    image is 0. Source: Hinton 2015, section 2, there with the weights as "a weighted average".
    """
    hard = cross_entropy(student, labels)
    if labelled is not None:
        hard = hard * labelled
    soft = soft_term(loss, student, teacher, temperature)
    return Contributions(alpha * soft.mean(), (1 - alpha) * hard.mean())


def soft_gradient(loss: Loss, student: Tensor, targets: Tensor, temperature: float, weight: float = 1.0) -> Tensor:
    """Gradient of `weight` times `soft_term` at the student's logits, shape (batch, classes), in closed form.

    T * (q - p) for KL and soft cross-entropy, 2 (z - v) / classes for logits (Hinton 2015, section 2.1).
    `targets` is what `soft_targets` returns, so that p is computed once and not in every update.
    """
    if loss == "mse":
        return (student - targets).mul_(weight * 2 / student.shape[-1])
    return softmax(student, temperature).sub_(targets).mul_(weight * temperature)


def soft_targets(loss: Loss, teacher: Tensor, temperature: float) -> Tensor:
    """What `soft_gradient` needs of the teacher: p, or the logits themselves when logits are matched."""
    return teacher if loss == "mse" else softmax(teacher, temperature)


def hard_gradient(student: Tensor, one_hot: Tensor, weight: float = 1.0) -> Tensor:
    """Gradient of `weight` times `cross_entropy` at the student's logits: softmax(z) - y, shape (batch, classes)."""
    return torch.softmax(student, dim=-1).sub_(one_hot).mul_(weight)
