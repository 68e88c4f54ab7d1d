"""How fast a comparison is: what its turns cost, and what it gains from students that train stacked."""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from kdviz.bench.timing import Effort, Measurement, Ratio, Say, empty_state, exhaust, seconds
from kdviz.distillers.plain import Plain
from kdviz.engine import data, models
from kdviz.engine.models import Cohort, StackedCohort
from kdviz.engine.training import fit
from kdviz.recipes.comparison import Comparison
from kdviz.records.kinds import Output
from kdviz.runners.comparison import in_turns, prepared, run
from kdviz.runners.comparison_method import train_method

COMPARISON = Comparison(epochs=1)  # the default six methods, the reference pair, one seed
SEEDS = 5


class ComparisonSpeed(Measurement):
    """Seconds of one epoch of the default comparison, and of one epoch of five students."""

    whole_seconds: list[float]  # from nothing: both teachers are trained as well
    turns_seconds: list[float]  # the teachers are there already
    parts_seconds: list[float]  # the same methods one after the other
    turns_cost: Ratio  # in turns / one after the other
    one_by_one_seconds: list[float]
    stacked_seconds: list[float]
    stacked_gain: Ratio  # one by one / stacked


def measure(effort: Effort, say: Say) -> ComparisonSpeed:
    """Time everything in turns. Needs MNIST; raises DataError."""
    _train_students(Cohort)  # the first calls are slow
    whole, turns, parts, single, stacked = [], [], [], [], []
    for _ in range(effort.repetitions):
        with empty_state():
            whole.append(seconds(lambda: exhaust(run(COMPARISON))))
            turns.append(_seconds_of_methods(in_turns))
            parts.append(_seconds_of_methods(chain.from_iterable))
        say(f"comparison {whole[-1]:.2f} s, its methods in turns {turns[-1]:.2f} s, one by one {parts[-1]:.2f} s")
        single.append(_train_students(Cohort))
        stacked.append(_train_students(StackedCohort))
        say(f"{SEEDS} students one by one {single[-1]:.2f} s, stacked {stacked[-1]:.2f} s")
    return ComparisonSpeed(
        whole_seconds=whole,
        turns_seconds=turns,
        parts_seconds=parts,
        turns_cost=Ratio.of(turns, parts),
        one_by_one_seconds=single,
        stacked_seconds=stacked,
        stacked_gain=Ratio.of(single, stacked),
    )


def _seconds_of_methods(order: Callable[[Sequence[Iterator[Output | None]]], Iterator[Output | None]]) -> float:
    """Seconds of all methods' training, in this order; the teachers are found."""
    preparing = prepared(COMPARISON, time.perf_counter, COMPARISON.methods)
    while True:
        try:
            next(preparing)
        except StopIteration as ready:
            state = ready.value
            break
    return seconds(lambda: exhaust(order([train_method(state, progress) for progress in state.methods])))


def _train_students(kind: type[Cohort]) -> float:
    """Seconds of one epoch of the plain students of several seeds, all in one cohort of this kind."""
    trainings = [COMPARISON.training_of_student(seed) for seed in range(SEEDS)]
    cohort = kind(COMPARISON.student, [models.build(COMPARISON.student, seed) for seed in range(SEEDS)])
    split = data.load(COMPARISON.data).training
    return seconds(lambda: exhaust(fit([cohort], split, trainings, Plain(), reports=1)))
