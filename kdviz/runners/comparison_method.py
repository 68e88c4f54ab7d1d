"""One method of a comparison on its way: its stages one after the other, what it says as it goes, and its trials."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from kdviz.distillers.stage import Given, Stage
from kdviz.distillers.ways import WAYS
from kdviz.engine import evaluation, losses, students
from kdviz.engine.memory import PeakMemory, watched
from kdviz.engine.training import Report, chunks_of_epoch, fit, steps_of
from kdviz.recipes.catalogue import assistant
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import CONTROL, GENERATIONS, METHODS
from kdviz.records.base import Expense, Learnt
from kdviz.records.comparison import Arrow, Bin, Finished, Inside, Moment, Trial
from kdviz.runners.inside import ALIKE_IMAGES, inside, look
from kdviz.runners.session import Setting
from kdviz.runners.teachers import Teacher


def trial_of(
    setting: Setting,
    method: str,
    seed: int,
    network: nn.Module,
    teacher_test: Tensor,
    others: dict[str, Tensor],
    *,
    expense: Expense,
    teacher: Expense | None = None,
) -> Trial:
    """One network on the test images, and everybody else by their logits there."""
    test, validation = setting.data.test, setting.data.validation
    said = evaluation.logits_of(network, test.images)
    return Trial(
        method=method,
        seed=seed,
        validation_accuracy=evaluation.accuracy(evaluation.logits_of(network, validation.images), validation.labels),
        **evaluation.test_figures(said, test.labels),
        agreement=evaluation.agreement(said, teacher_test),
        fidelity_kl=evaluation.fidelity_kl(said, teacher_test),
        reliability=[
            Bin(count=int(count), confidence=sure / max(count, 1), accuracy=right / max(count, 1))
            for count, sure, right in evaluation.reliability(said, test.labels).tolist()
        ],
        others={name: evaluation.accuracy(logits, test.labels) for name, logits in others.items()},
        expense=expense,
        teacher=teacher,
    )


REPORTS = 36  # of each stage: after each of them another method has its turn
LOOK_INSIDE = 6  # at every so many reports
NOTHING = Expense(seconds=0.0, images_seen=0, multiply_adds=0.0, peak_memory=0)


@dataclass
class Study:
    """What all methods of a comparison share."""

    comparison: Comparison
    setting: Setting
    given: Given
    staff: dict[int, Teacher]  # by seed
    teachers_seeds: list[list[int]]  # as in `teaching_staff.rows_of_seeds`
    watched: Tensor  # uint8 images
    courses: list[Course] = field(default_factory=list)

    def __post_init__(self) -> None:
        own = self.given.teachers[0]
        self.teachers_live = evaluation.logits_of_all(own, self.setting.images)
        self.teachers_test = evaluation.logits_of_all(own, self.setting.data.test.images)
        self.begun = self.setting.seconds()
        self.teacher_inside = look(own, self.setting.images[:ALIKE_IMAGES], self.watched)

    def seconds_left(self) -> float:
        """If the rest goes as fast as what is done, reports and all; in the first round, as fast as a teacher's."""
        spent = self.setting.seconds() - self.begun
        done = sum(course.part * course.work for course in self.courses)
        whole = sum(course.work for course in self.courses)
        if all(course.part for course in self.courses):
            return spent * (whole - done) / done
        seed = self.comparison.seeds[0]
        student = self.setting.work(self.comparison.training_of_student(seed)) * len(self.comparison.seeds)
        rate = self.staff[seed].expense.seconds / self.setting.work(self.comparison.teacher_training(seed))
        return max(0.0, whole * student * rate - spent)


@dataclass
class Course:
    """A method under way. Expenses are of all seeds together."""

    method: str
    work: float  # of one student, in trainings of the plain student: only for the time left
    before: Expense = NOTHING  # of the stages that are over
    spent: Expense = NOTHING  # with the present one
    part: float = 0.0  # of all its stages


def work_of(method: str, comparison: Comparison, setting: Setting) -> float:
    """About how much longer than plain training a method takes: whom it trains, and whom it asks in every update."""
    student = setting.work(comparison.training_of_student(0))
    large = setting.work(comparison.training_of_student(0, comparison.teacher)) / student
    middle = assistant(comparison.teacher, comparison.student)
    extra = {
        "mutual": 1.0,
        "mutual-three": 2.0,
        "mutual-mixed": large,
        "born-again": float(GENERATIONS),
        "assistant": setting.work(comparison.training_of_student(0, middle)) / student if middle else 0.0,
    }
    if method == CONTROL or METHODS[method].family in ("offline", "feature", "relation"):
        passes = 1 / comparison.epochs if method == CONTROL or METHODS[method].family == "offline" else 1.0
        return 1 + extra.get(method, 0.0) + passes * large / 3
    return 1 + extra.get(method, 0.3)


def follow(this: Study, course: Course) -> Iterator[Moment | Inside | Learnt | Finished | None]:
    """Train a method's students. Yields None after every few updates; the first seed's student and Finished last."""
    ways = WAYS[course.method](this.given)
    last: Stage | None = None
    moments: list[Moment] = []
    looks: list[Inside] = []
    while True:
        begun, memory = this.setting.clock(), PeakMemory()
        with memory:
            stage = next(ways, None)
        if stage is None:
            break
        if this.setting.device.type == "cuda":
            torch.cuda.synchronize()
        for event in _stage(this, course, stage, memory, this.setting.clock() - begun):
            if isinstance(event, Moment):
                moments.append(event)
            elif isinstance(event, Inside):
                looks.append(event)
            yield event
        course.before, last = course.spent, stage
    assert last is not None  # every way has a stage
    yield students.learnt(course.method, last.cohorts[0].architecture.name, last.cohorts[0].networks[0])
    yield Finished(method=course.method, trials=_trials(this, course, last), moments=moments, looks=looks)


