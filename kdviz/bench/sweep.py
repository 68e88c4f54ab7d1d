"""How fast a sweep is: a grid of students in stacks against as many usual loops, and what more students cost."""

import statistics
from collections.abc import Iterator
from functools import partial

import torch

from kdviz.bench.timing import Effort, Measurement, Ratio, Say, exhaust, seconds
from kdviz.bench.training import usual_data, usual_epoch
from kdviz.distillers.own_settings import OwnSettings
from kdviz.engine import data, models, teachers
from kdviz.engine.batches import FixedTeachers
from kdviz.engine.data import Split
from kdviz.engine.memory import PeakMemory
from kdviz.engine.training import Report, fit
from kdviz.recipes.catalogue import CLASSES
from kdviz.recipes.sweep import MOST_STACKED, Sweep
from kdviz.records.sweep_plan import waiting
from kdviz.runners.sweep import run, teacher_logits_of

GRID = Sweep(epochs=1, seeds=(0,))  # 5 x 5; alpha = 0 is one student for all T
DIFFERENT = Sweep(epochs=1, seeds=(0,), alphas=(0.2, 0.4, 0.6, 0.8, 1.0))  # 25 students and their control
SIZES = (1, 2, 4, 8, 16, 32, 64)
IMAGES = 12_800  # of an epoch where only sizes are compared


class SweepSpeed(Measurement):
    """Seconds of one epoch of a 5 x 5 grid, its teacher being there, and of as many usual loops."""

    usual_seconds: list[float]  # of the cells' loops, one after the other
    different_seconds: list[float]  # of a grid without alpha = 0
    grid_seconds: list[float]
    different_faster: Ratio  # all usual loops / a grid without alpha = 0, which trains a control besides
    grid_faster: Ratio  # all usual loops / the default grid, whose cells with alpha = 0 are one student
    sizes: list[int]
    seconds_of_student: list[float]  # the median for each size, in stacks of at most `MOST_STACKED`
    size_ratio: Ratio  # a student among 64 / a student alone
    memory: list[int]  # bytes at the highest, for each size up to `MOST_STACKED`


def measure(effort: Effort, say: Say) -> SweepSpeed:
    """Time everything in turns: the usual loops one after the other, the grids at equal distances between them."""
    training = data.load(GRID.data).training
    mnist = usual_data(training)
    for sweep in (GRID, DIFFERENT):  # trains the teacher, and the first calls are slow
        _train_stacks(sweep)
    kept = teachers.kept(GRID.teacher_training(0))
    assert kept is not None  # it was trained above
    usual, grids, different = [], [], []
    cells = GRID.cells[: effort.usual_loops]
    for number, cell in enumerate(cells):
        student = models.build(cell.student, 0)
        usual.append(seconds(partial(usual_epoch, student, kept[0], mnist, cell.temperature, cell.alpha)))
        if (number + 1) * effort.repetitions // len(cells) > number * effort.repetitions // len(cells):
            grids.append(seconds(partial(_train_stacks, GRID)))
            different.append(seconds(partial(_train_stacks, DIFFERENT)))
            say(f"usual loop {usual[-1]:.2f} s; 5 x 5 grid {grids[-1]:.2f} s, 26 students {different[-1]:.2f} s")
    few = training[: IMAGES // effort.images]
    by_size: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(effort.repetitions):
        for size in SIZES:
            by_size[size].append(seconds(partial(_train_students, size, few)) / size)
    say("a student among " + ", ".join(f"{size}: {statistics.median(s):.3f} s" for size, s in by_size.items()))
    all_loops = [sum(usual) * len(GRID.cells) / len(usual)] * len(grids)
    return SweepSpeed(
        usual_seconds=usual,
        different_seconds=different,
        grid_seconds=grids,
        different_faster=Ratio.of(all_loops, different),
        grid_faster=Ratio.of(all_loops, grids),
        sizes=list(SIZES),
        seconds_of_student=[statistics.median(by_size[size]) for size in SIZES],
        size_ratio=Ratio.of(by_size[SIZES[-1]], by_size[1]),
        memory=[_memory(size, few) for size in SIZES if size <= MOST_STACKED],
    )


def _train_stacks(sweep: Sweep) -> None:
    """All stacks of a sweep, with the teacher's pass, the reports and the trials; without the choice's runs."""
    teacher_logits_of.cache_clear()
    for stack in waiting(sweep, []):
        exhaust(run(sweep, only=stack))


def _train_students(size: int, split: Split) -> None:
    """One epoch of so many students, in stacks as a sweep has them."""
    for first in range(0, size, MOST_STACKED):
        exhaust(_train_stack(min(MOST_STACKED, size - first), split))


def _train_stack(students: int, split: Split) -> Iterator[Report | None]:
    """One epoch of a stack."""
    training = GRID.training_of_stack(waiting(GRID, [])[0])
    cohort = models.cohort(training.model, [models.build(training.model, 0) for _ in range(students)])
    advice = FixedTeachers([cohort], 1.0, torch.zeros(1, len(split), CLASSES))
    return fit([cohort], split, [training], OwnSettings.of([4.0] * students, [0.5] * students), advice, reports=1)


def _memory(students: int, split: Split) -> int:
    """Bytes at the highest while a stack of so many learns."""
    memory = PeakMemory()
    with memory:
        next(_train_stack(students, split))
    return memory.peak
