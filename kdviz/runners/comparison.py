"""Several ways to teach one student under the same conditions: same data, same first weights, same batches, in turns.

The teachers come first, unless they are there already. Then every method advances by a slice of an epoch at a time,
so that whatever else the machine does falls on all alike. A method's students, one for each seed, learn at once.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from itertools import chain

import torch

from kdviz.distillers.plain import Plain
from kdviz.distillers.stage import Given
from kdviz.engine import models
from kdviz.engine.data import Split
from kdviz.engine.memory import PeakMemory
from kdviz.engine.training import fit
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import CONTROL, METHODS
from kdviz.records.comparison import Compared, Finished, Moment, Trial
from kdviz.records.kinds import Event, Said
from kdviz.runners.comparison_method import Course, Study, follow, trial_of, work_of
from kdviz.runners.session import Clock, Setting
from kdviz.runners.teachers import TEACHER, assemble, rows_of_seeds
from kdviz.verdicts.comparison import summarise

LIVE_VALIDATION_IMAGES = 1000  # the part of the validation split that the live curves show
WATCHED_IMAGES = 8


def run(
    comparison: Comparison, *, clock: Clock = time.perf_counter, finished: Sequence[Finished] = ()
) -> Iterator[Said | Compared | None]:
    """Carry out a comparison. Yields Watched once, Moment and Inside often, then Learnt and Finished for each method.

    Compared comes last, and None in between is a sign of life. `finished` are methods that an earlier attempt got
    done: they are said again and not trained again. Raises DataError and TeacherError.
    """
    done = {part.method: part for part in finished}
    for part in done.values():
        yield from part.looks
        yield from part.moments
        yield part
    this = yield from prepared(comparison, clock, [method for method in _methods(comparison) if method not in done])
    for event in in_turns([follow(this, course) for course in this.courses]):
        if isinstance(event, Finished):
            done[event.method] = event
        yield event
    trials = [trial for method in comparison.methods for trial in done[method].trials]
    yield Compared(
        run_id=comparison.id,
        recipe=comparison,
        teachers=_teachers_trials(this),
        trials=trials,
        controls=done[CONTROL].trials if CONTROL in _methods(comparison) else [],
        summaries=summarise(trials),
        device=this.setting.device_name,
        threads=torch.get_num_threads(),
        torch=torch.__version__,
        seconds=this.setting.seconds(),
    )


def _methods(comparison: Comparison) -> list[str]:
    """Those that are asked for, and the control of offline distillation."""
    controlled = comparison.control and "offline" in comparison.methods
    return [*comparison.methods, *([CONTROL] if controlled else [])]


def prepared(comparison: Comparison, clock: Clock, methods: Sequence[str]) -> Generator[Event | None, None, Study]:
    """Load the data and assemble the teachers; returns the study with a course for each of `methods`, none begun."""
    setting = Setting.of(comparison.data, LIVE_VALIDATION_IMAGES, clock)
    _warm_up(comparison, setting)
    wanted = _methods(comparison)
    rows = max(1, *(2 if name == CONTROL else METHODS[name].asks for name in wanted))
    seeds = rows_of_seeds(comparison.seeds, rows)
    courses = [Course(method, work_of(method, comparison, setting)) for method in methods]
    work = sum(course.work for course in courses) * len(seeds[0]) * setting.work(comparison.training_of_student(0))
    trainings = {seed: comparison.teacher_training(seed) for seed in sorted(set(chain(*seeds)))}
    staff = yield from assemble(trainings, setting, work)
    cohorts = [models.cohort(comparison.teacher, [staff[seed].cohort.networks[0] for seed in row]) for row in seeds]
    watched = setting.watch(cohorts[0].networks[0], WATCHED_IMAGES)
    yield watched
    return Study(
        comparison,
        setting,
        Given(comparison, setting.data.training, cohorts),
        staff,
        seeds,
        setting.images[torch.tensor(watched.indices)],
        courses,
    )


def in_turns(courses: Sequence[Iterator[Said | None]]) -> Iterator[Said | None]:
    """Let each go on until it reports, then the next."""
    waiting = deque(courses)
    while waiting:
        course = waiting.popleft()
        for event in course:
            yield event
            if isinstance(event, Moment):
                waiting.append(course)
                break


def _warm_up(comparison: Comparison, setting: Setting) -> None:
    """The first calls of every kernel are slow; they shall fall on no method."""
    split = setting.data.training
    few = Split(split.images[: 2 * comparison.batch_size], split.labels[: 2 * comparison.batch_size])
    training = comparison.training_of_student(0).model_copy(update={"epochs": 1, "labels": None})
    network = models.build(comparison.student, 0).to(setting.device)
    with PeakMemory():
        for _ in fit([models.cohort(comparison.student, [network])], few, [training], Plain()):
            pass


def _teachers_trials(this: Study) -> list[Trial]:
    own = zip(this.comparison.seeds, this.given.teachers[0].networks, this.teachers_test, strict=True)
    return [
        trial_of(this.setting, TEACHER, seed, network, said, {}, expense=this.staff[seed].expense)
        for seed, network, said in own
    ]
