"""What runs in a worker: a training that reports as it goes and minds its visitors' wishes, and short calls.

The page server imports this module for the models of what travels; `distributed` and everything that needs torch
is imported inside the functions that only a worker runs.
"""

from __future__ import annotations

import base64
import importlib
import logging
import threading
import time
import uuid
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from kdviz.jobs.messages import Kind, Message, Only, Order, Outcome, UnexpectedError, Wish
from kdviz.recipes.base import RecipeError, Training
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.single import Recipe
from kdviz.recipes.study import Study
from kdviz.recipes.sweep import Stack, Sweep
from kdviz.records.base import TrainedStudent
from kdviz.records.kinds import PARTS, RECIPES, AnyRecipe, Ending, Event, Output, Part, newest
from kdviz.records.sweep import FinishedStack, StackProgress
from kdviz.store import teacher_files
from kdviz.store.teacher_files import TeacherFile

if TYPE_CHECKING:
    from distributed import Client, Worker

# Who carries out a recipe of which kind, and who trains a teacher.
TRAINERS: Mapping[type[AnyRecipe | Training], str] = MappingProxyType(
    {
        Recipe: "kdviz.runners.single:run",
        Comparison: "kdviz.runners.comparison:run",
        Sweep: "kdviz.runners.sweep:run",
        Study: "kdviz.runners.study:run",
        Training: "kdviz.runners.sweep:run_teacher",
    }
)
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


class Kept:
    """What a task has got done, kept by the scheduler under the task's key for the worker that may have to go on."""

    def __init__(self, client: Client, task: str, before: Sequence[str]) -> None:
        self._client = client
        self._task = task
        self._before = before

    def parts(self) -> list[Part]:
        """What is done, by earlier tries of the task and before the task began."""
        found: dict[str, str] = self._client.get_metadata([self._task, "finished"], default={})
        return newest(PARTS.validate_json(each) for each in (*self._before, *found.values()))

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


def perform(order: Order, task: str, topic: str, weights: Mapping[str, bytes] = MappingProxyType({})) -> str:
    """Carry out an order as the task with that key; every event goes to `topic`. Returns an `Outcome` as JSON.

    `weights` are the files of teachers that may be missing on this machine, by their trainings' ids.
    """
    from distributed import get_client, get_worker

    client, worker, attempt = get_client(), get_worker(), uuid.uuid4().hex
    kept = Kept(client, task, order.finished)
    if known := kept.outcome():
        return known

    def say(kind: Kind, text: str = "", event: Event | None = None, learnt: TrainedStudent | None = None) -> None:
        message = Message(job=task, attempt=attempt, kind=kind, text=text, event=event, learnt=learnt)
        worker.log_event(topic, message.model_dump_json())

    def train() -> Outcome:
        # The scheduler forgets a task's wish along with the task: when its server is gone, nobody wants it any more.
        control = Control(lambda: client.get_metadata([task, "wish"], default="cancel"), say)
        for training, content in weights.items():
            teacher_files.put(training, content)
        finished = kept.parts()
        done = {part.key for part in finished}

        def tell(event: Output) -> None:
            if isinstance(event, TrainedStudent):
                say("learnt", learnt=event)
                return
            if isinstance(event, StackProgress | FinishedStack) and event.stack.id in done:
                return  # its server knows it, and the sweep may have hundreds
            if isinstance(event, Part):
                kept.add(event)
            say("event", event=event)

        recipe, only = RECIPES.validate_json(order.recipe), _only(order)
        return _follow(study(recipe, finished, control.clock, order.trainer, only), control, tell, only)

    say("begin")
    try:
        outcome, refusal = _guarded(train)
    except UnexpectedError as error:
        say("stumble", text=str(error))
        raise
    document = (outcome or Outcome(refusal=refusal)).model_dump_json()
    kept.end(document)
    return document


def _only(order: Order) -> Only | None:
    if order.stack:
        return Stack.model_validate_json(order.stack)
    return Training.model_validate_json(order.teacher) if order.teacher else None


def study(
    recipe: AnyRecipe,
    finished: Sequence[Part],
    clock: Callable[[], float] = time.perf_counter,
    trainer: str | None = None,
    only: Only | None = None,
) -> Generator[Output | Ending | TeacherFile | None, None, None]:
    """Carry out a recipe, or `only` a part of a sweep; a single run has no parts that may be finished."""
    run = _resolve(trainer or TRAINERS[Training if isinstance(only, Training) else type(recipe)])
    parts: dict[str, Any] = {} if isinstance(recipe, Recipe) else {"finished": finished}
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
    """Preload (`dask worker --preload kdviz.jobs.worker`): import the engine now, so that no first job waits for it."""
    threading.Thread(target=lambda: list(map(_resolve, TRAINERS.values())), daemon=True).start()


def _follow(
    events: Generator[Output | Ending | TeacherFile | None, None, None],
    control: Control,
    say: Callable[[Output], None],
    only: Only | None,
) -> Outcome:
    with closing(events):
        while not control.cancelled():
            event = next(events)  # None is a tick: nothing to say yet
            if isinstance(event, Ending):
                return Outcome(result=event)
            if isinstance(event, TeacherFile):
                return Outcome(teacher=base64.b64encode(event.weights).decode())
            if isinstance(event, FinishedStack) and event.stack == only:
                return Outcome(stack=event)
            if event is not None:
                say(event)
    return Outcome()


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
