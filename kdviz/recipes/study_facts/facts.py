"""The shape of a study: arms that differ in one thing, measures, and who is judged against whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["share", "count", "number"]
Better = Literal["higher", "lower", ""]  # "": neither, it is only reported


@dataclass(frozen=True)
class Measure:
    """A figure that every arm gives for every seed."""

    name: str  # its key in `Row.figures`
    title: str  # in a sentence and over a column: "right on the test images"
    kind: Kind = "share"  # a share is shown in per cent and has the resolution of its test images
    better: Better = "higher"
    unit: str = ""  # of a number: "nats", "bits"


@dataclass(frozen=True)
class Arm:
    """One condition: what is trained and measured with every seed of the study."""

    name: str  # short, lower case, with hyphens: it stands in URLs and on the command line
    title: str  # a few words, for tables and legends
    line: str = ""  # arms of one line are joined over the axis; the line's name in the legend
    x: float | None = None  # place on the study's axis
    against: str = ""  # the arm it is judged against, seed by seed
    role: Literal["teacher", "student", "label"] = "student"  # its colour: taught by a teacher, or by labels alone
    weight: float = 1.0  # about how long it takes beside the others: only for the time left
    quick: bool = True  # whether the quick version has it
    only: tuple[str, ...] = ()  # data sets that have it; all if empty
    published: float | None = None  # the main measure as a paper reports it, on MNIST


@dataclass(frozen=True)
class StudyFacts:
    """A study by name. `trainer` is "module:function" of the engine: (lab, arm name) to a generator of the arm."""

    name: str
    title: str
    question: str
    trainer: str
    arms: tuple[Arm, ...]
    measures: tuple[Measure, ...]  # the first is the one that verdicts and pictures are about
    data_sets: tuple[str, ...] = ("mnist", "digits")
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    x_title: str = ""
    x_log: bool = False
    lesson: str = ""  # slug of the lesson it belongs to
    sources: tuple[tuple[str, str], ...] = ()  # (author, year, title), address

    def arms_of(self, data: str, *, quick: bool = False) -> tuple[Arm, ...]:
        """The arms there are on a data set."""
        return tuple(arm for arm in self.arms if (not arm.only or data in arm.only) and (arm.quick or not quick))
