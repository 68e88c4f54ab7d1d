"""The losses of distillation, each with its gradient in closed form beside it: pure functions of logits.

z are the student's logits, v the teacher's, y the labels; q = softmax(z / T) and p = softmax(v / T). Shapes: `student`
and `teacher` are logits (N, classes), `labels` whole numbers (N,), `one_hot` the labels as distributions (N, classes).
Any axes may stand before them, as one for the seeds that train together. A loss has one value an image, (N,), in nats.
A gradient is that of `weight` times the loss at the student's logits, (N, classes); the teacher is a constant. Training
starts back from the gradients and never computes the losses but for its reports; tests tie the two by autograd.
Every function is finite for any finite logits and T > 0, also where probabilities underflow to 0.
"""

import math

import torch
from torch import Tensor


def softmax(logits: Tensor, temperature: Tensor | float | None = None) -> Tensor:
    """softmax(logits / T) along the last axis (Hinton 2015, equation 1); T = 1 where none is given."""
    return torch.softmax(logits if temperature is None else logits / temperature, dim=-1)


def log_softmax(logits: Tensor, temperature: Tensor | float | None = None) -> Tensor:
    """log softmax(logits / T), exact where the softmax itself underflows."""
    return torch.log_softmax(logits if temperature is None else logits / temperature, dim=-1)


def entropy(logits: Tensor, temperature: float) -> Tensor:
    """H(p) = -sum p log p of p = softmax(logits / T)."""
    log_p = log_softmax(logits, temperature)
    return -(log_p.exp() * log_p).sum(dim=-1)


def kl_divergence(student: Tensor, teacher: Tensor, temperature: Tensor | float) -> Tensor:
    """KL(p || q) = sum p (log p - log q). No T^2."""
    log_p, log_q = log_softmax(teacher, temperature), log_softmax(student, temperature)
    return (log_p.exp() * (log_p - log_q)).sum(dim=-1)


