"""Where training happens: a queue of runs before a Dask cluster, their live progress, and the way to stop them.

`Jobs` is made once for a process. Pages' threads, Dask's threads and the writer meet in it. They hold its lock for
moments only; whatever may take long, the cluster and the disk, has a thread of its own.
"""

import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from itertools import takewhile
from typing import Any, Literal

from kdviz.errors import PlainError
from kdviz.jobs import messages
from kdviz.jobs.connection import ClusterState, Connection, JobError
from kdviz.jobs.job import Job, Task, Version
from kdviz.jobs.limits import LimitError, Limits
from kdviz.jobs.turns import in_turns
from kdviz.recipes.base import Training
from kdviz.records.kinds import AnyRecipe, Event
from kdviz.store import teacher_files
from kdviz.store.rights import OPERATOR, Visitor
from kdviz.store.run import Run
from kdviz.store.runs import RunStore, StoreError

__all__ = ["ClusterState", "JobError", "Jobs", "LimitError", "Version"]

_WRITE = 0.5  # seconds between two batches for the store
_BEAT = 2.0  # seconds between two heartbeats
_LOOK = 3.0  # seconds between two looks for runs whose server was lost
_SERVER_LOST = "The server that trained it was lost or ended; the run goes on by itself."
_ASKED: Mapping[messages.Wish, str] = {"pause": "pause it", "go": "let it go on", "cancel": "cancel it"}


