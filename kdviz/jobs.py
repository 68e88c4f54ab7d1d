"""Where training happens: a queue of runs before a Dask cluster, their live progress, and the way to stop them.

`Jobs` is made once for a process. Pages' threads, Dask's threads and the writer meet in it. They hold its lock for
moments only; whatever may take long, the cluster and the disk, has a thread of its own.
"""

from __future__ import annotations

import threading
import time
import uuid
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from kdviz import work
from kdviz.connection import ClusterState, Connection, JobError, Order
from kdviz.kinds import AnyRecipe, Event, Part, newest
from kdviz.runs import LIVE, Run, RunStore, Status, StoreError

__all__ = ["ClusterState", "JobError", "Jobs", "Version"]

_WRITE = 0.5  # seconds between two batches for the store
_BEAT = 2.0  # seconds between two heartbeats
_ATTEMPTS = 2


class Version(NamedTuple):
    """What of a run can change while it is watched: equal versions look the same."""

    status: Status
    attempt: int
    events: int


_NEW = Version("queued", 0, 0)


@dataclass
class _Job:
    """One of this process's runs, until its end is in the store."""

    run: Run
    key: str  # of the Dask task: a run that is asked for again gets another
    finished: list[Part]  # parts that are done, by this attempt or before
    events: list[Event] = field(default_factory=list)
    attempt: str = ""  # the worker's name for the present attempt
    stumble: str = ""  # the unexpected error that ended the attempt before
    stored: Version = _NEW

    @property
    def version(self) -> Version:
        return Version(self.run.status, self.run.attempt, len(self.events))


