"""How fast a sweep is: a grid of students in stacks against as many usual loops, and what more students cost."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

import torch
from pydantic import BaseModel, ConfigDict
from torchvision import datasets, transforms

from kdviz import settings
from kdviz.bench.training import Ratio, usual_epoch
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


class SweepSpeed(BaseModel):
    """Seconds of one epoch of a 5 x 5 grid, its teacher being there, and of as many usual loops."""

    model_config = ConfigDict(frozen=True)

    usual_seconds: list[float]  # of each cell's loop, one after the other
    different_seconds: list[float]  # of a grid without alpha = 0
    grid_seconds: list[float]
    different_faster: Ratio  # all usual loops / a grid without alpha = 0, which trains a control besides
    grid_faster: Ratio  # all usual loops / the default grid, whose cells with alpha = 0 are one student
    sizes: list[int]
    seconds_of_student: list[float]  # the median for each size, in stacks of at most `MOST_STACKED`
    size_ratio: Ratio  # a student among 64 / a student alone
    memory: list[int]  # bytes at the highest, for each size up to `MOST_STACKED`


def measure(repetitions: int, on_step: Callable[[str], None] = lambda step: None) -> SweepSpeed:
    """Time everything in turns. The usual loops run once each, the grids `repetitions` times in between."""
    here = data.load(GRID.data)
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    usual_data = datasets.MNIST(settings.data_dir(), train=True, transform=transform)
    usual_data.data, usual_data.targets = here.training.images.clone(), here.training.labels
    for sweep in (GRID, DIFFERENT):  # trains the teacher, and the first calls are slow
        _seconds_of(sweep)
    found = teachers.kept(GRID.teacher_training(0))
    assert found is not None
    usual, grids, different = [], [], []
    for number, cell in enumerate(GRID.cells):
        student = models.build(cell.student, 0)
        begun = time.perf_counter()
        usual_epoch(student, found[0], usual_data, cell.temperature, cell.alpha)
        usual.append(time.perf_counter() - begun)
        if (number + 1) * repetitions // len(GRID.cells) > number * repetitions // len(GRID.cells):
            grids.append(_seconds_of(GRID))
            different.append(_seconds_of(DIFFERENT))
            on_step(f"usual loop {usual[-1]:.2f} s; 5 x 5 grid {grids[-1]:.2f} s, 26 students {different[-1]:.2f} s")
    by_size: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(repetitions):
        for size in SIZES:
            by_size[size].append(_seconds_of_student(size, here.training))
    on_step("a student among " + ", ".join(f"{size}: {statistics.median(s):.3f} s" for size, s in by_size.items()))
    everything = [sum(usual)] * len(grids)
    return SweepSpeed(
        usual_seconds=usual,
        different_seconds=different,
        grid_seconds=grids,
        different_faster=Ratio.of(everything, different),
        grid_faster=Ratio.of(everything, grids),
        sizes=list(SIZES),
        seconds_of_student=[statistics.median(by_size[size]) for size in SIZES],
        size_ratio=Ratio.of(by_size[SIZES[-1]], by_size[1]),
        memory=[_memory(size, here.training) for size in SIZES if size <= MOST_STACKED],
    )


def _seconds_of(sweep: Sweep) -> float:
    """All stacks of a sweep, with the teacher's pass, the reports and the trials; without the choice's runs."""
    teacher_logits_of.cache_clear()
    begun = time.perf_counter()
    for stack in waiting(sweep, []):
        for _ in run(sweep, only=stack):
            pass
    return time.perf_counter() - begun


def _seconds_of_student(size: int, split: Split) -> float:
    """Seconds for each of so many students, in stacks as a sweep has them."""
    begun = time.perf_counter()
    for first in range(0, size, MOST_STACKED):
        for _ in _fitted(min(MOST_STACKED, size - first), Split(split.images[:IMAGES], split.labels[:IMAGES])):
            pass
    return (time.perf_counter() - begun) / size


def _fitted(students: int, split: Split) -> Iterator[Report | None]:
    """One epoch of a stack."""
    training = GRID.training_of_stack(waiting(GRID, [])[0])
    cohort = models.cohort(training.model, [models.build(training.model, 0) for _ in range(students)])
    advice = FixedTeachers([cohort], 1.0, torch.zeros(1, len(split), CLASSES))
    return fit([cohort], split, [training], OwnSettings.of([4.0] * students, [0.5] * students), advice, reports=1)


def _memory(students: int, split: Split) -> int:
    """Bytes at the highest while a stack of so many learns."""
    memory = PeakMemory()
    with memory:
        next(_fitted(students, Split(split.images[:IMAGES], split.labels[:IMAGES])))
    return memory.peak
