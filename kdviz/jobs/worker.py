"""What runs in a worker: a training that reports as it goes and minds its visitors' wishes, and short calls.

The page server imports this module for the models of what travels; `distributed` and everything that needs torch
is imported inside the functions that only a worker runs.
"""

from __future__ import annotations

import importlib
import logging
import threading
import time
import uuid
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from kdviz.jobs.messages import Message, MessageKind, SweepPart, TaskOrder, TaskOutcome, UnexpectedError, Wish
from kdviz.recipes.base import RecipeError, Training
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.single import Recipe
from kdviz.recipes.study import Study
from kdviz.recipes.sweep import Stack, Sweep
from kdviz.records.base import TrainedStudent
from kdviz.records.kinds import PARTS, RECIPES, AnyRecipe, Ending, Event, Output, Part, kind_of, newest
from kdviz.records.sweep import FinishedStack, StackProgress
from kdviz.store import teacher_files
from kdviz.store.teacher_files import TeacherFile

if TYPE_CHECKING:
    from distributed import Client, Worker

# Who carries out a recipe of which kind, and who trains a teacher.
TRAINERS: Mapping[type[AnyRecipe | Training], str] = {
    Recipe: "kdviz.runners.single:run",
    Comparison: "kdviz.runners.comparison:run",
    Sweep: "kdviz.runners.sweep:run",
    Study: "kdviz.runners.study:run",
    Training: "kdviz.runners.sweep:run_teacher",
}
_LOOK = 0.1  # seconds between two looks at the wish: a look costs a millisecond

T = TypeVar("T")
_LOG = logging.getLogger("distributed.worker.kdviz")


class Control:
    """A job's wish, kept by the scheduler under the job's key, and the clock that stands while it pauses.

    The scheduler keeps it because a job can be started again on another worker.
    """

    def __init__(self, read: Callable[[], Wish], report: Callable[[Literal["pause", "resume"]], None]) -> None:
        self._read = read
        self._report = report
        self._looked = -_LOOK
        self._wish: Wish = "go"
        self._paused = 0.0

    def clock(self) -> float:
        """Seconds that do not pass while the job is paused."""
        return time.perf_counter() - self._paused

    def cancelled(self) -> bool:
        """Whether to stop. Returns only when the job may go on or must end: a pause is spent in here."""
        if self._look() == "pause":
            begin = time.perf_counter()
            self._report("pause")
            while self._look() == "pause":
                time.sleep(_LOOK / 2)
            self._paused += time.perf_counter() - begin
            if self._wish == "go":
                self._report("resume")
        return self._wish == "cancel"

    def _look(self) -> Wish:
        now = time.perf_counter()
        if now - self._looked >= _LOOK:
            self._looked = now
            self._wish = self._read()
        return self._wish


class TaskMemory:
    """A task's finished parts and its outcome, with the scheduler under the task's key: another worker may go on."""

    def __init__(self, client: Client, task: str, before: Sequence[str]) -> None:
        self._client = client
        self._task = task
        self._before = before

    def parts(self) -> list[Part]:
        """The parts that are finished, by earlier tries of the task or before it began."""
        finished: dict[str, str] = self._client.get_metadata([self._task, "finished"], default={})
        return newest(map(PARTS.validate_json, (*self._before, *finished.values())))

    def add(self, finished: Part) -> None:
        """Returns when the scheduler has it: from then on the worker may die."""
        self._put(finished.model_dump_json(), "finished", finished.key)

    def outcome(self) -> str:
        """How an earlier try of the task ended, if its worker was lost before that was fetched; else nothing."""
        return str(self._client.get_metadata([self._task, "outcome"], default=""))

    def end(self, outcome: str) -> None:
        """Returns when the scheduler has it, as `add` does."""
        self._put(outcome, "outcome")

    def _put(self, document: str, *place: str) -> None:
        """A forgotten task leaves nothing."""
        if self._client.get_metadata([self._task], default=None) is not None:
            self._client.set_metadata([self._task, *place], document)