class Jobs:
    """Trains recipes on the embedded cluster, or on the one at `scheduler`; safe for many threads."""

    def __init__(self, store: RunStore, scheduler: str | None = None, trainer: str | None = None) -> None:
        self.trouble = ""  # why progress cannot be stored at present, in plain words
        self._store = store
        self._trainer = trainer
        self._connection = Connection(scheduler, self._hear)
        self._jobs: dict[str, _Job] = {}  # by run id
        self._queue: list[_Job] = []
        self._running: set[str] = set()  # keys of the tasks that hold a slot
        self._lock = threading.RLock()  # of the three fields above
        self._storing = threading.Lock()  # of the order of writes; taken before the other, never after
        self._wake = threading.Event()
        self._closed = False
        self._writer = threading.Thread(target=self._write, name="kdviz-writer", daemon=True)
        self._writer.start()

    def start(self) -> None:
        """Start or reach the cluster in the background, before the first job asks for it."""
        self._connection.start()

    def close(self) -> None:
        """End the embedded cluster and every thread. Runs that still live read as interrupted from now on."""
        self._closed = True
        self._wake.set()
        self._writer.join()
        with self._storing, suppress(StoreError):
            self._flush()
            self._store.release(list(self._jobs))
        with self._lock:
            self._queue.clear()
            self._jobs.clear()
        self._connection.close()

    @property
    def cluster(self) -> ClusterState:
        """How the cluster is, and on what device it trains."""
        return self._connection.state

    def call(self, function: str, *args: object, key: str) -> Future[Any]:
        """A short call of "module:function" on a worker, beside the trainings; one at a time for each key.

        The future holds its value, or `JobError` in plain words.
        """
        return self._connection.call(function, *args, key=key)

    def submit(self, recipe: AnyRecipe) -> Run:
        """The recipe's run: the finished or the live one if there is one, else a new one in the queue.

        A comparison that ended early goes on with what it had not finished. `StoreError` if it cannot be noted down.
        """
        with self._storing:
            job = self._jobs.get(recipe.id)
            if job is not None and job.run.live:
                return job.run
            self._flush()
            run = self._store.request(recipe)
            if run.status == "queued" and run.owner == self._store.owner:
                finished = self._store.finished(run.id)
                with self._lock:
                    job = self._jobs[run.id] = _Job(run, f"train-{run.id}-{uuid.uuid4().hex[:8]}", finished)
                    self._queue.append(job)
                    self._pump()
            return run

    def get(self, run_id: str) -> Run | None:
        """The run as it is now, whoever asked for it."""
        with self._lock:
            if job := self._jobs.get(run_id):
                return job.run
        return self._store.get(run_id)

    def events(self, run_id: str, after: int = 0) -> list[Event]:
        """The events of the run's present attempt, without the first `after` ones."""
        with self._lock:
            if job := self._jobs.get(run_id):
                return job.events[after:]
        return self._store.events(run_id, after)

    def version(self, run_id: str) -> Version | None:
        """Changes whenever the run has something new to show; None for an unknown run."""
        with self._lock:
            if job := self._jobs.get(run_id):
                return job.version
        run = self._store.get(run_id)
        return Version(run.status, run.attempt, self._store.count(run_id)) if run else None

    def queue_position(self, run_id: str) -> int:
        """How many runs come before this one: 0 when it runs, is over or unknown."""
        with self._lock:
            waiting = [job.run.id for job in self._queue]
            if run_id in waiting:
                return len(self._running) + waiting.index(run_id)
            if run_id in self._jobs:
                return 0
        return self._store.queue_position(run_id)

    def pause(self, run_id: str) -> Run | None:
        """Let a running run stand still; it reads as paused once its worker does."""
        return self._wish(run_id, "pause")

    def resume(self, run_id: str) -> Run | None:
        """Let a paused run go on."""
        return self._wish(run_id, "go")

    def cancel(self, run_id: str) -> Run | None:
        """Stop the run: at once when it waits, within a second when it runs."""
        with self._lock:
            run = self._wish(run_id, "cancel")
            job = self._jobs.get(run_id)
            if job is None or not job.run.live:
                return run
            if job in self._queue:
                self._queue.remove(job)
            self._change(job, status="cancelled")
            return job.run

    def _wish(self, run_id: str, wish: work.Wish) -> Run | None:
        with self._lock:
            if job := self._jobs.get(run_id):
                if job.run.live and job.key in self._running:
                    self._connection.tell(job.key, wish)
                return job.run
        run = self._store.get(run_id)
        if run is not None and run.live:
            raise JobError("This run was started by another kdviz process; pause or cancel it there.")
        return run

    def _change(self, job: _Job, **changes: object) -> None:
        """A change that pages see at once, and the store as soon as the writer has woken up."""
        if changes["status"] not in LIVE:
            changes["finished"] = datetime.now(UTC)
        job.run = job.run.model_copy(update=changes)
        self._wake.set()

    def _pump(self) -> None:
        slots = max(1, self._connection.state.workers)
        while self._queue and len(self._running) < slots:
            job = self._queue.pop(0)
            self._running.add(job.key)
            finished = [part.model_dump_json() for part in job.finished]
            order = Order(job.run.recipe.model_dump_json(), self._trainer, finished)
            self._connection.train(job.key, order, partial(self._ended, job))

    def _ended(self, job: _Job, outcome: work.Outcome) -> None:
        with self._lock:
            if job.run.live and outcome.result:
                self._change(job, status="finished", result=outcome.result)
            elif job.run.live:
                self._change(job, status="failed", message=outcome.refusal)
            self._running.discard(job.key)
            self._pump()

    def _hear(self, message: work.Message) -> None:
        with self._lock:
            job = next((job for job in self._jobs.values() if job.key == message.job), None)
            if job is None or not job.run.live:
                return
            if message.kind == "begin":
                self._begin(job, message.attempt)
            elif message.attempt != job.attempt:
                return  # a worker that was given up for lost still speaks
            elif message.kind == "event" and message.event:
                job.events.append(message.event)
                if isinstance(message.event, Part):
                    job.finished = newest([*job.finished, message.event])
            elif message.kind == "stumble":
                job.stumble = message.text
            else:
                self._change(job, status="paused" if message.kind == "pause" else "running")

    def _begin(self, job: _Job, attempt: str) -> None:
        number = job.run.attempt + 1
        reason = work.unexpected(job.stumble) if job.stumble else "The worker was lost."
        if number > _ATTEMPTS:  # a cluster of somebody else's may try more often
            self._connection.tell(job.key, "cancel")
            self._change(job, status="failed", message=f"{reason} The run was given up after {_ATTEMPTS} attempts.")
            return
        message = f"{reason.rstrip('.')}; started again." if number > 1 else ""
        job.attempt, job.events, job.stumble = attempt, [], ""
        started = datetime.now(UTC)
        self._change(job, status="running", attempt=number, started=started, message=message)
        self._pump()  # the cluster is known by now: it may have more than one worker

    def _write(self) -> None:
        beaten = time.monotonic()
        while not self._closed:
            self._wake.wait(_WRITE)
            self._wake.clear()
            try:
                with self._storing:
                    self._flush()
                    if time.monotonic() - beaten > _BEAT:
                        beaten = time.monotonic()
                        self._beat()
                self.trouble = ""
            except StoreError as error:  # kept in memory and tried again
                self.trouble = str(error)
                time.sleep(_WRITE)

    def _flush(self) -> None:
        with self._lock:
            jobs = list(self._jobs.values())
        for job in jobs:
            self._store_job(job)

    def _store_job(self, job: _Job) -> None:
        with self._lock:
            run, now = job.run, job.version
            if now == job.stored:
                return
            status, attempt, count = job.stored
            if attempt != now.attempt:
                status, count = "running", 0
            fresh, finished = job.events[count:], job.finished
        if attempt != now.attempt:
            self._store.begin(run.id, run.attempt, run.message, finished)
        self._store.append(run.id, fresh, count + 1)
        if status != now.status:
            self._store_status(run)
        job.stored = now
        if not run.live:
            with self._lock:
                del self._jobs[run.id]

    def _store_status(self, run: Run) -> None:
        if run.status == "finished" and run.result:
            self._store.finish(run.id, run.result)
        elif run.status == "failed":
            self._store.fail(run.id, run.message)
        elif run.status == "cancelled":
            self._store.cancel(run.id)
        elif run.status == "paused":
            self._store.pause(run.id)
        else:
            self._store.resume(run.id)

    def _beat(self) -> None:
        with self._lock:
            mine = [run_id for run_id, job in self._jobs.items() if job.run.live]
        for run_id in set(mine) - self._store.heartbeat(mine):
            with self._lock:  # deleted, or taken over by another process while this one was asleep
                self.cancel(run_id)
                self._jobs.pop(run_id, None)
