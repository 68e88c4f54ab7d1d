"""How much of a sweep is done, and how long all of the rest will take, by what its parts have said so far.

A worker says of a teacher, of a stack of students or of a run of the choice only how long that one takes; the times
here are of the whole sweep.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from statistics import fmean

from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.recipes.sweep import TRAINED_ALONE, Stack, Sweep
from kdviz.records.comparison import Moment
from kdviz.records.kinds import Event
from kdviz.records.single import Progress
from kdviz.records.sweep import StackProgress
from kdviz.records.sweep_plan import expected
from kdviz.records.sweep_so_far import SweepSoFar, gather
from kdviz.store import teacher_files
from kdviz.widgets.run_status import Position

STACKED = 1.5  # how long a stacked student's multiply-add takes, in a teacher's: as long as no stack is known


@dataclass(frozen=True)
class Plan:
    """How many stacks a sweep trains, and how much work they are: students times epochs.

    Where students differ in size, in epochs of the first one.
    """

    stacks: int
    work: float
    choice: float  # the work of its runs
    teacher: float  # the work of one teacher
    teachers: frozenset[str]  # ids of the trainings of all teachers, the choice's included

    @classmethod
    @lru_cache(maxsize=32)
    def of(cls, sweep: Sweep) -> Plan:
        """Of successive halving too: who survives a rung is not known before, but how many do."""
        stacks = expected(sweep)
        rate = sweep.trained_cells[-1].learning_rate  # any cell may be chosen
        taught = [sweep.teacher_training(seed, None, rate) for seed in sweep.seeds_of_test]
        taught += map(sweep.teacher_of_stack, stacks)
        alone = 2 * TRAINED_ALONE * sweep.epochs * _size(sweep, sweep.trained_cells[-1].student)
        return cls(
            stacks=len(stacks),
            work=sum(work_of(sweep, stack) for stack in stacks),
            choice=alone * len(sweep.seeds_of_test),
            teacher=sweep.epochs_of_teacher * _size(sweep, sweep.teacher) / STACKED,
            teachers=frozenset(training.id for training in taught),
        )


def _size(sweep: Sweep, model: str) -> float:
    return ARCHITECTURES[model].multiply_adds / ARCHITECTURES[sweep.trained_cells[0].student].multiply_adds


def work_of(sweep: Sweep, stack: Stack) -> float:
    """The work of a stack, as a `Plan` counts it."""
    return len(stack.cells) * stack.epochs * _size(sweep, stack.cells[0].student)


def times(sweep: Sweep, events: Sequence[Event], heard: SweepSoFar | None = None) -> Position | None:
    """How far the whole sweep is, without a text; None as long as nothing of it has been heard."""
    heard = gather(events) if heard is None else heard
    last = next((event for event in reversed(events) if isinstance(event, Moment | StackProgress | Progress)), None)
    if last is None:
        return None
    plan = Plan.of(sweep)
    moments = [event for event in events if isinstance(event, Moment)]
    taught, to_come = _teachers(sweep, plan, heard, moments)
    if isinstance(last, Progress):
        left, share = _of_choice(sweep, [event for event in events if isinstance(event, Progress)])
        behind = plan.work + taught * plan.teacher
        return _position((behind + share * plan.choice) / (behind + plan.choice), left)
    done = sum(work_of(sweep, part.stack) for part in heard.finished)
    done += sum(work_of(sweep, grown.stack) * grown.step / grown.steps for grown in heard.growing)
    of_teacher = _seconds_of_teacher(moments)
    pace = _pace(sweep, heard, None if of_teacher is None else of_teacher / plan.teacher)
    teacher = plan.teacher * pace if of_teacher is None else of_teacher
    rest = max(0.0, plan.work - done)
    behind, ahead = done + taught * plan.teacher, rest + plan.choice + to_come * plan.teacher
    left = (rest * pace + to_come * teacher) / max(1, heard.at_once) + plan.choice * pace
    return _position(behind / (behind + ahead), left)


def _position(share: float, left: float) -> Position:
    """The share of the work that is done and the seconds left, with the seconds behind that show this share."""
    return Position("", left * share / (1 - share) if share < 1 else left, left)


def _pace(sweep: Sweep, heard: SweepSoFar, otherwise: float | None) -> float:
    """Seconds of a stack's work: of stacks that are done, and of those that learn once they have told enough."""
    known = [(_seconds(part.moments, part.trials), part.stack) for part in heard.finished]
    for grown in heard.growing:
        reports = heard.students[grown.stack.cells[0], grown.stack.epochs][grown.stack.seed, grown.stack.fold].reports
        if len(reports) > 1:  # the first has the teacher's answers in it
            slope = (grown.seconds - reports[0].seconds) / (grown.step - reports[0].step)
            known.append((grown.seconds + slope * (grown.steps - grown.step), grown.stack))
    if not known and otherwise is not None:
        return otherwise
    if not known:
        known = [(grown.seconds * grown.steps / grown.step, grown.stack) for grown in heard.growing]
    return sum(seconds for seconds, _ in known) / sum(work_of(sweep, stack) for _, stack in known)


