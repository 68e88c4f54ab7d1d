"""A run as the store has it, and a bundle of one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import Field

from kdviz.records.base import Record, TrainedStudent
from kdviz.records.kinds import AnyRecipe, Ending, Event

Status = Literal["queued", "running", "paused", "finished", "failed", "cancelled", "interrupted"]
LIVE: tuple[Status, ...] = ("queued", "running", "paused")


class Run(Record):
    """One run as it stood when it was read. Times are in UTC."""

    id: str
    recipe: AnyRecipe
    status: Status
    attempt: int = 0  # 1 for the first; 2 after a lost worker; 0 before it began
    message: str = ""  # what a person should know about it, in plain words
    created: datetime
    started: datetime | None = None
    finished: datetime | None = None
    result: Ending | None = None
    owner: str = ""  # the store object that trains it
    visitor: str = Field("", exclude=True)  # the mark of the browser that started it, "" for none: no part of documents
    wish: str = Field("", exclude=True)  # what was asked of whoever trains it, another process, and not done yet
    tags: tuple[str, ...] = ()
    note: str = ""

    @property
    def live(self) -> bool:
        """Whether it waits, runs or is paused, with an owner that was heard of lately."""
        return self.status in LIVE


@dataclass(frozen=True)
class Bundle:
    """The content of a bundle: the run as it was where it comes from, its events, and its students."""

    run: Run
    events: tuple[Event, ...]
    students: tuple[TrainedStudent, ...]
