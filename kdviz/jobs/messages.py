"""What travels between the queue and a worker."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from pydantic import Field

from kdviz.recipes.base import Training
from kdviz.recipes.sweep import Stack
from kdviz.records.base import Record, TrainedStudent
from kdviz.records.kinds import Ending, Event
from kdviz.records.sweep import FinishedStack

Wish = Literal["go", "pause", "cancel"]
MessageKind = Literal["begin", "event", "student", "pause", "resume", "stumble"]
SweepPart = Stack | Training  # what of a sweep one task trains: the students of one stack, or one teacher


class TaskOrder(NamedTuple):
    """A task to carry out: what travels is JSON, but for teachers' weights."""

    recipe: str
    trainer: str | None = None  # "module:function" in place of the recipe's own
    finished: Sequence[str] = ()  # parts that need no training any more
    stack: str = ""  # train these students of a sweep only
    teacher: str = ""  # train this teacher only
    teachers: Sequence[str] = ()  # ids of those that are needed, for a worker on another machine


class Message(Record):
    """A message of a worker that trains. `attempt` tells one try of a task from another, as each draws its own."""

    job: str
    attempt: str
    kind: MessageKind
    text: str = ""  # of a stumble
    event: Event | None = Field(None, union_mode="left_to_right")  # no two kinds look alike: the first that fits
    student: TrainedStudent | None = None


class TaskOutcome(Record):
    """How a task ended: with a result, a stack or a teacher; refused in plain words; or cancelled, with nothing."""

    result: Ending | None = None
    stack: FinishedStack | None = None
    teacher: bytes | None = None  # a safetensors file
    refusal: str = ""
    lost: bool = False  # refused because the cluster was lost, which says nothing about the task


class UnexpectedError(Exception):
    """A bug or a broken machine, as text: the worker's own exception might need torch to be unpickled."""


def unexpected(text: str) -> str:
    """The sentence for an error without a plain message."""
    return f"The worker stopped with an unexpected error ({' '.join(text.split()).rstrip('.')})."
