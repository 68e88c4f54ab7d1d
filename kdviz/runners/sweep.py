"""A sweep: students with temperatures and weights of their own, trained in stacks; then the choice, tested once.

The students of a stack share their batches, their first weights and their teacher. Each of them is the student that
its own recipe would train alone. The test is by teachers, students and controls of other seeds.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import torch
from torch import Tensor

from kdviz.distillers.own_settings import OwnSettings
from kdviz.distillers.plain import Plain
from kdviz.engine import evaluation, models
from kdviz.engine.batches import FixedTeachers
from kdviz.engine.distiller import Distiller
from kdviz.engine.models import Cohort
from kdviz.engine.training import fit
from kdviz.recipes.base import Training
from kdviz.recipes.sweep import TRAINED_ALONE, Stack, Sweep
from kdviz.records.base import TrainedStudent, Watched
from kdviz.records.comparison import Moment
from kdviz.records.kinds import Output
from kdviz.records.single import Result
from kdviz.records.sweep import CellTrial, Choice, FinishedStack, StackProgress, SweepResult
from kdviz.records.sweep_plan import expected, seconds_of, trials_of, waiting
from kdviz.runners import single
from kdviz.runners.session import Clock, Session
from kdviz.runners.teachers import find_or_train
from kdviz.store import teacher_files
from kdviz.store.teacher_files import TeacherFile
from kdviz.verdicts import sweep as sweep_verdicts

LIVE_VALIDATION_IMAGES = 500  # the part of the images held out that the live map shows
WATCHED_IMAGES = 8
REPORTS = 6  # of each epoch of a stack, and at most MOST_REPORTS of all
MOST_REPORTS = 36


@dataclass
class SweepState:
    """What all stacks of a sweep share: the data, and how much is done."""

    sweep: Sweep
    session: Session
    work: float  # still to be done, in multiply-adds of students
    done: float = 0.0
    spent: float = 0.0  # seconds of it, without the teachers'
    before: float = 0.0  # seconds of the stacks that were finished before
    folds: dict[int | None, Session] = field(default_factory=dict)  # by fold; the last one alone

    def held_out(self, fold: int | None) -> Session:
        """The data without a fold; the last ones are kept, as the next stack wants them too."""
        if fold not in self.folds:
            self.folds = {fold: self.session.held_out(fold, self.sweep.folds)}
        return self.folds[fold]

    def seconds_left(self, part: float) -> float:
        """If the rest goes as fast as what is done; `part` is the work of the present stack so far."""
        done = self.done + part
        return max(0.0, self.work - done) * self.spent / done if done else 0.0


def run(
    sweep: Sweep, *, clock: Clock = time.perf_counter, finished: Sequence[FinishedStack] = (), only: Stack | None = None
) -> Iterator[Output | SweepResult | None]:
    """Carry out a sweep. Yields Moment while teachers learn and StackProgress often.

    Then FinishedStack for each stack, and SweepResult last; None in between is a sign of life. `finished` are
    stacks that are done: yielded again and not trained again. With `only`, that one stack is trained and nothing is
    chosen. Raises DataError and TeacherError.
    """
    session = Session.load(sweep.data, LIVE_VALIDATION_IMAGES, clock)
    if only is not None:
        yield from _train_stack(SweepState(sweep, session, work_of(sweep, session, only)), only)
        return
    done = list(finished)
    for part in done:
        yield from part.moments
        yield part
    state = SweepState(sweep, session, work_left(sweep, session, done), before=seconds_of(done))
    while stacks := waiting(sweep, done):
        for stack in stacks:
            for event in _train_stack(state, stack):
                if isinstance(event, FinishedStack):
                    done.append(event)
                yield event
    yield from _choose(state, done)


def run_teacher(
    sweep: Sweep, *, clock: Clock = time.perf_counter, only: Training
) -> Iterator[Moment | TeacherFile | None]:
    """Train the teacher `only`, or find it, and keep it here: once, though several workers' students need it.

    Yields Moment often, TeacherFile last. Raises DataError, TeacherError, TeacherFileError.
    """
    session = Session.load(sweep.data, LIVE_VALIDATION_IMAGES, clock).held_out(only.fold, only.folds)
    try:
        yield from find_or_train({only.seed: only}, session, 0.0)
        yield TeacherFile(teacher_files.path_of(only.id).read_bytes())
    except OSError as error:
        raise teacher_files.not_kept(error) from None


def work_of(sweep: Sweep, session: Session, stack: Stack) -> float:
    """Multiply-adds of a stack's students, only for estimates."""
    return len(stack.cells) * session.work(sweep.training_of_stack(stack))


def work_left(sweep: Sweep, session: Session, finished: Sequence[FinishedStack]) -> float:
    """Multiply-adds of all students that are still to be trained, those of the choice's runs included."""
    work = sum(work_of(sweep, session, stack) for stack in expected(sweep, finished))
    alone = 2 * TRAINED_ALONE * session.work(sweep.recipe_of(sweep.trained_cells[-1], 0).student_training)
    return work + alone * len(sweep.seeds_of_test)


