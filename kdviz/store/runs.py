"""The run store: every run, its recipe, its progress and its result, in any SQL database (SQLite by default).

A run is identified by its recipe's hash, an imported one by its content's, and owned by the store object that
requested it: only the owner's writes count, and an owner shows that it lives by heartbeats. A run whose owner fell
silent reads as interrupted, so nothing has to be tidied after `kill -9`. Statements and types are the same for every
database.
"""

import json
import time
import uuid
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError

from kdviz.records.base import TrainedStudent
from kdviz.records.compressed import CompressedStudent
from kdviz.records.kinds import ENDINGS, RECIPES, AnyRecipe, Ending, Event, Part
from kdviz.store import tables
from kdviz.store.annotations import tidy_note, tidy_tags
from kdviz.store.database import Database, StoreError
from kdviz.store.rights import OPERATOR, Visitor
from kdviz.store.run import IMPORTED, LIVE, UNFINISHED, Bundle, Run, Status, new_imported_id
from kdviz.store.tables import ANNOTATIONS, COMPRESSED, DISCARDED, EVENTS, METADATA, RUNS, STUDENTS

__all__ = ["LIVE", "SILENCE", "Run", "RunStore", "Status", "StoreError"]

SILENCE = 10.0  # seconds without a heartbeat after which a live run's owner counts as dead
HOUR = 3600.0  # seconds after which a run whose owner was lost does not go on by itself any more
DAY = 86_400.0  # seconds for which a discarded run can be restored
WISHES = ("go", "pause", "cancel")
# What versions before this one wrote to imported runs, which had the id of their recipe, and what is said now.
_SAID_BEFORE = {
    "Imported.": IMPORTED,
    "Imported without a result: where it comes from it was stopped, or it failed.": UNFINISHED,
}
_TRIES = 3  # where others write the same at the same time
_NOT_DISCARDED = DISCARDED.c.run_id.is_(None)


def before(run_id: str) -> str:
    """What a finished run is called while its recipe is trained anew."""
    return f"{run_id}before"