def soft_cross_entropy(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """CE(p, q) = KL(p || q) + H(p): the same gradient as KL, never 0. No T^2."""
    return -(softmax(teacher, temperature) * log_softmax(student, temperature)).sum(dim=-1)


# The hard term: the labels at T = 1. `labelled`, (N,), is 1 where the label may be used, 0 elsewhere; None: all may.


def cross_entropy(student: Tensor, labels: Tensor, labelled: Tensor | None = None) -> Tensor:
    """CE(y, softmax(z)) = -log softmax(z) at the label's place; 0 where the label may not be used."""
    of_class = labels.expand(student.shape[:-1]).unsqueeze(-1)  # several students may share the images
    loss = -log_softmax(student).gather(-1, of_class).squeeze(-1)
    return loss if labelled is None else loss * labelled


def cross_entropy_gradient(
    student: Tensor, one_hot: Tensor, weight: Tensor | float = 1.0, labelled: Tensor | None = None
) -> Tensor:
    """softmax(z) - y; 0 where the label may not be used."""
    gradient = softmax(student).sub_(one_hot).mul_(weight)
    return gradient if labelled is None else gradient * labelled.unsqueeze(-1)


# The soft term: the teacher's soft targets (Hinton 2015, section 2).


def kd_loss(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """T^2 * KL(p || q): with T^2 the gradient keeps its size as T grows."""
    return temperature**2 * kl_divergence(student, teacher, temperature)


def kd_gradient(
    student: Tensor, soft_targets: Tensor, temperature: Tensor | float, weight: Tensor | float = 1.0
) -> Tensor:
    """T * (q - p). `soft_targets` are p, so that they are computed once and not in every update."""
    return softmax(student, temperature).sub_(soft_targets).mul_(weight * temperature)


# The same the other way round, and half-way (Gu et al. 2024; Agarwal et al. 2024). Forward KL punishes where the
# student gives nothing, reverse KL where the teacher does.


def reverse_kl_loss(student: Tensor, teacher: Tensor, temperature: float = 1.0) -> Tensor:
    """T^2 * KL(q || p) = T^2 * sum q (log q - log p)."""
    return kd_loss(teacher, student, temperature)


def reverse_kl_gradient(
    student: Tensor, teacher: Tensor, temperature: float = 1.0, weight: Tensor | float = 1.0
) -> Tensor:
    """T * q * (log q - log p - KL(q || p))."""
    log_p, log_q = log_softmax(teacher, temperature), log_softmax(student, temperature)
    return _through_softmax(log_q.exp(), log_q - log_p, weight * temperature)


def jensen_shannon_loss(student: Tensor, teacher: Tensor, temperature: float = 1.0) -> Tensor:
    """T^2 * (KL(p || m) + KL(q || m)) / 2 with m = (p + q) / 2 (Agarwal et al. 2024, equation 1, beta = 1/2)."""
    log_p, log_q = log_softmax(teacher, temperature), log_softmax(student, temperature)
    log_m = torch.logaddexp(log_p, log_q) - math.log(2)
    both = log_p.exp() * (log_p - log_m) + log_q.exp() * (log_q - log_m)
    return temperature**2 / 2 * both.sum(dim=-1)


def jensen_shannon_gradient(
    student: Tensor, teacher: Tensor, temperature: float = 1.0, weight: Tensor | float = 1.0
) -> Tensor:
    """T * q * (s - sum q s) / 2 with s = log q - log m."""
    log_p, log_q = log_softmax(teacher, temperature), log_softmax(student, temperature)
    log_m = torch.logaddexp(log_p, log_q) - math.log(2)
    return _through_softmax(log_q.exp(), log_q - log_m, weight * temperature / 2)


def _through_softmax(q: Tensor, slope: Tensor, weight: Tensor | float) -> Tensor:
    """weight * q * (slope - sum q slope): the gradient at the logits from that at the probabilities q."""
    return q * (slope - (q * slope).sum(dim=-1, keepdim=True)) * weight


# Matching logits (Ba, Caruana 2014, section 2.2). T^2 * KL comes, as T grows, to half of it, of *centred* logits.


def logit_mse(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean over the classes of (z - v)^2."""
    return (student - teacher).square().mean(dim=-1)


def logit_mse_gradient(student: Tensor, teacher: Tensor, weight: float = 1.0) -> Tensor:
    """2 * (z - v) / classes."""
    return (student - teacher).mul_(weight * 2 / student.shape[-1])


# Both terms together.


def distillation_loss(soft: Tensor, hard: Tensor, alpha: Tensor | float) -> tuple[Tensor, Tensor]:
    """alpha * soft term and (1 - alpha) * hard term, each the mean over the images; their sum is the loss.

    Hinton 2015, section 2, there as "a weighted average". `soft` and `hard` have a value for each image, (..., N); so
    may alpha. At an image's logits its gradient is that of both terms, with the weights alpha / N and (1 - alpha) / N.
    """
    return (soft * alpha).mean(dim=-1), (hard * (1 - alpha)).mean(dim=-1)


# Other targets.


def label_smoothing(one_hot: Tensor, share: float = 0.1) -> Tensor:
    """(1 - share) * y + share / classes: soft targets without knowledge (Szegedy et al. 2016, section 7)."""
    return (1 - share) * one_hot + share / one_hot.shape[-1]


def mean_of_teachers(logits: Tensor, temperature: float) -> Tensor:
    """Logits v, shape (..., classes), with softmax(v / T) the mean of the teachers' softmax(v_i / T).

    `logits` has shape (teachers, ..., classes). v = T * log(mean_i p_i) (Hinton 2015, section 1: the arithmetic mean).
    """
    log_p = log_softmax(logits, temperature)
    return temperature * (log_p.logsumexp(dim=0) - math.log(len(logits)))


# Decoupled distillation (Zhao et al. 2022): KL = TCKD + (1 - p_t) * NCKD, with t the target class.


def _others(classes: int, target: Tensor) -> Tensor:
    """Numbers of the classes that are not the target, shape (..., classes - 1)."""
    numbers = torch.arange(classes - 1, device=target.device)
    return numbers + (numbers >= target.unsqueeze(-1))


def _split(logits: Tensor, target: Tensor, others: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Logits of (target, all others together), shape (..., 2), and of the others, (..., classes - 1); divided by T.

    log(exp + exp + ...) of the others is their logit together: no 1 - p_t, which would underflow.
    """
    scaled = logits / temperature
    rest = scaled.gather(-1, others)
    chosen = scaled.gather(-1, target.unsqueeze(-1))
    return torch.cat([chosen, rest.logsumexp(dim=-1, keepdim=True)], dim=-1), rest


def decoupled(student: Tensor, teacher: Tensor, target: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """(TCKD, NCKD) of each image; no T^2 (Zhao et al. 2022, equation 7).

    TCKD compares how sure both are of the class `target`, NCKD how they divide the rest among the other classes.
    """
    others = _others(student.shape[-1], target)
    pair_z, rest_z = _split(student, target, others, temperature)
    pair_v, rest_v = _split(teacher, target, others, temperature)
    return kl_divergence(pair_z, pair_v, 1.0), kl_divergence(rest_z, rest_v, 1.0)


def decoupled_loss(
    student: Tensor, teacher: Tensor, target: Tensor, temperature: float, alpha: float = 1.0, beta: float = 8.0
) -> Tensor:
    """T^2 * (alpha * TCKD + beta * NCKD) (Zhao et al. 2022, equation 8, with the T^2 of their code).

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
    """T * alpha * (q_t - p_t) for the target, T * (alpha * (p_t - q_t) * q' + beta * (q' - p')) for the others.

    q' and p' are the distributions among the others.
    """
    others = _others(student.shape[-1], target)
    pair_z, rest_z = _split(student, target, others, temperature)
    pair_v, rest_v = _split(teacher, target, others, temperature)
    surer = softmax(pair_z) - softmax(pair_v)
    q, p = softmax(rest_z), softmax(rest_v)
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
    """T^2 * KL(softmax(Z(v) / T) || softmax(Z(z) / T)); the same for a * z + b with any a > 0."""
    return kd_loss(standardise(student), standardise(teacher), temperature)


def standardised_gradient(student: Tensor, teacher: Tensor, temperature: float, weight: float = 1.0) -> Tensor:
    """(g - <g, Z> * (z - mean) / (classes * deviation)) / (1e-7 + deviation), with g = T * (q - p) at Z.

    It is at right angles to the logits and to a shift of them, as the loss changes with neither.
    """
    deviation, mean = torch.std_mean(student, dim=-1, correction=0, keepdim=True)
    centred, spread = student - mean, deviation + SPREAD
    z = centred / spread
    gradient = kd_gradient(z, softmax(standardise(teacher), temperature), temperature, weight)
    along = (gradient * z).mean(dim=-1, keepdim=True)
    return (gradient - along * centred / deviation.clamp_min(torch.finfo(student.dtype).tiny)) / spread
