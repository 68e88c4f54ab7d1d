"""One run of a server: the tasks it is made of, what can be ordered next, and its state. No threads, no cluster.

A single run, a comparison or a lesson's study is one task. A sweep has one for each stack of students, one for each
teacher that is missing, and a last one, which makes the choice.
"""

import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from kdviz.jobs import messages
from kdviz.recipes.base import Training
from kdviz.recipes.sweep import Stack, Sweep
from kdviz.records import sweep_plan
from kdviz.records.base import TrainedStudent
from kdviz.records.kinds import Event, Part, newest
from kdviz.records.sweep import FinishedStack, SweepResult
from kdviz.reports.phrases import plural
from kdviz.store import teacher_files
from kdviz.store.run import LIVE, Run, Status

ATTEMPTS = 2  # of each task
CLUSTER_LOST = "The training cluster was lost; the run goes on by itself."


class Version(NamedTuple):
    """What of a run can change while it is watched: equal versions look the same."""

    status: Status
    attempt: int
    events: int


_NEW = Version("queued", 0, 0)


@dataclass
class Task:
    """One order of a run, on its way."""

    key: str
    what: messages.SweepPart | None  # None: all that is left of the run
    tries: int = 0
    attempt: str = ""  # the worker's name for the present try
    stumble: str = ""  # the unexpected error that ended the try before
    paused: bool = False
    again: bool = False  # whether it was ordered before, of a cluster that was lost


