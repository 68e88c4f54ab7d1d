"""The ways of teaching by name: what each is, what teaches what in it, and for which networks it works. Torch-free."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise, permutations
from types import MappingProxyType
from typing import Literal, NamedTuple

from kdviz.recipes.catalogue import ARCHITECTURES, assistant
from kdviz.settings import ASSETS

Family = Literal["control", "offline", "online", "self", "feature", "relation"]
Fits = Callable[[str, str], str]  # teacher, student: why not, in one sentence, or nothing
Arrow = tuple[str, str]  # a network that teaches and the one that it teaches, by their names in `records.comparison`
PLAIN = "plain"
CONTROL = "independent"  # the student of another seed's teacher: Stanton et al. 2021, section 4
GENERATIONS = 2  # that are born again, after the one that learns from the labels alone
DEFAULT = (PLAIN, "offline", "mutual", "born-again", "deep-to-shallow", "earlier-self")


class FamilyWords(NamedTuple):
    """What a family of methods is called: in a word, and as the heading of its methods."""

    word: str
    title: str


FAMILIES: MappingProxyType[Family, FamilyWords] = MappingProxyType(
    {
        "control": FamilyWords("control", "Without a teacher"),
        "offline": FamilyWords("offline", "Offline: from a trained teacher’s answers"),
        "online": FamilyWords("online", "Online: peers learn together"),
        "self": FamilyWords("self", "Self-distillation: from itself"),
        "feature": FamilyWords("features", "From the teacher’s features"),
        "relation": FamilyWords("relations", "From the teacher’s relations"),
    }
)


_TEXTS: dict[str, dict[str, str]] = tomllib.loads((ASSETS / "methods.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Method:
    """A way of teaching; its loss and gradient are in the module of `kdviz.distillers` that has its name.

    What is said of it stands in `assets/methods.toml`: `says` is one sentence for a student; `source` author, year and
    title, `address` its link.
    """

    name: str
    family: Family
    fits: Fits = lambda teacher, student: ""
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

    def __post_init__(self) -> None:
        for name, text in _TEXTS[self.name].items():
            object.__setattr__(self, name, text)

    @property
    def asks_teacher(self) -> bool:
        """Whether it needs a trained teacher."""
        return bool(self.teachers)

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


def _convolutional(teacher: str, student: str) -> str:
    if ARCHITECTURES[teacher].convolutional and ARCHITECTURES[student].convolutional:
        return ""
    return f"it compares maps of features, and needs two convolutional networks, not {teacher} and {student}."


def _one_kind(teacher: str, student: str) -> str:
    if ARCHITECTURES[teacher].convolutional == ARCHITECTURES[student].convolutional:
        return ""
    return (
        f"it maps a hidden layer onto a hidden layer, and needs two networks of one kind, not {teacher} and {student}."
    )


def _larger(teacher: str, student: str) -> str:
    if ARCHITECTURES[teacher].parameters > ARCHITECTURES[student].parameters:
        return ""
    return f"{teacher} is no larger than {student}, and cannot be the large peer."


def _something_between(teacher: str, student: str) -> str:
    if assistant(teacher, student) is not None:
        return ""
    return f"there is no network between {teacher} and {student} to be the assistant."


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
        _something_between,
        teachers=(0,),
        between=_chain("teacher", "assistant", "student"),
        also_trained=("assistant",),
    ),
    Method("mutual", "online", between=_each_other("peer 2"), also_trained=("student",), learning_teacher=True),
    Method(
        "mutual-mixed",
        "online",
        _larger,
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
    Method("hints", "feature", _one_kind, teachers=(0,), soft_term="layers"),
    Method("attention", "feature", _convolutional, teachers=(0,), soft_term="layers"),
    Method("fsp", "relation", _convolutional, teachers=(0,), soft_term="layers"),
    Method("rkd", "relation", teachers=(0,), soft_term="layers"),
    Method("similarity", "relation", teachers=(0,), soft_term="layers"),
)
METHODS = MappingProxyType({method.name: method for method in _ALL})
# With the control of offline distillation, which cannot be asked for alone.
WITH_CONTROL = MappingProxyType(
    {**METHODS, CONTROL: Method(CONTROL, "offline", teachers=(1,), between=_chain("other teacher", "student"))}
)


def short_title(name: str, *, family: bool = True) -> str:
    """A way of teaching in a word or two: for a list of all, or, without `family`, beside its family's name."""
    before, colon, after = METHODS[name].title.partition(": ")
    if not colon:
        return before
    if before == "Offline":  # the word by which it is known everywhere
        return before if family else METHODS[name].title
    return after[0].upper() + after[1:]
