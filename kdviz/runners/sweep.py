"""A sweep: students with temperatures and weights of their own, trained in stacks; then the choice, tested once.

The students of a stack share their batches, their first weights and their teacher. Each of them is the student that
its own recipe would train alone.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import torch
from torch import Tensor

from kdviz.distillers.own_settings import OwnSettings
from kdviz.distillers.plain import Plain
from kdviz.engine import evaluation, models
from kdviz.engine.batches import Advice
from kdviz.engine.models import Cohort
from kdviz.engine.training import fit, steps_of
from kdviz.recipes.sweep import Cell, Stack, Sweep
from kdviz.records.base import Learnt, Watched
from kdviz.records.comparison import Moment
from kdviz.records.kinds import Said
from kdviz.records.single import Result
from kdviz.records.sweep import CellTrial, Choice, FinishedStack, Grown, Swept
from kdviz.records.sweep_plan import expected, seconds_of, trials_of, waiting
from kdviz.runners import single
from kdviz.runners.session import Clock, Setting
from kdviz.runners.teachers import Teacher, assemble
from kdviz.verdicts import sweep as sweep_verdicts

LIVE_VALIDATION_IMAGES = 500  # the part of the images held out that the live map shows
WATCHED_IMAGES = 8
REPORTS = 6  # of each epoch of a stack, and at most MOST_REPORTS of all
MOST_REPORTS = 36
# How long a student takes on its own, as the choice's runs do, in students of a stack.
ALONE = 2.5


@dataclass
class Study:
    """What all stacks of a sweep share."""

    sweep: Sweep
    setting: Setting
    work: float  # still to be done, in multiply-adds of students
    done: float = 0.0
    spent: float = 0.0  # seconds of it, without the teachers'
    before: float = 0.0  # seconds of the stacks that were finished before
    folds: dict[int | None, Setting] = field(default_factory=dict)  # the last one

    def held_out(self, fold: int | None) -> Setting:
        """The data without a fold; the last ones are kept, as the next stack wants them too."""
        if fold not in self.folds:
            self.folds = {fold: self.setting.held_out(fold, self.sweep.folds)}
        return self.folds[fold]

    def seconds_left(self, part: float) -> float:
        """If the rest goes as fast as what is done; `part` is the work of the present stack so far."""
        done = self.done + part
        return max(0.0, self.work - done) * self.spent / done if done else 0.0


def run(
    sweep: Sweep, *, clock: Clock = time.perf_counter, finished: Sequence[FinishedStack] = (), only: Stack | None = None
) -> Iterator[Said | Swept | None]:
    """Carry out a sweep. Yields Moment while teachers learn, Grown often, FinishedStack for each stack, Swept last.

    None in between is a sign of life. `finished` are stacks that are done: they are said again and not trained again.
    With `only`, that one stack is trained and nothing is chosen. Raises DataError and TeacherError.
    """
    setting = Setting.of(sweep.data, LIVE_VALIDATION_IMAGES, clock)
    if only is not None:
        yield from _stack(Study(sweep, setting, work_of(sweep, setting, only)), only)
        return
    done = list(finished)
    for part in done:
        yield from part.moments
        yield part
    this = Study(sweep, setting, whole_work(sweep, setting, done), before=seconds_of(done))
    while stacks := waiting(sweep, done):
        for stack in stacks:
            for event in _stack(this, stack):
                if isinstance(event, FinishedStack):
                    done.append(event)
                yield event
    yield from _concluded(this, done)


def work_of(sweep: Sweep, setting: Setting, stack: Stack) -> float:
    """Multiply-adds of a stack's students, only for estimates."""
    return len(stack.cells) * setting.work(sweep.training_of_stack(stack))


def whole_work(sweep: Sweep, setting: Setting, finished: Sequence[FinishedStack]) -> float:
    """Multiply-adds of all that is still to be trained, the choice's runs included; teachers are apart."""
    work = sum(work_of(sweep, setting, stack) for stack in expected(sweep, finished))
    alone = 2 * ALONE * setting.work(sweep.recipe_of(sweep.trained_cells[-1], 0).student_training)
    return work + alone * len(sweep.seeds)


