"""One method of a comparison: its stages in order, the reports of each, and its trials on the test images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from kdviz.distillers.stage import Setting, Stage, stages_of
from kdviz.engine import evaluation, knowledge, losses, models, students
from kdviz.engine.data import normalise
from kdviz.engine.memory import PeakMemory, watched
from kdviz.engine.models import Cohort
from kdviz.engine.training import Report, chunks_of_epoch, fit, steps_of
from kdviz.recipes.catalogue import assistant
from kdviz.recipes.comparison import INSIDE_IMAGES, Comparison
from kdviz.recipes.methods import WITH_CONTROL
from kdviz.records.base import Expense, TrainedStudent
from kdviz.records.comparison import Bin, FinishedMethod, Inside, Moment, TeachingArrow, Trial
from kdviz.runners.session import Session
from kdviz.runners.teachers import TrainedTeacher

REPORTS = 36  # of each stage: after each of them another method has its turn
REPORTS_INSIDE = 6  # at every so many reports the layers are compared with the teacher's
NOTHING = Expense(seconds=0.0, images_seen=0, multiply_adds=0.0, peak_memory=0)


def trial_of(
    session: Session,
    method: str,
    seed: int,
    network: nn.Module,
    teacher_test: Tensor,
    others: dict[str, Tensor],
    *,
    expense: Expense,
    teacher: Expense | None = None,
) -> Trial:
    """The figures of one network on the test images.

    `teacher_test` and `others` are logits (N, classes) of the test images: of its teacher, and of the networks beside
    it, of which only the accuracy is kept.
    """
    test, validation = session.data.test, session.data.validation
    logits = evaluation.logits_of(network, test.images)
    return Trial(
        method=method,
        seed=seed,
        validation_accuracy=evaluation.accuracy(evaluation.logits_of(network, validation.images), validation.labels),
        **evaluation.test_figures(logits, test.labels),
        agreement=evaluation.agreement(logits, teacher_test),
        fidelity_kl=evaluation.fidelity_kl(logits, teacher_test),
        reliability=[
            Bin(count=int(count), confidence=confidence / max(count, 1), accuracy=right / max(count, 1))
            for count, confidence, right in evaluation.reliability(logits, test.labels).tolist()
        ],
        others={name: evaluation.accuracy(other, test.labels) for name, other in others.items()},
        expense=expense,
        teacher=teacher,
    )


@dataclass(frozen=True)
class Activations:
    """What `records.comparison.Inside` shows of one network."""

    layers: list[Tensor]  # activations (N, ...) of the images on which layers are compared
    names: list[str]
    logits: Tensor  # of the watched images, (watched, classes)
    relations: Tensor  # distances between the watched images, in the last hidden layer
    singular_values: list[float]


@torch.no_grad()
def activations_of(cohort: Cohort, images: Tensor, watched: Tensor) -> Activations:
    """Of a cohort's first network, on uint8 images (N, 28, 28): `images` to compare layers, `watched` to be shown."""
    name, convolutional = cohort.architecture.name, cohort.architecture.convolutional
    first = models.Cohort(name, cohort.networks[:1])
    layers = [layer[0] for layer in first.layers(normalise(images).unsqueeze(0))]
    shown = [layer[0] for layer in first.layers(normalise(watched).unsqueeze(0))]
    kind = "convolution" if convolutional else "hidden"
    flow = knowledge.singular_values(knowledge.flow(layers[0], layers[-2])).tolist() if convolutional else []
    return Activations(
        layers=layers,
        names=[*(f"{kind} {number}" for number in range(1, len(layers))), "logits"],
        logits=shown[-1],
        relations=knowledge.distances(shown[-2].flatten(1)),
        singular_values=flow,
    )


