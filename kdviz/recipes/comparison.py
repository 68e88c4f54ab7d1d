"""The recipe of a comparison: several ways to teach one student, several seeds, the same conditions for all."""

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from kdviz.recipes.base import OneSetting, Training, all_known, digest
from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.recipes.methods import DEFAULT, METHODS, PLAIN, WITH_CONTROL, Arrow
from kdviz.recipes.number_lists import items_in, seeds_in

Layer = Literal["last", "middle"]

MOST_ANGLES = 256  # images of a batch: 17 million angles, 67 MB each time they are looked at
_STANDARDISED = ("standardised_temperature", "standardised_alpha")
INSIDE_IMAGES = 300  # validation images, at most, on which the layers of student and teacher are compared


class Comparison(OneSetting):
    """Each method teaches the same student, from the same first weights on the same batches, once for each seed.

    Plain training is always among the methods: it is what the others are judged against.
    """

    kind: ClassVar[str] = "comparison"
    command: ClassVar[str] = "compare"

    study: Literal["compare"] = Field("compare", description="kind of study")
    online_temperature: float = Field(
        1.0, ge=0.05, le=1000, description="temperature T where whoever teaches is still learning"
    )
    online_alpha: float = Field(0.5, ge=0, le=1, description="weight of the soft term where they are")
    standardised_temperature: float = Field(
        2.0, ge=0.05, le=1000, description="temperature T of standardised logits, whose spread is 1"
    )
    standardised_alpha: float = Field(0.9, ge=0, le=1, description="weight of their soft term: 9 against 1")
    hint_layer: Layer = Field("last", description="hidden layer of teacher and student that hints connect")
    control: bool = Field(True, description="with offline, also train a student of another seed's teacher")
    methods: tuple[str, ...] = Field(DEFAULT, description=f"ways to teach, of {', '.join(METHODS)}")
    seeds: tuple[int, ...] = Field((0,), description="seeds, as 0-4 or 0,2,7")
    epochs: int = Field(3, ge=1, le=500, description="epochs of every student")
    teacher_epochs: int | None = Field(
        None, ge=1, le=500, description="epochs of the teacher; as many as the students'"
    )

    _methods = field_validator("methods", mode="before")(lambda given: all_known([PLAIN, *items_in(given)], METHODS))
    _seeds = field_validator("seeds", mode="before")(seeds_in)

    @model_validator(mode="before")
    @classmethod
    def _as_it_was(cls, given: Any) -> Any:
        """A recipe that was stored before standardised logits had a T and an alpha of their own: the others'.

        Stores, bundles and exported scripts name every field there is; links and commands only what differs.
        """
        before = cls.model_fields.keys() - {"transfer_classes", "hint_layer", *_STANDARDISED}
        if not isinstance(given, dict) or not before <= given.keys() or given.keys() & {*_STANDARDISED}:
            return given
        return {**given, "standardised_temperature": given["temperature"], "standardised_alpha": given["alpha"]}

    @model_validator(mode="after")
    def _methods_fit(self) -> Self:
        for name in self.methods:
            reason = METHODS[name].fits(self.teacher, self.student)
            if reason:
                raise ValueError(f"methods has {name}; {reason}")
        if "rkd" in self.methods and self.batch_size > MOST_ANGLES:
            raise ValueError(
                f"batch_size is {self.batch_size}; with rkd it takes at most {MOST_ANGLES}, since every three images "
                "of a batch make an angle."
            )
        return self

    @property
    def id(self) -> str:
        """The comparison's identity: equal conditions, equal id."""
        controlled = self.control and "offline" in self.methods
        online = any(METHODS[name].learning_teacher for name in self.methods)
        same: dict[str, Any] = {"teacher_epochs": self.epochs_of_teacher, "control": controlled}
        if not online:
            same |= {"online_temperature": None, "online_alpha": None}
        return digest({**self.model_dump(mode="json", exclude=self._unasked), **same})

    @property
    def implied(self) -> set[str]:
        """As elsewhere."""
        fields = super().implied | ({"hint_layer"} if self.hint_layer == "last" else set())
        shared = (self.standardised_temperature, self.standardised_alpha) == (self.temperature, self.alpha)
        return fields | {*_STANDARDISED} if shared else fields

    @property
    def _unasked(self) -> set[str]:
        """Fields that no method of this comparison asks for."""
        hints = set() if "hints" in self.methods else {"hint_layer"}
        return hints if "standardised" in self.methods else hints | {*_STANDARDISED}

    @property
    def epochs_of_teacher(self) -> int:
        """Epochs of the teacher: the students' unless `teacher_epochs` is given."""
        return self.epochs if self.teacher_epochs is None else self.teacher_epochs

    def temperature_of(self, method: str) -> float:
        """T of a method: `online_temperature` where its teacher is still learning, as a peer or an earlier self is.

        T = 1, and both terms alike, in Zhang et al. 2018. Standardised logits have spread 1, and a T of their own:
        2, and the weights 9 and 1, in Sun et al. 2024.
        """
        if method == "standardised":
            return self.standardised_temperature
        return self.online_temperature if WITH_CONTROL[method].learning_teacher else self.temperature

    def alpha_of(self, method: str) -> float:
        """Weight of the soft term, in the same way."""
        if method == "standardised":
            return self.standardised_alpha
        return self.online_alpha if WITH_CONTROL[method].learning_teacher else self.alpha

    def arrows(self, method: str) -> tuple[Arrow, ...]:
        """Which network teaches which in a method; the labels teach besides. With alpha = 0 no trained teacher does."""
        return () if self.nobody_asked(method) else WITH_CONTROL[method].arrows(self.student)

    def nobody_asked(self, method: str) -> bool:
        """Whether the method is plain training, as its trained teacher's answers have no weight."""
        return WITH_CONTROL[method].family == "offline" and self.alpha_of(method) == 0

    def remark(self, method: str) -> str:
        """Where a method comes to something else under these conditions, a sentence that says so; else empty."""
        if method == "earlier-self" and self.epochs == 1:
            return "With one epoch there is none before it: this is plain training."
        if method == "deep-to-shallow" and len(ARCHITECTURES[self.student].hidden) == 1:
            return "This student has one hidden layer: its head is a twin of the last output, no shallower."
        if self.nobody_asked(method):
            return "With α = 0 nobody is asked: this is plain training."
        return ""

    def teacher_training(self, seed: int) -> Training:
        """How the teacher of one seed is trained: the one `Recipe` would train with that seed."""
        return self.training_of_teacher(self.epochs_of_teacher, seed)
