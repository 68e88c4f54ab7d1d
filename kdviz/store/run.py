"""A run as the store has it, and a bundle of one."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import Field

from kdviz.records.base import Record, TrainedStudent
from kdviz.records.compressed import CompressedStudent
from kdviz.records.kinds import AnyRecipe, Ending, Event

Status = Literal["queued", "running", "paused", "finished", "failed", "cancelled", "interrupted"]
LIVE: tuple[Status, ...] = ("queued", "running", "paused")
IMPORTED = "Imported from a file: its figures are what the file says, and nobody here has trained it."
UNFINISHED = "Imported from a file without a result: where it comes from it was stopped, or it failed."
_IMPORTED = "imported-"  # how the id of an imported run begins, which no recipe's hash does


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

    @property
    def imported(self) -> bool:
        """Whether it came in a bundle: it is shown, and no Start is answered with it."""
        return self.id.startswith(_IMPORTED) or self.message in (IMPORTED, UNFINISHED)

    @property
    def state(self) -> str:
        """Its status in a word, for lists: of an imported one, that it is."""
        return "imported" if self.imported else self.status


@dataclass(frozen=True)
class Bundle:
    """The content of a bundle: the run as it was where it comes from, its events, its students, and smaller ones."""

    run: Run
    events: tuple[Event, ...]
    students: tuple[TrainedStudent, ...]
    compressed: tuple[CompressedStudent, ...] = ()

    @property
    def id(self) -> str:
        """What its run is called here: the same for the same content, whatever people have written to it."""
        told = {"recipe", "status", "created", "started", "finished", "result"}
        content = hashlib.sha256(self.run.model_dump_json(include=told).encode())
        for event in self.events:
            content.update(event.model_dump_json().encode())
        for student in self.students:
            content.update(student.weights)
        for made in self.compressed:
            content.update(made.model_dump_json().encode())
        return f"{_IMPORTED}{content.hexdigest()[:12]}"


def new_imported_id() -> str:
    """For an imported run that has the id of a recipe, as versions before this one gave it."""
    return f"{_IMPORTED}{uuid.uuid4().hex[:12]}"
