"""What a stage and a seat may send over the channel of a class; everything else is refused."""

import base64
import binascii
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

MOST_OF_STAGE = 65_536  # characters of a message
MOST_OF_SEAT = 4096
PIXELS = 784  # of a drawing, a byte each

M = TypeVar("M", bound=BaseModel)


class UnreadableError(ValueError):
    """A message that is none; in few words, what is wrong with it."""


def read(kind: type[M], text: str, most: int) -> M:
    """The message in a text. Raises UnreadableError."""
    if len(text) > most:
        raise UnreadableError(f"The message has {len(text)} characters; it may have {most}.")
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "The message"
        raise UnreadableError(f"{where}: {first['msg']}."[:120]) from None


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Show(_Message):
    """What the stage shows. Of `pictures`, which the seats' browsers read, nothing is looked into."""

    page: str = Field(pattern=r"^[a-z_]{1,40}$")
    title: str = Field(max_length=300)
    sentence: str = Field(max_length=600)
    scene: int | None = Field(default=None, ge=1, le=999)
    talk: str | None = Field(default=None, pattern=r"^[a-z0-9-]{1,80}$")
    query: str = Field(default="", max_length=4000)
    T: str | None = Field(default=None, max_length=20)
    alpha: str | None = Field(default=None, max_length=20)
    pictures: tuple[dict[str, Any], ...] = Field(default=(), max_length=8)

    @property
    def place(self) -> str:
        """Where seats answer: a scene of a talk, else a page."""
        return self.page if self.talk is None else f"{self.talk}/{self.scene}"


class Truth(_Message):
    """Which choice of a question is true, from 0, and a sentence about it; None where that cannot be said."""

    choice: int | None = Field(default=None, ge=0, le=9)
    says: str = Field(default="", max_length=300)


class Poll(_Message):
    """What becomes of the question that is asked: closed or open, and the truth once it is computed."""

    closed: bool
    truth: Truth | None = None


class FromStage(_Message):
    """What a presenter's stage sends."""

    show: Show | None = None
    poll: Poll | None = None
    end: Literal[True] | None = None
    ping: int | None = None


class Answer(_Message):
    """What a seat chose of the choices of a scene, from 0."""

    scene: int | None = None
    choice: int = Field(ge=0, le=9)


def _drawn(text: str) -> str:
    try:
        pixels = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("it is no base64") from None
    if len(pixels) != PIXELS:
        raise ValueError(f"it has {len(pixels)} pixels; a drawing has {PIXELS}")
    return text


class Drawing(_Message):
    """A digit, 28 × 28, in base64; None where it was cleared."""

    pixels: Annotated[str, AfterValidator(_drawn)] | None


class Trained(_Message):
    """What a seat's browser has trained with a T and an α: the share of held-out images that each student has right."""

    T: float = Field(gt=0, le=1000)
    alpha: float = Field(ge=0, le=1)
    accuracy: float = Field(ge=0, le=1)  # of the student that was taught
    plain: float = Field(ge=0, le=1)  # of the one with labels only
    updates: int = Field(ge=0, le=10**9)


class Points(_Message):
    """All that a seat has trained."""

    points: tuple[Trained, ...] = Field(max_length=8)


class FromSeat(_Message):
    """What a seat sends."""

    answer: Answer | None = None
    drawing: Drawing | None = None
    point: Points | None = None
    ping: int | None = None
