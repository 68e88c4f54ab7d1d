"""Trainings that take as long as a test wants them to; workers import this by name.

A recipe's `epochs` is the number of ticks, `seed` names the log that the training leaves in KDVIZ_FAKE_LOGS.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from kdviz.errors import PlainError
from kdviz.recipe import Recipe
from kdviz.records import Progress, Result, Scores, Watched

TICK = 0.02
Clock = Callable[[], float]


def steady(recipe: Recipe, clock: Clock = time.perf_counter) -> Iterator[Watched | Progress | Result | None]:
    """Ticks and reports; `images_per_second` of a report is the moment it was made."""
    note(recipe, "begin")
    started = clock()
    try:
        yield Watched(
            indices=[0], labels=[7], images=[[0] * 784], teacher_logits=[[0.0]], teacher_validation_accuracy=0.9
        )
        for step in range(1, recipe.epochs + 1):
            time.sleep(TICK)
            note(recipe, "tick")
            yield None
            yield progress(step, recipe.epochs, clock() - started)
        yield result(recipe, clock() - started)
    finally:
        note(recipe, f"end {time.time()}")


def dies_once(recipe: Recipe, clock: Clock = time.perf_counter) -> Iterator[Watched | Progress | Result | None]:
    """Loses its worker after three reports, the first time."""
    first = not log_of(recipe.seed).exists()
    for number, event in enumerate(steady(recipe, clock)):
        if first and number == 7:
            time.sleep(0.3)  # the reports shall be seen to be dropped, so they have to arrive
            os.kill(os.getpid(), signal.SIGKILL)
        yield event


def dies(recipe: Recipe, clock: Clock = time.perf_counter) -> Iterator[Watched | Progress | Result | None]:
    """Loses its worker every time."""
    note(recipe, "begin")
    yield progress(1, 1, clock())
    os.kill(os.getpid(), signal.SIGKILL)


def stumbles_once(recipe: Recipe, clock: Clock = time.perf_counter) -> Iterator[Watched | Progress | Result | None]:
    """A bug that shows only once."""
    if not log_of(recipe.seed).exists():
        note(recipe, "begin")
        raise ZeroDivisionError("first time")
    yield from steady(recipe, clock)


def stumbles(recipe: Recipe, clock: Clock = time.perf_counter) -> Iterator[Watched | Progress | Result | None]:
    """A bug that always shows."""
    note(recipe, "begin")
    yield progress(1, 1, clock())
    raise ZeroDivisionError("every time")


def refuses(recipe: Recipe, clock: Clock = time.perf_counter) -> Iterator[Watched | Progress | Result | None]:
    """An error whose message is for people."""
    note(recipe, "begin")
    yield progress(1, 1, clock())
    raise PlainError("The file train-images is truncated.")


def double(number: int) -> int:
    if number < 0:
        raise PlainError("Only what is not negative is doubled.")
    return 2 * number


def log_of(seed: int) -> Path:
    return Path(os.environ["KDVIZ_FAKE_LOGS"]) / str(seed)


def note(recipe: Recipe, line: str) -> None:
    with log_of(recipe.seed).open("a") as log:
        log.write(line + "\n")


def progress(step: int, steps: int, seconds: float) -> Progress:
    return Progress(
        role="distilled",
        step=step,
        steps=steps,
        epoch=1,
        epochs=1,
        loss_kd=1 / step,
        loss_ce=0.1,
        gradient_share_kd=0.5,
        training_accuracy=0.9,
        validation_accuracy=0.9,
        agreement=0.9,
        images_per_second=time.time(),
        seconds=seconds,
        seconds_left=0.0,
        watched_logits=[[0.0]],
    )


def result(recipe: Recipe, seconds: float) -> Result:
    scores = Scores(
        architecture="784-128-10",
        parameters=1,
        multiply_adds=1,
        bytes=4,
        validation_accuracy=0.9,
        test_accuracy=0.9,
        test_errors=1,
        test_images=10,
        nll=0.1,
        ece=0.01,
        agreement=None,
        fidelity_kl=None,
        seconds=seconds,
        images_per_second=1.0,
        images_seen=1,
    )
    return Result(
        run_id=recipe.id,
        recipe=recipe,
        teacher=scores,
        distilled=scores,
        plain=scores,
        device="cpu",
        threads=1,
        torch="none",
        seconds=seconds,
    )
