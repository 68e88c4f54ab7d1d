"""One recipe from end to end: a teacher, a student distilled from it, and the same student without a teacher.

The teacher is trained first, unless it is there already. Then both students advance in turns, on the same batches in
the same order and from the same initial weights, so that they can be watched side by side.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest

import torch
from torch import Tensor, nn

from kdviz.distillers.offline import Offline
from kdviz.distillers.plain import Plain
from kdviz.engine import evaluation, models, students, teachers
from kdviz.engine.batches import Advice
from kdviz.engine.memory import PeakMemory, watched
from kdviz.engine.teachers import Cost
from kdviz.engine.teaching import Distiller
from kdviz.engine.training import Report, fit, steps_of
from kdviz.recipes.base import Training
from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.recipes.single import Recipe
from kdviz.records.base import Scores
from kdviz.records.kinds import Said
from kdviz.records.single import Progress, Result, Role
from kdviz.runners.session import CLOCK_TICK, Clock, Setting

LIVE_VALIDATION_IMAGES = 2000  # the part of the validation split that the live curves show
WATCHED_IMAGES = 4


@dataclass
class Member:
    """One of the networks of a run, as it is being trained."""

    role: Role
    network: nn.Sequential
    training: Training
    distiller: Distiller
    advice: Advice | None = None
    cost: Cost = Cost(0.0, 0)  # noqa: RUF009, frozen


@dataclass
class Run:
    """What all networks of one run share."""

    setting: Setting
    work: float  # of the whole run, in multiply-adds
    done: dict[Role, float] = field(default_factory=dict)  # the same, of each network so far
    teacher_live: Tensor | None = None  # its logits on the live part of the validation split
    watched: Tensor | None = None  # uint8 images

    def seconds_left(self) -> float:
        """If the rest goes as fast as what is done."""
        done = sum(self.done.values())
        return self.setting.seconds() * (self.work - done) / done if done else 0.0


def run(recipe: Recipe, *, clock: Clock = time.perf_counter) -> Iterator[Said | Result | None]:
    """Carry out a recipe. Yields Watched once, Progress often, Learnt once and Result last; None is a sign of life.

    Between two of them the caller may wait or close the generator. Raises DataError and TeacherError.
    """
    setting = Setting.of(recipe.data, LIVE_VALIDATION_IMAGES, clock)
    here, device = setting.data, setting.device
    found = teachers.find(recipe)
    work = 2 * setting.work(recipe.student_training)
    if found is None:
        work += setting.work(recipe.teacher_training)
    this = Run(setting, work)

    if found is None:
        network = models.build(recipe.teacher, recipe.seed).to(device)
        learner = Member("teacher", network, recipe.teacher_training, Plain())
        yield from _follow(this, learner)
        found = teachers.freeze(network), learner.cost
        teachers.keep(*found, recipe.teacher_training)
    teacher, teacher_cost = found[0].to(device), found[1]
    teacher_test = evaluation.logits_of(teacher, here.test.images)
    this.teacher_live = evaluation.logits_of(teacher, setting.images)
    watched = setting.watch(teacher, WATCHED_IMAGES)
    this.watched = setting.images[torch.tensor(watched.indices)]
    yield watched

    def student(role: Role, method: Distiller, advice: Advice | None = None) -> Member:
        network = models.build(recipe.student, recipe.seed).to(device)
        return Member(role, network, recipe.student_training, method, advice)

    begun = clock()
    # With alpha = 0 nothing is asked of the teacher: that is plain training, which draws labelled images only.
    advice = (
        Advice.of(
            [models.cohort(recipe.teacher, [teacher])], here.training, recipe.student_training, recipe.temperature
        )
        if recipe.alpha > 0
        else None
    )
    advising = clock() - begun
    method = Offline(recipe.temperature, recipe.alpha, recipe.loss) if advice else Plain()
    distilled, plain = student("distilled", method, advice), student("plain", Plain())
    for turn in zip_longest(_follow(this, distilled), _follow(this, plain)):
        yield from turn
    distilled.cost = Cost(distilled.cost.seconds + advising, distilled.cost.images_seen)
    yield students.learnt("distilled", recipe.student, distilled.network)
    yield Result(
        run_id=recipe.id,
        recipe=recipe,
        teacher=_scores(setting, recipe.teacher, teacher, teacher_cost, None),
        distilled=_scores(setting, recipe.student, distilled.network, distilled.cost, teacher_test),
        plain=_scores(setting, recipe.student, plain.network, plain.cost, teacher_test),
        device=setting.device_name,
        threads=torch.get_num_threads(),
        torch=torch.__version__,
        seconds=setting.seconds(),
    )


def _follow(this: Run, member: Member) -> Iterator[Progress | None]:
    """Train one network and report on it."""
    training = this.setting.data.training
    steps = steps_of(member.training, len(training))
    memory = PeakMemory()
    memory.hold(member.network.parameters())
    reports = fit(
        [models.cohort(member.training.model, [member.network])],
        training,
        [member.training],
        member.distiller,
        member.advice,
        clock=this.setting.clock,
    )
    for report in watched(reports, memory, {0}):
        if report is None:
            yield None
            continue
        this.done[member.role] = this.setting.work(member.training) * report.step / steps
        member.cost = Cost(report.seconds, report.images_seen, memory.peak)
        yield _progress(this, member, report, steps)


def _progress(this: Run, member: Member, report: Report, steps: int) -> Progress:
    live = evaluation.logits_of(member.network, this.setting.images)
    watched = [] if this.watched is None else evaluation.logits_of(member.network, this.watched).tolist()
    return Progress(
        role=member.role,
        step=report.step,
        steps=steps,
        epoch=report.epoch,
        epochs=member.training.epochs,
        loss_kd=report.loss_kd[0],
        loss_ce=report.loss_ce[0],
        gradient_share_kd=None if report.gradient_share_kd is None else report.gradient_share_kd[0],
        training_accuracy=report.training_accuracy[0],
        validation_accuracy=evaluation.accuracy(live, this.setting.labels),
        agreement=None if this.teacher_live is None else evaluation.agreement(live, this.teacher_live),
        images_per_second=report.images_seen / max(report.seconds, CLOCK_TICK),
        seconds=this.setting.seconds(),
        seconds_left=this.seconds_left(),
        watched_logits=watched,
    )


def _scores(setting: Setting, model: str, network: nn.Module, cost: Cost, teacher_test: Tensor | None) -> Scores:
    architecture = ARCHITECTURES[model]
    validation = evaluation.logits_of(network, setting.data.validation.images)
    test = evaluation.logits_of(network, setting.data.test.images)
    return Scores(
        architecture=model,
        parameters=architecture.parameters,
        multiply_adds=architecture.multiply_adds,
        bytes=architecture.bytes,
        validation_accuracy=evaluation.accuracy(validation, setting.data.validation.labels),
        seconds=cost.seconds,
        images_per_second=cost.images_seen / max(cost.seconds, CLOCK_TICK),
        images_seen=cost.images_seen,
        **evaluation.test_figures(test, setting.data.test.labels),
        agreement=None if teacher_test is None else evaluation.agreement(test, teacher_test),
        fidelity_kl=None if teacher_test is None else evaluation.fidelity_kl(test, teacher_test),
    )
