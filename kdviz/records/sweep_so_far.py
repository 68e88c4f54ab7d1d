"""What is known of a sweep's students while it runs: how far each one is, and its figures so far. Torch-free."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal, get_args

from kdviz.recipes.sweep import Cell, Stack, Sweep
from kdviz.records.base import Watched
from kdviz.records.kinds import Event
from kdviz.records.sweep import CellTrial, FinishedStack, StackProgress
from kdviz.records.sweep_plan import survivors

SweepMeasure = Literal["validation_accuracy", "agreement", "nll", "ece"]
MEASURES: tuple[SweepMeasure, ...] = get_args(SweepMeasure)
SHARES: tuple[SweepMeasure, ...] = ("validation_accuracy", "agreement")  # more is better; of the others, less

SeedAndFold = tuple[int, int | None]  # the seed, and the fold that is held out
Figures = Mapping[SweepMeasure, float]
A_REPORT = 0.05  # of a training lies between two reports, at most: figures that far apart are compared


@dataclass(frozen=True)
class Student:
    """A cell's student of one seed and fold: its place in the reports of its stack, and its trial at the end."""

    reports: Sequence[StackProgress]
    at: int
    trial: CellTrial | None

    @property
    def share(self) -> float:
        """How much of its training is done."""
        if self.trial is not None:
            return 1.0
        return self.reports[-1].step / max(1, self.reports[-1].steps) if self.reports else 0.0

    @property
    def diverged(self) -> bool:
        """Whether its weights are no numbers any more."""
        if self.trial is not None:
            return self.trial.diverged
        return bool(self.reports) and not math.isfinite(self.reports[-1].nll[self.at])

    @property
    def figures(self) -> Figures:
        """Its trial's, or the last that were reported; none of a student that diverged."""
        if self.diverged:
            return {}
        if self.trial is not None:
            return {measure: float(getattr(self.trial, measure)) for measure in MEASURES}
        return self._reported(self.reports[-1]) if self.reports else {}

    def figures_as_far_as(self, other: Student) -> Figures:
        """Its own when it was as far as the other: both done, or both in the middle. None where it was not there."""
        if self.diverged or (other.trial is not None and self.trial is None):
            return {}
        if other.trial is not None:
            return self.figures
        report = self.report_at(other.share)
        return {} if report is None else self._reported(report)

    def report_at(self, share: float) -> StackProgress | None:
        """The last report that is not after this share of the training; None where it has not come so far."""
        known = [report for report in self.reports if report.step <= share * report.steps + 1e-6]
        return known[-1] if known and self.share > share - A_REPORT else None

    def _reported(self, report: StackProgress) -> Figures:
        return {measure: float(getattr(report, measure)[self.at]) for measure in MEASURES}


@dataclass(frozen=True)
class SweepSoFar:
    """Students by cell and epochs, and the images that were watched, by seed and fold."""

    students: Mapping[tuple[Cell, int], Mapping[SeedAndFold, Student]]
    watched: Mapping[SeedAndFold, Watched]
    finished: Sequence[FinishedStack]
    growing: Sequence[StackProgress]  # the last report of each stack that is not done
    longest: Mapping[Cell, int]  # the most epochs for which a cell is trained so far
    at_once: int  # stacks that were seen to train side by side: on one machine 1