@dataclass
class ComparisonState:
    """What all methods of a comparison share: data, teachers, and how far each method is."""

    comparison: Comparison
    session: Session
    given: Setting
    teachers: dict[int, TrainedTeacher]  # by seed
    teachers_seeds: list[list[int]]  # as `teachers.rows_of_seeds` gives them
    watched: Tensor  # uint8 images
    methods: list[MethodProgress] = field(default_factory=list)

    def __post_init__(self) -> None:
        own = self.given.teachers[0]
        self.teachers_live = evaluation.logits_of_all(own, self.session.live.images)
        self.teachers_test = evaluation.logits_of_all(own, self.session.data.test.images)
        self.begun = self.session.seconds()
        self.teacher_inside = activations_of(own, self.session.live.images[:INSIDE_IMAGES], self.watched)

    def seconds_left(self) -> float:
        """If the rest goes as fast as what is done, reports and all; in the first round, as fast as a teacher's."""
        spent = self.session.seconds() - self.begun
        done = sum(progress.part * progress.work for progress in self.methods)
        whole = sum(progress.work for progress in self.methods)
        if all(progress.part for progress in self.methods):
            return spent * (whole - done) / done
        seed = self.comparison.seeds[0]
        student = self.session.work(self.comparison.training_of_student(seed)) * len(self.comparison.seeds)
        rate = self.teachers[seed].expense.seconds / self.session.work(self.comparison.teacher_training(seed))
        return max(0.0, whole * student * rate - spent)


@dataclass
class MethodProgress:
    """How far one method is. Expenses are of all seeds together."""

    method: str
    work: float  # of one student, in trainings of the plain student: only for the time left
    before: Expense = NOTHING  # of the stages that are over
    spent: Expense = NOTHING  # with the present one
    part: float = 0.0  # of all its stages


def work_of(method: str, comparison: Comparison, session: Session) -> float:
    """Work of a method, in trainings of the plain student: an estimate from what it trains and what it runs forward."""
    student = session.work(comparison.training_of_student(0))
    large = session.work(comparison.training_of_student(0, comparison.teacher)) / student
    middle = assistant(comparison.teacher, comparison.student)
    work_of_network = {
        "student": 1.0,
        "teacher": large,
        "assistant": session.work(comparison.training_of_student(0, middle)) / student if middle else 0.0,
    }
    facts = WITH_CONTROL[method]
    others = sum(work_of_network[network] for network in facts.also_trained)
    if facts.asks_teacher:
        passes = 1 / comparison.epochs if facts.family == "offline" else 1.0
        return 1 + others + passes * large / 3
    return 1 + (others or 0.3)


def train_method(
    state: ComparisonState, progress: MethodProgress
) -> Iterator[Moment | Inside | TrainedStudent | FinishedMethod | None]:
    """Train a method's students. Yields None after every few updates; its first student and part last."""
    stages = stages_of(progress.method, state.given)
    last: Stage | None = None
    moments: list[Moment] = []
    insides: list[Inside] = []
    while True:
        begun, memory = state.session.clock(), PeakMemory()
        with memory:
            stage = next(stages, None)
        if stage is None:
            break
        if state.session.device.type == "cuda":
            torch.cuda.synchronize()
        for event in _train_stage(state, progress, stage, memory, state.session.clock() - begun):
            if isinstance(event, Moment):
                moments.append(event)
            elif isinstance(event, Inside):
                insides.append(event)
            yield event
        progress.before, last = progress.spent, stage
    assert last is not None  # every way of teaching has a stage
    yield students.learnt(progress.method, last.cohorts[0].architecture.name, last.cohorts[0].networks[0])
    yield FinishedMethod(method=progress.method, trials=_trials(state, progress, last), moments=moments, looks=insides)


def _train_stage(
    state: ComparisonState, progress: MethodProgress, stage: Stage, memory: PeakMemory, preparing: float
) -> Iterator[Moment | Inside | None]:
    """Train one stage; `preparing` are the seconds that its networks and its teachers' logits have taken."""
    session = state.session
    data = session.data.training
    reports = fit(
        stage.cohorts, data, stage.trainings, stage.distiller, stage.teacher, reports=REPORTS, clock=session.clock
    )
    fixed = {name: evaluation.logits_of_all(cohort, session.live.images) for name, cohort in stage.fixed.items()}
    final = stage.number == stage.stages
    if final:
        yield _inside(state, progress.method, stage, 0, steps_of(stage.trainings[0], len(data)))
    teachers = [cohort for cohort in stage.fixed.values() if cohort in state.given.teachers]
    memory.hold(weight for cohort in teachers for weight in cohort.parameters)
    every = chunks_of_epoch(stage.trainings[0], len(data), REPORTS)
    count = 0
    # An epoch may bring a teacher of its own, as the epoch before: memory is looked at as the first two begin.
    for report in watched(reports, memory, {0, every}):
        if report is None:
            yield None
            continue
        count += 1
        progress.spent = progress.before + Expense(
            seconds=preparing + report.seconds,
            images_seen=report.images_seen,
            multiply_adds=report.multiply_adds,
            peak_memory=memory.peak,
        )
        progress.part = (stage.number - 1 + report.part) / stage.stages
        if final and (count % REPORTS_INSIDE == 0 or report.step == report.steps):
            yield _inside(state, progress.method, stage, report.step, report.steps)
        yield _moment(state, progress, stage, fixed, report)


