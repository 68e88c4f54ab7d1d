"""Lessons' studies that take as long as a test wants them to; workers import them by name.

Figures are those of dice: an arm that is judged against another is better by 0.02.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence

from kdviz.recipes.study import Study
from kdviz.recipes.study_facts.facts import Measure
from kdviz.records.study import Curve, FinishedArm, Row, StudyProgress, StudyResult
from tests.samples.fake_training import TICK, log_of

Clock = Callable[[], float]
IMAGES = 1000
FEW = Study.of("few-labels", "digits", seeds=(3, 4), arms="all-20,own-20")  # and labels-20, which they are judged by


def figure(study: Study, arm: str, seed: int, measure: Measure) -> float:
    """Deterministic, and like a figure of its kind."""
    against = next(each.against for each in study.chosen if each.name == arm)
    dice = random.Random(f"{seed} {measure.name}").uniform(-0.002, 0.002) + random.Random(arm).uniform(-1e-4, 1e-4)
    share = 0.9 + dice + (0.02 if against else 0.0)
    if measure.kind == "share":
        return round(share * IMAGES) / IMAGES
    return float(round((1 - share) * IMAGES)) if measure.kind == "count" else 2 * (1 - share)


def finished_arm(study: Study, arm: str) -> FinishedArm:
    """An arm with a row for each seed, and one curve."""
    rows = [
        Row(
            arm=arm,
            seed=seed,
            figures={
                "test_images": float(IMAGES),
                "test_errors": 100.0,
                **{each.name: figure(study, arm, seed, each) for each in study.facts.measures},
            },
        )
        for seed in study.seeds
    ]
    curve = Curve(name="accuracy over bias", seed=None, x=[0.0, 1.0], y=[0.5, 0.6])
    return FinishedArm(arm=arm, rows=rows, curves=[curve], seconds=1.5)


def studied(study: Study, seconds: float = 12.0) -> StudyResult:
    """The end of a study, summed up and judged as real ones are."""
    from kdviz.verdicts.study import judge, summarise  # scipy, which pages do without

    done = [finished_arm(study, arm.name) for arm in study.chosen]
    return StudyResult(
        run_id=study.id,
        recipe=study,
        finished=done,
        summaries=summarise(study, done),
        judgements=judge(study, done),
        device="cpu",
        threads=1,
        torch="none",
        seconds=seconds,
    )


def progress(study: Study, arm: str, step: int, steps: int, seconds: float = 1.0) -> StudyProgress:
    """A report of one arm."""
    return StudyProgress(
        arm=arm,
        doing="students",
        done=step / steps,
        epoch=step,
        epochs=steps,
        validation_accuracy=[0.8 + 0.1 * step / steps] * len(study.seeds),
        seconds=seconds,
        seconds_left=2.0,
    )


def note(study: Study, line: str) -> None:
    with log_of(study.seeds[0]).open("a") as log:
        log.write(line + "\n")


def fake_study(
    study: Study, clock: Clock = time.perf_counter, finished: Sequence[FinishedArm] = (), steps: int = 3
) -> Iterator[StudyProgress | FinishedArm | StudyResult | None]:
    """One arm after the other, `steps` reports each."""
    note(study, "begin")
    started, done = clock(), {each.arm for each in finished}
    try:
        for each in finished:
            note(study, f"kept {each.arm}")
            yield each
        for arm in study.chosen:
            if arm.name in done:
                continue
            note(study, f"train {arm.name}")
            for step in range(1, steps + 1):
                time.sleep(TICK)
                yield None
                yield progress(study, arm.name, step, steps, clock() - started)
            yield finished_arm(study, arm.name)
        yield studied(study, clock() - started)
    finally:
        note(study, f"end {time.time()}")


def long_study(
    study: Study, clock: Clock = time.perf_counter, finished: Sequence[FinishedArm] = ()
) -> Iterator[StudyProgress | FinishedArm | StudyResult | None]:
    """Long enough to be stopped in the middle of the second arm."""
    yield from fake_study(study, clock, finished, steps=30)


def study_dies_once(
    study: Study, clock: Clock = time.perf_counter, finished: Sequence[FinishedArm] = ()
) -> Iterator[StudyProgress | FinishedArm | StudyResult | None]:
    """Loses its worker in the middle of the second arm, the first time."""
    first = not log_of(study.seeds[0]).exists()
    for event in fake_study(study, clock, finished):
        yield event
        if first and isinstance(event, StudyProgress) and event.arm == study.chosen[1].name:
            time.sleep(0.2)  # what it said shall have arrived
            os.kill(os.getpid(), signal.SIGKILL)


def study_dies(
    study: Study, clock: Clock = time.perf_counter, finished: Sequence[FinishedArm] = ()
) -> Iterator[StudyProgress | FinishedArm | StudyResult | None]:
    """Loses its worker in the middle of the second arm, every time."""
    for event in fake_study(study, clock, finished):
        yield event
        if isinstance(event, StudyProgress) and event.arm == study.chosen[1].name:
            time.sleep(0.2)
            os.kill(os.getpid(), signal.SIGKILL)


def study_stopped_once(
    study: Study, clock: Clock = time.perf_counter, finished: Sequence[FinishedArm] = ()
) -> Iterator[StudyProgress | FinishedArm | StudyResult | None]:
    """Somebody presses Ctrl-C in the middle of the second arm, the first time."""
    first = not log_of(study.seeds[0]).exists()
    for event in fake_study(study, clock, finished):
        yield event
        if first and isinstance(event, StudyProgress) and event.arm == study.chosen[1].name:
            raise KeyboardInterrupt
