"""Why T²: gradients at the student's logits over T, on one batch of training images (Hinton et al. 2015, section 2).

Everything is in closed form: T (q - p) with the factor T², (q - p) / T without it, softmax(z) - y for the labels.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor
from torch.nn import functional

from kdviz.distillers.offline import Offline
from kdviz.engine import evaluation, losses
from kdviz.engine.batches import FixedTeachers
from kdviz.engine.data import Split
from kdviz.engine.models import Cohort
from kdviz.recipes.study_facts.t_squared import BATCH_IMAGES, HOT
from kdviz.records.study import Curve
from kdviz.runners.studies.forgotten_temperature import rounded
from kdviz.runners.studies.lab import STUDENT, TEACHER, Given, Lab, Steps

TEMPERATURES = [round(10 ** (exponent / 10), 4) for exponent in range(-10, 21)]  # 0.1 to 100, ten a decade
TRAINING_TEMPERATURE, ALPHA = 4.0, 0.7  # of the student whose gradients are looked at


class Sizes(NamedTuple):
    """What one seed's batch gives at one temperature."""

    without: float  # mean over the images of the gradient's length, KL without T²
    with_t2: float  # the same with T²
    kl_t2: float  # T² * KL, mean over the images, nats
    entropy: float  # the teacher's, mean over the images, nats


class Batch(NamedTuple):
    """Logits of one seed's student and teacher, (images, classes), and the labels."""

    student: Tensor
    teacher: Tensor
    labels: Tensor


def measure(lab: Lab, arm: str) -> Steps[Given]:
    """One moment of the student's training."""
    epochs = lab.epochs(3)
    teachers = yield from lab.once("teachers", lab.teachers(lab.trainings(TEACHER, epochs)))
    cohort = yield from _student(lab, teachers, {"start": 0, "epoch-1": 1}.get(arm, epochs))
    training = lab.session.data.training
    images = Split(training.images[:BATCH_IMAGES], training.labels[:BATCH_IMAGES])
    said, known = (evaluation.logits_of_all(each, images.images).double() for each in (cohort, teachers))
    batches = [Batch(z, v, images.labels) for z, v in zip(said, known, strict=True)]
    curves = [curve for seed, batch in zip(lab.seeds, batches, strict=True) for curve in curves_of(batch, seed)]
    figures = [_figures(batch) for batch in batches]
    extra = {name: [each[name] for each in figures] for name in figures[0]}
    return lab.rows(cohort, teachers, extra=extra), curves


def _student(lab: Lab, teachers: Cohort, epochs: int) -> Steps[Cohort]:
    if epochs == 0:
        return lab.networks(lab.trainings(STUDENT, 1))
    trainings = lab.trainings(STUDENT, epochs)
    teacher = FixedTeachers.of([teachers], lab.session.data.training, trainings[0], TRAINING_TEMPERATURE)
    return (yield from lab.train(trainings, Offline(TRAINING_TEMPERATURE, ALPHA), teacher))


def sizes(batch: Batch, temperature: float) -> Sizes:
    """Gradients and losses at one temperature."""
    gradient = losses.kd_gradient(batch.student, losses.softmax(batch.teacher, temperature), temperature)
    length = gradient.norm(dim=-1).mean().item()
    kl = losses.kd_loss(batch.student, batch.teacher, temperature).mean().item()
    entropy = losses.entropy(batch.teacher, temperature).mean().item()
    return Sizes(length / temperature**2, length, kl, entropy)


def hard_size(batch: Batch) -> float:
    """Mean length of the gradient of the cross-entropy with the labels; it knows no T."""
    one_hot = functional.one_hot(batch.labels.long(), batch.student.shape[-1]).to(batch.student.dtype)
    return float(losses.cross_entropy_gradient(batch.student, one_hot).norm(dim=-1).mean())


def matching(batch: Batch) -> float:
    """The limit of T² * KL as T grows: |z~ - v~|² / (2 N), both centred, mean over the images (section 2.1)."""
    z, v = (each - each.mean(dim=-1, keepdim=True) for each in (batch.student, batch.teacher))
    return float(((z - v).square().sum(dim=-1) / (2 * z.shape[-1])).mean())


def relative_error(kl_t2: float, limit: float) -> float:
    """How far T² * KL is from its limit, as a share of the limit."""
    return abs(kl_t2 - limit) / limit if limit > 0 else 0.0


def curves_of(batch: Batch, seed: int) -> list[Curve]:
    """All curves of one seed over T."""
    over = [sizes(batch, temperature) for temperature in TEMPERATURES]
    limit, hard = matching(batch), hard_size(batch)
    lines = {
        "without": [each.without for each in over],
        "with": [each.with_t2 for each in over],
        "kl_t2": [each.kl_t2 for each in over],
        "match_error": [relative_error(each.kl_t2, limit) for each in over],
        "entropy": [each.entropy for each in over],
    }
    flat = {"hard": hard, "limit": limit}  # the same at every temperature: its two ends say it
    ends = [TEMPERATURES[0], TEMPERATURES[-1]]
    return [
        *(Curve(name=name, seed=seed, x=TEMPERATURES, y=rounded(y)) for name, y in lines.items()),
        *(Curve(name=name, seed=seed, x=ends, y=rounded([value, value])) for name, value in flat.items()),
    ]


def _figures(batch: Batch) -> dict[str, float]:
    one, hot = sizes(batch, 1.0), sizes(batch, HOT)
    hard = hard_size(batch)
    return {
        "without_kept": hot.without / one.without if one.without > 0 else 1.0,
        "with_kept": hot.with_t2 / one.with_t2 if one.with_t2 > 0 else 1.0,
        "soft_beside_hard": hot.with_t2 / hard if hard > 0 else 0.0,
        "match_error": relative_error(hot.kl_t2, matching(batch)),
    }
