"""Trainings that take as long as a test wants them to; workers import this by name.

A recipe's `epochs` is the number of ticks, of each method in a comparison, of each stack in a sweep; its first seed
names the log that the training leaves in KDVIZ_FAKE_LOGS. The fakes of a sweep are at the end.
"""

from __future__ import annotations

import math
import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from kdviz.errors import PlainError
from kdviz.recipes.base import Training
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.single import Recipe
from kdviz.recipes.sweep import Cell, Stack, Sweep
from kdviz.records.base import Expense, Mean, Scores, TrainedStudent, Verdict, Watched
from kdviz.records.comparison import Bin, ComparisonResult, FinishedMethod, Moment, Summary, Trial
from kdviz.records.kinds import Event, Output
from kdviz.records.single import Progress, Result
from kdviz.records.sweep import CellTrial, FinishedStack, StackProgress, SweepResult
from kdviz.records.sweep_plan import trials_of, waiting
from kdviz.store.teacher_files import TeacherFile

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
    comparison: Comparison, clock: Clock = time.perf_counter, finished: Sequence[FinishedMethod] = ()
) -> Iterator[Event | ComparisonResult | None]:
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
    comparison: Comparison, clock: Clock = time.perf_counter, finished: Sequence[FinishedMethod] = ()
) -> Iterator[Event | ComparisonResult | None]:
    """Loses its worker as soon as it has said that the second method is done, the first time."""
    first = not log_of(comparison.seeds[0]).exists()
    for event in compares(comparison, clock, finished):
        yield event
        if first and isinstance(event, FinishedMethod) and event.method == comparison.methods[1]:
            os.kill(os.getpid(), signal.SIGKILL)


def compares_and_dies(
    comparison: Comparison, clock: Clock = time.perf_counter, finished: Sequence[FinishedMethod] = ()
) -> Iterator[Event | ComparisonResult | None]:
    """Loses its worker in the middle of the third method, every time."""
    for event in compares(comparison, clock, finished):
        yield event
        if isinstance(event, Moment) and event.method == comparison.methods[2]:
            os.kill(os.getpid(), signal.SIGKILL)


def compares_and_dies_at_once(
    comparison: Comparison, clock: Clock = time.perf_counter, finished: Sequence[FinishedMethod] = ()
) -> Iterator[Event | ComparisonResult | None]:
    """Loses its worker after the first method, and again before it says anything."""
    for event in [] if log_of(comparison.seeds[0]).exists() else compares(comparison, clock, finished):
        yield event
        if isinstance(event, FinishedMethod):
            time.sleep(0.1)  # it shall have arrived
            break
    os.kill(os.getpid(), signal.SIGKILL)


def compares_until_stopped_once(
    comparison: Comparison, clock: Clock = time.perf_counter, finished: Sequence[FinishedMethod] = ()
) -> Iterator[Event | ComparisonResult | None]:
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


def note(recipe: Recipe | Comparison | Sweep, line: str) -> None:
    with log_of(recipe.seed if isinstance(recipe, Recipe) else recipe.seeds[0]).open("a") as log:
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


def part(comparison: Comparison, method: str) -> FinishedMethod:
    return FinishedMethod(method=method, trials=[trial(method, seed) for seed in comparison.seeds])