@dataclass
class Job:
    """One of a server's runs, until its end is in the store."""

    run: Run
    finished: list[Part]  # parts that are done, by this attempt or before
    events: list[Event] = field(default_factory=list)
    students: list[TrainedStudent] = field(default_factory=list)  # students that are not stored yet
    tasks: dict[str, Task] = field(default_factory=dict)  # by key
    wish: messages.Wish = "go"
    stored: Version = _NEW
    stored_parts: frozenset[str] = frozenset()
    _trained: set[str] = field(default_factory=set)  # trainings whose teachers are there
    _name: str = field(default_factory=lambda: uuid.uuid4().hex[:8])  # a run that is submitted again gets another
    _plan: list[Stack | None] = field(default_factory=list)  # None: all that is left
    _lost: set[messages.SweepPart | None] = field(default_factory=set)  # what a cluster was at when it was lost
    _last: bool = False  # whether nothing comes after the plan
    _going_since: float | None = None
    _seconds: float = 0.0  # of going before, and of what an earlier request got done

    def __post_init__(self) -> None:
        if not self.sweep:
            self._plan, self._last = [None], True
        self._seconds = sweep_plan.seconds_of(self._stacks)
        self.stored_parts = frozenset(part.key for part in self.finished)
        for stack in self._stacks:
            self.events += [*stack.moments, stack]

    @property
    def sweep(self) -> Sweep | None:
        """The recipe, if it is of a kind that is made of many tasks."""
        return self.run.recipe if isinstance(self.run.recipe, Sweep) else None

    @property
    def _stacks(self) -> list[FinishedStack]:
        return [part for part in self.finished if isinstance(part, FinishedStack)]

    @property
    def version(self) -> Version:
        """What there is to be shown, and to be stored."""
        return Version(self.run.status, self.run.attempt, len(self.events))

    @property
    def waits(self) -> bool:
        """Whether no task has been ordered yet."""
        return self.run.attempt == 0 and not self.tasks

    @property
    def seconds(self) -> float:
        """How long the run has been going, without pauses."""
        return self._seconds + (0.0 if self._going_since is None else time.monotonic() - self._going_since)

    def change(self, **changes: object) -> None:
        """Change the run."""
        status = changes.get("status", self.run.status)
        self._seconds = self.seconds
        self._going_since = time.monotonic() if status == "running" else None
        if status not in LIVE:
            changes["finished"] = datetime.now(UTC)
        self.run = self.run.model_copy(update=changes)

    # What is to be done.

    def next_task(self) -> Task | None:
        """A task that a worker could begin now; it counts as ordered from then on."""
        if not self.run.live or self.wish != "go":
            return None
        if not self._plan and not self.tasks and not self._last:
            self._plan = [*self._waiting()] or [None]
            self._last = self._plan == [None]
        learning = {task.what for task in self.tasks.values()}
        for what in self._plan:
            missing = [teacher for teacher in self._teachers(what) if not self._is_trained(teacher)]
            if not missing:
                self._plan.remove(what)
                return self._ordered(what)
            for teacher in missing:
                if teacher not in learning:
                    return self._ordered(teacher)
        return None

    def order(self, task: Task, trainer: str | None) -> messages.TaskOrder:
        """What the worker is told."""
        recipe, what = self.run.recipe.model_dump_json(), task.what
        if isinstance(what, Training):
            return messages.TaskOrder(recipe, trainer, teacher=what.model_dump_json())
        teachers = [teacher.id for teacher in self._teachers(what)]
        if what is not None:
            return messages.TaskOrder(recipe, trainer, stack=what.model_dump_json(), teachers=teachers)
        # The choice needs no curves of a stack; a comparison's method says its own again.
        parts = [part.model_copy(update={"moments": []}) for part in self._stacks] or self.finished
        finished = [part.model_dump_json() for part in parts]
        return messages.TaskOrder(recipe, trainer, finished, teachers=teachers)

    def _waiting(self) -> list[Stack]:
        assert self.sweep
        return sweep_plan.waiting(self.sweep, self._stacks)

    def _teachers(self, what: Stack | None) -> list[Training]:
        """The teachers that have to be trained before."""
        if not self.sweep:
            return []
        if what is not None:
            return [self.sweep.teacher_of_stack(what)]
        rates = dict.fromkeys(cell.learning_rate for cell in self.sweep.trained_cells)  # any cell may be chosen
        seeds = self.sweep.seeds_of_test
        teachers = [self.sweep.teacher_training(seed, None, rate) for rate in rates for seed in seeds]
        # Of several rates the choice takes one, and trains what is not there by itself.
        return teachers if len(rates) == 1 else list(filter(self._is_trained, teachers))

    def _is_trained(self, training: Training) -> bool:
        if training.id not in self._trained and teacher_files.path_of(training.id).exists():
            self._trained.add(training.id)
        return training.id in self._trained

    def _ordered(self, what: messages.SweepPart | None) -> Task:
        task = Task("-".join(["train", self.run.id, self._name, *([what.id] if what else [])]), what)
        task.again = what in self._lost
        self.tasks[task.key] = task
        return task

    # What workers report.

    def begin(self, task: Task, attempt: str) -> bool:
        """A worker begins the task, perhaps not the first one; whether it may, or the run is given up."""
        task.tries, task.attempt, task.paused = task.tries + 1, attempt, False
        reason = messages.unexpected(task.stumble) if task.stumble else "The worker was lost."
        task.stumble = ""
        if task.tries > ATTEMPTS:  # an external cluster may try more often
            self.change(status="failed", message=f"{reason} The run was given up after {ATTEMPTS} attempts.")
            return False
        if task.tries == 1 and self.run.attempt and not task.again:  # one of many of a sweep that goes on
            self.update_status()
            return True
        again = "what it was at was started again." if self.sweep else "started again."
        of_itself = CLUSTER_LOST if task.again else self.run.message  # that of a run whose server was lost
        message = f"{reason.rstrip('.')}; {again}" if task.tries > 1 else of_itself
        started = datetime.now(UTC)
        if self.sweep:  # the reports of its other tasks still hold
            started = self.run.started or started
        else:
            self.events = []
        self.change(status="running", attempt=self.run.attempt + 1, started=started, message=message)
        return True

    def receive(self, task: Task, message: messages.Message) -> None:
        """Take a message of the task's worker; one of a worker that counts as lost is left out."""
        if message.attempt != task.attempt:
            return
        if message.event:
            self.events.append(message.event)
            if isinstance(message.event, Part):
                self.finished = newest([*self.finished, message.event])
        elif message.student:
            self.students.append(message.student)
        elif message.kind == "stumble":
            task.stumble = message.text
        else:
            task.paused = message.kind == "pause"
            self.update_status()

    def update_status(self) -> None:
        """A run is paused when all its workers stand still."""
        paused = self.wish == "pause" and all(task.paused for task in self.tasks.values())
        status = "paused" if paused else "running"
        if self.run.status in ("paused", "running") and self.run.status != status:
            self.change(status=status)

    def end(self, task: Task, outcome: messages.TaskOutcome) -> None:
        """The task is over."""
        del self.tasks[task.key]
        if not self.run.live:
            return
        if outcome.result:
            result = outcome.result
            if isinstance(result, SweepResult):  # its worker knows only of the end
                result = result.model_copy(update={"seconds": self.seconds})
            self.change(status="finished", result=result)
        elif outcome.stack:
            self.finished = newest([*self.finished, outcome.stack])
            self.events.append(outcome.stack)
            self.update_status()
        elif outcome.teacher is not None and isinstance(task.what, Training):
            self._trained.add(task.what.id)
            self.update_status()
        else:
            self.change(status="failed", message=outcome.refusal)

    def order_again(self, task: Task) -> bool:
        """The task's cluster was lost: it is ordered once more, but not a second time; whether it is."""
        if task.again or not self.run.live:
            return False
        del self.tasks[task.key]
        self._lost.add(task.what)
        if not isinstance(task.what, Training):  # a teacher that is missing is ordered without a plan
            self._plan.insert(0, task.what)
        self.change(message=CLUSTER_LOST)
        return True

    def unstored(self) -> str:
        """What would be lost if the server ended now."""
        parts = [part for part in self.finished if part.key not in self.stored_parts]
        if number := sum(part.size for part in parts):
            unit = plural(number, parts[0].unit)
            return f"{number} finished {unit} of run {self.run.id}{'' if self.run.live else ' and its end'}"
        return "" if self.run.live else f"the end of run {self.run.id}"
