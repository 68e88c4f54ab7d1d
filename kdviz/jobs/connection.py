"""The way to the cluster that trains, embedded or external: one thread that speaks to it, so that no page waits."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kdviz import settings
from kdviz.errors import PlainError
from kdviz.jobs import messages, worker
from kdviz.jobs.cluster import TRAINING, ClusterError, Embedded
from kdviz.records.base import Record
from kdviz.store import teacher_files

if TYPE_CHECKING:  # importing it takes half a second: the thread does, in the background
    from distributed import Client
    from distributed import Future as DaskFuture
    from distributed.security import Security

_PATIENCE = 10.0  # seconds to reach a scheduler
_RETURN = 60.0  # seconds for one that was there before to be started again
# Seconds for the few bytes of a finished task. All callbacks share one thread of Dask's: a client that closes just
# then never answers, and without a limit every later job would wait for it.
_ANSWER = 5.0
_TLS_FIELDS = {
    "KDVIZ_TLS_CA": "tls_ca_file",
    "KDVIZ_TLS_CERT": "tls_client_cert",
    "KDVIZ_TLS_KEY": "tls_client_key",
}
_LOST = "The training cluster was lost."


class JobError(PlainError):
    """A job that cannot be done; the message is one plain sentence."""


class ClusterState(Record):
    """How the cluster is, for pages to show. `device` is what `kdviz.jobs.worker.describe` says of a worker."""

    phase: Literal["off", "starting", "ready", "lost"] = "off"
    workers: int = 0
    device: dict[str, Any] | None = None
    message: str = ""


class Connection:
    """Connects at the first order and again after a loss. Every method returns at once, from any thread.

    `receive` gets the messages of trainings, in Dask's event loop.
    """

    def __init__(self, scheduler: str | None, receive: Callable[[messages.Message], None]) -> None:
        self.state = ClusterState()
        self._scheduler = scheduler
        self._receive = receive
        self._topic = f"kdviz-{uuid.uuid4().hex}"
        self._embedded: Embedded | None = None
        self._client: Client | None = None
        self._met = ""  # the id of the scheduler for which the client was made
        self._tasks: dict[str, DaskFuture[Any]] = {}  # by key; Dask forgets a task without a reference
        self._calls: dict[str, Future[Any]] = {}
        self._lock = threading.Lock()  # of both dictionaries
        self._thread = ThreadPoolExecutor(1, "kdviz-cluster")

    def start(self) -> None:
        """Connect now; what comes of it is in `state`."""
        self._thread.submit(self._connected)

    def train(self, key: str, order: messages.TaskOrder, ended: Callable[[messages.TaskOutcome], None]) -> None:
        """Order a training; `ended` gets its outcome, in a thread of Dask or of this object."""
        self._thread.submit(self._train, key, order, ended)

    def tell(self, key: str, wish: messages.Wish) -> None:
        """Let a training know what is wished of it."""
        self._thread.submit(self._tell, key, wish)

    def call(self, function: str, *args: object, key: str, alone: bool = False) -> Future[Any]:
        """A call of "module:function" on a worker, beside the trainings; one at a time for each key.

        One that is `alone` takes the place of a training, and waits for one to end. The future holds its value, or a
        `JobError`.
        """
        with self._lock:
            future = self._calls.get(key)
            if future is None:
                future = self._calls[key] = Future()
                self._thread.submit(self._call, future, key, function, args, alone)
            return future

    def close(self) -> None:
        """Leave the cluster; the embedded one ends, with its workers."""
        with suppress(RuntimeError):  # closed before
            self._thread.submit(self._leave).result()
        self._thread.shutdown(cancel_futures=True)

    # What follows runs in the one thread.

    def _connected(self) -> Client:
        if self._client is not None and self._is_the_same(self._client):
            return self._client
        self._leave()
        self.state = ClusterState(phase="starting")
        try:
            self._client = self._connect()
        except ClusterError as error:
            self._leave()
            self.state = ClusterState(phase="lost", message=str(error))
            raise
        info = self._client.scheduler_info()
        self._met = info["id"]
        self.state = ClusterState(phase="ready", workers=len(info["workers"]))
        self.call("kdviz.jobs.worker:describe", key="describe").add_done_callback(self._describe)
        return self._client

    def _is_the_same(self, client: Client) -> bool:
        """Whether the client still speaks to the cluster that it was made for.

        A scheduler that was started again takes the client up, but knows nothing of what it had asked for, and so sends
        no messages of its trainings.
        """
        if client.status != "running" or not (self._embedded is None or self._embedded.alive):
            return False
        try:
            return bool(client.scheduler_info(n_workers=0)["id"] == self._met)
        except Exception:  # lost just now: what comes of that is seen when it is connected to again
            return False

    def _connect(self) -> Client:
        from distributed import Client

        if self._scheduler is None:
            self._embedded = Embedded()
        address = self._embedded.address if self._embedded else self._scheduler
        if not re.fullmatch(r"(\w+://)?[^\s/]+:\d{1,5}", address or ""):  # Dask would wait long for some of them
            raise ClusterError(f"The scheduler is {address or 'empty'}; it takes an address such as tcp://host:8786.")
        try:
            patience = _RETURN if self._met else _PATIENCE
            client = Client(address, security=self._security(), timeout=patience, set_as_default=False)
        except ClusterError:
            raise
        except Exception as error:  # what is no address is an AssertionError or a TypeError, by its scheme
            raise ClusterError(
                f"No Dask scheduler answers at {address}; check the address in --scheduler or KDVIZ_SCHEDULER."
            ) from error
        client.subscribe_topic(self._topic, lambda event: self._receive(messages.Message.model_validate_json(event[1])))
        return client

    def _security(self) -> Security | None:
        """What the client shows and asks for: the embedded cluster's own certificate, or those of the settings.

        None leaves it to Dask's own configuration.
        """
        from distributed.security import Security

        if self._embedded is not None:
            return Security(require_encryption=True, **self._embedded.security)
        given = settings.tls_files()
        for name, path in given.items():
            if not Path(path).is_file():
                raise ClusterError(
                    f"{name} is {path}, and there is no such file; it takes a certificate or key as PEM."
                )
        fields = {_TLS_FIELDS[name]: path for name, path in given.items()}
        return Security(require_encryption=True, **fields) if fields else None

    def _leave(self) -> None:
        if self._client is not None:
            self._client.close(timeout=2)
            self._client = None
        if self._embedded is not None:
            self._embedded.close()
            self._embedded = None

    def _train(self, key: str, order: messages.TaskOrder, ended: Callable[[messages.TaskOutcome], None]) -> None:
        try:
            client = self._connected()
            client.set_metadata([key, "wish"], "go")
            perform = partial(worker.perform, order, key, self._topic, self._weights(order))
            task = client.submit(perform, key=key, retries=1, resources=self._needs(client))
        except Exception as error:
            ended(_refused(error))
            return
        self._hold(key, task, partial(self._trained, key, ended))

    def _weights(self, order: messages.TaskOrder) -> dict[str, bytes]:
        """Teachers for a worker that may be on another machine; the embedded ones share this one's disk."""
        if self._embedded is not None:
            return {}
        files = {training: teacher_files.read(training) for training in order.teachers}
        return {training: content for training, content in files.items() if content is not None}

    def _needs(self, client: Client) -> dict[str, int]:
        """The resource that keeps every worker to one training, where the cluster's workers have it."""
        workers = client.scheduler_info(n_workers=-1)["workers"].values()
        self.state = self.state.model_copy(update={"workers": len(workers)})  # it may have grown or shrunk
        offered = self._embedded is not None or any(TRAINING in worker["resources"] for worker in workers)
        return {TRAINING: 1} if offered else {}

    def _tell(self, key: str, wish: messages.Wish) -> None:
        with self._lock:
            known = key in self._tasks
        if known:
            self._connected().set_metadata([key, "wish"], wish)

    def _call(self, future: Future[Any], key: str, function: str, args: tuple[object, ...], alone: bool) -> None:
        name = f"{key}-{uuid.uuid4().hex}"
        try:
            client = self._connected()
            needs, before = (self._needs(client), 0) if alone else ({}, 1)
            task = client.submit(worker.call, function, *args, key=name, retries=1, priority=before, resources=needs)
        except Exception as error:
            self._forget_call(key)
            future.set_exception(JobError(_plain(error)))
            return
        self._hold(name, task, partial(self._called, key, name, future))

    def _hold(self, key: str, task: DaskFuture[Any], done: Callable[[DaskFuture[Any]], None]) -> None:
        with self._lock:
            self._tasks[key] = task
        task.add_done_callback(done)

    # What follows runs in Dask's threads.

    def _trained(self, key: str, ended: Callable[[messages.TaskOutcome], None], task: DaskFuture[Any]) -> None:
        try:
            # From the scheduler, which has it even if the worker was lost right after it had done the task.
            where = {"keys": [key, "outcome"], "default": ""}
            document = task.client.sync(task.client.scheduler.get_metadata, **where, callback_timeout=_ANSWER)
            outcome = messages.TaskOutcome.model_validate_json(document or task.result(timeout=_ANSWER))
        except Exception as error:
            outcome = _refused(error)
        with self._lock:  # let go of it at once: Dask repeats a held task whose worker dies
            del self._tasks[key]
        ended(outcome)

    def _called(self, key: str, name: str, future: Future[Any], task: DaskFuture[Any]) -> None:
        try:
            value, refusal = task.result(timeout=_ANSWER)
        except Exception as error:
            value, refusal = None, _plain(error)
        with self._lock:
            del self._tasks[name]
        self._forget_call(key)
        if refusal:
            future.set_exception(JobError(refusal))
        else:
            future.set_result(value)

    def _forget_call(self, key: str) -> None:
        with self._lock:
            del self._calls[key]

    def _describe(self, description: Future[dict[str, Any]]) -> None:
        if not description.exception():
            self.state = self.state.model_copy(update={"device": description.result()})


def _refused(error: Exception) -> messages.TaskOutcome:
    text = _plain(error)
    return messages.TaskOutcome(refusal=text, lost=text == _LOST)


def _plain(error: Exception) -> str:
    """What ended a job, in one sentence."""
    if isinstance(error, PlainError):
        return str(error)
    kind = type(error).__name__
    if kind == "KilledWorker":
        return "The worker was lost twice while it did this job; the job was given up."
    if isinstance(error, messages.UnexpectedError):
        return messages.unexpected(str(error))
    return _LOST if "Cancel" in kind or isinstance(error, OSError) else messages.unexpected(f"{kind}: {error}")
