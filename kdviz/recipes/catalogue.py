"""What a recipe can name: data sets and architectures, with the facts that follow from the name alone.

Nothing here needs torch, so the process that serves pages can show parameters, sizes and limits.
"""

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from pydantic import TypeAdapter

from kdviz.settings import ASSETS

IMAGE_SIDE = 28
PIXELS = IMAGE_SIDE * IMAGE_SIDE
CLASSES = 10


@dataclass(frozen=True)
class DataFile:
    """A file of a data set. Digests are MD5 in hexadecimal, of the content: what the file is called says nothing."""

    name: str  # in the data folder
    holds: str  # for people: "training images"
    called: str  # where it is offered for download
    md5: str  # of what is in it, unpacked
    packed: tuple[str, ...]  # of the files, gzip or bzip2, in which that is offered


@dataclass(frozen=True)
class DataSet:
    """A data set as `assets/data_sets.toml` has it. The validation split is carved from the training images.

    `own` is the digest of the content where somebody's own files of that form stand in the place of the published ones.
    """

    name: str
    title: str
    training_images: int
    validation_images: int
    test_images: int
    class_names: tuple[str, ...]
    source: str
    chart_floor: float  # where the axis of an accuracy begins, so that the end of a training fills the chart
    form: Literal["idx", "libsvm", "scikit-learn"] = "scikit-learn"
    folder: str = ""  # in the data folder
    mirrors: tuple[str, ...] = ()  # addresses, each with a slash at its end
    files: tuple[DataFile, ...] = ()
    own: str = ""

    def with_own(self, digest: str) -> "DataSet":
        """The same form with other content: a data set of its own, since its name is part of what it is known by."""
        return replace(
            self,
            name=f"{self.name}-{digest}",
            title=f"{self.title}’s form, own files {digest}",
            class_names=tuple(map(str, range(len(self.class_names)))),  # what the labels mean only their owner knows
            source="own files",
            chart_floor=0.0,
            own=digest,
        )


class _DataSets(dict[str, DataSet]):
    """The published ones. A name with a digest behind it, as mnist-3f9c02ab, gives files of one's own of that form."""

    def __missing__(self, name: str) -> DataSet:
        published, _, digest = name.rpartition("-")
        if published in self and self[published].files and re.fullmatch("[0-9a-f]{8}", digest):
            return self[published].with_own(digest)
        raise KeyError(name)


_TEXTS = tomllib.loads((ASSETS / "data_sets.toml").read_text(encoding="utf-8"))
_FACTS = TypeAdapter(DataSet)
DATA_SETS: Mapping[str, DataSet] = _DataSets(
    {name: _FACTS.validate_python({"name": name, **facts}) for name, facts in _TEXTS.items()}
)


def is_data_set(name: str) -> bool:
    """Whether a recipe can name it: a published data set, or own files of such a form."""
    try:
        return bool(DATA_SETS[name])
    except KeyError:
        return False


Kind = Literal["dense", "factored", "pooled", "keras"]


# What a network of dense layers is called that has so many parameters or more.
_SIZES = (
    (1_000_000, "very large"),
    (400_000, "large"),
    (150_000, "medium"),
    (40_000, "small"),
    (20_000, "smaller"),
    (0, "tiny"),
)


