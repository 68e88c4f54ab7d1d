"""The losses of distillation: pure functions of logits.

Shapes: `student` and `teacher` are logits of shape (batch, classes), `labels` whole numbers of shape (batch,). Any
axes may stand before them, as one for the seeds that train together: (seeds, batch, classes) and (seeds, batch).
z are the student's logits, v the teacher's, q = softmax(z / T), p = softmax(v / T). Values are in nats.
Every function is finite for any finite logits and T > 0, also where probabilities underflow to 0.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from kdviz.recipes.base import Loss


class Contributions(NamedTuple):
    """The two terms as they enter the loss; their sum is the loss."""

    loss_kd: Tensor  # alpha * soft term
    loss_ce: Tensor  # (1 - alpha) * CE


def softmax(logits: Tensor, temperature: Tensor | float) -> Tensor:
    """softmax(logits / T) along the last axis (Hinton 2015, equation 1); the maximum is subtracted first."""
    return torch.softmax(logits / temperature, dim=-1)


def log_softmax(logits: Tensor, temperature: Tensor | float) -> Tensor:
    """log softmax(logits / T), exact where the softmax itself underflows."""
    return torch.log_softmax(logits / temperature, dim=-1)


def entropy(logits: Tensor, temperature: float) -> Tensor:
    """Entropy of softmax(logits / T) in nats, shape (batch,)."""
    log_p = log_softmax(logits, temperature)
    return -(log_p.exp() * log_p).sum(dim=-1)


def kl_divergence(student: Tensor, teacher: Tensor, temperature: Tensor | float) -> Tensor:
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
    of_class = labels.expand(student.shape[:-1]).unsqueeze(-1)  # several students may share the images
    return -torch.log_softmax(student, dim=-1).gather(-1, of_class).squeeze(-1)


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
    """alpha * T^2 * KL(p || q) + (1 - alpha) * CE(y, softmax(z)), each the mean over the batch, the last axis but one.

    `labelled`, shape (batch,), is 1 where the label may be used and 0 elsewhere; the hard term of an unlabelled
    image is 0. Source: Hinton 2015, section 2, there with the weights as "a weighted average".
    """
    hard = cross_entropy(student, labels)
    if labelled is not None:
        hard = hard * labelled
    soft = soft_term(loss, student, teacher, temperature)
    return Contributions(alpha * soft.mean(-1), (1 - alpha) * hard.mean(-1))


def soft_gradient(
    loss: Loss, student: Tensor, targets: Tensor, temperature: Tensor | float, weight: Tensor | float = 1.0
) -> Tensor:
    """Gradient of `weight` times `soft_term` at the student's logits, shape (batch, classes), in closed form.

    T * (q - p) for KL and soft cross-entropy, 2 (z - v) / classes for logits (Hinton 2015, section 2.1).
    `targets` is what `soft_targets` returns, so that p is computed once and not in every update.
    """
    if loss == "mse":
        return (student - targets).mul_(weight * 2 / student.shape[-1])
    return softmax(student, temperature).sub_(targets).mul_(weight * temperature)


def soft_targets(loss: Loss, teacher: Tensor, temperature: Tensor | float) -> Tensor:
    """What `soft_gradient` needs of the teacher: p, or the logits themselves when logits are matched."""
    return teacher if loss == "mse" else softmax(teacher, temperature)


def hard_gradient(student: Tensor, one_hot: Tensor, weight: Tensor | float = 1.0) -> Tensor:
    """Gradient of `weight` times `cross_entropy` at the student's logits: softmax(z) - y, shape (batch, classes)."""
    return torch.softmax(student, dim=-1).sub_(one_hot).mul_(weight)


def label_smoothing(one_hot: Tensor, share: float = 0.1) -> Tensor:
    """(1 - share) * y + share / classes: soft targets without knowledge (Szegedy et al. 2016, section 7)."""
    return (1 - share) * one_hot + share / one_hot.shape[-1]


def mean_of_teachers(logits: Tensor, temperature: float) -> Tensor:
    """Logits v, shape (..., classes), with softmax(v / T) the mean of the teachers' softmax(v_i / T).

    `logits` has shape (teachers, ..., classes). v = T * log(mean_i p_i) (Hinton 2015, section 1: the arithmetic mean).
    """
    log_p = log_softmax(logits, temperature)
    return temperature * (log_p.logsumexp(dim=0) - math.log(len(logits)))


# Decoupled distillation (Zhao et al. 2022): KL = TCKD + (1 - p_t) * NCKD, with t the labelled class.


def _others(classes: int, target: Tensor) -> Tensor:
    """Numbers of the classes that are not the target, shape (..., classes - 1)."""
    numbers = torch.arange(classes - 1, device=target.device)
    return numbers + (numbers >= target.unsqueeze(-1))


