"""The recipe of a run: everything that decides its result, validated, hashable, to and from JSON and the URL.

The one table from which pages, command line, URL and store take names, limits and defaults.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from kdviz.errors import PlainError
from kdviz.recipes.catalogue import ARCHITECTURES, DATA_SETS, is_data_set
from kdviz.recipes.number_lists import classes_in, with_point

# Part of every run's identity: raise it when a change of the engine changes what a recipe computes.
ENGINE = 3

MOST_SHOWN = 80  # characters of a value in a message

Loss = Literal["kl", "soft-ce", "mse"]
Optimizer = Literal["adam", "sgd"]
Schedule = Literal["constant", "one-cycle"]
Augmentation = Literal["none", "shift", "affine"]
M = TypeVar("M", bound=BaseModel)


# What differs from a recipe's defaults where a data set asks for it: 1,257 images want more epochs.
SUITED: Mapping[str, Mapping[str, Any]] = {"digits": {"epochs": 30, "teacher_epochs": 30}}


class RecipeError(PlainError):
    """A recipe that cannot be run; the message is one plain sentence."""


class Training(BaseModel):
    """How one network is trained: all that decides its weights, but for what a teacher adds to the loss."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str
    model: str
    epochs: int
    batch_size: int
    optimizer: Optimizer
    learning_rate: float
    schedule: Schedule
    augmentation: Augmentation
    labels: int | None
    seed: int
    fold: int | None = None  # from 0: the one of `folds` that is held out; None: the validation split is
    folds: int | None = None
    with_validation: bool = False  # learn from the validation images too, once nothing is left to be chosen by them
    input_dropout: float = Field(0.0, ge=0, lt=1)  # share of the pixels
    dropout: float = Field(0.0, ge=0, lt=1)  # share of the hidden units
    max_norm: float | None = Field(None, gt=0)  # of each hidden unit's incoming weights, after every update
    label_smoothing: float = Field(0.0, ge=0, lt=1)  # where it learns from labels alone
    pixels_from_zero: bool = False  # it learns from pixels from 0 (black) to 1, not -1 to 1; multi-layer networks only

    @classmethod
    def reference(cls, data: str, model: str, epochs: int, **changes: Any) -> Training:
        """By Adam 1e-3 on all labels in batches of 64, seed 0, but for `changes`."""
        usual = {"batch_size": 64, "optimizer": "adam", "learning_rate": 1e-3, "schedule": "constant"}
        rest = {"augmentation": "none", "labels": None, "seed": 0}
        return cls(data=data, model=model, epochs=epochs, **{**usual, **rest, **changes})

    @property
    def id(self) -> str:
        """A short hash that names this training."""
        return digest(self.model_dump(mode="json", exclude_defaults=True))

    def without(self, fold: int, folds: int) -> Training:
        """The same training on all training and validation images but those of one fold."""
        return self.model_copy(update={"fold": fold, "folds": folds})


def parsed(model: type[M], values: Mapping[str, Any]) -> M:
    """The values as the model takes them; `RecipeError` says in one sentence what is off."""
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise RecipeError(explain(model, error)) from None


class Request(BaseModel):
    """What every recipe has: a data set, and ways from and to forms, URLs and the command line.

    Class variables and properties say what one kind has in another way than the others.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    kind: ClassVar[str]  # for people: "single run", "comparison", "sweep", "study"
    command: ClassVar[str]  # the command of `python -m kdviz` that trains such a recipe
    students_kept: ClassVar[bool] = True  # whether trained students are stored with the run

    data: str = Field("mnist", description="data set")

    _known_data = field_validator("data")(lambda name: name if is_data_set(name) else known(name, DATA_SETS))

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """From a form, a URL, JSON or the command line; `RecipeError` says in one sentence what is off."""
        return parsed(cls, values)

    @classmethod
    def suited(cls, data: str, values: Mapping[str, Any] = MappingProxyType({})) -> Self:
        """The defaults that suit a data set, with what `values` changes. Raises `RecipeError`."""
        known_fields = cls.model_fields  # where None stands for "as the students", that suits as well
        suits = {
            name: value
            for name, value in SUITED.get(data, {}).items()
            if name in known_fields and known_fields[name].default is not None
        }
        return cls.parse({"data": data, **suits, **values})

    @property
    def implied(self) -> set[str]:
        """Fields that came later and say what was so before: no part of the id or of a document, which stay as before.

        A document that lacks them is read as one of before.
        """
        return set()

    @model_serializer(mode="wrap")
    def _as_documents_have_it(
        self, serialise: SerializerFunctionWrapHandler, info: SerializationInfo
    ) -> dict[str, Any]:
        """Whole JSON documents leave out what is implied; a link has what differs from the defaults of today."""
        document: dict[str, Any] = serialise(self)
        left_out = self.implied if info.mode == "json" and not info.exclude_defaults else set()
        return {name: value for name, value in document.items() if name not in left_out}

    @property
    def usual(self) -> Self:
        """The recipe of this kind with the defaults that suit its data set."""
        return self.suited(self.data)

    @property
    def architectures(self) -> tuple[str, ...]:
        """The students' architectures that are tried, in order; empty where a study has its own."""
        return ()

    @property
    def lesson(self) -> str | None:
        """The slug of the lesson that asks for such runs; None where it is not a lesson's study."""
        return None

    def changes(self) -> dict[str, Any]:
        """The fields that differ from the defaults, as a URL carries them."""
        return self.model_dump(mode="json", exclude_defaults=True)