@dataclass(frozen=True)
class Architecture:
    """A network's shape. `widths` are units per layer (multi-layer) or channels per convolution (convolutional).

    Its kind: "dense" layers; "factored" where the first of them is a product of two, so that its rank comes behind the
    pixels in `widths`; convolutions that are "pooled" to half the side; those of "keras", with strides of 2.
    """

    name: str
    widths: tuple[int, ...]
    kind: Kind = "dense"

    @property
    def size(self) -> str:
        """What a person calls it: by its parameters, or by its convolutions."""
        if self.convolutional:
            return "convolutional"
        return next(word for least, word in _SIZES if self.parameters >= least)

    @property
    def called(self) -> str:
        """Its size, then its layers: "small (784-128-10)"."""
        return f"{self.size} ({self.name})"

    @property
    def convolutional(self) -> bool:
        """Whether it begins with convolutions."""
        return self.kind in ("pooled", "keras")

    @property
    def layers(self) -> tuple[tuple[int, int], ...]:
        """(weights and biases, multiply-adds for one image) of each layer, from input to logits."""
        if not self.convolutional:
            whole = tuple((a * b + b, a * b) for a, b in pairwise(self.widths))
            if self.kind == "dense":
                return whole
            (_, first), *rest = whole
            return ((first, first), *rest)  # the first factor has no biases
        layers, channels, side = [], 1, IMAGE_SIDE
        for width in self.widths:  # 3x3 convolution, on every pixel with a 2x2 pooling after it or on every second
            weights = 9 * channels * width
            places = side if self.kind == "pooled" else side // 2
            layers.append((weights + width, weights * places * places))
            channels, side = width, side // 2
        features = channels * side * side
        return (*layers, (features * CLASSES + CLASSES, features * CLASSES))

    @property
    def hidden(self) -> tuple[int, ...]:
        """Units or channels of each hidden layer."""
        return self.widths if self.convolutional else self.widths[2 if self.kind == "factored" else 1 : -1]

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        return sum(parameters for parameters, _ in self.layers)

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of one forward pass of one image; activations and pooling are not counted."""
        return sum(multiply_adds for _, multiply_adds in self.layers)

    @property
    def bytes(self) -> int:
        """Size of the parameters in single precision."""
        return 4 * self.parameters


def _named(name: str) -> Architecture:
    """A network from its name: units per layer, the rank of a factored one as r16, or channels per convolution."""
    beginning = name.split("-", maxsplit=1)[0]
    kinds: dict[str, Kind] = {"cnn": "pooled", "keras": "keras"}
    kind: Kind = kinds.get(beginning, "factored" if "r" in name else "dense")
    return Architecture(name, tuple(map(int, re.findall("[0-9]+", name))), kind)


def _by_name(*names: str) -> dict[str, Architecture]:
    """Networks from their names."""
    return {name: _named(name) for name in names}


class _Networks(dict[str, Architecture]):
    """Those that have a name here, and any of their kinds with other widths, as compression leaves them: 784-51-10."""

    def __missing__(self, name: str) -> Architecture:
        if re.fullmatch(r"784(-r[1-9][0-9]{0,3})?(-[1-9][0-9]{0,3}){1,4}-10|cnn(-[1-9][0-9]{0,2}){2}", name):
            return _named(name)
        raise KeyError(name)


# What a recipe can name.
ARCHITECTURES: Mapping[str, Architecture] = _by_name(
    "784-1200-1200-10",
    "784-800-800-10",
    "784-512-256-10",
    "784-300-300-10",
    "784-256-10",
    "784-128-10",
    "784-64-10",
    "784-32-10",
    "784-30-30-10",
    "784-16-10",
    "784-8-10",
    "784-4-10",
    "cnn-32-64",
    "cnn-16-32",
    "cnn-8-16",
)

# All that can be built: also those of other widths (`_Networks`), the networks of the worked example in Keras'
# documentation (Borup 2020), and those with other outputs than the ten digits (runners/studies/one_task.py).
_OF_STUDIES = ("keras-256-512", "keras-16-32", "784-512-256-14", "784-128-14", "784-128-2")
NETWORKS: Mapping[str, Architecture] = _Networks({**ARCHITECTURES, **_by_name(*_OF_STUDIES)})


def is_network(name: str) -> bool:
    """Whether a network of that name can be built."""
    try:
        return bool(NETWORKS[name])
    except KeyError:
        return False


# Which networks a teacher assistant is chosen from: those of middle size.
_NO_ASSISTANTS = ("784-300-300-10", "784-64-10", "784-32-10", "784-16-10", "784-8-10", "784-4-10")
ASSISTANTS = tuple(name for name in ARCHITECTURES if name not in _NO_ASSISTANTS)

# The data sets for which a trained teacher ships in assets/teachers, and that teacher's architecture.
SHIPPED_TEACHERS: Mapping[str, str] = {"mnist": "784-512-256-10", "digits": "784-512-256-10"}


def assistant(teacher: str, student: str) -> str | None:
    """The network of the teacher's kind whose size is nearest to half-way, by ratio, between teacher and student.

    None where there is none between them (Mirzadeh et al. 2020, section 4: the best size is about in the middle).
    """
    large, small = ARCHITECTURES[teacher], ARCHITECTURES[student]
    half_way = math.sqrt(large.parameters * small.parameters)
    between = [
        network
        for network in map(ARCHITECTURES.__getitem__, ASSISTANTS)
        if small.parameters < network.parameters < large.parameters and network.convolutional == large.convolutional
    ]
    nearest = min(between, key=lambda network: abs(math.log(network.parameters / half_way)), default=None)
    return None if nearest is None else nearest.name