def _moment(
    state: ComparisonState, progress: MethodProgress, stage: Stage, fixed: dict[str, Tensor], report: Report
) -> Moment:
    """One report; `fixed` are the live logits of the networks that do not learn any more, by name."""
    session = state.session
    student_logits = evaluation.logits_of_all(stage.cohorts[0], session.live.images)
    others = stage.distiller.other_logits(stage.cohorts, session.live.images)
    logits = {**fixed, **others, stage.name: student_logits}
    return Moment(
        method=progress.method,
        stage=stage.name,
        stage_number=stage.number,
        stages=stage.stages,
        **report.place,
        loss_kd=report.loss_kd,
        loss_ce=report.loss_ce,
        validation_accuracy=evaluation.accuracies(student_logits, session.live.labels),
        agreement=evaluation.agreements(student_logits, state.teachers_live),
        others={name: _mean(evaluation.accuracies(other, session.live.labels)) for name, other in others.items()},
        arrows=[
            TeachingArrow(
                source=source,
                target=target,
                kl=losses.kl_divergence(logits[target].double(), logits[source].double(), 1.0).mean().item(),
            )
            for source, target in state.comparison.arrows(progress.method)
            if source in logits and target in logits and target not in stage.fixed
        ],
        expense=progress.spent,
        seconds=session.seconds(),
        seconds_left=state.seconds_left(),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _inside(state: ComparisonState, method: str, stage: Stage, step: int, steps: int) -> Inside:
    """The first student after `step` updates beside its teacher; linear CKA is (student layers, teacher layers)."""
    student = activations_of(stage.cohorts[0], state.session.live.images[:INSIDE_IMAGES], state.watched)
    teacher = state.teacher_inside
    return Inside(
        method=method,
        step=step,
        steps=steps,
        teacher_layers=teacher.names,
        student_layers=student.names,
        cka=knowledge.cka_between(student.layers, teacher.layers).tolist(),
        logits=student.logits.tolist(),
        relations=student.relations.tolist(),
        teacher_relations=teacher.relations.tolist(),
        singular_values=student.singular_values,
        teacher_singular_values=teacher.singular_values,
    )


def _trials(state: ComparisonState, progress: MethodProgress, stage: Stage) -> list[Trial]:
    """A trial for each seed: the test images are used here, and nowhere before."""
    cohort, images = stage.cohorts[0], state.session.data.test.images
    others = stage.distiller.other_logits(stage.cohorts, images)
    if stage.together:
        members = torch.stack([evaluation.logits_of_all(member, images) for member in stage.together])
        others["ensemble"] = losses.mean_of_teachers(members, 1.0)
    seeds = state.comparison.seeds
    return [
        trial_of(
            state.session,
            progress.method,
            seed,
            cohort.networks[number],
            state.teachers_test[number],
            {name: logits[number] for name, logits in others.items()},
            expense=_share(progress.spent, len(seeds)),
            teacher=_expense_of_teachers(state, progress.method, number),
        )
        for number, seed in enumerate(seeds)
    ]


def _share(expense: Expense, students: int) -> Expense:
    return Expense(
        seconds=expense.seconds / students,
        images_seen=expense.images_seen // students,
        multiply_adds=expense.multiply_adds / students,
        peak_memory=expense.peak_memory // students,
    )


def _expense_of_teachers(state: ComparisonState, method: str, number: int) -> Expense | None:
    """What the trained teachers of student `number` took; None where its method has none, or alpha = 0."""
    facts = WITH_CONTROL[method]
    if not facts.asks_teacher or state.comparison.nobody_asked(method):
        return None
    return sum((state.teachers[state.teachers_seeds[row][number]].expense for row in facts.teachers), NOTHING)
