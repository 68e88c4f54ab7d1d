"""Trainings that take as long as a test wants them to; workers import this by name.

A recipe's `epochs` is the number of ticks, of each method in a comparison; its first seed names the log that the
training leaves in KDVIZ_FAKE_LOGS.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from kdviz.comparison import Comparison
from kdviz.errors import PlainError
from kdviz.kinds import Event
from kdviz.recipe import Recipe
from kdviz.records import (
    Bin,
    Compared,
    Expense,
    Finished,
    Mean,
    Moment,
    Progress,
    Result,
    Scores,
    Summary,
    Trial,
    Verdict,
    Watched,
)

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


def compares(
    comparison: Comparison, clock: Clock = time.perf_counter, finished: Sequence[Finished] = ()
) -> Iterator[Event | Compared | None]:
    """One method after the other, each for as many reports as there are epochs."""
    note(comparison, "begin")
    started = clock()
    done = {each.method: each for each in finished}
    try:
        for method in comparison.methods:
            if method in done:
                note(comparison, f"kept {method}")
            else:
                note(comparison, f"train {method}")
                for step in range(1, comparison.epochs + 1):
                    time.sleep(TICK)
                    yield None
                    yield moment(method, step, comparison.epochs, clock() - started)
                done[method] = part(comparison, method)
            yield done[method]
        yield compared(comparison, [trial for each in done.values() for trial in each.trials], clock() - started)
    finally:
        note(comparison, f"end {time.time()}")


def compares_and_dies_once(
    comparison: Comparison, clock: Clock = time.perf_counter, finished: Sequence[Finished] = ()
) -> Iterator[Event | Compared | None]:
    """Loses its worker as soon as it has said that the second method is done, the first time."""
    first = not log_of(comparison.seeds[0]).exists()
    for event in compares(comparison, clock, finished):
        yield event
        if first and isinstance(event, Finished) and event.method == comparison.methods[1]:
            os.kill(os.getpid(), signal.SIGKILL)


def compares_and_dies(
    comparison: Comparison, clock: Clock = time.perf_counter, finished: Sequence[Finished] = ()
) -> Iterator[Event | Compared | None]:
    """Loses its worker in the middle of the third method, every time."""
    for event in compares(comparison, clock, finished):
        yield event
        if isinstance(event, Moment) and event.method == comparison.methods[2]:
            os.kill(os.getpid(), signal.SIGKILL)


def compares_and_dies_at_once(
    comparison: Comparison, clock: Clock = time.perf_counter, finished: Sequence[Finished] = ()
) -> Iterator[Event | Compared | None]:
    """Loses its worker after the first method, and again before it says anything."""
    for event in [] if log_of(comparison.seeds[0]).exists() else compares(comparison, clock, finished):
        yield event
        if isinstance(event, Finished):
            time.sleep(0.1)  # it shall have arrived
            break
    os.kill(os.getpid(), signal.SIGKILL)


def compares_until_stopped_once(
    comparison: Comparison, clock: Clock = time.perf_counter, finished: Sequence[Finished] = ()
) -> Iterator[Event | Compared | None]:
    """Somebody presses Ctrl-C in the middle of the second method, the first time."""
    first = not log_of(comparison.seeds[0]).exists()
    for event in compares(comparison, clock, finished):
        yield event
        if first and isinstance(event, Moment) and event.method == comparison.methods[1]:
            raise KeyboardInterrupt


def double(number: int) -> int:
    if number < 0:
        raise PlainError("Only what is not negative is doubled.")
    return 2 * number


def log_of(seed: int) -> Path:
    return Path(os.environ["KDVIZ_FAKE_LOGS"]) / str(seed)


def note(recipe: Recipe | Comparison, line: str) -> None:
    with log_of(recipe.seeds[0] if isinstance(recipe, Comparison) else recipe.seed).open("a") as log:
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


COST = Expense(seconds=2.0, images_seen=1000, multiply_adds=1e9, peak_memory=1_000_000)


def moment(method: str, step: int, steps: int, seconds: float, seeds: int = 1) -> Moment:
    return Moment(
        method=method,
        stage="student",
        stage_number=1,
        stages=1,
        step=step,
        steps=steps,
        epoch=1,
        epochs=1,
        loss_kd=[0.1] * seeds,
        loss_ce=[0.1] * seeds,
        validation_accuracy=[0.9] * seeds,
        agreement=[0.9] * seeds,
        others={},
        arrows=[],
        expense=COST,
        seconds=seconds,
        seconds_left=1.0,
    )


def trial(method: str, seed: int, accuracy: float = 0.9) -> Trial:
    return Trial(
        method=method,
        seed=seed,
        validation_accuracy=0.9,
        test_accuracy=accuracy,
        test_errors=round(100 * (1 - accuracy)),
        test_images=100,
        nll=0.1,
        ece=0.01,
        agreement=0.95,
        fidelity_kl=0.05,
        reliability=[Bin(count=100, confidence=0.9, accuracy=accuracy)],
        others={"peer 2": 0.8} if method == "mutual" else {},
        expense=COST,
        teacher=COST if method == "offline" else None,
    )


def part(comparison: Comparison, method: str) -> Finished:
    return Finished(method=method, trials=[trial(method, seed) for seed in comparison.seeds])


def compared(comparison: Comparison, trials: list[Trial], seconds: float) -> Compared:
    """Methods other than plain are better by 0.02 in everything, if there are several seeds."""
    several = len(comparison.seeds) > 1
    measures = ("test_accuracy", "nll", "ece", "agreement", "fidelity_kl")
    mean = Mean(mean=0.92, low=0.91 if several else None, high=0.93 if several else None)
    word = "better" if several else "no verdict"
    verdict = Verdict(word=word, difference=0.02, low=0.01 if several else None, high=0.03 if several else None)
    summaries = [
        Summary(
            method=method,
            seeds=len(comparison.seeds),
            means=dict.fromkeys(measures, mean),
            verdicts={} if method == "plain" else dict.fromkeys(measures, verdict),
            expense=COST,
            expense_with_teacher=COST.model_copy(update={"seconds": 7.0}) if method == "offline" else COST,
        )
        for method in comparison.methods
    ]
    return Compared(
        run_id=comparison.id,
        recipe=comparison,
        teachers=[trial("teacher", seed) for seed in comparison.seeds],
        trials=trials,
        controls=[trial("independent", seed) for seed in comparison.seeds] if "offline" in comparison.methods else [],
        summaries=summaries,
        device="cpu",
        threads=1,
        torch="none",
        seconds=seconds,
    )
