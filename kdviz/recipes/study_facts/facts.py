"""What a study consists of: arms that differ in one thing, measures, and which arm is judged against which."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict, Unpack

Kind = Literal["share", "count", "number"]
Better = Literal["higher", "lower", ""]  # "": neither, it is only reported
Role = Literal["teacher", "student", "label"]


@dataclass(frozen=True)
class Measure:
    """A figure that every arm gives for every seed."""

    name: str  # its key in `Row.figures`
    title: str  # in a sentence and over a column: "right on the test images"
    kind: Kind = "share"  # a share is shown in per cent and has the resolution of its test images
    better: Better = "higher"
    unit: str = ""  # of a number: "nats", "bits"


TEST_ACCURACY = Measure("test_accuracy", "right on the test images")
NLL = Measure("nll", "negative log-likelihood", kind="number", better="lower", unit="nats")


@dataclass(frozen=True)
class Arm:
    """One condition: what is trained and measured with every seed of the study."""

    name: str  # short, lower case, with hyphens: it stands in URLs and on the command line
    title: str  # a few words, for tables and legends
    line: str = ""  # arms of one line are joined over the axis; the line's name in the legend
    x: float | None = None  # place on the study's axis
    against: str = ""  # the arm it is judged against, seed by seed
    role: Role = "student"  # its colour: taught by a teacher, or by labels alone
    weight: float = 1.0  # about how long it takes beside the others: only for the time left
    quick: bool = True  # whether the quick version has it
    only: tuple[str, ...] = ()  # data sets that have it; all if empty
    published: float | None = None  # the main measure as a paper reports it, on MNIST


class MoreOfArm(TypedDict, total=False):
    """Facts of an arm that differ within a line or a group; see `Arm`."""

    weight: float
    quick: bool
    only: tuple[str, ...]


@dataclass(frozen=True)
class StudyFacts:
    """A study by name. `trainer` is the "module:function" that trains and measures an arm: see `runners.study`."""

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

    def arms_of(self, data: str, *, quick: bool = False) -> tuple[Arm, ...]:
        """The arms there are on a data set."""
        return tuple(arm for arm in self.arms if (not arm.only or data in arm.only) and (arm.quick or not quick))


def arm_at(way: str, title: str, x: float, place: str, **more: Unpack[MoreOfArm]) -> Arm:
    """A way of teaching at one place of the axis, judged against labels alone at the same place.

    `title` is the line's, `place` the words for x: "50 labels". The ways are called "labels" and as the study likes.
    """
    by_labels = way == "labels"
    return Arm(
        name=f"{way}-{x:g}",
        title=f"{title}, {place}",
        line=title,
        x=x,
        against="" if by_labels else f"labels-{x:g}",
        role="label" if by_labels else "student",
        **more,
    )


def arms_in_groups(
    groups: Mapping[str, str],
    ways: Mapping[str, tuple[str, str, Role]],
    more: Callable[[str, str], MoreOfArm],
) -> tuple[Arm, ...]:
    """Every way in every group, as "group-way". Groups have a title; ways a title, the way judged against, a role.

    `more` gives the other facts of the arm of a group and a way.
    """
    return tuple(
        Arm(
            name=f"{group}-{way}",
            title=f"{group_title}: {title}",
            against=f"{group}-{against}" if against else "",
            role=role,
            **more(group, way),
        )
        for group, group_title in groups.items()
        for way, (title, against, role) in ways.items()
    )
