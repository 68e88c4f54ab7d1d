"""How fast a comparison is: what its turns cost, and what it gains from students that train stacked."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain

from pydantic import BaseModel, ConfigDict

from kdviz.bench.training import Ratio
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


class ComparisonSpeed(BaseModel):
    """Seconds of one epoch of the default comparison, and of one epoch of five students."""

    model_config = ConfigDict(frozen=True)

    whole_seconds: list[float]  # from nothing: both teachers are trained as well
    turns_seconds: list[float]  # the teachers are there already
    parts_seconds: list[float]  # the same methods one after the other
    turns_cost: Ratio  # in turns / one after the other
    one_by_one_seconds: list[float]
    stacked_seconds: list[float]
    stacked_gain: Ratio  # one by one / stacked


def measure(repetitions: int, on_step: Callable[[str], None] = lambda step: None) -> ComparisonSpeed:
    """Time everything in turns, `repetitions` times. Needs MNIST; raises DataError."""
    data.load(COMPARISON.data)
    _students(Cohort)  # the first calls are slow
    whole, turns, parts, single, stacked = [], [], [], [], []
    for _ in range(repetitions):
        with _nothing_trained():
            whole.append(_seconds(lambda: _exhaust(run(COMPARISON))))
            turns.append(_seconds_of_courses(in_turns))
            parts.append(_seconds_of_courses(chain.from_iterable))
        on_step(f"comparison {whole[-1]:.2f} s, its methods in turns {turns[-1]:.2f} s, one by one {parts[-1]:.2f} s")
        single.append(_students(Cohort))
        stacked.append(_students(StackedCohort))
        on_step(f"{SEEDS} students one by one {single[-1]:.2f} s, stacked {stacked[-1]:.2f} s")
    return ComparisonSpeed(
        whole_seconds=whole,
        turns_seconds=turns,
        parts_seconds=parts,
        turns_cost=Ratio.of(turns, parts),
        one_by_one_seconds=single,
        stacked_seconds=stacked,
        stacked_gain=Ratio.of(single, stacked),
    )


def _seconds_of_courses(order: Callable[[Sequence[Iterator[Output | None]]], Iterator[Output | None]]) -> float:
    """Of all methods' training, in this order; the teachers are found."""
    getting_ready = prepared(COMPARISON, time.perf_counter, COMPARISON.methods)
    while True:
        try:
            next(getting_ready)
        except StopIteration as ready:
            state = ready.value
            break
    return _seconds(lambda: _exhaust(order([train_method(state, progress) for progress in state.methods])))


def _students(kind: type[Cohort]) -> float:
    """Seconds of one epoch of the plain students of several seeds, all in one cohort of this kind."""
    trainings = [COMPARISON.training_of_student(seed) for seed in range(SEEDS)]
    cohort = kind(COMPARISON.student, [models.build(COMPARISON.student, seed) for seed in range(SEEDS)])
    split = data.load(COMPARISON.data).training
    return _seconds(lambda: _exhaust(fit([cohort], split, trainings, Plain(), reports=1)))


def _exhaust(events: Iterator[object]) -> None:
    for _ in events:
        pass


def _seconds(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


@contextmanager
def _nothing_trained() -> Iterator[None]:
    """An empty state folder, so that no teacher is found from before."""
    before = os.environ.get("KDVIZ_STATE_DIR")
    with tempfile.TemporaryDirectory(prefix="kdviz-bench-") as folder:
        os.environ["KDVIZ_STATE_DIR"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["KDVIZ_STATE_DIR"]
            else:
                os.environ["KDVIZ_STATE_DIR"] = before
