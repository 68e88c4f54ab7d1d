"""The ways of teaching by name: what each is, who wrote it down, and for which networks it works. Torch-free."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise, permutations
from types import MappingProxyType
from typing import Literal, NamedTuple

from kdviz.recipes.catalogue import ARCHITECTURES, assistant

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


@dataclass(frozen=True)
class Method:
    """A way of teaching; its loss and gradient are in the module of `kdviz.distillers` that has its name.

    `says` is one sentence for a student; `source` author, year, title and `address` its link.
    """

    name: str
    title: str
    family: Family
    says: str
    source: str
    address: str
    fits: Fits = lambda teacher, student: ""
    # Each student's trained teachers: 0 is its own seed's, 1 the next seed's. Their training is part of the cost.
    teachers: tuple[int, ...] = ()
    between: Callable[[str], tuple[Arrow, ...]] | None = None  # the arrows, where others teach than trained teachers
    also_trained: tuple[str, ...] = ()  # besides the student: networks of the "student", "teacher" or "assistant" size
    learning_teacher: bool = False  # whether what teaches is still learning: then T and alpha are others
    soft_term: Literal["softmax", "logits", "layers", "none"] = "softmax"  # T and alpha count, alpha, neither, neither

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


_HINTON = (
    "Hinton, Vinyals, Dean (2015): Distilling the Knowledge in a Neural Network",
    "https://arxiv.org/abs/1503.02531",
)
_ZHANG_2018 = ("Zhang, Xiang, Hospedales, Lu (2018): Deep Mutual Learning", "https://arxiv.org/abs/1706.00384")
_PSKD = (
    "Kim, Ji, Yoon, Hwang (2021): Self-Knowledge Distillation with Progressive Refinement of Targets",
    "https://arxiv.org/abs/2006.12000",
)

# In the order in which they are shown, everywhere.
METHODS = MappingProxyType(
    {
        method.name: method
        for method in (
            Method(
                "plain",
                "Labels only",
                "control",
                "The student learns from the hard labels alone: what all others are measured against.",
                "Rumelhart, Hinton, Williams (1986): Learning representations by back-propagating errors",
                "https://doi.org/10.1038/323533a0",
                soft_term="none",
            ),
            Method(
                "label-smoothing",
                "Label smoothing",
                "control",
                "Soft targets without knowledge: a tenth of the certainty is spread evenly over all classes.",
                "Szegedy, Vanhoucke, Ioffe, Shlens, Wojna (2016): Rethinking the Inception Architecture",
                "https://arxiv.org/abs/1512.00567",
                soft_term="none",
            ),
            Method(
                "offline",
                "Offline: a trained teacher",
                "offline",
                "A teacher that is trained first and then stands still gives its soft targets.",
                *_HINTON,
                teachers=(0,),
            ),
            Method(
                "offline-soft-ce",
                "Offline, soft cross-entropy",
                "offline",
                "The teacher's soft targets with cross-entropy: the gradient of KL, but never zero.",
                *_HINTON,
                teachers=(0,),
            ),
            Method(
                "offline-mse",
                "Offline, matching logits",
                "offline",
                "The student's logits are drawn to the teacher's: the limit of a very high temperature.",
                "Ba, Caruana (2014): Do Deep Nets Really Need to be Deep?",
                "https://arxiv.org/abs/1312.6184",
                teachers=(0,),
                soft_term="logits",
            ),
            Method(
                "decoupled",
                "Decoupled KD",
                "offline",
                "KL taken apart: how sure the teacher is of the class, and what it says of the others, weighed apart.",
                "Zhao, Cui, Song, Qiu, Liang (2022): Decoupled Knowledge Distillation",
                "https://arxiv.org/abs/2203.08679",
                teachers=(0,),
            ),
            Method(
                "standardised",
                "Logit standardisation",
                "offline",
                "Both networks' logits are brought to mean 0 and one spread first: only their shape is taught.",
                "Sun, Ren, Li, Wang, Cao (2024): Logit Standardization in Knowledge Distillation",
                "https://arxiv.org/abs/2403.01427",
                teachers=(0,),
            ),
            Method(
                "several-teachers",
                "Several teachers",
                "offline",
                "The mean of three trained teachers' soft targets.",
                *_HINTON,
                teachers=(0, 1, 2),
            ),
            Method(
                "assistant",
                "Teacher assistant",
                "offline",
                "The teacher teaches a network of middle size, and that one the student.",
                "Mirzadeh, Farajtabar, Li, Levine, Matsukawa, Ghasemzadeh (2020): Improved Knowledge Distillation via "
                "Teacher Assistant",
                "https://arxiv.org/abs/1902.03393",
                _something_between,
                teachers=(0,),
                between=_chain("teacher", "assistant", "student"),
                also_trained=("assistant",),
            ),
            Method(
                "mutual",
                "Online: two peers",
                "online",
                "Two untrained networks of the same size learn together, each from the labels and from the other.",
                *_ZHANG_2018,
                learning_teacher=True,
                between=_each_other("peer 2"),
                also_trained=("student",),
            ),
            Method(
                "mutual-mixed",
                "Online: a large and a small peer",
                "online",
                "An untrained network of the teacher's size and the student learn together.",
                *_ZHANG_2018,
                _larger,
                learning_teacher=True,
                between=_each_other("large peer"),
                also_trained=("teacher",),
            ),
            Method(
                "mutual-three",
                "Online: three peers",
                "online",
                "Three untrained networks learn together, each from the labels and from both others.",
                *_ZHANG_2018,
                learning_teacher=True,
                between=_each_other("peer 2", "peer 3"),
                also_trained=("student",) * 2,
            ),
            Method(
                "born-again",
                "Self: born again",
                "self",
                "A network teaches the next one of its own architecture, for two generations.",
                "Furlanello, Lipton, Tschannen, Itti, Anandkumar (2018): Born-Again Neural Networks",
                "https://arxiv.org/abs/1805.04770",
                between=_chain(*(f"generation {number}" for number in range(GENERATIONS)), "student"),
                also_trained=("student",) * GENERATIONS,
            ),
            Method(
                "deep-to-shallow",
                "Self: deep teaches shallow",
                "self",
                "Each hidden layer gets an output of its own, and the network's last output teaches it.",
                "Zhang, Song, Gao, Chen, Bao, Ma (2019): Be Your Own Teacher",
                "https://arxiv.org/abs/1905.08094",
                learning_teacher=True,
                between=_heads,
            ),
            Method(
                "earlier-self",
                "Self: the epoch before",
                "self",
                "The network as it was at the end of the epoch before teaches it, with growing weight.",
                *_PSKD,
                learning_teacher=True,
                between=_chain("last epoch", "student"),
            ),
            Method(
                "earlier-average",
                "Self: its own average",
                "self",
                "The moving average of the network's own earlier weights teaches it, with growing weight.",
                "Tarvainen, Valpola (2017): Mean teachers are better role models",
                "https://arxiv.org/abs/1703.01780",
                learning_teacher=True,
                between=_chain("own average", "student"),
            ),
            Method(
                "hints",
                "Hints",
                "feature",
                "A linear map of the student's hidden layer is drawn to the teacher's hidden layer.",
                "Romero, Ballas, Kahou, Chassang, Gatta, Bengio (2015): FitNets: Hints for Thin Deep Nets",
                "https://arxiv.org/abs/1412.6550",
                _one_kind,
                teachers=(0,),
                soft_term="layers",
            ),
            Method(
                "attention",
                "Attention transfer",
                "feature",
                "The student learns where in the image the teacher's features are strong.",
                "Zagoruyko, Komodakis (2017): Paying More Attention to Attention",
                "https://arxiv.org/abs/1612.03928",
                _convolutional,
                teachers=(0,),
                soft_term="layers",
            ),
            Method(
                "fsp",
                "Flow between layers (FSP)",
                "relation",
                "The student learns how the teacher's features of one layer go together with those of the next.",
                "Yim, Joo, Bae, Kim (2017): A Gift from Knowledge Distillation",
                "https://openaccess.thecvf.com/content_cvpr_2017/html/Yim_A_Gift_From_CVPR_2017_paper.html",
                _convolutional,
                teachers=(0,),
                soft_term="layers",
            ),
            Method(
                "rkd",
                "Distances and angles (RKD)",
                "relation",
                "The student learns how far apart the images of a batch are for the teacher, and under which angles.",
                "Park, Kim, Lu, Cho (2019): Relational Knowledge Distillation",
                "https://arxiv.org/abs/1904.05068",
                teachers=(0,),
                soft_term="layers",
            ),
            Method(
                "similarity",
                "Similarity-preserving",
                "relation",
                "The student learns which images of a batch are alike for the teacher.",
                "Tung, Mori (2019): Similarity-Preserving Knowledge Distillation",
                "https://arxiv.org/abs/1907.09682",
                teachers=(0,),
                soft_term="layers",
            ),
        )
    }
)

# Those that can be asked for, and the control of offline distillation, which comes with that.
WITH_CONTROL = MappingProxyType(
    {
        **METHODS,
        CONTROL: Method(
            CONTROL,
            "Control: another teacher’s student",
            "offline",
            "A student learns from the teacher of another seed.",
            "Stanton, Izmailov, Kirichenko, Alemi, Wilson (2021): Does Knowledge Distillation Really Work?",
            "https://arxiv.org/abs/2106.05945",
            teachers=(1,),
            between=_chain("other teacher", "student"),
        ),
    }
)


def short_title(name: str, *, family: bool = True) -> str:
    """A way of teaching in a word or two: for a list of all, or, without `family`, beside its family's name."""
    before, colon, after = METHODS[name].title.partition(": ")
    if not colon:
        return before
    if before == "Offline":  # the word by which it is known everywhere
        return before if family else METHODS[name].title
    return after[0].upper() + after[1:]