class RunStore:
    """Runs in the database at `url`; safe for many threads and many processes at once."""

    def __init__(self, url: str) -> None:
        self.owner = uuid.uuid4().hex
        self._database = Database(url, METADATA)

    def close(self) -> None:
        """Close the connections; the store can be used again and then opens new ones."""
        self._database.close()

    def check(self) -> None:
        """Raise StoreError where runs cannot be read now."""
        self.count("")

    def request(self, recipe: AnyRecipe, who: Visitor = OPERATOR) -> Run:
        """The run of this recipe, made and owned by this store if there was none, and then started by `who`.

        A failed, cancelled or interrupted run starts over: queued, owned by this store, without events but for its
        finished parts. A live or finished one is returned as it is; a discarded one comes back. An imported one that
        a version before this one gave the recipe's id makes room under a name of its own.
        """
        now = time.time()
        self.restore([recipe.id])
        self._make_room(recipe.id)
        fresh = self._queued(recipe, now, who)
        if not self._insert(recipe.id, fresh):
            over = ~_alive(now) & (RUNS.c.status != "finished")
            with self._database.write() as connection:
                revived = sa.update(RUNS).where(RUNS.c.id == recipe.id, over).values(**fresh)
                if connection.execute(revived).rowcount:
                    tables.clear(connection, recipe.id)
        run = self.get(recipe.id)
        if run is None:  # written by another version and unreadable here: as good as none
            self.delete(recipe.id)
            self._insert(recipe.id, fresh)
            run = self.get(recipe.id)
        if run is None:
            raise StoreError(f"Run {recipe.id} was deleted while it was asked for; ask again.")
        return run

    def restart(self, recipe: AnyRecipe, who: Visitor = OPERATOR, *, keep: bool = False) -> Run:
        """The run of this recipe from its beginning, queued and owned by this store; only tags and note stay.

        One transaction: where it fails, everything is as it was. A live run is returned as it is. With `keep` a
        finished run can still be read, as `before(recipe.id)`, until the new attempt has its result. Raises RightsError
        where it is another's, as its results are lost.
        """
        now = time.time()
        over = ~_alive(now)
        self._make_room(recipe.id)
        if (there := self.get(recipe.id)) is not None:
            who.must(there, "train it anew")
        with self._database.write() as connection:
            if keep:
                tables.set_aside(connection, recipe.id, before(recipe.id), over & (RUNS.c.status == "finished"))
            again = sa.update(RUNS).where(RUNS.c.id == recipe.id, over).values(**self._queued(recipe, now, who))
            if connection.execute(again).rowcount:
                for table in (EVENTS, STUDENTS, DISCARDED):
                    connection.execute(sa.delete(table).where(table.c.run_id == recipe.id))
        return self.request(recipe, who)  # made, where there was none

    def get(self, run_id: str) -> Run | None:
        """The run, or None where there is none."""
        return next(iter(self._runs(RUNS.c.id == run_id, _NOT_DISCARDED)), None)

    def recent(self, limit: int = 50) -> list[Run]:
        """The newest runs first, without those of another version of kdviz that this one cannot read."""
        return self._runs(_NOT_DISCARDED, limit=limit)

    def discarded(self) -> list[Run]:
        """What was discarded within a day and can be restored, the newest runs first."""
        return self._runs(DISCARDED.c.since >= time.time() - DAY)

    def events(self, run_id: str, after: int = 0) -> list[Event]:
        """The run's events in order, without the first `after` ones."""
        with self._database.read() as connection:
            events = tables.events_after(connection, run_id, after)
        if events is None:
            raise StoreError(f"The events of run {run_id} were written by another version of kdviz.")
        return events

    def finished(self, run_id: str) -> list[Part]:
        """The finished parts of the run, of this attempt and earlier ones. Kept until the run is deleted."""
        with self._database.read() as connection:
            return tables.finished_parts(connection, run_id)

    def count(self, run_id: str) -> int:
        """How many events the run has."""
        with self._database.read() as connection:
            last = sa.select(sa.func.max(EVENTS.c.sequence)).where(EVENTS.c.run_id == run_id)
            return max(0, connection.execute(last).scalar() or 0)

    def ahead(self, run_id: str) -> list[Run]:
        """The live runs that were created before this one, the oldest first; none for one that is not live."""
        run = self.get(run_id)
        if run is None or not run.live:
            return []
        before = RUNS.c.created < run.created.timestamp(), RUNS.c.id != run_id
        earlier = sa.select(RUNS.c.id).where(_alive(time.time()), *before).order_by(RUNS.c.created)
        with self._database.read() as connection:
            ids = connection.execute(earlier).scalars().all()
        return [found for found in map(self.get, ids) if found is not None]

    def begin(self, run_id: str, attempt: int = 1, message: str = "", finished: Iterable[Part] = ()) -> None:
        """The run starts on a worker, perhaps again: what an earlier attempt left is dropped, as in `request`.

        `finished` are parts that may not be stored yet.
        """
        now = time.time()
        values = {"status": "running", "attempt": attempt, "message": message, "started": now, "heartbeat": now}
        with self._database.write() as connection:
            if connection.execute(self._own(run_id).values(**values)).rowcount:
                tables.clear(connection, run_id, finished)

    def append(self, run_id: str, events: Sequence[Event], first_sequence: int) -> None:
        """Add events, numbered from `first_sequence` (the run's first event has 1). Safe to repeat."""
        if not events:
            return
        with self._database.write() as connection:
            # The heartbeat doubles as the check that the run is still this owner's, and locks the row.
            if connection.execute(self._own(run_id).values(heartbeat=time.time())).rowcount:
                again = (EVENTS.c.run_id == run_id) & (EVENTS.c.sequence >= first_sequence)
                connection.execute(sa.delete(EVENTS).where(again))
                connection.execute(sa.insert(EVENTS), tables.rows(run_id, events, first_sequence))

    def pause(self, run_id: str) -> None:
        """A running run stands still."""
        self._change(run_id, "running", status="paused")

    def resume(self, run_id: str) -> None:
        """A paused run goes on."""
        self._change(run_id, "paused", status="running")

    def finish(self, run_id: str, result: Ending) -> None:
        """The run has its result."""
        self._change(run_id, *LIVE, status="finished", finished=time.time(), result=result.model_dump_json())
        if self.get(before(run_id)) is not None:
            self.delete(before(run_id))

    def fail(self, run_id: str, message: str) -> None:
        """The run ended without a result, for the reason given in plain words."""
        self._change(run_id, *LIVE, status="failed", finished=time.time(), message=message)

    def cancel(self, run_id: str) -> None:
        """The run was stopped by a person; its events stay until it is requested again."""
        self._change(run_id, *LIVE, status="cancelled", finished=time.time())

    def release(self, run_ids: Collection[str]) -> None:
        """Give up live runs, as at an orderly end: they read as interrupted at once."""
        with self._database.write() as connection:
            mine = RUNS.c.id.in_(run_ids), RUNS.c.owner == self.owner
            connection.execute(sa.update(RUNS).where(*mine).values(heartbeat=time.time() - SILENCE - 1))

    def wish(self, run_id: str, wish: str) -> None:
        """Ask the process that trains a live run for something, as "cancel"; `wishes` is how it hears of that."""
        with self._database.write() as connection:
            live = RUNS.c.id == run_id, RUNS.c.status.in_(LIVE)
            connection.execute(sa.update(RUNS).where(*live).values(wish=wish))

    def wishes(self, run_ids: Collection[str], heeded: Collection[str] = WISHES) -> dict[str, str]:
        """What others have asked of this store's runs, each once; what is not `heeded` is left."""
        mine = RUNS.c.id.in_(run_ids), RUNS.c.owner == self.owner, RUNS.c.wish.in_(heeded)
        wanted = sa.select(RUNS.c.id, RUNS.c.wish).where(*mine)
        with self._database.read() as connection:
            if not connection.execute(wanted).first():
                return {}  # as almost always: nothing has to be written
        with self._database.write() as connection:
            wishes = {row.id: row.wish for row in connection.execute(wanted.with_for_update())}
            connection.execute(sa.update(RUNS).where(*mine).values(wish=None))
        return wishes

    def orphans(self) -> list[str]:
        """Runs that visitors asked for, the oldest first, whose owner was lost within the hour, for the first time."""
        with self._database.read() as connection:
            found = sa.select(RUNS.c.id).where(self._orphaned()).order_by(RUNS.c.created)
            return list(connection.execute(found).scalars())

    def take_over(self, run_id: str, message: str) -> Run | None:
        """Let one of the `orphans` go on as this store's own, queued; None where another was first."""
        now = time.time()
        fresh = {"owner": self.owner, "status": "queued", "attempt": 0, "message": message, "heartbeat": now}
        fresh |= {"gone_on": 1, "wish": None, "started": None}
        with self._database.write() as connection:
            orphan = sa.update(RUNS).where(RUNS.c.id == run_id, self._orphaned())
            if not connection.execute(orphan.values(**fresh)).rowcount:
                return None
            tables.clear(connection, run_id)
        return self.get(run_id)

    def _orphaned(self) -> sa.ColumnElement[bool]:
        now = time.time()
        lost = RUNS.c.status.in_(LIVE) & ~_alive(now) & (RUNS.c.heartbeat > now - HOUR) & (RUNS.c.owner != self.owner)
        binned = RUNS.c.id.in_(sa.select(DISCARDED.c.run_id))
        return lost & RUNS.c.visitor.is_not(None) & RUNS.c.gone_on.is_(None) & ~binned

    def heartbeat(self, run_ids: Collection[str]) -> set[str]:
        """Show that this owner lives; returns the runs that are still its own and live."""
        if not run_ids:
            return set()
        mine = RUNS.c.id.in_(run_ids), RUNS.c.owner == self.owner, RUNS.c.status.in_(LIVE)
        with self._database.write() as connection:
            connection.execute(sa.update(RUNS).where(*mine).values(heartbeat=time.time()))
            return set(connection.execute(sa.select(RUNS.c.id).where(*mine)).scalars())

    def delete(self, run_id: str) -> None:
        """Forget the run and everything that belongs to it, for good."""
        with self._database.write() as connection:
            tables.forget(connection, [run_id])

    def discard(self, run_ids: Collection[str], who: Visitor = OPERATOR) -> None:
        """Put runs away: they can be restored for a day.

        Nothing is done where one is under way, StoreError, or another's, RightsError.
        """
        now = time.time()
        for run in filter(None, map(self.get, run_ids)):
            who.must(run, "delete that run")
        under_way = sa.select(RUNS.c.id).where(RUNS.c.id.in_(run_ids), _alive(now))
        with self._database.write() as connection:
            live = connection.execute(under_way).scalars().first()
        if live:
            raise StoreError(f"Run {live} is still under way; stop it first, then delete it.")
        there = sa.select(RUNS.c.id, sa.literal(now, sa.Double)).where(
            RUNS.c.id.in_(run_ids), RUNS.c.id.not_in(sa.select(DISCARDED.c.run_id))
        )
        for _ in range(_TRIES):  # another may put some of them away meanwhile
            with suppress(IntegrityError), self._database.write() as connection:
                _purge(connection)
                connection.execute(sa.insert(DISCARDED).from_select(["run_id", "since"], there))
                return
        raise StoreError("The runs were changed by somebody else while they were deleted; try again.")

    def restore(self, run_ids: Collection[str]) -> None:
        """Bring discarded runs back as they were."""
        with self._database.write() as connection:
            _purge(connection)
            connection.execute(sa.delete(DISCARDED).where(DISCARDED.c.run_id.in_(run_ids)))

    def empty_bin(self, who: Visitor = OPERATOR) -> None:
        """Delete for good what was discarded. Raises RightsError."""
        who.must_present("empties the bin")
        with self._database.write() as connection:
            gone = list(connection.execute(sa.select(DISCARDED.c.run_id)).scalars())
            tables.forget(connection, gone)

    def shrink(self) -> None:
        """Delete for good what was discarded more than a day ago, and give its room back."""
        with self._database.write() as connection:
            _purge(connection)
        self._database.shrink()

    def kept_of(self, who: Visitor) -> int:
        """How many runs that they started are in the store, without those that were discarded."""
        number = sa.select(sa.func.count()).select_from(RUNS.outerjoin(DISCARDED, DISCARDED.c.run_id == RUNS.c.id))
        with self._database.read() as connection:
            wanted = number.where(RUNS.c.visitor == who.mark, _NOT_DISCARDED)
            return int(connection.execute(wanted).scalar() or 0)

    def annotate(self, run_id: str, tags: Iterable[str] | None = None, note: str | None = None) -> None:
        """Give the run these tags, this note or both instead of what it had; None stays. Raises AnnotationError."""
        given = {
            "tags": None if tags is None else json.dumps(tidy_tags(tags), ensure_ascii=False),
            "note": None if note is None else tidy_note(note),
        }
        values = {name: value for name, value in given.items() if value is not None}
        self._put(ANNOTATIONS, {"run_id": run_id}, values, {"tags": "[]", "note": ""})

    def keep_student(self, run_id: str, student: TrainedStudent) -> None:
        """Keep a trained student with its run, instead of the one of that name. Only the run's owner may."""
        with self._database.read() as connection:
            mine = RUNS.c.id == run_id, RUNS.c.owner == self.owner
            own = connection.execute(sa.select(RUNS.c.id).where(*mine)).one_or_none()
        if own:
            values = {"architecture": student.architecture, "weights": student.weights, "made": time.time()}
            self._put(STUDENTS, {"run_id": run_id, "name": student.name}, values)
            stale = sa.delete(COMPRESSED).where(COMPRESSED.c.run_id == run_id, COMPRESSED.c.of == student.name)
            with self._database.write() as connection:
                connection.execute(stale)

    def students(self, run_id: str) -> list[str]:
        """Names of the run's students that are kept, in the order in which they were."""
        wanted = sa.select(STUDENTS.c.name).where(STUDENTS.c.run_id == run_id).order_by(STUDENTS.c.made)
        with self._database.read() as connection:
            return list(connection.execute(wanted).scalars())

    def student(self, run_id: str, name: str) -> TrainedStudent | None:
        """A student of the run, or None where it is not kept."""
        wanted = sa.select(STUDENTS).where(STUDENTS.c.run_id == run_id, STUDENTS.c.name == name)
        with self._database.read() as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else TrainedStudent.model_validate(row, from_attributes=True)

    def keep_compressed(self, run_id: str, student: CompressedStudent) -> None:
        """Keep a compressed student beside the run's own, instead of the one of that name; the run is not changed."""
        values = {"of": student.of, "document": student.model_dump_json(), "made": time.time()}
        self._put(COMPRESSED, {"run_id": run_id, "name": student.learnt.name}, values)

    def compressed(self, run_id: str) -> list[CompressedStudent]:
        """The run's compressed students, in the order in which they were made; those that this version can read."""
        wanted = sa.select(COMPRESSED.c.document).where(COMPRESSED.c.run_id == run_id).order_by(COMPRESSED.c.made)
        found = []
        with self._database.read() as connection:
            for document in connection.execute(wanted).scalars():
                with suppress(ValidationError):
                    found.append(CompressedStudent.model_validate_json(document))
        return found

    def adopt(self, bundle: Bundle, who: Visitor = OPERATOR) -> Run:
        """Take over a bundle's run for `who`, marked as imported and under a name of its own; no other is changed.

        Where the very same run is here, it is the one: it comes back if it was discarded, and nothing is written to it.
        """
        here = self._same(bundle) or bundle.id
        self.restore([here])
        with suppress(IntegrityError), self._database.write() as connection:
            known = sa.select(RUNS.c.id).where(RUNS.c.id == here)
            if connection.execute(known).one_or_none() is None:
                self._adopt(connection, bundle, here, who)
        run = self.get(here)
        if run is None:
            raise StoreError(f"Run {here} was deleted while it was imported; import it again.")
        return run

    def _same(self, bundle: Bundle) -> str | None:
        """The id of the run with the recipe's name, where it ended at the same moment with the same result.

        None where the bundle brings a smaller student that it lacks: nothing is written to a run of this machine.
        """
        given = bundle.run
        kept = self.compressed(given.recipe.id) if bundle.compressed else []
        if any(made not in kept for made in bundle.compressed):
            return None
        for run in self._runs(RUNS.c.id == given.recipe.id):
            same = (run.started, run.finished) == (given.started, given.finished) and run.status == given.status
            if same and given.result and run.result and given.result.model_dump_json() == run.result.model_dump_json():
                return run.id
        return None

    def _adopt(self, connection: sa.Connection, bundle: Bundle, run_id: str, who: Visitor) -> None:
        """Write what the bundle brings."""
        run, now = bundle.run, time.time()
        values = {
            **self._queued(run.recipe, min(run.created.timestamp(), now), who),
            "status": run.status,
            "attempt": 1,
            "message": IMPORTED if run.result else UNFINISHED,
            "started": run.started and run.started.timestamp(),
            "finished": run.finished and run.finished.timestamp(),
            "heartbeat": now,
            "result": run.result and run.result.model_dump_json(),
        }
        connection.execute(sa.insert(RUNS).values(id=run_id, **values))
        if bundle.events:
            connection.execute(sa.insert(EVENTS), tables.rows(run_id, bundle.events, 1))
        for number, student in enumerate(bundle.students):
            values = {"architecture": student.architecture, "weights": student.weights, "made": now + number * 1e-3}
            connection.execute(sa.insert(STUDENTS).values(run_id=run_id, name=student.name, **values))
        for number, made in enumerate(bundle.compressed):
            values = {"of": made.of, "document": made.model_dump_json(), "made": now + number * 1e-3}
            connection.execute(sa.insert(COMPRESSED).values(run_id=run_id, name=made.learnt.name, **values))
        if run.tags or run.note:
            values = {"tags": json.dumps(run.tags, ensure_ascii=False), "note": run.note}
            connection.execute(sa.insert(ANNOTATIONS).values(run_id=run_id, **values))

    def _make_room(self, run_id: str) -> None:
        """Give an imported run with this id, which is a recipe's, a name of its own."""
        imported = RUNS.c.id == run_id, RUNS.c.message.in_(_SAID_BEFORE), ~RUNS.c.status.in_(LIVE)
        with self._database.write() as connection:
            if connection.execute(sa.select(RUNS.c.id).where(*imported).with_for_update()).one_or_none() is not None:
                tables.rename(connection, run_id, new_imported_id())

    def _put(
        self, table: sa.Table, key: dict[str, str], values: dict[str, Any], usual: dict[str, Any] | None = None
    ) -> None:
        if values and not self._database.put(table, key, values, usual or {}):
            raise StoreError(f"Run {key['run_id']} is not in the store any more.")

    def _runs(self, *which: sa.ColumnElement[bool], limit: int | None = None) -> list[Run]:
        """Those that this version can read, the newest first."""
        wanted = (
            sa.select(RUNS, ANNOTATIONS.c.tags, ANNOTATIONS.c.note)
            .select_from(RUNS.outerjoin(ANNOTATIONS).outerjoin(DISCARDED, DISCARDED.c.run_id == RUNS.c.id))
            .where(*which)
            .order_by(RUNS.c.created.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [run for run in map(_run, connection.execute(wanted)) if run]

    def _insert(self, run_id: str, values: dict[str, Any]) -> bool:
        """Whether the run was new. Two may insert at once: the database lets one through."""
        with suppress(IntegrityError), self._database.write() as connection:
            connection.execute(sa.insert(RUNS).values(id=run_id, **values))
            return True
        return False

    def _queued(self, recipe: AnyRecipe, now: float, who: Visitor = OPERATOR) -> dict[str, Any]:
        """The row of a run that has yet to begin."""
        return {
            **{"recipe": recipe.model_dump_json(), "status": "queued", "owner": self.owner},
            **{"visitor": who.mark or None, "wish": None, "gone_on": None},
            **{"attempt": 0, "message": "", "created": now, "heartbeat": now},
            **dict.fromkeys(("started", "finished", "result")),
        }

    def _own(self, run_id: str) -> sa.Update:
        return sa.update(RUNS).where(RUNS.c.id == run_id, RUNS.c.owner == self.owner)

    def _change(self, run_id: str, *before: Status, **values: object) -> None:
        with self._database.write() as connection:
            change = self._own(run_id).where(RUNS.c.status.in_(before))
            connection.execute(change.values(heartbeat=time.time(), **values))


def _alive(now: float) -> sa.ColumnElement[bool]:
    """Live runs whose owner was heard of lately."""
    return RUNS.c.status.in_(LIVE) & (RUNS.c.heartbeat >= now - SILENCE)


def _purge(connection: sa.Connection) -> None:
    """Delete for good what was discarded more than a day ago."""
    old = sa.select(DISCARDED.c.run_id).where(DISCARDED.c.since < time.time() - DAY)
    gone = list(connection.execute(old).scalars())
    if gone:
        tables.forget(connection, gone)


def _run(row: sa.Row[Any]) -> Run | None:
    silent = row.status in LIVE and row.heartbeat < time.time() - SILENCE
    try:
        return Run(
            id=row.id,
            recipe=_recipe(row.recipe),
            status="interrupted" if silent else row.status,
            attempt=row.attempt,
            message=_SAID_BEFORE.get(row.message, row.message),
            created=_moment(row.created),
            started=_moment(row.started) if row.started else None,
            finished=_moment(row.finished) if row.finished else None,
            result=_result(row.result) if row.result else None,
            owner=row.owner,
            visitor=row.visitor or "",
            wish=row.wish or "",
            tags=tuple(json.loads(row.tags)) if row.tags else (),
            note=row.note or "",
        )
    except ValidationError:
        return None


# A list of runs is read again and again, and their results are most of the work. They never change.
_recipe = lru_cache(maxsize=512)(RECIPES.validate_json)
_result = lru_cache(maxsize=512)(ENDINGS.validate_json)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