class Jobs:
    """Trains recipes on the embedded cluster, or on the one at `scheduler`; safe for many threads."""

    def __init__(self, store: RunStore, scheduler: str | None = None, trainer: str | None = None) -> None:
        self.trouble = ""  # why progress cannot be stored at present, in plain words
        self._store = store
        self._trainer = trainer
        self._connection = Connection(scheduler, self._receive)
        self._jobs: dict[str, Job] = {}  # by run id, in the order in which they were submitted
        self._running: dict[str, Job] = {}  # by the keys of the tasks that hold a slot
        self._served: dict[str, int] = {}  # which visitor's run began last has the largest number
        self._held = False
        self._takes_over = False
        self._lock = threading.RLock()  # of both, and of every job
        self._storing = threading.Lock()  # of the order of writes; taken before the other, never after
        self._wake = threading.Event()
        self._closed = False
        self._writer = threading.Thread(target=self._write, name="kdviz-writer", daemon=True)
        self._writer.start()

    def start(self) -> None:
        """Start or reach the cluster in the background, before the first job asks for it.

        From now on, what visitors asked of a server that was lost goes on here by itself, once.
        """
        self._connection.start()
        self._takes_over = True

    def close(self) -> None:
        """End the embedded cluster and every thread. Runs that still live read as interrupted from now on."""
        self._closed = True
        self._wake.set()
        self._writer.join()
        with self._storing, suppress(StoreError):
            self._try_to_flush()
            self._store.release(list(self._jobs))
        with self._lock:
            self._jobs.clear()
        self._connection.close()

    @property
    def cluster(self) -> ClusterState:
        """How the cluster is, and on what device it trains."""
        return self._connection.state

    def call(self, function: str, *args: object, key: str, alone: bool = False) -> Future[Any]:
        """A call of "module:function" on a worker, beside the trainings; one at a time for each key.

        What trains is to be `alone`: it waits for a training to end, and the next one waits for it. The future holds
        its value, or `JobError` in plain words.
        """
        return self._connection.call(function, *args, key=key, alone=alone)

    def submit(self, recipe: AnyRecipe, who: Visitor = OPERATOR, *, anew: bool = False) -> Run:
        """The recipe's run: the finished or the live one if there is one, else a new one of `who` in the queue.

        A comparison or a sweep that ended early goes on with what it had not finished. With `anew` a finished one is
        trained once more; what was before can be read until that has its result. `StoreError` if it cannot be noted
        down, `LimitError` if it is more than a visitor may have, `RightsError` if it is another's that would be lost.
        """
        with self._storing:
            job = self._jobs.get(recipe.id)
            if job is not None and job.run.live:
                return job.run
            self._flush()
            if not who.presenter:
                self._limit(recipe, who, anew)
            run = self._store.restart(recipe, who, keep=True) if anew else self._store.request(recipe, who)
            if run.status == "queued" and run.owner == self._store.owner:
                job = Job(run, self._store.finished(run.id))
                with self._lock:
                    self._jobs[run.id] = job
                    self._pump()
            return run

    def _limit(self, recipe: AnyRecipe, who: Visitor, anew: bool) -> None:
        """Raise `LimitError` where a new run would be too much. To look at one that is there is never too much."""
        there = self._store.get(recipe.id)
        if there is not None and (there.live or (there.status == "finished" and not anew)):
            return
        with self._lock:
            waiting = sum(job.waits and job.run.live and job.run.visitor == who.mark for job in self._jobs.values())
        mine = there is not None and there.visitor == who.mark
        Limits.of_settings().check(recipe, waiting, self._store.kept_of(who) - mine)

    def in_line(self, who: Visitor) -> tuple[int, int]:
        """How many runs of others wait, and which number a new run of `who` would have among all that wait."""
        with self._lock:
            waiting = [(job.run.visitor, job) for job in self._jobs.values() if job.waits and job.run.live]
            turns = in_turns([*waiting, (who.mark, None)], self._served)
            return sum(visitor != who.mark for visitor, _ in waiting), turns.index(None) + 1

    @property
    def held(self) -> bool:
        """Whether the presenter holds the queue: what has begun goes on, nothing else begins."""
        return self._held

    def hold(self, held: bool, who: Visitor = OPERATOR) -> None:
        """Hold the queue, or let it go on. Raises `RightsError`."""
        who.must_present("holds the queue")
        with self._lock:
            self._held = held
            self._pump()

    def get(self, run_id: str) -> Run | None:
        """The run as it is now, of this process or another."""
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

    def ahead(self, run_id: str) -> list[Run]:
        """The runs that come before this one, the one whose turn it is first; none when it runs, is over or unknown."""
        with self._lock:
            if job := self._jobs.get(run_id):
                live = [other.run for other in self._turns()]
                return list(takewhile(lambda run: run.id != run_id, live)) if job.waits and job.run.live else []
        return self._store.ahead(run_id)

    def awaits(self, run_id: str) -> Literal["", "cluster", "worker"]:
        """What the next run in this process's queue waits for; "" where it waits for nothing, and for every other run.

        "cluster": it is starting. "worker": it loads PyTorch.
        """
        with self._lock:
            job = self._jobs.get(run_id)
            if job is None or job.run.status != "queued" or self.ahead(run_id):
                return ""
        state = self.cluster
        if state.phase != "ready":
            return "cluster"
        return "worker" if state.device is None else ""

    # Whose run it is, and whether `who` may, is looked at here, whatever a page shows. Raise `RightsError`.

    def pause(self, run_id: str, who: Visitor = OPERATOR) -> Run | None:
        """Let a running run stand still; it reads as paused once its worker does."""
        return self._wish(run_id, "pause", who)

    def resume(self, run_id: str, who: Visitor = OPERATOR) -> Run | None:
        """Let a paused run go on."""
        return self._wish(run_id, "go", who)

    def cancel(self, run_id: str, who: Visitor = OPERATOR) -> Run | None:
        """Stop the run: at once when it waits, within a second when it runs."""
        with self._lock:
            run = self._wish(run_id, "cancel", who)
            job = self._jobs.get(run_id)
            if job is None or not job.run.live:
                return run
            job.change(status="cancelled")
            self._wake.set()
            return job.run

    def _wish(self, run_id: str, wish: messages.Wish, who: Visitor) -> Run | None:
        with self._lock:
            if job := self._jobs.get(run_id):
                who.must(job.run, _ASKED[wish])
                if job.run.live and not (job.waits and wish == "pause"):
                    job.wish = wish
                    self._tell(job, wish)
                    if not job.tasks:
                        job.update_status()
                    self._pump()
                return job.run
        run = self._store.get(run_id)
        if run is not None and run.live:
            who.must(run, _ASKED[wish])
            self._store.wish(run_id, wish)  # another process trains it, and hears of that there
        return run

    def _tell(self, job: Job, wish: messages.Wish) -> None:
        for key in job.tasks:
            self._connection.tell(key, wish)

    def _turns(self) -> list[Job]:
        """The live runs in the order in which they get workers: what has begun, then visitor by visitor."""
        live = [job for job in self._jobs.values() if job.run.live]
        waiting = [(job.run.visitor, job) for job in live if job.waits]
        return [*(job for job in live if not job.waits), *in_turns(waiting, self._served)]

    def _pump(self) -> None:
        """Give every free worker something to do: the first run that has something comes first."""
        slots = max(1, self._connection.state.workers)
        for job in self._turns():
            if job.waits and self._held:
                break
            while len(self._running) < slots and (task := self._next_task(job)):
                self._running[task.key] = job
                self._connection.train(task.key, job.order(task, self._trainer), partial(self._ended, job, task))
        self._wake.set()

    def _next_task(self, job: Job) -> Task | None:
        begins = job.waits
        task = job.next_task()
        if task is not None and begins:
            self._served[job.run.visitor] = 1 + max(self._served.values(), default=0)
        return task

    def _ended(self, job: Job, task: Task, outcome: messages.TaskOutcome) -> None:
        if outcome.teacher and isinstance(task.what, Training):
            try:  # for workers that do not share this machine's disk
                teacher_files.put(task.what.id, outcome.teacher)
            except PlainError as error:
                outcome = messages.TaskOutcome(refusal=str(error))
        with self._lock:
            del self._running[task.key]
            if not (outcome.lost and job.order_again(task)):
                job.end(task, outcome)
            if not job.run.live:
                self._tell(job, "cancel")
            self._pump()

    def _receive(self, message: messages.Message) -> None:
        with self._lock:
            job = self._running.get(message.job)
            if job is None or not job.run.live:
                return
            task, before = job.tasks[message.job], job.run
            if message.kind == "begin":
                if not job.begin(task, message.attempt):
                    self._tell(job, "cancel")
                self._pump()  # the cluster is known by now: it may have more than one worker
            else:
                job.receive(task, message)
            if job.run is not before:
                self._wake.set()  # events can wait a little to be stored, what becomes of a run cannot

    def _write(self) -> None:
        beaten = looked = time.monotonic()
        while not self._closed:
            self._wake.wait(_WRITE)
            self._wake.clear()
            try:
                with self._storing:
                    self._try_to_flush()
                    self._heed()
                    if time.monotonic() - beaten > _BEAT:
                        beaten = time.monotonic()
                        self._beat()
                    if self._takes_over and time.monotonic() - looked > _LOOK:
                        looked = time.monotonic()
                        self._take_over()
                self.trouble = ""
            except StoreError:
                time.sleep(_WRITE)

    def _try_to_flush(self) -> None:
        """What cannot be stored is kept in memory and tried again."""
        try:
            self._flush()
        except StoreError as error:
            with self._lock:
                missing = ", ".join(filter(None, (job.unstored() for job in self._jobs.values())))
            self.trouble = f"{error} Not stored so far: {missing}." if missing else str(error)
            raise

    def _flush(self) -> None:
        with self._lock:
            jobs = list(self._jobs.values())
        for job in jobs:
            self._store_job(job)

    def _store_job(self, job: Job) -> None:
        with self._lock:
            run, now, students = job.run, job.version, list(job.students)
            if now == job.stored and not students:
                return
            status, attempt, count = job.stored
            if attempt != now.attempt:
                status, count = "running", 0
            fresh, finished = job.events[count:], job.finished
        if attempt != now.attempt:
            self._store.begin(run.id, run.attempt, run.message, finished)
        self._store.append(run.id, fresh, count + 1)
        for student in students:
            self._store.keep_student(run.id, student)
        if status != now.status:
            self._store_status(run)
        parts = frozenset(part.key for part in finished)
        with self._lock:
            job.stored, job.stored_parts = now, parts
            del job.students[: len(students)]
            if not run.live:
                del self._jobs[run.id]

    def _store_status(self, run: Run) -> None:
        if run.status == "finished" and run.result:
            self._store.finish(run.id, run.result)
        elif run.status == "failed":
            self._store.fail(run.id, run.message)
        else:
            {"cancelled": self._store.cancel, "paused": self._store.pause}.get(run.status, self._store.resume)(run.id)

    def _live(self) -> list[str]:
        with self._lock:
            return [run_id for run_id, job in self._jobs.items() if job.run.live]

    def _heed(self) -> None:
        """Do what was asked for at another server; whether they may was looked at there."""
        mine = self._live()
        for run_id, wish in (self._store.wishes(mine) if mine else {}).items():
            {"pause": self.pause, "go": self.resume, "cancel": self.cancel}[wish](run_id)

    def _take_over(self) -> None:
        for run_id in self._store.orphans():
            run = self._store.take_over(run_id, _SERVER_LOST)
            if run is not None:
                job = Job(run, self._store.finished(run_id))
                with self._lock:
                    self._jobs[run_id] = job
                    self._pump()

    def _beat(self) -> None:
        mine = self._live()
        for run_id in set(mine) - self._store.heartbeat(mine):
            with self._lock:  # deleted, or taken over by another process while this one was asleep
                self.cancel(run_id)
                self._jobs.pop(run_id, None)
