"""One recipe from end to end: a teacher, a student distilled from it, and the same student without a teacher.

The teacher is trained first, unless it is there already. Then both students advance in turns, on the same batches in
the same order and from the same initial weights, so that they can be watched side by side.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest

import torch
from torch import Tensor, nn

from kdviz import data, evaluation, losses, models, teachers
from kdviz.batches import Advice
from kdviz.catalogue import ARCHITECTURES
from kdviz.data import Data
from kdviz.distillers.offline import Offline
from kdviz.distillers.plain import Plain
from kdviz.recipe import Recipe, Training
from kdviz.records import Event, Progress, Result, Role, Scores, Watched
from kdviz.teachers import Cost
from kdviz.training import Distiller, Report, fit, steps_of

LIVE_VALIDATION_IMAGES = 2000  # the part of the validation split that the live curves show
WATCHED_IMAGES = 4
# What an update costs besides its multiply-adds, in multiply-adds: only for the estimate of the time left.
UPDATE_OVERHEAD = 2e7
CLOCK_TICK = 1e-9  # the least time that anything takes

Clock = Callable[[], float]


@dataclass
class Member:
    """One of the networks of a run, as it is being trained."""

    role: Role
    network: nn.Module
    training: Training
    distiller: Distiller
    advice: Advice | None = None
    cost: Cost = Cost(0.0, 0)  # noqa: RUF009, frozen


@dataclass
class Run:
    """What all networks of one run share."""

    data: Data
    clock: Clock
    started: float
    work: float  # of the whole run, in multiply-adds
    done: dict[Role, float] = field(default_factory=dict)  # the same, of each network so far
    teacher_live: Tensor | None = None  # its logits on the live part of the validation split
    watched: Tensor | None = None  # uint8 images

    def seconds(self) -> float:
        """Since the run began."""
        return self.clock() - self.started

    def seconds_left(self) -> float:
        """If the rest goes as fast as what is done."""
        done = sum(self.done.values())
        return self.seconds() * (self.work - done) / done if done else 0.0


def run(recipe: Recipe, *, clock: Clock = time.perf_counter) -> Iterator[Event | None]:
    """Carry out a recipe. Yields Watched once, Progress often, Result last, and None in between as a sign of life.

    Between two of them the caller may wait or close the generator. Raises DataError and TeacherError.
    """
    started = clock()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    loaded = data.load(recipe.data)
    here = Data(loaded.facts, *(part.to(device) for part in (loaded.training, loaded.validation, loaded.test)))
    found = teachers.find(recipe)
    work = 2 * _work(recipe.student_training, here)
    if found is None:
        work += _work(recipe.teacher_training, here)
    this = Run(here, clock, started, work)

    if found is None:
        network = models.build(recipe.teacher, recipe.seed).to(device)
        learner = Member("teacher", network, recipe.teacher_training, Plain())
        yield from _follow(this, learner)
        found = teachers.freeze(network), learner.cost
        teachers.keep(*found, recipe.teacher_training)
    teacher, teacher_cost = found[0].to(device), found[1]
    teacher_test = evaluation.logits_of(teacher, here.test.images)
    yield _watch(this, teacher)

    def student(role: Role, method: Distiller, advice: Advice | None = None) -> Member:
        network = models.build(recipe.student, recipe.seed).to(device)
        return Member(role, network, recipe.student_training, method, advice)

    begun = clock()
    # With alpha = 0 nothing is asked of the teacher: that is plain training, which draws labelled images only.
    advice = (
        Advice.of(teacher, here.training, recipe.student_training, recipe.temperature, recipe.loss)
        if recipe.alpha > 0
        else None
    )
    advising = clock() - begun
    method = Offline(recipe.temperature, recipe.alpha, recipe.loss) if advice else Plain()
    distilled, plain = student("distilled", method, advice), student("plain", Plain())
    for turn in zip_longest(_follow(this, distilled), _follow(this, plain)):
        yield from turn
    distilled.cost = Cost(distilled.cost.seconds + advising, distilled.cost.images_seen)
    yield Result(
        run_id=recipe.id,
        recipe=recipe,
        teacher=_scores(here, recipe.teacher, teacher, teacher_cost, None),
        distilled=_scores(here, recipe.student, distilled.network, distilled.cost, teacher_test),
        plain=_scores(here, recipe.student, plain.network, plain.cost, teacher_test),
        device=torch.cuda.get_device_name() if device.type == "cuda" else "CPU",
        threads=torch.get_num_threads(),
        torch=torch.__version__,
        seconds=this.seconds(),
    )


def most_unsure(logits: Tensor, labels: Tensor, count: int) -> Tensor:
    """Indices of images that a network gets right but is least sure of, no two of one class."""
    unsure = losses.entropy(logits, 1.0).masked_fill(logits.argmax(dim=-1) != labels, -1.0)
    chosen: dict[int, int] = {}
    for index in unsure.argsort(descending=True).tolist():
        chosen.setdefault(int(labels[index]), index)
        if len(chosen) == count:
            break
    return torch.tensor(list(chosen.values()), device=labels.device)


def _watch(this: Run, teacher: nn.Module) -> Watched:
    """Choose the validation images to follow, and remember what the teacher says on the live validation images."""
    validation = this.data.validation
    this.teacher_live = evaluation.logits_of(teacher, validation.images[:LIVE_VALIDATION_IMAGES])
    labels = validation.labels[:LIVE_VALIDATION_IMAGES]
    indices = most_unsure(this.teacher_live, labels, WATCHED_IMAGES)
    this.watched = validation.images[indices]
    return Watched(
        indices=indices.tolist(),
        labels=labels[indices].tolist(),
        images=this.watched.flatten(1).tolist(),
        teacher_logits=this.teacher_live[indices].tolist(),
        teacher_validation_accuracy=evaluation.accuracy(this.teacher_live, labels),
    )


def _follow(this: Run, member: Member) -> Iterator[Progress | None]:
    """Train one network and report on it."""
    steps = steps_of(member.training, len(this.data.training))
    reports = fit(
        member.network,
        this.data.training,
        member.training,
        member.distiller,
        member.advice,
        clock=this.clock,
    )
    for report in reports:
        if report is None:
            yield None
            continue
        this.done[member.role] = _work(member.training, this.data) * report.step / steps
        member.cost = Cost(report.seconds, report.images_seen)
        yield _progress(this, member, report, steps)


def _progress(this: Run, member: Member, report: Report, steps: int) -> Progress:
    validation = this.data.validation
    live = evaluation.logits_of(member.network, validation.images[:LIVE_VALIDATION_IMAGES])
    watched = [] if this.watched is None else evaluation.logits_of(member.network, this.watched).tolist()
    return Progress(
        role=member.role,
        step=report.step,
        steps=steps,
        epoch=report.epoch,
        epochs=member.training.epochs,
        loss_kd=report.loss_kd,
        loss_ce=report.loss_ce,
        gradient_share_kd=report.gradient_share_kd,
        training_accuracy=report.training_accuracy,
        validation_accuracy=evaluation.accuracy(live, validation.labels[:LIVE_VALIDATION_IMAGES]),
        agreement=None if this.teacher_live is None else evaluation.agreement(live, this.teacher_live),
        images_per_second=report.images_seen / max(report.seconds, CLOCK_TICK),
        seconds=this.seconds(),
        seconds_left=this.seconds_left(),
        watched_logits=watched,
    )


def _work(training: Training, here: Data) -> float:
    """Multiply-adds of a training: three times the forward pass of every image, and what every update costs."""
    images = training.epochs * len(here.training)
    return (
        3 * images * ARCHITECTURES[training.model].multiply_adds
        + steps_of(training, len(here.training)) * UPDATE_OVERHEAD
    )


def _scores(here: Data, model: str, network: nn.Module, cost: Cost, teacher_test: Tensor | None) -> Scores:
    architecture = ARCHITECTURES[model]
    validation = evaluation.logits_of(network, here.validation.images)
    return Scores(
        architecture=model,
        parameters=architecture.parameters,
        multiply_adds=architecture.multiply_adds,
        bytes=architecture.bytes,
        validation_accuracy=evaluation.accuracy(validation, here.validation.labels),
        seconds=cost.seconds,
        images_per_second=cost.images_seen / max(cost.seconds, CLOCK_TICK),
        images_seen=cost.images_seen,
        **evaluation.test_figures(network, here.test, teacher_test),
    )