def perform(order: TaskOrder, task: str, topic: str, weights: Mapping[str, bytes] = MappingProxyType({})) -> str:
    """Carry out an order as the task with that key; every event goes to `topic`. Returns an `TaskOutcome` as JSON.

    `weights` are the files of teachers that may be missing on this machine, by their trainings' ids.
    """
    from distributed import get_client, get_worker

    client, worker, attempt = get_client(), get_worker(), uuid.uuid4().hex
    memory = TaskMemory(client, task, order.finished)
    if known := memory.outcome():
        return known

    def send(
        kind: MessageKind, text: str = "", event: Event | None = None, student: TrainedStudent | None = None
    ) -> None:
        message = Message(job=task, attempt=attempt, kind=kind, text=text, event=event, student=student)
        worker.log_event(topic, message.model_dump_json())

    def train() -> TaskOutcome:
        # The scheduler forgets a task's wish along with the task: when its server is gone, the task is cancelled.
        control = Control(lambda: client.get_metadata([task, "wish"], default="cancel"), send)
        for training, content in weights.items():
            teacher_files.put(training, content)
        finished = memory.parts()
        done = {part.key for part in finished}

        def report(event: Output) -> None:
            if isinstance(event, TrainedStudent):
                send("student", student=event)
                return
            if isinstance(event, StackProgress | FinishedStack) and event.stack.id in done:
                return  # its server knows it, and the sweep may have hundreds
            if isinstance(event, Part):
                memory.add(event)
            send("event", event=event)

        recipe, only = RECIPES.validate_json(order.recipe), _part_of_sweep(order)
        return _follow(carry_out(recipe, finished, control.clock, order.trainer, only), control, report, only)

    send("begin")
    try:
        outcome, refusal = _guarded(train)
    except UnexpectedError as error:
        send("stumble", text=str(error))
        raise
    document = (outcome or TaskOutcome(refusal=refusal)).model_dump_json()
    memory.end(document)
    return document


def _part_of_sweep(order: TaskOrder) -> SweepPart | None:
    if order.stack:
        return Stack.model_validate_json(order.stack)
    return Training.model_validate_json(order.teacher) if order.teacher else None


def carry_out(
    recipe: AnyRecipe,
    finished: Sequence[Part],
    clock: Callable[[], float] = time.perf_counter,
    trainer: str | None = None,
    only: SweepPart | None = None,
) -> Generator[Output | Ending | TeacherFile | None, None, None]:
    """Carry out a recipe, or `only` a part of a sweep; `finished` parts are not trained again."""
    run = _resolve(trainer or TRAINERS[Training if isinstance(only, Training) else type(recipe)])
    parts: dict[str, Any] = {"finished": finished} if kind_of(recipe).part else {}
    if only is not None:
        parts = {"only": only}
    events: Generator[Output | Ending | TeacherFile | None, None, None] = run(recipe, clock=clock, **parts)
    return events


def call(function: str, *args: object) -> tuple[Any, str]:
    """A short call of the function "module:name": its value, and the reason where it was refused."""
    return _guarded(lambda: _resolve(function)(*args))


def describe() -> dict[str, Any]:
    """The device that trains, as pages name it."""
    import torch

    cuda = torch.cuda.is_available()
    return {
        "device": "cuda" if cuda else "cpu",
        "name": torch.cuda.get_device_name() if cuda else "CPU",
        "threads": torch.get_num_threads(),
        "torch": str(torch.__version__),  # not the string it looks like, but a class of torch
    }


def dask_setup(worker: Worker) -> None:
    """Preload (`dask worker --preload kdviz.jobs.worker`): what a first job would wait for is done now."""
    threading.Thread(target=_rehearse, daemon=True).start()


def _rehearse() -> None:
    for trainer in TRAINERS.values():
        _resolve(trainer)
    _resolve("kdviz.runners.session:rehearse")()


def _follow(
    events: Generator[Output | Ending | TeacherFile | None, None, None],
    control: Control,
    report: Callable[[Output], None],
    only: SweepPart | None,
) -> TaskOutcome:
    with closing(events):
        while not control.cancelled():
            event = next(events)  # None is a tick: nothing to say yet
            if isinstance(event, Ending):
                return TaskOutcome(result=event)
            if isinstance(event, TeacherFile):
                return TaskOutcome(teacher=event.weights)
            if isinstance(event, FinishedStack) and event.stack == only:
                return TaskOutcome(stack=event)
            if event is not None:
                report(event)
    return TaskOutcome()


def _guarded(work: Callable[[], T]) -> tuple[T | None, str]:
    """The value of `work`, or why it was refused in plain words; anything else is an `UnexpectedError`."""
    try:
        return work(), ""
    except Exception as error:
        if getattr(error, "plain", False) or isinstance(error, RecipeError):
            return None, str(error)
        _LOG.exception("A job stopped with an unexpected error.")
        text = f"{type(error).__name__}: {error}"
    raise UnexpectedError(text)  # outside of the handler, so that it carries no context that needs torch


def _resolve(name: str) -> Callable[..., Any]:
    module, _, attribute = name.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return function