def gather(events: Iterable[Event], trials: Iterable[CellTrial] = ()) -> SweepSoFar:
    """Sort the events of a sweep by student. Of a stack that was begun twice the last reports count.

    `trials` are those of the result, which stand in where a stack's own event is missing.
    """
    reports: dict[object, list[StackProgress]] = {}
    finished: dict[object, FinishedStack] = {}
    stacks: dict[object, Stack] = {}
    begun, at_once = set[object](), 0
    for event in events:
        if not isinstance(event, StackProgress | FinishedStack):
            continue
        name = _name(event.stack)
        stacks[name] = event.stack
        if isinstance(event, StackProgress):
            known = reports.setdefault(name, [])
            while known and known[-1].step >= event.step:
                known.pop()
            known.append(event)
            begun.add(name)
            at_once = max(at_once, len(begun))
        else:
            finished[name] = event
            begun.discard(name)
            if event.moments:
                reports[name] = list(event.moments)
    students: dict[tuple[Cell, int], dict[SeedAndFold, Student]] = {}
    for name, stack in stacks.items():
        part = finished.get(name)
        for at, cell in enumerate(stack.cells):
            student = Student(reports.get(name, []), at, part.trials[at] if part is not None else None)
            students.setdefault((cell, stack.epochs), {})[stack.seed, stack.fold] = student
    for trial in trials:
        of_cell = students.setdefault((trial.cell, trial.epochs), {})
        before = of_cell.get((trial.seed, trial.fold), Student([], 0, None))
        of_cell[trial.seed, trial.fold] = Student(before.reports, before.at, trial)
    return SweepSoFar(
        students=students,
        watched={(part.stack.seed, part.stack.fold): part.watched for part in finished.values()},
        finished=list(finished.values()),
        growing=[known[-1] for name, known in reports.items() if name not in finished],
        longest=dict(sorted(students, key=lambda student: student[1])),
        at_once=at_once,
    )


def _name(stack: Stack) -> object:
    """What tells the stacks of a sweep apart; quicker than their hash."""
    return stack.seed, stack.fold, stack.epochs, stack.cells[0]


@dataclass(frozen=True)
class Level:
    """Where a cell stands: all means are over the same students, those that are done, or else those that learn."""

    epochs: int  # of its students; 0 where none has begun
    done: int
    running: int
    diverged: int
    progress: float  # of all its students together, those to come included
    shown: Mapping[SeedAndFold, Student]  # whom the means are over
    means: Figures
    gains: Figures  # against the control's students of the same seeds, just as far

    @property
    def share(self) -> float:
        """How much of their training those have behind them whom the means are over."""
        return fmean(student.share for student in self.shown.values()) if self.shown else 0.0


def level(so_far: SweepSoFar, cell: Cell, students: int) -> Level:
    """What is known of a cell that has so many students, one for each seed and fold."""
    epochs = so_far.longest.get(cell, 0)
    known = so_far.students.get((cell, epochs), {})
    done = {part: student for part, student in known.items() if student.trial is not None}
    shown = {part: student for part, student in (done or known).items() if not student.diverged}
    control = so_far.students.get((cell.plain, epochs), {}) if cell.alpha > 0 else {}
    pairs = [(s.figures, control[part].figures_as_far_as(s)) for part, s in shown.items() if part in control]
    return Level(
        epochs=epochs,
        done=len(done),
        running=len(known) - len(done),
        diverged=sum(student.diverged for student in known.values()),
        progress=sum(student.share for student in known.values()) / max(1, students),
        shown=shown,
        means=_means([student.figures for student in shown.values()]),
        gains=_means([{m: own[m] - other[m] for m in own if m in other} for own, other in pairs]),
    )


def _means(students: Sequence[Figures]) -> Figures:
    """The mean of each measure over the students that have a number for it."""
    values = {m: [own[m] for own in students if math.isfinite(own.get(m, math.nan))] for m in MEASURES}
    return {measure: fmean(numbers) for measure, numbers in values.items() if numbers}


def dropped(sweep: Sweep, so_far: SweepSoFar) -> frozenset[Cell]:
    """The cells that successive halving has left behind so far."""
    students_of_cell = len(sweep.seeds) * (sweep.folds or 1)
    cells = sweep.trained_cells
    for epochs in sweep.rungs[:-1]:
        students = [student for cell in cells for student in so_far.students.get((cell, epochs), {}).values()]
        trials = [student.trial for student in students if student.trial]
        if len(trials) < len(cells) * students_of_cell:
            break
        cells = survivors(cells, trials)
    return frozenset(sweep.trained_cells) - set(cells)
