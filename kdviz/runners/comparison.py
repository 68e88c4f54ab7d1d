"""Several ways to teach one student under the same conditions: same data, same first weights, same batches, in turns.

The teachers come first, unless they are there already. Then every method advances by a slice of an epoch at a time,
so that what else the machine does slows all alike. A method's students, one for each seed, learn at once.
"""

import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from itertools import chain

import torch

from kdviz.distillers.stage import Setting
from kdviz.engine import models
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import CONTROL, TEACHER, WITH_CONTROL
from kdviz.records.comparison import ComparisonResult, FinishedMethod, Moment
from kdviz.records.kinds import Event, Output
from kdviz.runners.comparison_method import ComparisonState, MethodProgress, train_method, trial_of, work_of
from kdviz.runners.session import Clock, Session, warm_up
from kdviz.runners.teachers import find_or_train, rows_of_seeds
from kdviz.verdicts.comparison import summarise

LIVE_VALIDATION_IMAGES = 1000  # the part of the validation split that the live curves show
WATCHED_IMAGES = 8


def run(
    comparison: Comparison, *, clock: Clock = time.perf_counter, finished: Sequence[FinishedMethod] = ()
) -> Iterator[Output | ComparisonResult | None]:
    """Carry out a comparison. Yields Watched once, Moment and Inside often, then each method's student and part.

    ComparisonResult comes last, and None in between is a sign of life. `finished` are methods that an earlier attempt
    got done: they are yielded again and not trained again. Raises DataError and TeacherError.
    """
    done = {part.method: part for part in finished}
    for part in done.values():
        yield from part.looks
        yield from part.moments
        yield part
    methods = _methods(comparison)
    state = yield from prepared(comparison, clock, [method for method in methods if method not in done])
    for event in in_turns([train_method(state, progress) for progress in state.methods]):
        if isinstance(event, FinishedMethod):
            done[event.method] = event
        yield event
    own = zip(comparison.seeds, state.given.teachers[0].networks, state.teachers_test, strict=True)
    trials = [trial for method in comparison.methods for trial in done[method].trials]
    yield ComparisonResult(
        run_id=comparison.id,
        recipe=comparison,
        teachers=[
            trial_of(state.session, TEACHER, seed, network, logits, {}, expense=state.teachers[seed].expense)
            for seed, network, logits in own
        ],
        trials=trials,
        controls=done[CONTROL].trials if CONTROL in methods else [],
        summaries=summarise(trials),
        **state.session.machine_facts(),
        seconds=state.session.seconds(),
    )


def _methods(comparison: Comparison) -> list[str]:
    """Those of the recipe, and the control of offline distillation."""
    controlled = comparison.control and "offline" in comparison.methods
    return [*comparison.methods, *([CONTROL] if controlled else [])]


def prepared(
    comparison: Comparison, clock: Clock, methods: Sequence[str]
) -> Generator[Event | None, None, ComparisonState]:
    """Load the data, find or train the teachers; returns what `methods` are trained with, none of them begun."""
    session = Session.load(comparison.data, LIVE_VALIDATION_IMAGES, clock)
    few = session.data.training[: 2 * comparison.batch_size]  # no method shall pay for the first, slow calls
    warm_up(comparison.training_of_student(0).model_copy(update={"epochs": 1, "labels": None}), few)
    rows = {0}.union(*(WITH_CONTROL[name].teachers for name in _methods(comparison)))  # the own teacher is always there
    seeds = rows_of_seeds(comparison.seeds, max(rows) + 1)
    progresses = [MethodProgress(method, work_of(method, comparison, session)) for method in methods]
    shown = session.showing(comparison.transfer_classes)
    student_work = shown.work(comparison.training_of_student(0))
    work = sum(progress.work for progress in progresses) * len(seeds[0]) * student_work
    trainings = {seed: comparison.teacher_training(seed) for seed in sorted(set(chain(*seeds)))}
    teachers = yield from find_or_train(trainings, session, work)
    cohorts = [models.cohort(comparison.teacher, [teachers[seed].cohort.networks[0] for seed in row]) for row in seeds]
    watched = session.watch(cohorts[0].networks[0], WATCHED_IMAGES)
    yield watched
    return ComparisonState(
        comparison,
        shown,
        Setting(comparison, shown.data.training, cohorts),
        teachers,
        seeds,
        session.live.images[torch.tensor(watched.indices)],
        progresses,
    )


def in_turns(trainings: Sequence[Iterator[Output | None]]) -> Iterator[Output | None]:
    """Let each training go on until its next Moment, then the next one, until all are over."""
    waiting = deque(trainings)
    while waiting:
        training = waiting.popleft()
        for event in training:
            yield event
            if isinstance(event, Moment):
                waiting.append(training)
                break