def _parts(logits: Tensor, target: Tensor, others: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Logits of (target, everything else), shape (..., 2), and of the classes among everything else.

    log(exp + exp + ...) of the others is their logit together: no 1 - p_t, which would underflow.
    """
    scaled = logits / temperature
    rest = scaled.gather(-1, others)
    chosen = scaled.gather(-1, target.unsqueeze(-1))
    return torch.cat([chosen, rest.logsumexp(dim=-1, keepdim=True)], dim=-1), rest


def decoupled(student: Tensor, teacher: Tensor, target: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """(TCKD, NCKD) of one image, each of shape (batch,); no T^2 (Zhao et al. 2022, equation 7).

    TCKD compares how sure both are of the class `target`, NCKD how they divide the rest among the other classes.
    """
    others = _others(student.shape[-1], target)
    pair_z, rest_z = _parts(student, target, others, temperature)
    pair_v, rest_v = _parts(teacher, target, others, temperature)
    return kl_divergence(pair_z, pair_v, 1.0), kl_divergence(rest_z, rest_v, 1.0)


def decoupled_loss(
    student: Tensor, teacher: Tensor, target: Tensor, temperature: float, alpha: float = 1.0, beta: float = 8.0
) -> Tensor:
    """T^2 * (alpha * TCKD + beta * NCKD), shape (batch,) (Zhao et al. 2022, equation 8, with the T^2 of their code).

    This alpha is theirs: it weighs TCKD and not the soft term.
    """
    tckd, nckd = decoupled(student, teacher, target, temperature)
    return temperature**2 * (alpha * tckd + beta * nckd)


def decoupled_gradient(
    student: Tensor,
    teacher: Tensor,
    target: Tensor,
    temperature: float,
    alpha: float = 1.0,
    beta: float = 8.0,
    weight: float = 1.0,
) -> Tensor:
    """Gradient of `weight` times `decoupled_loss` at the student's logits, shape (batch, classes), in closed form.

    T * alpha * (q_t - p_t) for the target, T * (alpha * (p_t - q_t) * q' + beta * (q' - p')) for the others, where
    q' and p' are the distributions among the others.
    """
    others = _others(student.shape[-1], target)
    pair_z, rest_z = _parts(student, target, others, temperature)
    pair_v, rest_v = _parts(teacher, target, others, temperature)
    surer = torch.softmax(pair_z, dim=-1) - torch.softmax(pair_v, dim=-1)
    q, p = torch.softmax(rest_z, dim=-1), torch.softmax(rest_v, dim=-1)
    scale = weight * temperature
    gradient = torch.empty_like(student)
    gradient.scatter_(-1, target.unsqueeze(-1), scale * alpha * surer[..., :1])
    return gradient.scatter_(-1, others, scale * (alpha * surer[..., 1:] * q + beta * (q - p)))


# Logit standardisation (Sun et al. 2024): what is matched is Z(z), the logits in units of their own spread.

SPREAD = 1e-7  # added to the standard deviation, as in the paper's code: logits that are all equal stay 0


def standardise(logits: Tensor) -> Tensor:
    """Z(z) = (z - mean) / (1e-7 + standard deviation) over the classes (Sun et al. 2024, algorithm 1)."""
    deviation, mean = torch.std_mean(logits, dim=-1, correction=0, keepdim=True)
    return (logits - mean) / (SPREAD + deviation)


def standardised_loss(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """T^2 * KL(softmax(Z(v) / T) || softmax(Z(z) / T)), shape (batch,); the same for a * z + b with any a > 0."""
    return temperature**2 * kl_divergence(standardise(student), standardise(teacher), temperature)


def standardised_gradient(student: Tensor, teacher: Tensor, temperature: float, weight: float = 1.0) -> Tensor:
    """Gradient of `weight` times `standardised_loss` at the student's logits, shape (batch, classes).

    With g = T * (q - p) at Z, d = 1e-7 + deviation: (g - <g, Z> * (z - mean) / (classes * deviation)) / d. It is at
    right angles to the logits and to a shift of them, as the loss changes with neither.
    """
    deviation, mean = torch.std_mean(student, dim=-1, correction=0, keepdim=True)
    centred, spread = student - mean, deviation + SPREAD
    z = centred / spread
    gradient = softmax(z, temperature).sub_(softmax(standardise(teacher), temperature)).mul_(weight * temperature)
    along = (gradient * z).mean(dim=-1, keepdim=True)
    return (gradient - along * centred / deviation.clamp_min(torch.finfo(student.dtype).tiny)) / spread