def _seconds(moments: Sequence[StackProgress], trials: Iterable[object]) -> float:
    """Of a stack with all that comes before its first update; where that is not known, of the training alone."""
    return moments[-1].seconds if moments else sum(getattr(trial, "seconds", 0.0) for trial in trials)


def _teachers(sweep: Sweep, plan: Plan, heard: SweepSoFar, moments: Sequence[Moment]) -> tuple[float, float]:
    """How many were trained for this sweep, and how many are to come; one that learns is some of each."""
    stacks = [part.stack for part in heard.finished] + [grown.stack for grown in heard.growing]
    alike = {(stack.seed, stack.fold, stack.cells[0].learning_rate): stack for stack in stacks}
    there = {sweep.teacher_of_stack(stack).id for stack in alike.values()}
    there |= {training for training in plan.teachers if teacher_files.path_of(training).exists()}
    ready = sum(moment.step == moment.steps for moment in moments)
    newest = {moment.stage: moment for moment in moments}
    learning = sum(moment.step / moment.steps for moment in newest.values() if moment.step < moment.steps)
    return ready + learning, max(0.0, len(plan.teachers) - max(len(there), ready) - learning)


def _seconds_of_teacher(moments: Sequence[Moment]) -> float | None:
    """How long a teacher learns, without what comes before its first update once that is known."""
    reports: dict[str, list[Moment]] = {}
    for moment in moments:
        known = reports.setdefault(moment.stage, [])
        if known and known[-1].step >= moment.step:
            known.clear()  # another one, or the same once more
        known.append(moment)
    return fmean(map(_seconds_by, reports.values())) if reports else None


def _seconds_by(reports: Sequence[Moment]) -> float:
    first, last = reports[0], reports[-1]
    if first is last:
        return last.seconds * last.steps / last.step
    return (last.seconds - first.seconds) / (last.step - first.step) * last.steps


def run_of_choice(sweep: Sweep, progress: Sequence[Progress]) -> int:
    """Which of the choice's runs trains, from 1: one seed comes after the other, each tells its own seconds."""
    done = sum(after.seconds < before.seconds for before, after in pairwise(progress))
    return min(len(sweep.seeds_of_test), 1 + done)


def _of_choice(sweep: Sweep, progress: Sequence[Progress]) -> tuple[float, float]:
    """Seconds left of the choice's runs, and how much of them is done."""
    last, seeds = progress[-1], len(sweep.seeds_of_test)
    whole = last.seconds + last.seconds_left
    left = last.seconds_left + (seeds - run_of_choice(sweep, progress)) * whole
    return left, 1 - left / max(seeds * whole, 1e-9)