def _stage(
    this: Study, course: Course, stage: Stage, memory: PeakMemory, preparing: float
) -> Iterator[Moment | Inside | None]:
    """One stage; `preparing` are the seconds it took to make its networks and to ask fixed teachers."""
    setting = this.setting
    data, steps = setting.data.training, steps_of(stage.trainings[0], len(setting.data.training))
    reports = fit(
        stage.cohorts, data, stage.trainings, stage.distiller, stage.adviser, reports=REPORTS, clock=setting.clock
    )
    fixed = {name: evaluation.logits_of_all(cohort, setting.images) for name, cohort in stage.fixed.items()}
    final = stage.number == stage.stages
    if final:
        yield _inside(this, course.method, stage, 0, steps)
    teachers = [cohort for cohort in stage.fixed.values() if cohort in this.given.teachers]
    memory.hold(weight for cohort in teachers for weight in cohort.parameters)
    every = chunks_of_epoch(stage.trainings[0], len(data), REPORTS)
    said = 0
    # An epoch may bring a teacher of its own, as the epoch before: memory is looked at as the first two begin.
    for report in watched(reports, memory, {0, every}):
        if report is None:
            yield None
            continue
        said += 1
        course.spent = _added(course.before, report, preparing, memory.peak)
        course.part = (stage.number - 1 + report.step / steps) / stage.stages
        if final and (said % LOOK_INSIDE == 0 or report.step == steps):
            yield _inside(this, course.method, stage, report.step, steps)
        yield _moment(this, course, stage, fixed, report, steps)


def _added(before: Expense, report: Report, preparing: float, peak: int) -> Expense:
    return Expense(
        seconds=before.seconds + preparing + report.seconds,
        images_seen=before.images_seen + report.images_seen,
        multiply_adds=before.multiply_adds + report.multiply_adds,
        peak_memory=max(before.peak_memory, peak),
    )


def _moment(this: Study, course: Course, stage: Stage, fixed: dict[str, Tensor], report: Report, steps: int) -> Moment:
    setting = this.setting
    student = evaluation.logits_of_all(stage.cohorts[0], setting.images)
    others = stage.distiller.voices(stage.cohorts, setting.images)
    voices = {**fixed, **others, stage.name: student}
    return Moment(
        method=course.method,
        stage=stage.name,
        stage_number=stage.number,
        stages=stage.stages,
        step=report.step,
        steps=steps,
        epoch=report.epoch,
        epochs=stage.trainings[0].epochs,
        loss_kd=report.loss_kd,
        loss_ce=report.loss_ce,
        validation_accuracy=evaluation.accuracies(student, setting.labels),
        agreement=evaluation.agreements(student, this.teachers_live),
        others={name: _mean(evaluation.accuracies(logits, setting.labels)) for name, logits in others.items()},
        arrows=[
            Arrow(
                source=source,
                target=target,
                kl=losses.kl_divergence(voices[target].double(), voices[source].double(), 1.0).mean().item(),
            )
            for source, target in stage.arrows
            if source in voices and target in voices
        ],
        expense=course.spent,
        seconds=setting.seconds(),
        seconds_left=this.seconds_left(),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _inside(this: Study, method: str, stage: Stage, step: int, steps: int) -> Inside:
    student = look(stage.cohorts[0], this.setting.images[:ALIKE_IMAGES], this.watched)
    return inside(method, step, steps, student, this.teacher_inside)


def _trials(this: Study, course: Course, stage: Stage) -> list[Trial]:
    """What came out for each seed: the test images are looked at here, and nowhere before."""
    students, images = stage.cohorts[0], this.setting.data.test.images
    others = stage.distiller.voices(stage.cohorts, images)
    if stage.together:
        answers = torch.stack([evaluation.logits_of_all(cohort, images) for cohort in stage.together])
        others["ensemble"] = losses.mean_of_teachers(answers, 1.0)
    seeds = this.comparison.seeds
    return [
        trial_of(
            this.setting,
            course.method,
            seed,
            students.networks[number],
            this.teachers_test[number],
            {name: logits[number] for name, logits in others.items()},
            expense=_share(course.spent, len(seeds)),
            teacher=_asked(this, course.method, number),
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


def _asked(this: Study, method: str, number: int) -> Expense | None:
    """What the teachers took that this student's method asked."""
    if method != CONTROL and not METHODS[method].asks_teacher:
        return None
    if this.comparison.alpha == 0 and (method == CONTROL or METHODS[method].family == "offline"):
        return None  # then nobody is asked
    rows = [1] if method == CONTROL else range(METHODS[method].asks)
    expenses = [this.staff[this.teachers_seeds[row][number]].expense for row in rows]
    return Expense(
        seconds=sum(each.seconds for each in expenses),
        images_seen=sum(each.images_seen for each in expenses),
        multiply_adds=sum(each.multiply_adds for each in expenses),
        peak_memory=max(each.peak_memory for each in expenses),
    )
