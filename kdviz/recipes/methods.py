"""The ways of teaching by name: what each is, who wrote it down, and for which networks it works. Torch-free."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from kdviz.recipes.catalogue import ARCHITECTURES, assistant

Family = Literal["control", "offline", "online", "self", "feature", "relation"]
Fits = Callable[[str, str], str]  # teacher, student: why not, in one sentence, or nothing


@dataclass(frozen=True)
class Method:
    """A way of teaching. `says` is one sentence for a student; `source` author, year, title and `address` its link."""

    name: str
    title: str
    family: Family
    says: str
    source: str
    address: str
    fits: Fits = lambda teacher, student: ""
    asks: int = 0  # how many trained teachers: their training is part of its cost
    learning_teacher: bool = False  # whether whoever teaches is still learning: then T and alpha are others

    @property
    def asks_teacher(self) -> bool:
        """Whether it needs a trained teacher."""
        return self.asks > 0


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
            ),
            Method(
                "label-smoothing",
                "Label smoothing",
                "control",
                "Soft targets without knowledge: a tenth of the certainty is spread evenly over all classes.",
                "Szegedy, Vanhoucke, Ioffe, Shlens, Wojna (2016): Rethinking the Inception Architecture",
                "https://arxiv.org/abs/1512.00567",
            ),
            Method(
                "offline",
                "Offline: a trained teacher",
                "offline",
                "A teacher that is trained first and then stands still gives its soft targets.",
                *_HINTON,
                asks=1,
            ),
            Method(
                "offline-soft-ce",
                "Offline, soft cross-entropy",
                "offline",
                "The teacher's soft targets with cross-entropy: the gradient of KL, but never zero.",
                *_HINTON,
                asks=1,
            ),
            Method(
                "offline-mse",
                "Offline, matching logits",
                "offline",
                "The student's logits are drawn to the teacher's: the limit of a very high temperature.",
                "Ba, Caruana (2014): Do Deep Nets Really Need to be Deep?",
                "https://arxiv.org/abs/1312.6184",
                asks=1,
            ),
            Method(
                "decoupled",
                "Decoupled KD",
                "offline",
                "KL taken apart: how sure the teacher is of the class, and what it says of the others, weighed apart.",
                "Zhao, Cui, Song, Qiu, Liang (2022): Decoupled Knowledge Distillation",
                "https://arxiv.org/abs/2203.08679",
                asks=1,
            ),
            Method(
                "standardised",
                "Logit standardisation",
                "offline",
                "Both networks' logits are brought to mean 0 and one spread first: only their shape is taught.",
                "Sun, Ren, Li, Wang, Cao (2024): Logit Standardization in Knowledge Distillation",
                "https://arxiv.org/abs/2403.01427",
                asks=1,
            ),
            Method(
                "several-teachers",
                "Several teachers",
                "offline",
                "The mean of three trained teachers' soft targets.",
                *_HINTON,
                asks=3,
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
                asks=1,
            ),
            Method(
                "mutual",
                "Online: two peers",
                "online",
                "Two untrained networks of the same size learn together, each from the labels and from the other.",
                *_ZHANG_2018,
                learning_teacher=True,
            ),
            Method(
                "mutual-mixed",
                "Online: a large and a small peer",
                "online",
                "An untrained network of the teacher's size and the student learn together.",
                *_ZHANG_2018,
                _larger,
                learning_teacher=True,
            ),
            Method(
                "mutual-three",
                "Online: three peers",
                "online",
                "Three untrained networks learn together, each from the labels and from both others.",
                *_ZHANG_2018,
                learning_teacher=True,
            ),
            Method(
                "born-again",
                "Self: born again",
                "self",
                "A network teaches the next one of its own architecture, for two generations.",
                "Furlanello, Lipton, Tschannen, Itti, Anandkumar (2018): Born-Again Neural Networks",
                "https://arxiv.org/abs/1805.04770",
            ),
            Method(
                "deep-to-shallow",
                "Self: deep teaches shallow",
                "self",
                "Each hidden layer gets an output of its own, and the network's last output teaches it.",
                "Zhang, Song, Gao, Chen, Bao, Ma (2019): Be Your Own Teacher",
                "https://arxiv.org/abs/1905.08094",
                learning_teacher=True,
            ),
            Method(
                "earlier-self",
                "Self: the epoch before",
                "self",
                "The network as it was at the end of the epoch before teaches it, with growing weight.",
                *_PSKD,
                learning_teacher=True,
            ),
            Method(
                "earlier-average",
                "Self: its own average",
                "self",
                "The moving average of the network's own earlier weights teaches it, with growing weight.",
                "Tarvainen, Valpola (2017): Mean teachers are better role models",
                "https://arxiv.org/abs/1703.01780",
                learning_teacher=True,
            ),
            Method(
                "hints",
                "Hints",
                "feature",
                "A linear map of the student's hidden layer is drawn to the teacher's hidden layer.",
                "Romero, Ballas, Kahou, Chassang, Gatta, Bengio (2015): FitNets: Hints for Thin Deep Nets",
                "https://arxiv.org/abs/1412.6550",
                _one_kind,
                asks=1,
            ),
            Method(
                "attention",
                "Attention transfer",
                "feature",
                "The student learns where in the image the teacher's features are strong.",
                "Zagoruyko, Komodakis (2017): Paying More Attention to Attention",
                "https://arxiv.org/abs/1612.03928",
                _convolutional,
                asks=1,
            ),
            Method(
                "fsp",
                "Flow between layers (FSP)",
                "relation",
                "The student learns how the teacher's features of one layer go together with those of the next.",
                "Yim, Joo, Bae, Kim (2017): A Gift from Knowledge Distillation",
                "https://openaccess.thecvf.com/content_cvpr_2017/html/Yim_A_Gift_From_CVPR_2017_paper.html",
                _convolutional,
                asks=1,
            ),
            Method(
                "rkd",
                "Distances and angles (RKD)",
                "relation",
                "The student learns how far apart the images of a batch are for the teacher, and under which angles.",
                "Park, Kim, Lu, Cho (2019): Relational Knowledge Distillation",
                "https://arxiv.org/abs/1904.05068",
                asks=1,
            ),
            Method(
                "similarity",
                "Similarity-preserving",
                "relation",
                "The student learns which images of a batch are alike for the teacher.",
                "Tung, Mori (2019): Similarity-Preserving Knowledge Distillation",
                "https://arxiv.org/abs/1907.09682",
                asks=1,
            ),
        )
    }
)

PLAIN = "plain"
GENERATIONS = 2  # that are born again, after the one that learns from the labels alone
CONTROL = "independent"  # the student of another seed's teacher: Stanton et al. 2021, section 4
DEFAULT = ("plain", "offline", "mutual", "born-again", "deep-to-shallow", "earlier-self")
