"""The progress bars of commands that train."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterable
from statistics import fmean
from typing import TYPE_CHECKING, Any

import click

from kdviz.recipes.sweep import Stack, Sweep
from kdviz.records.comparison import Moment
from kdviz.records.kinds import Event, Part
from kdviz.records.single import Progress
from kdviz.records.study import StudyProgress
from kdviz.records.sweep import FinishedStack, StackProgress
from kdviz.records.sweep_plan import expected
from kdviz.reports import phrases

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar


STEPS = 1000  # of the progress bar


class TrainingBar:
    """The progress bar of a single run, a comparison or a lesson's study."""

    def __init__(self) -> None:
        self._bar: ProgressBar[object] = click.progressbar(
            length=STEPS, label="training", show_eta=False, item_show_func=str, file=sys.stderr
        )

    def __enter__(self) -> TrainingBar:
        self._bar.__enter__()
        return self

    def __exit__(self, *problem: Any) -> None:
        self._bar.__exit__(*problem)

    def move(self, share: float, text: str) -> None:
        """To a share of the whole, with a text about what is going on now."""
        self._bar.update(round(share * STEPS) - self._bar.pos, text)

    def show(self, event: Event) -> None:
        """How far the training is, if the event says so."""
        speed, accuracies = "", list[float]()
        if isinstance(event, Progress):
            learner, accuracies = str(event.role), [event.validation_accuracy]
            speed = f"{event.images_per_second:,.0f} images/s"
        elif isinstance(event, StudyProgress):
            learner, accuracies = f"{event.arm}, {event.doing},", event.validation_accuracy
        elif isinstance(event, Moment):
            learner = event.method if event.stage == "student" else f"{event.method}, {event.stage}"
            accuracies = event.validation_accuracy
        else:
            return
        accuracy = f"validation {fmean(accuracies):.1%}" if accuracies else ""
        left = phrases.time_left(event.seconds, event.seconds_left)
        parts = f"{learner} epoch {event.epoch}/{event.epochs}", accuracy, speed, left
        self.move(event.seconds / max(event.seconds + event.seconds_left, 1e-9), ", ".join(filter(None, parts)))


class SweepBar(TrainingBar):
    """The progress bar of a sweep: its students, whichever process trains them."""

    def __init__(self, recipe: Sweep, finished: Iterable[Part]) -> None:
        super().__init__()
        self._begun = time.monotonic()
        stacks = expected(recipe)
        self._students, self._work = sum(len(stack.cells) for stack in stacks), sum(map(_work, stacks))
        self._shares = {part.stack: 1.0 for part in finished if isinstance(part, FinishedStack)}
        self._before = self._done()

    def show(self, event: Event) -> None:
        """How many students are trained, and what is going on now."""
        if isinstance(event, StackProgress | FinishedStack):
            share = event.step / event.steps if isinstance(event, StackProgress) else 1.0
            self._shares[event.stack] = max(share, self._shares.get(event.stack, 0.0))
        if isinstance(event, Moment):
            accuracy = f"{fmean(event.validation_accuracy):.1%}"
            now = f"teacher of {event.stage}, epoch {event.epoch}/{event.epochs}, {accuracy}"
        elif isinstance(event, Progress):
            now = f"the test of the choice, {event.role}, epoch {event.epoch}/{event.epochs}"
        elif isinstance(event, StackProgress):
            best = max(filter(math.isfinite, event.validation_accuracy), default=0.0)
            now = f"seed {event.stack.seed}, epoch {event.epoch}/{event.stack.epochs}, best {best:.1%}{self._left()}"
        else:
            return
        students = sum(len(stack.cells) for stack, share in self._shares.items() if share == 1)
        self.move(self._done(), f"{students:,} of {self._students:,} students, {now}")

    def _done(self) -> float:
        """The share of all students' epochs that are trained."""
        return sum(share * _work(stack) for stack, share in self._shares.items()) / self._work

    def _left(self) -> str:
        done = self._done()
        if done <= self._before:
            return ""
        seconds = (time.monotonic() - self._begun) * (1 - done) / (done - self._before)
        return f", {seconds:.0f} s left"


def _work(stack: Stack) -> int:
    return len(stack.cells) * stack.epochs
