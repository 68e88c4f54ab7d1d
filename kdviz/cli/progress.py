"""The progress bars of commands that train."""

from __future__ import annotations

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
from kdviz.records.sweep import FinishedStack, Grown
from kdviz.records.sweep_plan import expected

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar


BAR = 1000  # steps of the progress bar


class Bar:
    """The progress bar of a single run, a comparison or a lesson's study."""

    def __init__(self) -> None:
        self._bar: ProgressBar[object] = click.progressbar(
            length=BAR, label="training", show_eta=False, item_show_func=str, file=sys.stderr
        )

    def __enter__(self) -> Bar:
        self._bar.__enter__()
        return self

    def __exit__(self, *problem: Any) -> None:
        self._bar.__exit__(*problem)

    def move(self, share: float, now: str) -> None:
        """To a share of the whole, with what is going on now."""
        self._bar.update(round(share * BAR) - self._bar.pos, now)

    def hear(self, event: Event) -> None:
        """What the training says."""
        if not isinstance(event, Progress | Moment | StudyProgress):
            return
        whole = event.seconds / max(event.seconds + event.seconds_left, 1e-9)
        accuracy: float | None
        if isinstance(event, Progress):
            who, accuracy, speed = (
                str(event.role),
                event.validation_accuracy,
                f"{event.images_per_second:,.0f} images/s, ",
            )
        elif isinstance(event, StudyProgress):
            who, speed = f"{event.arm}, {event.doing},", ""
            accuracy = fmean(event.validation_accuracy) if event.validation_accuracy else None
        else:
            who = event.method if event.stage == "student" else f"{event.method}, {event.stage}"
            accuracy, speed = fmean(event.validation_accuracy), ""
        right = "" if accuracy is None else f"validation {accuracy:.1%}, "
        self.move(whole, f"{who} epoch {event.epoch}/{event.epochs}, {right}{speed}{event.seconds_left:.0f} s left")


class SweepBar(Bar):
    """The progress bar of a sweep: its students, whoever trains them."""

    def __init__(self, recipe: Sweep, finished: Iterable[Part]) -> None:
        super().__init__()
        self._begun = time.monotonic()
        stacks = expected(recipe)
        self._students, self._work = sum(len(stack.cells) for stack in stacks), sum(map(_work, stacks))
        self._shares = {part.stack: 1.0 for part in finished if isinstance(part, FinishedStack)}
        self._before = self._done()

    def hear(self, event: Event) -> None:
        """What a worker says."""
        if isinstance(event, Grown | FinishedStack):
            share = event.step / event.steps if isinstance(event, Grown) else 1.0
            self._shares[event.stack] = max(share, self._shares.get(event.stack, 0.0))
        if isinstance(event, Moment):
            now = (
                f"teacher of {event.stage}, epoch {event.epoch}/{event.epochs}, {fmean(event.validation_accuracy):.1%}"
            )
        elif isinstance(event, Progress):
            now = f"the choice once more, {event.role}, epoch {event.epoch}/{event.epochs}"
        elif isinstance(event, Grown):
            best = max((x for x in event.validation_accuracy if x == x), default=0.0)  # noqa: PLR0124, no number
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
