"""Why T²: gradients at the student's logits over T, on one batch of training images (Hinton et al. 2015, section 2).

Everything is in closed form: T (q - p) with the factor T², (q - p) / T without it, softmax(z) - y for the labels.
"""

from typing import NamedTuple

from torch import Tensor
from torch.nn import functional

from kdviz.engine import evaluation, losses
from kdviz.recipes.study_facts.t_squared import BATCH_IMAGES, HOT
from kdviz.records.study import Curve
from kdviz.runners.studies.forgotten_temperature import TEMPERATURES
from kdviz.runners.studies.lab import STUDENT, ArmResult, Lab, Reporting, rounded

TRAINING_TEMPERATURE, ALPHA = 4.0, 0.7  # of the student whose gradients are measured


class GradientLengths(NamedTuple):
    """Gradients and losses of one seed's batch at one temperature."""

    without: float  # mean over the images of the gradient's length, KL without T²
    with_t2: float  # the same with T²
    kl_t2: float  # T² * KL, mean over the images, nats
    entropy: float  # the teacher's, mean over the images, nats


class BatchLogits(NamedTuple):
    """Logits of one seed's student and teacher, (images, classes), and the labels."""

    student: Tensor
    teacher: Tensor
    labels: Tensor


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """One moment of the student's training."""
    teachers = yield from lab.reference_teachers()
    epochs = {"start": 0, "epoch-1": 1}.get(arm, lab.epochs(3))
    trainings = lab.trainings(STUDENT, max(1, epochs))
    if epochs == 0:
        cohort = lab.networks(trainings)
    else:
        cohort = yield from lab.distil(trainings, teachers, TRAINING_TEMPERATURE, ALPHA)
    batch = lab.session.data.training[:BATCH_IMAGES]
    students, known = (evaluation.logits_of_all(networks, batch.images).double() for networks in (cohort, teachers))
    batches = [BatchLogits(z, v, batch.labels) for z, v in zip(students, known, strict=True)]
    curves = [curve for seed, batch in zip(lab.seeds, batches, strict=True) for curve in curves_of(batch, seed)]
    figures = [_figures(batch) for batch in batches]
    extra = {name: [of_seed[name] for of_seed in figures] for name in figures[0]}
    return lab.rows(cohort, teachers, extra=extra), curves


def sizes(batch: BatchLogits, temperature: float) -> GradientLengths:
    """Gradients and losses at one temperature."""
    gradient = losses.kd_gradient(batch.student, losses.softmax(batch.teacher, temperature), temperature)
    length = gradient.norm(dim=-1).mean().item()
    kl = losses.kd_loss(batch.student, batch.teacher, temperature).mean().item()
    entropy = losses.entropy(batch.teacher, temperature).mean().item()
    return GradientLengths(length / temperature**2, length, kl, entropy)


def hard_size(batch: BatchLogits) -> float:
    """Mean length of the gradient of the cross-entropy with the labels; it knows no T."""
    one_hot = functional.one_hot(batch.labels.long(), batch.student.shape[-1]).to(batch.student.dtype)
    return float(losses.cross_entropy_gradient(batch.student, one_hot).norm(dim=-1).mean())


def matching(batch: BatchLogits) -> float:
    """The limit of T² * KL as T grows: |z~ - v~|² / (2 N), both centred, mean over the images (section 2.1)."""
    z, v = (logits - logits.mean(dim=-1, keepdim=True) for logits in (batch.student, batch.teacher))
    return float(((z - v).square().sum(dim=-1) / (2 * z.shape[-1])).mean())


def relative_error(kl_t2: float, limit: float) -> float:
    """How far T² * KL is from its limit, as a share of the limit."""
    return abs(kl_t2 - limit) / limit if limit > 0 else 0.0


def curves_of(batch: BatchLogits, seed: int) -> list[Curve]:
    """All curves of one seed over T."""
    over = [sizes(batch, temperature) for temperature in TEMPERATURES]
    limit, hard = matching(batch), hard_size(batch)
    lines = {
        "without": [at.without for at in over],
        "with": [at.with_t2 for at in over],
        "kl_t2": [at.kl_t2 for at in over],
        "match_error": [relative_error(at.kl_t2, limit) for at in over],
        "entropy": [at.entropy for at in over],
    }
    flat = {"hard": hard, "limit": limit}  # the same at every temperature: its two ends say it
    ends = [TEMPERATURES[0], TEMPERATURES[-1]]
    return [
        *(Curve(name=name, seed=seed, x=TEMPERATURES, y=rounded(y)) for name, y in lines.items()),
        *(Curve(name=name, seed=seed, x=ends, y=rounded([value, value])) for name, value in flat.items()),
    ]


def _figures(batch: BatchLogits) -> dict[str, float]:
    one, hot = sizes(batch, 1.0), sizes(batch, HOT)
    hard = hard_size(batch)
    return {
        "without_kept": hot.without / one.without if one.without > 0 else 1.0,
        "with_kept": hot.with_t2 / one.with_t2 if one.with_t2 > 0 else 1.0,
        "soft_beside_hard": hot.with_t2 / hard if hard > 0 else 0.0,
        "match_error": relative_error(hot.kl_t2, matching(batch)),
    }
