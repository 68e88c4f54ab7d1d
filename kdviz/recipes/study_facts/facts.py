"""What a study consists of: arms that differ in one thing, measures, and which arm is judged against which.

Questions, titles and measures stand in `assets/studies.toml`.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypedDict

from pydantic import TypeAdapter

from kdviz.recipes.base import Schedule
from kdviz.settings import ASSETS

Kind = Literal["share", "count", "number"]
Better = Literal["higher", "lower", ""]  # "": neither, it is only reported
Role = Literal["teacher", "student", "label"]

_TEXTS = tomllib.loads((ASSETS / "studies.toml").read_text(encoding="utf-8"))
WORDS: Mapping[str, Mapping[str, Any]] = _TEXTS["studies"]  # of each study; their order is that of the studies


@dataclass(frozen=True)
class Measure:
    """A figure that every arm gives for every seed."""

    name: str  # its key in `Row.figures`
    title: str  # in a sentence and over a column: "right on the test images"
    kind: Kind = "share"  # a share is shown in per cent and has the resolution of its test images
    better: Better = "higher"
    unit: str = ""  # of a number: "nats", "bits"


_MEASURE = TypeAdapter(Measure)


@dataclass(frozen=True)
class Arm:
    """One condition: what is trained and measured with every seed of the study."""

    name: str  # short, lower case, with hyphens: it stands in URLs and on the command line
    title: str = ""  # a few words, for tables and legends
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
    schedule: Schedule | None = None  # of the learning rate, in all its trainings; None where its code says it
    x_title: str = ""
    x_log: bool = False
    lesson: str = ""  # slug of the lesson it belongs to

    def arms_of(self, data: str, *, quick: bool = False) -> tuple[Arm, ...]:
        """The arms there are on a data set."""
        return tuple(arm for arm in self.arms if (not arm.only or data in arm.only) and (arm.quick or not quick))


def study(
    name: str,
    arms: Iterable[Arm],
    *,
    trainer: str = "",
    data_sets: tuple[str, ...] = StudyFacts.data_sets,
    seeds: tuple[int, ...] = StudyFacts.seeds,
    schedule: Schedule | None = "one-cycle",
) -> StudyFacts:
    """A study with its words and its measures; arms that have no title are given theirs.

    Its trainer, unless it is another, is the function `measure` of the study's module in `runners.studies`. Networks
    that end with small steps differ less from seed to seed, so that the same seeds show smaller differences.
    """
    words = WORDS[name]
    shared = _TEXTS["measures"]
    return StudyFacts(
        name=name,
        title=words["title"],
        question=words["question"],
        trainer=trainer or f"kdviz.runners.studies.{name.replace('-', '_')}:measure",
        arms=tuple(arm if arm.title else replace(arm, title=words["arms"][arm.name]) for arm in arms),
        measures=tuple(
            _MEASURE.validate_python({"name": measure, **shared.get(measure, {}), **facts})
            for measure, facts in words["measures"].items()
        ),
        data_sets=data_sets,
        seeds=seeds,
        schedule=schedule,
        x_title=words.get("x_title", ""),
        x_log=words.get("x_log", False),
        lesson=words["lesson"],
    )


def arms_on_axis(name: str, xs: Sequence[float], more: Callable[[str, float], MoreOfArm]) -> Iterable[Arm]:
    """Each line of a study at each place of its axis, as "line-x", judged against the line "labels" at that place.

    `more` gives the other facts of the arm of a line and a place.
    """
    for x in xs:
        place = WORDS[name]["place"].format(x)
        for line, title in WORDS[name]["lines"].items():
            against = "" if line == "labels" else f"labels-{x:g}"
            role: Role = "student" if against else "label"
            yield Arm(f"{line}-{x:g}", f"{title}, {place}", title, x, against, role, **more(line, x))


def arms_in_groups(
    name: str, ways: Mapping[str, tuple[str, Role]], more: Callable[[str, str], MoreOfArm]
) -> Iterable[Arm]:
    """Every way in every group of a study, as "group-way". Ways have the way that they are judged against, and a role.

    `more` gives the other facts of the arm of a group and a way.
    """
    for group, group_title in WORDS[name]["groups"].items():
        for way, (against, role) in ways.items():
            yield Arm(
                f"{group}-{way}",
                f"{group_title}: {WORDS[name]['ways'][way]}",
                against=f"{group}-{against}" if against else "",
                role=role,
                **more(group, way),
            )
