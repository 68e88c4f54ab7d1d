"""What a way of teaching consists of: one stage after another, in each of which somebody learns.

A way of teaching is a generator of stages: when it goes on, the networks of the stage before are trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from kdviz.engine import models
from kdviz.engine.batches import Advice, Adviser
from kdviz.engine.data import Split
from kdviz.engine.models import Cohort
from kdviz.engine.teaching import Distiller
from kdviz.recipes.base import Training
from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.number_lists import LARGEST_SEED

KIN = 1_000_003  # between the seeds of a student and of its peers or ancestors: far from the next student's


@dataclass
class Stage:
    """Who learns, how, and from whom."""

    name: str  # of the first cohort; "student" in the last stage
    cohorts: list[Cohort]  # the students, or whoever shall teach them; then their peers
    distiller: Distiller
    trainings: list[Training]  # one for each seed
    adviser: Adviser | None = None
    fixed: dict[str, Cohort] = field(default_factory=dict)  # who teaches and learns nothing any more
    arrows: list[tuple[str, str]] = field(default_factory=list)  # who teaches whom; the labels' are understood
    together: list[Cohort] = field(default_factory=list)  # whose mean answer is worth a look as well
    number: int = 1
    stages: int = 1


@dataclass(frozen=True)
class Given:
    """What every way of teaching starts from."""

    conditions: Comparison
    split: Split
    teachers: Sequence[Cohort]  # trained and frozen: each seed's own, then the next seed's, then the one after

    def trainings(self, model: str | None = None, kin: int = 0) -> list[Training]:
        """How the students are trained, or another network with batches of its own; few labels are the same for all."""
        own = kin if self.conditions.labels is None else 0  # the seed decides whose labels may be used
        return [self.conditions.training_of_student(_kin(seed, own), model) for seed in self.conditions.seeds]

    def students(self, model: str | None = None, kin: int = 0) -> Cohort:
        """Untrained students, or other networks; with `kin` not those of the seeds themselves but their relatives."""
        name = model or self.conditions.student
        device = self.split.labels.device
        return models.cohort(name, [models.build(name, _kin(seed, kin)).to(device) for seed in self.conditions.seeds])

    def advice(self, *teachers: Cohort) -> Advice:
        """What these teachers say of the training images."""
        return Advice.of(teachers, self.split, self.trainings()[0], self.conditions.temperature)

    def projection(self, number: int, inner: str, outer: str, layer: int) -> Tensor:
        """A linear map to be learnt, (outer's width, inner's), between hidden layers of the same place.

        `layer` counts hidden layers, from 0 or from the end; the width is units or channels.
        """
        small, large = ARCHITECTURES[inner].hidden[layer], ARCHITECTURES[outer].hidden[layer]
        drawn: Tensor = torch.randn(large, small, generator=self.generator(number)) / small**0.5
        return drawn.to(self.split.labels.device).requires_grad_()

    def generator(self, number: int) -> torch.Generator:
        """For what else is drawn at random for the student `number`: heads, regressors."""
        return torch.Generator().manual_seed(_kin(self.conditions.seeds[number], -1))


def from_teacher(given: Given, method: Distiller) -> Stage:
    """The students' stage under a teacher whose hidden layers the distiller itself looks at.

    With few labels they see the labelled images only: hidden layers do not say which class is which, and among images
    without a label the few labels would not be heard.
    """
    return Stage(
        "student",
        [given.students()],
        method,
        given.trainings(),
        fixed={"teacher": given.teachers[0]},
        arrows=[("teacher", "student")],
    )


def _kin(seed: int, relative: int) -> int:
    return (seed + KIN * relative) % (LARGEST_SEED + 1)