def _stack(this: Study, stack: Stack) -> Iterator[Said | None]:
    """Train the students of one stack, from the same first weights."""
    sweep, setting = this.sweep, this.held_out(stack.fold)
    training = sweep.training_of_stack(stack)
    teacher = yield from _teacher(this, setting, stack)
    begun = setting.clock()
    images, labels = setting.images, setting.labels
    teacher_live = evaluation.logits_of_all(teacher.cohort, images)[0]
    watched = setting.watch(teacher.cohort.networks[0], WATCHED_IMAGES)
    networks = [models.build(training.model, training.seed).to(setting.device) for _ in stack.cells]
    students = models.cohort(training.model, networks)
    taught = any(cell.alpha > 0 for cell in stack.cells)
    distiller = OwnSettings.of(
        [cell.temperature for cell in stack.cells], [cell.alpha for cell in stack.cells], setting.device
    )
    steps = steps_of(training, len(setting.data.training))
    reports = fit(
        [students],
        setting.data.training,
        [training],
        distiller if taught else Plain(),
        _advice(this, setting, stack, teacher) if taught else None,
        reports=min(MOST_REPORTS, REPORTS * stack.epochs),
        clock=setting.clock,
    )
    moments: list[Grown] = []
    work, spent, seconds = work_of(sweep, this.setting, stack), this.spent, 0.0
    for report in reports:
        if report is None:
            yield None
            continue
        this.spent = spent + setting.clock() - begun
        answers = evaluation.logits_of_all(students, images)
        moments.append(
            Grown(
                stack=stack,
                step=report.step,
                steps=steps,
                epoch=report.epoch,
                loss_kd=report.loss_kd,
                loss_ce=report.loss_ce,
                validation_accuracy=evaluation.accuracies(answers, labels),
                nll=[evaluation.nll(each, labels) for each in answers],
                ece=[evaluation.expected_calibration_error(each, labels) for each in answers],
                agreement=[evaluation.agreement(each, teacher_live) for each in answers],
                seconds=setting.seconds(),
                seconds_left=this.seconds_left(work * report.step / steps),
            )
        )
        seconds = report.seconds
        yield moments[-1]
    this.done, this.spent = this.done + work, spent + setting.clock() - begun
    teachers_answer = evaluation.logits_of_all(teacher.cohort, setting.data.validation.images)[0]
    yield FinishedStack(
        stack=stack,
        watched=watched,
        teacher_accuracy=evaluation.accuracy(teachers_answer, setting.data.validation.labels),
        trials=_trials(setting, stack, students, teachers_answer, watched, seconds),
        moments=moments,
    )


def _teacher(this: Study, setting: Setting, stack: Stack) -> Generator[Moment | None, None, Teacher]:
    """The teacher of the stack's seed, the one that a single run would have; with folds, of the same images."""
    training = this.sweep.teacher_of_stack(stack)
    staff = yield from assemble({stack.seed: training}, setting, this.work - this.done)
    return staff[stack.seed]


def _advice(this: Study, setting: Setting, stack: Stack, teacher: Teacher) -> Advice:
    """What the teacher says of the training images; it is asked once for all stacks of a seed."""
    training = this.sweep.training_of_stack(stack)
    if training.augmentation != "none":
        return Advice([teacher.cohort], 1.0)
    question = _Question(this.sweep.teacher_of_stack(stack).id, teacher.cohort, setting.data.training.images)
    return Advice([teacher.cohort], 1.0, answers(question))


@dataclass(frozen=True)
class _Question:
    """A trained teacher and its training images; its training says which these are."""

    training: str
    cohort: Cohort = field(compare=False)
    images: Tensor = field(compare=False)


@lru_cache(maxsize=1)
def answers(question: _Question) -> Tensor:
    """Logits (1, N, classes), kept for the next stack of the seed, which asks the same."""
    return evaluation.logits_of_all(question.cohort, question.images)


def _trials(
    setting: Setting, stack: Stack, students: Cohort, teachers_answer: Tensor, watched: Watched, seconds: float
) -> list[CellTrial]:
    """What came out for each cell, on all images that were held out."""
    held_out = setting.data.validation
    answers = evaluation.logits_of_all(students, held_out.images)
    of_watched = evaluation.logits_of_all(students, setting.images[torch.tensor(watched.indices)])
    found = []
    for number, cell in enumerate(stack.cells):
        said = answers[number]
        errors = int((said.argmax(dim=-1) != held_out.labels).sum())
        found.append(
            CellTrial(
                cell=cell,
                seed=stack.seed,
                fold=stack.fold,
                epochs=stack.epochs,
                validation_accuracy=1 - errors / len(held_out),
                validation_errors=errors,
                validation_images=len(held_out),
                nll=evaluation.nll(said, held_out.labels),
                ece=evaluation.expected_calibration_error(said, held_out.labels),
                agreement=evaluation.agreement(said, teachers_answer),
                diverged=not bool(torch.isfinite(said).all()),
                seconds=seconds / len(stack.cells),
                watched_logits=of_watched[number].tolist(),
            )
        )
    return found


def _concluded(this: Study, done: Sequence[FinishedStack]) -> Iterator[Said | Swept | None]:
    """Choose a cell by the images that were held out; train it once more, alone, and look at the test images once."""
    sweep = this.sweep
    trials = trials_of(sweep, done)
    summaries = sweep_verdicts.summarise(sweep, trials)
    chosen = sweep_verdicts.choose(sweep, summaries, trials)
    choice: Choice | None = None
    if chosen is not None:
        cell, tied = chosen
        results: list[Result] = []
        for seed in sweep.seeds:
            result = yield from _alone(this, cell, seed)
            results.append(result)
        choice = sweep_verdicts.choice_of(sweep, cell, tied, results)
    yield Swept(
        run_id=sweep.id,
        recipe=sweep,
        trials=trials,
        summaries=summaries,
        choice=choice,
        device=this.setting.device_name,
        threads=torch.get_num_threads(),
        torch=torch.__version__,
        seconds=this.setting.seconds() + this.before,
    )


def _alone(this: Study, cell: Cell, seed: int) -> Generator[Said | None, None, Result]:
    """The single run of the choice with one seed, whose student is kept."""
    for event in single.run(this.sweep.recipe_of(cell, seed), clock=this.setting.clock):
        if isinstance(event, Result):
            return event
        if isinstance(event, Learnt):
            yield event.model_copy(update={"name": f"seed {seed}"})
        elif not isinstance(event, Watched):
            yield event
    raise AssertionError("every run ends with a result")
