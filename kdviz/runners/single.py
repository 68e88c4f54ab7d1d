"""One recipe from end to end: a teacher, a student distilled from it, and the same student without a teacher.

The teacher is trained first, unless it is there already. Then both students advance in turns, on the same batches in
the same order and from the same initial weights, so that they can be watched side by side.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

import torch
from torch import Tensor, nn

from kdviz.distillers.by_loss import DISTILLERS
from kdviz.distillers.plain import Plain
from kdviz.engine import evaluation, models, students, teachers
from kdviz.engine.batches import FixedTeachers
from kdviz.engine.distiller import Distiller
from kdviz.engine.memory import PeakMemory, watched
from kdviz.engine.teachers import Cost
from kdviz.engine.training import Report, fit
from kdviz.recipes.base import Training
from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.recipes.single import Recipe
from kdviz.records.base import Scores
from kdviz.records.kinds import Output
from kdviz.records.single import InCommon, NetworkRole, Progress, Result
from kdviz.runners.session import CLOCK_TICK, Clock, Session

LIVE_VALIDATION_IMAGES = 2000  # the part of the validation split that the live curves show
WATCHED_IMAGES = 4


@dataclass
class Trainee:
    """One of the networks of a run, as it is being trained."""

    role: NetworkRole
    network: nn.Sequential
    training: Training
    distiller: Distiller
    advice: FixedTeachers | None = None
    cost: Cost = Cost(0.0, 0)  # noqa: RUF009, frozen


@dataclass
class SingleState:
    """What all networks of one run share: the data, and how much is done."""

    session: Session
    work: float  # of the whole run, in multiply-adds
    done: dict[NetworkRole, float] = field(default_factory=dict)  # the same, of each network so far
    teacher_live: Tensor | None = None  # its logits on the live part of the validation split
    watched: Tensor | None = None  # uint8 images

    def seconds_left(self) -> float:
        """If the rest goes as fast as what is done."""
        done = sum(self.done.values())
        return self.session.seconds() * (self.work - done) / done if done else 0.0


def run(recipe: Recipe, *, clock: Clock = time.perf_counter) -> Iterator[Output | Result | None]:
    """Carry out a recipe. Yields Watched once, Progress often, both students trained, Result last, None in between.

    Between two of them the caller may wait or close the generator. Raises DataError and TeacherError.
    """
    session = Session.load(recipe.data, LIVE_VALIDATION_IMAGES, clock)
    data, device = session.data, session.device
    kept = teachers.find(recipe)
    shown = session.showing(recipe.transfer_classes)  # to the students
    state = SingleState(session, 2 * shown.work(recipe.student_training))
    if kept is None:
        state.work += session.work(recipe.teacher_training)
        network = models.build(recipe.teacher, recipe.seed).to(device)
        trainee = Trainee("teacher", network, recipe.teacher_training, Plain())
        yield from _train(state, trainee)
        kept = teachers.freeze(network), trainee.cost
        teachers.keep(*kept, recipe.teacher_training)
    teacher, teacher_cost = kept[0].to(device), kept[1]
    state.teacher_live = evaluation.logits_of(teacher, session.live.images)
    watched = session.watch(teacher, WATCHED_IMAGES)
    state.watched = session.live.images[torch.tensor(watched.indices)]
    state.session = shown
    yield watched

    def student(role: NetworkRole, distiller: Distiller, advice: FixedTeachers | None = None) -> Trainee:
        network = models.build(recipe.student, recipe.seed).to(device)
        return Trainee(role, network, recipe.student_training, distiller, advice)

    plain = student("plain", Plain())
    untaught = _train(state, plain)
    yield next(untaught)  # its curve begins at once, before the teacher has looked at all images
    # With alpha = 0 the teacher plays no part: that is plain training, which draws labelled images only.
    begun = clock()
    advice: FixedTeachers | None = None
    distiller: Distiller = Plain()
    if recipe.alpha > 0:
        cohort = models.cohort(recipe.teacher, [teacher])
        advice = FixedTeachers.of([cohort], shown.data.training, recipe.student_training, recipe.temperature)
        distiller = DISTILLERS[recipe.loss](recipe.temperature, recipe.alpha)
    advising = clock() - begun
    distilled = student("distilled", distiller, advice)
    for turn in zip_longest(_train(state, distilled), untaught):
        yield from turn
    distilled.cost = Cost(distilled.cost.seconds + advising, distilled.cost.images_seen)
    for learnt in (distilled, plain):
        yield students.learnt(learnt.role, recipe.student, learnt.network)
    test = [evaluation.logits_of(student.network, data.test.images) for student in (distilled, plain)]
    teacher_test = evaluation.logits_of(teacher, data.test.images)
    yield Result(
        run_id=recipe.id,
        recipe=recipe,
        teacher=_scores(session, recipe.teacher, teacher, teacher_cost, teacher_test, None),
        distilled=_scores(session, recipe.student, distilled.network, distilled.cost, test[0], teacher_test),
        plain=_scores(session, recipe.student, plain.network, plain.cost, test[1], teacher_test),
        in_common=_in_common(test, data.test.labels, teacher_test),
        **session.machine_facts(),
        seconds=session.seconds(),
    )


def _train(state: SingleState, trainee: Trainee) -> Iterator[Progress | None]:
    """Train one network and report on it."""
    memory = PeakMemory()
    memory.hold(trainee.network.parameters())
    reports = fit(
        [models.cohort(trainee.training.model, [trainee.network])],
        state.session.data.training,
        [trainee.training],
        trainee.distiller,
        trainee.advice,
        at_once=True,  # a visitor who pressed Start waits for the first curve
        clock=state.session.clock,
    )
    for report in watched(reports, memory, {0}):
        if report is None:
            yield None
            continue
        state.done[trainee.role] = state.session.work(trainee.training) * report.part
        trainee.cost = Cost(report.seconds, report.images_seen, memory.peak)
        yield _progress(state, trainee, report)


def _progress(state: SingleState, trainee: Trainee, report: Report) -> Progress:
    live = evaluation.logits_of(trainee.network, state.session.live.images)
    watched = [] if state.watched is None else evaluation.logits_of(trainee.network, state.watched).tolist()
    return Progress(
        role=trainee.role,
        **report.place,
        loss_kd=report.loss_kd[0],
        loss_ce=report.loss_ce[0],
        gradient_share_kd=None if report.gradient_share_kd is None else report.gradient_share_kd[0],
        training_accuracy=report.training_accuracy[0],
        validation_accuracy=evaluation.accuracy(live, state.session.live.labels),
        agreement=None if state.teacher_live is None else evaluation.agreement(live, state.teacher_live),
        images_per_second=report.images_seen / max(report.seconds, CLOCK_TICK),
        seconds=state.session.seconds(),
        seconds_left=state.seconds_left(),
        watched_logits=watched,
    )


def _in_common(students: Sequence[Tensor], labels: Tensor, teacher: Tensor) -> InCommon:
    """Of two students' logits (N, 10) and their teacher's on the test images."""
    one, other = (student.argmax(dim=-1) for student in students)
    taught = teacher.argmax(dim=-1)
    return InCommon(
        wrong=int(((one != labels) & (other != labels)).sum()), agree=int(((one == taught) & (other == taught)).sum())
    )


def _scores(
    session: Session, model: str, network: nn.Module, cost: Cost, test: Tensor, teacher_test: Tensor | None
) -> Scores:
    """Of a network's logits (N, 10) on the test images; beside its teacher's, unless it is the teacher."""
    architecture = ARCHITECTURES[model]
    validation = evaluation.logits_of(network, session.data.validation.images)
    return Scores(
        architecture=model,
        parameters=architecture.parameters,
        multiply_adds=architecture.multiply_adds,
        bytes=architecture.bytes,
        validation_accuracy=evaluation.accuracy(validation, session.data.validation.labels),
        seconds=cost.seconds,
        images_per_second=cost.images_seen / max(cost.seconds, CLOCK_TICK),
        images_seen=cost.images_seen,
        **evaluation.test_figures(test, session.data.test.labels),
        agreement=None if teacher_test is None else evaluation.agreement(test, teacher_test),
        fidelity_kl=None if teacher_test is None else evaluation.fidelity_kl(test, teacher_test),
    )
