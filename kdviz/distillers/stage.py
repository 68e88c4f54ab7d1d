"""What a way of teaching consists of: one stage after another, in each of which networks learn.

A module of this package has the name of its method and `stages`, a function whose iterator goes on when the networks of
the stage before are trained.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module

import torch
from torch import Tensor

from kdviz.engine import models
from kdviz.engine.batches import TeacherLogits
from kdviz.engine.data import Split
from kdviz.engine.distiller import Distiller
from kdviz.engine.models import Cohort
from kdviz.recipes.base import Training
from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.number_lists import LARGEST_SEED

RELATIVE = 1_000_003  # between the seeds of a student and of its peers or ancestors: far from the next student's


@dataclass
class Stage:
    """What learns, how, and from what. Names are those of the method's arrows."""

    name: str  # of the first cohort; "student" in the last stage
    cohorts: list[Cohort]  # the students, or what shall teach them; then their peers
    distiller: Distiller
    trainings: list[Training]  # one for each seed
    teacher: TeacherLogits | None = None
    fixed: dict[str, Cohort] = field(default_factory=dict)  # what teaches and is no longer trained
    together: list[Cohort] = field(default_factory=list)  # whose mean answer is worth a look as well
    number: int = 1
    stages: int = 1


@dataclass(frozen=True)
class Setting:
    """What every way of teaching starts from."""

    comparison: Comparison
    split: Split
    teachers: Sequence[Cohort]  # trained and frozen: each seed's own, then the next seed's, then the one after

    def trainings(self, model: str | None = None, relative: int = 0) -> list[Training]:
        """Of the students, or of `model`; with `relative` in batches of another seed, unless few labels hang on it."""
        own = relative if self.comparison.labels is None else 0  # the seed decides whose labels may be used
        return [self.comparison.training_of_student(_seed(seed, own), model) for seed in self.comparison.seeds]

    def students(self, model: str | None = None, relative: int = 0) -> Cohort:
        """Untrained students, or networks of `model`; with `relative` from other seeds, which follow from their own."""
        name = model or self.comparison.student
        networks = [models.build(name, _seed(seed, relative)) for seed in self.comparison.seeds]
        return models.cohort(name, [network.to(self.split.labels.device) for network in networks])

    def projections(self, students: int, teachers: int) -> list[Tensor]:
        """For each student a linear map to be learnt from one of its hidden layers to one of its teacher's.

        (teacher's width, student's width), which is units or channels. Both numbers count hidden layers, from 0 or the
        end.
        """
        small = ARCHITECTURES[self.comparison.student].hidden[students]
        large = ARCHITECTURES[self.comparison.teacher].hidden[teachers]
        drawn = [torch.randn(large, small, generator=generator) / small**0.5 for generator in self.generators()]
        return [projection.to(self.split.labels.device).requires_grad_() for projection in drawn]

    def generators(self) -> list[torch.Generator]:
        """A generator for each student, for the first weights of its heads or regressors."""
        return [torch.Generator().manual_seed(_seed(seed, -1)) for seed in self.comparison.seeds]


Stages = Callable[[Setting], Iterator[Stage]]


def stages_of(method: str, setting: Setting) -> Iterator[Stage]:
    """The stages of a method by its name in `recipes.methods`."""
    module = import_module(f"kdviz.distillers.{method.replace('-', '_')}")
    stages: Iterator[Stage] = module.stages(setting)
    return stages


def feature_stages(make: Callable[[Setting], Distiller]) -> Stages:
    """The stages of a method whose distiller itself looks at the hidden layers of the teacher of each student's seed.

    With few labels they see the labelled images only: hidden layers do not say which class is which, and among images
    without a label the few labels would not be heard.
    """

    def stages(setting: Setting) -> Iterator[Stage]:
        teachers = {"teacher": setting.teachers[0]}
        yield Stage("student", [setting.students()], make(setting), setting.trainings(), fixed=teachers)

    return stages


def _seed(seed: int, relative: int) -> int:
    return (seed + RELATIVE * relative) % (LARGEST_SEED + 1)