class Conditions(Request):
    """What a teacher and its students share, however the students are taught."""

    teacher: str = Field("784-512-256-10", description="the teacher's architecture")
    student: str = Field("784-128-10", description="the student's architecture")
    epochs: int = Field(5, ge=1, le=500, description="epochs of the students")
    teacher_labels: int | None = Field(None, ge=10, description="labelled images the teacher learns from")
    teacher_augmentation: Augmentation = Field("none", description="augmentation of the teacher's images")
    labels: int | None = Field(None, ge=10, description="labelled images the students learn from")
    augmentation: Augmentation = Field("none", description="augmentation of the students' images")
    batch_size: int = Field(64, ge=1, le=4096, description="images per update")
    optimizer: Optimizer = Field("adam", description="optimizer")
    learning_rate: float = Field(1e-3, gt=0, le=10, description="learning rate (its peak with one-cycle)")
    schedule: Schedule = Field("constant", description="learning-rate schedule")

    @property
    def architectures(self) -> tuple[str, ...]:
        """The students' architectures that are tried, in order."""
        return (self.student,)

    @field_validator("*", mode="before")
    @classmethod
    def _with_point(cls, given: Any, info: ValidationInfo) -> Any:
        return with_point(given) if cls.model_fields[info.field_name or ""].annotation is float else given

    _known_architecture = field_validator("teacher", "student")(lambda name: known(name, ARCHITECTURES))

    @model_validator(mode="after")
    def _enough_images(self) -> Self:
        available = DATA_SETS[self.data].training_images
        for option in ("labels", "teacher_labels", "batch_size"):
            count = getattr(self, option)
            if count is not None and count > available:
                raise ValueError(
                    f"{option} is {count}; it takes at most {available:,}, the training images of {self.data}."
                )
        return self

    def training_of_teacher(self, epochs: int, seed: int) -> Training:
        """How a teacher is trained."""
        return self._training(self.teacher, epochs, self.teacher_labels, self.teacher_augmentation, seed)

    def training_of_student(self, seed: int, model: str | None = None) -> Training:
        """How a student is trained: same weights to begin with, same batches in the same order for the same seed."""
        return self._training(model or self.student, self.epochs, self.labels, self.augmentation, seed)

    def _training(self, model: str, epochs: int, labels: int | None, augmentation: Augmentation, seed: int) -> Training:
        shared = self.model_dump(include={"data", "batch_size", "optimizer", "learning_rate", "schedule"})
        return Training(model=model, epochs=epochs, augmentation=augmentation, labels=labels, seed=seed, **shared)


class OneSetting(Conditions):
    """Conditions with one temperature and one weight for every student."""

    temperature: float = Field(5.0, ge=0.05, le=1000, description="temperature T of the soft targets")
    alpha: float = Field(0.7, ge=0, le=1, description="weight of the soft term")
    transfer_classes: tuple[int, ...] = Field(
        (), description="classes whose images the students are shown, as 0-5 or 7,8"
    )

    # -0.0 equals 0.0, and equal recipes have one id.
    _no_negative_zero = field_validator("alpha", "online_alpha", "standardised_alpha", check_fields=False)(
        lambda alpha: alpha + 0.0
    )
    _classes = field_validator("transfer_classes", mode="before")(classes_in)

    @property
    def implied(self) -> set[str]:
        """As elsewhere."""
        return set() if self.transfer_classes else {"transfer_classes"}


def digest(document: Mapping[str, Any]) -> str:
    """Twelve hexadecimal digits that name a JSON document."""
    text = json.dumps({"engine": ENGINE, **document}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def known(name: str, names: Mapping[str, Any]) -> str:
    """The name, if it is one of `names`; the ValueError of a validator otherwise."""
    if name not in names:
        raise ValueError(f"it takes one of {', '.join(names)}.")
    return name


def all_known(given: Sequence[str], names: Mapping[str, Any]) -> tuple[str, ...]:
    """The given names in the order of `names`, if all are among them; the ValueError of a validator otherwise."""
    for name in given:
        known(name, names)
    return tuple(name for name in names if name in given)


def limits(kind: type[BaseModel], option: str) -> tuple[float | None, float | None]:
    """The smallest and the largest value an option takes, as widgets need them; None where there is none."""
    low = high = None
    for constraint in kind.model_fields[option].metadata:
        low = getattr(constraint, "ge", getattr(constraint, "gt", low))
        high = getattr(constraint, "le", high)
    return low, high


def explain(kind: type[BaseModel], error: ValidationError) -> str:
    """The first problem in one sentence that names what was given and what is allowed."""
    first = error.errors()[0]
    if not first["loc"]:
        return first["msg"].removeprefix("Value error, ")
    option = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        return f"There is no option {option}; the options are {', '.join(kind.model_fields)}."
    given, what = shortened(first["input"]), first["type"]
    if what == "value_error":
        allowed = str(first["ctx"]["error"])
    elif what == "literal_error":
        allowed = f"it takes one of {first['ctx']['expected'].replace(' or ', ', ')}.".replace("'", "")
    else:
        allowed = f"it takes {_allowed(kind, option)}."
    return f"{option} is {given}; {allowed}"


def shortened(given: object) -> str:
    """What was given as a message names it: a long text by its beginning, and nothing as "empty"."""
    if given in ("", (), []):
        return "empty"
    text = str(given)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def _allowed(kind: type[BaseModel], option: str) -> str:
    annotation = str(kind.model_fields[option].annotation)
    if "str" in annotation:
        return f"one of {', '.join(DATA_SETS if option == 'data' else ARCHITECTURES)}"
    noun = "yes or no" if "bool" in annotation else "a whole number" if "int" in annotation else "a number"
    low, high = limits(kind, option)
    exclusive = any(hasattr(constraint, "gt") for constraint in kind.model_fields[option].metadata)
    if low is None:
        return noun
    if high is None:
        return f"{noun} of at least {low:,}"
    return f"{noun} above {low:,} and up to {high:,}" if exclusive else f"{noun} from {low:,} to {high:,}"