def _train_stack(state: SweepState, stack: Stack) -> Iterator[Output | None]:
    """Train the students of one stack, from the same first weights."""
    sweep, session = state.sweep, state.held_out(stack.fold)
    training, teacher_training = sweep.training_of_stack(stack), sweep.teacher_of_stack(stack)
    teachers = yield from find_or_train({stack.seed: teacher_training}, session, state.work - state.done)
    teacher = teachers[stack.seed].cohort
    begun = session.clock()
    images, labels = session.live.images, session.live.labels
    teacher_live = evaluation.logits_of_all(teacher, images)[0]
    watched = session.watch(teacher.networks[0], WATCHED_IMAGES)
    networks = [models.build(training.model, training.seed).to(session.device) for _ in stack.cells]
    students = models.cohort(training.model, networks)
    distiller: Distiller = Plain()
    advice: FixedTeachers | None = None
    alphas = [cell.alpha for cell in stack.cells]
    if any(alphas):
        distiller = OwnSettings.of([cell.temperature for cell in stack.cells], alphas, session.device)
        question = _Question(teacher_training.id, teacher, session.data.training.images)
        known = teacher_logits_of(question) if training.augmentation == "none" else None
        advice = FixedTeachers([teacher], 1.0, known)
    reports = fit(
        [students],
        session.data.training,
        [training],
        distiller,
        advice,
        reports=min(MOST_REPORTS, REPORTS * stack.epochs),
        clock=session.clock,
    )
    moments: list[StackProgress] = []
    work, spent, seconds = work_of(sweep, state.session, stack), state.spent, 0.0
    for report in reports:
        if report is None:
            yield None
            continue
        state.spent = spent + session.clock() - begun
        logits = evaluation.logits_of_all(students, images)
        moments.append(
            StackProgress(
                stack=stack,
                step=report.step,
                steps=report.steps,
                epoch=report.epoch,
                loss_kd=report.loss_kd,
                loss_ce=report.loss_ce,
                validation_accuracy=evaluation.accuracies(logits, labels),
                nll=[evaluation.nll(student, labels) for student in logits],
                ece=[evaluation.expected_calibration_error(student, labels) for student in logits],
                agreement=[evaluation.agreement(student, teacher_live) for student in logits],
                seconds=session.seconds(),
                seconds_left=state.seconds_left(work * report.part),
            )
        )
        seconds = report.seconds
        yield moments[-1]
    state.done, state.spent = state.done + work, spent + session.clock() - begun
    held_out = session.data.validation
    teacher_logits = evaluation.logits_of_all(teacher, held_out.images)[0]
    yield FinishedStack(
        stack=stack,
        watched=watched,
        teacher_accuracy=evaluation.accuracy(teacher_logits, held_out.labels),
        trials=_trials(session, stack, students, teacher_logits, watched, seconds),
        moments=moments,
    )


@dataclass(frozen=True)
class _Question:
    """A trained teacher and its training images; the id of its training says which these are."""

    training: str
    cohort: Cohort = field(compare=False)
    images: Tensor = field(compare=False)


@lru_cache(maxsize=1)
def teacher_logits_of(question: _Question) -> Tensor:
    """Logits (1, N, classes), kept for the next stack of the seed, which has the same teacher."""
    return evaluation.logits_of_all(question.cohort, question.images)


def _trials(
    session: Session, stack: Stack, students: Cohort, teacher_logits: Tensor, watched: Watched, seconds: float
) -> list[CellTrial]:
    """A trial for each cell, on all images that were held out; `teacher_logits` (N, classes) are of the same."""
    held_out = session.data.validation
    students_logits = evaluation.logits_of_all(students, held_out.images)
    of_watched = evaluation.logits_of_all(students, session.live.images[torch.tensor(watched.indices)])
    trials = []
    for cell, logits, watched_logits in zip(stack.cells, students_logits, of_watched, strict=True):
        errors = int((logits.argmax(dim=-1) != held_out.labels).sum())
        trials.append(
            CellTrial(
                cell=cell,
                seed=stack.seed,
                fold=stack.fold,
                epochs=stack.epochs,
                validation_accuracy=1 - errors / len(held_out),
                validation_errors=errors,
                validation_images=len(held_out),
                nll=evaluation.nll(logits, held_out.labels),
                ece=evaluation.expected_calibration_error(logits, held_out.labels),
                agreement=evaluation.agreement(logits, teacher_logits),
                diverged=not bool(torch.isfinite(logits).all()),
                seconds=seconds / len(stack.cells),
                watched_logits=watched_logits.tolist(),
            )
        )
    return trials


def _choose(state: SweepState, done: Sequence[FinishedStack]) -> Iterator[Output | SweepResult | None]:
    """Choose a cell by the images that were held out; train it with the seeds of the test, and use its images once."""
    sweep = state.sweep
    trials = trials_of(sweep, done)
    summaries = sweep_verdicts.summarise(sweep, trials)
    chosen = sweep_verdicts.choose(sweep, summaries, trials)
    choice: Choice | None = None
    if chosen is not None:
        cell, tied = chosen
        results: list[Result] = []
        for seed in sweep.seeds_of_test:
            for event in single.run(sweep.recipe_of(cell, seed), clock=state.session.clock):
                if isinstance(event, Result):
                    results.append(event)
                elif isinstance(event, TrainedStudent):
                    if event.name == "distilled":  # the control has no place in a sweep's kept students
                        yield event.model_copy(update={"name": f"seed {seed}"})
                elif not isinstance(event, Watched):
                    yield event
        choice = sweep_verdicts.choice_of(sweep, cell, tied, results)
    yield SweepResult(
        run_id=sweep.id,
        recipe=sweep,
        trials=trials,
        summaries=summaries,
        choice=choice,
        **state.session.machine_facts(),
        seconds=state.session.seconds() + state.before,
    )
