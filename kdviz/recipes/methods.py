"""The ways of teaching by name: what each is, what teaches what in it, and for which networks it works. Torch-free."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise, permutations
from typing import Any, Literal, NamedTuple

from kdviz.recipes.catalogue import ARCHITECTURES, Architecture, assistant
from kdviz.settings import ASSETS

Family = Literal["control", "offline", "online", "self", "feature", "relation"]
Condition = Callable[[Architecture, Architecture], bool]  # on the teacher and the student
Arrow = tuple[str, str]  # a network that teaches and the one that it teaches, by their names in `records.comparison`
PLAIN = "plain"
CONTROL = "independent"  # the student of another seed's teacher: Stanton et al. 2021, section 4
TEACHER = "teacher"  # no method either: what a moment or a trial of a teacher itself is called
GENERATIONS = 2  # that are born again, after the one that learns from the labels alone
DEFAULT = (PLAIN, "offline", "mutual", "born-again", "deep-to-shallow", "earlier-self")


class FamilyWords(NamedTuple):
    """What a family of methods is called: in a word, and as the heading of its methods."""

    word: str
    title: str


_TEXTS: dict[str, Any] = tomllib.loads((ASSETS / "methods.toml").read_text(encoding="utf-8"))
FAMILIES: Mapping[Family, FamilyWords] = {family: FamilyWords(**words) for family, words in _TEXTS["families"].items()}


@dataclass(frozen=True)
class Method:
    """A way of teaching; its loss and gradient are in the module of `kdviz.distillers` that has its name.

    What is said of it stands in `assets/methods.toml`: `says` is one sentence for a student; `source` author, year and
    title, `address` its link; `unfit` says which networks it needs.
    """

    name: str
    family: Family
    condition: Condition = lambda teacher, student: True
    # Each student's trained teachers: 0 is its own seed's, 1 the next seed's. Their training is part of the cost.
    teachers: tuple[int, ...] = ()
    between: Callable[[str], tuple[Arrow, ...]] | None = None  # the arrows, where others teach than trained teachers
    also_trained: tuple[str, ...] = ()  # besides the student: networks of the "student", "teacher" or "assistant" size
    learning_teacher: bool = False  # whether what teaches is still learning: then T and alpha are others
    soft_term: Literal["softmax", "logits", "layers", "none"] = "softmax"  # T and alpha count, alpha, neither, neither
    title: str = field(init=False)
    says: str = field(init=False)
    source: str = field(init=False)
    address: str = field(init=False)
    unfit: str = field(init=False, default="")

    def __post_init__(self) -> None:
        for name, text in _TEXTS[self.name].items():
            object.__setattr__(self, name, text)

    @property
    def asks_teacher(self) -> bool:
        """Whether it needs a trained teacher."""
        return bool(self.teachers)

    def fits(self, teacher: str, student: str) -> str:
        """Why it does not work with these networks, in one sentence, or nothing."""
        works = self.condition(ARCHITECTURES[teacher], ARCHITECTURES[student])
        return "" if works else self.unfit.format(teacher=teacher, student=student)

    def arrows(self, student: str) -> tuple[Arrow, ...]:
        """Which network teaches which, for a student of this architecture; the labels teach besides."""
        if self.between is not None:
            return self.between(student)
        return tuple((f"teacher {row + 1}" if row else "teacher", "student") for row in self.teachers)


def _chain(*names: str) -> Callable[[str], tuple[Arrow, ...]]:
    return lambda student: tuple(pairwise(names))


def _each_other(*peers: str) -> Callable[[str], tuple[Arrow, ...]]:
    return lambda student: tuple(permutations(("student", *peers), 2))


def _heads(student: str) -> tuple[Arrow, ...]:
    return tuple(("student", f"head {number}") for number in range(1, len(ARCHITECTURES[student].hidden) + 1))


def _both_convolutional(teacher: Architecture, student: Architecture) -> bool:
    return teacher.convolutional and student.convolutional


# In the order in which they are shown, everywhere.
_ALL = (
    Method(PLAIN, "control", soft_term="none"),
    Method("label-smoothing", "control", soft_term="none"),
    Method("offline", "offline", teachers=(0,)),
    Method("offline-soft-ce", "offline", teachers=(0,)),
    Method("offline-mse", "offline", teachers=(0,), soft_term="logits"),
    Method("decoupled", "offline", teachers=(0,)),
    Method("standardised", "offline", teachers=(0,)),
    Method("several-teachers", "offline", teachers=(0, 1, 2)),
    Method(
        "assistant",
        "offline",
        lambda teacher, student: assistant(teacher.name, student.name) is not None,
        teachers=(0,),
        between=_chain("teacher", "assistant", "student"),
        also_trained=("assistant",),
    ),
    Method("mutual", "online", between=_each_other("peer 2"), also_trained=("student",), learning_teacher=True),
    Method(
        "mutual-mixed",
        "online",
        lambda teacher, student: teacher.parameters > student.parameters,
        between=_each_other("large peer"),
        also_trained=("teacher",),
        learning_teacher=True,
    ),
    Method(
        "mutual-three",
        "online",
        between=_each_other("peer 2", "peer 3"),
        also_trained=("student",) * 2,
        learning_teacher=True,
    ),
    Method(
        "born-again",
        "self",
        between=_chain(*(f"generation {number}" for number in range(GENERATIONS)), "student"),
        also_trained=("student",) * GENERATIONS,
    ),
    Method("deep-to-shallow", "self", between=_heads, learning_teacher=True),
    Method("earlier-self", "self", between=_chain("last epoch", "student"), learning_teacher=True),
    Method("earlier-average", "self", between=_chain("own average", "student"), learning_teacher=True),
    Method(
        "hints",
        "feature",
        lambda teacher, student: teacher.convolutional == student.convolutional,
        teachers=(0,),
        soft_term="layers",
    ),
    Method("attention", "feature", _both_convolutional, teachers=(0,), soft_term="layers"),
    Method("fsp", "relation", _both_convolutional, teachers=(0,), soft_term="layers"),
    Method("rkd", "relation", teachers=(0,), soft_term="layers"),
    Method("similarity", "relation", teachers=(0,), soft_term="layers"),
)
METHODS: Mapping[str, Method] = {method.name: method for method in _ALL}
# With the control of offline distillation, which cannot be asked for alone.
WITH_CONTROL: Mapping[str, Method] = {
    **METHODS,
    CONTROL: Method(CONTROL, "offline", teachers=(1,), between=_chain("other teacher", "student")),
}


def short_title(name: str, *, family: bool = True) -> str:
    """A way of teaching in a word or two: for a list of all, or, without `family`, beside its family's name."""
    before, colon, after = METHODS[name].title.partition(": ")
    if not colon:
        return before
    if before == "Offline":  # the word by which it is known everywhere
        return before if family else METHODS[name].title
    return after[0].upper() + after[1:]