def compared(comparison: Comparison, trials: list[Trial], seconds: float) -> ComparisonResult:
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
    return ComparisonResult(
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


# Sweeps.


def fake_sweep(
    sweep: Sweep,
    clock: Clock = time.perf_counter,
    finished: Sequence[FinishedStack] = (),
    only: Stack | Training | None = None,
    tick: float = TICK,
) -> Iterator[Output | SweepResult | TeacherFile | None]:
    """As `kdviz.runners.sweep:run`, with figures that look like a sweep's; a report for each epoch of a stack.

    With `only` it stands in for `kdviz.runners.sweep:run_teacher` as well.
    """
    note(sweep, f"begin {only.id if only else 'whole'}")
    started = clock()
    try:
        if isinstance(only, Training):
            note(sweep, f"teach {only.seed} {only.fold}")
            time.sleep(tick)
            yield teaching(sweep, only.seed, clock() - started)
            yield TeacherFile(b"")  # no file that a real training might find
            return
        if only is not None:
            yield from fake_stack(sweep, only, clock, started, tick)
            return
        done = list(finished)
        for each in done:
            note(sweep, f"kept {each.stack.id}")
            yield from each.moments
            yield each
        taught = {each.stack.seed for each in done}
        while stacks := waiting(sweep, done):
            for stack in stacks:
                if stack.seed not in taught:
                    taught.add(stack.seed)
                    note(sweep, f"teach {stack.seed} {stack.fold}")
                    yield teaching(sweep, stack.seed, clock() - started)
                for event in fake_stack(sweep, stack, clock, started, tick):
                    if isinstance(event, FinishedStack):
                        done.append(event)
                    yield event
        note(sweep, "choose")
        for seed in sweep.seeds_of_test:
            time.sleep(tick)
            yield progress(1, 1, clock() - started)
            yield TrainedStudent(name=f"seed {seed}", architecture=sweep.student, weights=b"")
        yield swept(sweep, done, clock() - started)
    finally:
        note(sweep, f"end {time.time()}")


def fake_stack(
    sweep: Sweep, stack: Stack, clock: Clock, started: float, tick: float
) -> Iterator[StackProgress | FinishedStack | None]:
    note(sweep, f"train {stack.id}")
    for step in range(1, stack.epochs + 1):
        time.sleep(tick)
        note(sweep, "tick")
        yield None
        yield grown(stack, step, stack.epochs, clock() - started)
    yield finished_stack(stack)


def fake_sweep_slow(
    sweep: Sweep,
    clock: Clock = time.perf_counter,
    finished: Sequence[FinishedStack] = (),
    only: Stack | Training | None = None,
) -> Iterator[Output | SweepResult | TeacherFile | None]:
    """Slow enough to be looked at: a tenth of a second for each epoch of a stack."""
    yield from fake_sweep(sweep, clock, finished, only, tick=0.1)


def fake_sweep_dies_once(
    sweep: Sweep,
    clock: Clock = time.perf_counter,
    finished: Sequence[FinishedStack] = (),
    only: Stack | Training | None = None,
) -> Iterator[Output | SweepResult | TeacherFile | None]:
    """Loses its worker in the middle of the second stack of the first seed, the first time."""
    second = waiting(sweep, [])[1]
    first = f"train {second.id}" not in (log_of(sweep.seeds[0]).read_text() if log_of(sweep.seeds[0]).exists() else "")
    for event in fake_sweep(sweep, clock, finished, only):
        yield event
        if first and isinstance(event, StackProgress) and event.stack == second:
            time.sleep(0.2)  # what it said shall have arrived
            os.kill(os.getpid(), signal.SIGKILL)


def fake_sweep_dies(
    sweep: Sweep,
    clock: Clock = time.perf_counter,
    finished: Sequence[FinishedStack] = (),
    only: Stack | Training | None = None,
) -> Iterator[Output | SweepResult | TeacherFile | None]:
    """Loses its worker in the middle of the second stack, every time."""
    for event in fake_sweep(sweep, clock, finished, only):
        yield event
        if isinstance(event, StackProgress) and event.stack == waiting(sweep, [])[1]:
            os.kill(os.getpid(), signal.SIGKILL)


def fake_sweep_refuses(
    sweep: Sweep,
    clock: Clock = time.perf_counter,
    finished: Sequence[FinishedStack] = (),
    only: Stack | Training | None = None,
) -> Iterator[Output | SweepResult | TeacherFile | None]:
    """Refuses the second stack in plain words, but not the first."""
    for event in fake_sweep(sweep, clock, finished, only):
        if isinstance(event, StackProgress) and event.stack == waiting(sweep, [])[1]:
            raise PlainError("The file train-images is truncated.")
        yield event


def fake_sweep_stopped_once(
    sweep: Sweep,
    clock: Clock = time.perf_counter,
    finished: Sequence[FinishedStack] = (),
    only: Stack | Training | None = None,
) -> Iterator[Output | SweepResult | TeacherFile | None]:
    """Somebody presses Ctrl-C in the middle of the second stack, the first time."""
    first = not log_of(sweep.seeds[0]).exists()
    for event in fake_sweep(sweep, clock, finished, only):
        yield event
        if first and isinstance(event, StackProgress) and event.stack == waiting(sweep, [])[1]:
            raise KeyboardInterrupt


def accuracy_of(cell: Cell, seed: int, fold: int | None, share: float = 1.0) -> float:
    """Best at T = 4 and alpha = 0.75, at the plain student's level for alpha = 0; better the longer it learns.

    A learning rate of 1 and more diverges.
    """
    own = cell.trained_as
    dice = random.Random(f"{own.model_dump_json()} {seed} {fold}")
    gain = 0.04 * own.alpha * (2 - 4 / 3 * own.alpha) * math.exp(-(math.log(own.temperature / 4) ** 2) / 4)
    few = 0.0 if own.labels is None else -0.3 / math.log10(own.labels)
    luck = dice.uniform(-0.004, 0.004) + random.Random(f"{seed} {fold}").uniform(-0.01, 0.01)
    return max(0.1, (0.9 + gain + few + luck) * (1 - 0.5 * math.exp(-4 * share)))


def diverged(cell: Cell) -> bool:
    return cell.learning_rate >= 1


def grown(stack: Stack, step: int, steps: int, seconds: float = 1.0) -> StackProgress:
    accuracies = [
        math.nan if diverged(cell) else accuracy_of(cell, stack.seed, stack.fold, step / steps) for cell in stack.cells
    ]
    return StackProgress(
        stack=stack,
        step=step,
        steps=steps,
        epoch=max(1, round(stack.epochs * step / steps)),
        loss_kd=[cell.alpha / step for cell in stack.cells],
        loss_ce=[(1 - cell.alpha) / step for cell in stack.cells],
        validation_accuracy=accuracies,
        nll=[2 * (1 - accuracy) for accuracy in accuracies],
        ece=[(1 - accuracy) / 4 for accuracy in accuracies],
        agreement=[accuracy - 0.01 for accuracy in accuracies],
        seconds=seconds,
        seconds_left=seconds * (steps - step) / step,
    )


def cell_trial(cell: Cell, seed: int, fold: int | None, epochs: int, images: int = 1000) -> CellTrial:
    errors = images - 100 if diverged(cell) else round(images * (1 - accuracy_of(cell, seed, fold)))
    accuracy = 1 - errors / images
    return CellTrial(
        cell=cell,
        seed=seed,
        fold=fold,
        epochs=epochs,
        validation_accuracy=accuracy,
        validation_errors=errors,
        validation_images=images,
        nll=math.nan if diverged(cell) else 2 * (1 - accuracy),
        ece=math.nan if diverged(cell) else (1 - accuracy) / 4,
        agreement=accuracy - 0.01,
        diverged=diverged(cell),
        seconds=0.5,
        watched_logits=[
            [5.0 * (digit == image) + cell.alpha * digit / 10 for digit in range(10)] for image in range(2)
        ],
    )


def watched_images() -> Watched:
    return Watched(
        indices=[3, 5],
        labels=[0, 1],
        images=[[0] * 784, [255] * 784],
        teacher_logits=[[4.0, *[0.1] * 9], [0.1, 4.0, *[0.2] * 8]],
        teacher_validation_accuracy=0.95,
    )


def finished_stack(stack: Stack, reports: int | None = None) -> FinishedStack:
    """A stack that is done, with as many reports as it has epochs."""
    steps = reports or stack.epochs
    return FinishedStack(
        stack=stack,
        watched=watched_images(),
        teacher_accuracy=0.95,
        trials=[cell_trial(cell, stack.seed, stack.fold, stack.epochs) for cell in stack.cells],
        moments=[grown(stack, step, steps) for step in range(1, steps + 1)],
    )


def finished_stacks(sweep: Sweep) -> list[FinishedStack]:
    """All that a sweep trains before its choice."""
    done: list[FinishedStack] = []
    while stacks := waiting(sweep, done):
        done += [finished_stack(stack) for stack in stacks]
    return done


def teaching(sweep: Sweep, seed: int, seconds: float = 0.0, step: int = 1, steps: int = 1) -> Moment:
    """A teacher learns."""
    seeds = sweep.seeds if seed in sweep.seeds else sweep.seeds_of_test
    return moment("teacher", step, steps, seconds).model_copy(
        update={
            "stage": f"seed {seed}",
            "stage_number": seeds.index(seed) + 1,
            "stages": len(seeds),
            "agreement": [],
        }
    )


def swept(sweep: Sweep, done: Sequence[FinishedStack] | None = None, seconds: float = 12.0) -> SweepResult:
    """The end of a sweep; the choice's runs are a little worse on the test images than where it was chosen."""
    from kdviz.verdicts import sweep as sweep_verdicts  # imports scipy, which not every test of these fakes needs

    trials = trials_of(sweep, finished_stacks(sweep) if done is None else done)
    summaries = sweep_verdicts.summarise(sweep, trials)
    chosen = sweep_verdicts.choose(sweep, summaries, trials)
    choice = None
    if chosen is not None:
        cell, tied = chosen
        results = [fake_result_of_choice(sweep, cell, seed) for seed in sweep.seeds_of_test]
        choice = sweep_verdicts.choice_of(sweep, cell, tied, results)
    return SweepResult(
        run_id=sweep.id,
        recipe=sweep,
        trials=trials,
        summaries=summaries,
        choice=choice,
        device="cpu",
        threads=1,
        torch="none",
        seconds=seconds,
    )


def fake_result_of_choice(sweep: Sweep, cell: Cell, seed: int) -> Result:
    ending = result(sweep.recipe_of(cell, seed), 1.0)

    def scores(accuracy: float) -> Scores:
        errors = round(10_000 * (1 - accuracy))
        return ending.plain.model_copy(
            update={"test_accuracy": 1 - errors / 10_000, "test_errors": errors, "test_images": 10_000}
        )

    return ending.model_copy(
        update={
            "teacher": scores(0.95),
            "distilled": scores(accuracy_of(cell, seed, None) - 0.003),
            "plain": scores(accuracy_of(cell.plain, seed, None) - 0.003),
        }
    )
