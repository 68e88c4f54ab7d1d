"""The run store's database, and what is kept beside the runs: tags and notes, what was discarded, students' weights."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from kdviz.annotations import tidy_note, tidy_tags
from kdviz.database import READS, StoreError, open_database, place, plain_words
from kdviz.records import Learnt
from kdviz.run_tables import ANNOTATIONS, DISCARDED, METADATA, RUNS, STUDENTS, forget

DAY = 86_400.0  # seconds for which a discarded run can be restored
_TRIES = 3  # where others write the same at the same time


def day_before(now: float) -> float:
    """What was discarded earlier is gone."""
    return now - DAY


class Keeping:
    """The database at `url`, and what is kept in it beside the runs' own lives."""

    owner: str

    def __init__(self, url: str) -> None:
        self._engine = open_database(url, METADATA)
        self._readers = self._engine.execution_options(**{READS: True})
        self._place = place(self._engine.url)

    def close(self) -> None:
        """Close the connections; the store can be used again and then opens new ones."""
        self._engine.dispose()

    def annotate(self, run_id: str, tags: Iterable[str], note: str) -> None:
        """Give the run these tags and this note instead of what it had. Raises AnnotationError."""
        values = {"tags": json.dumps(tidy_tags(tags), ensure_ascii=False), "note": tidy_note(note)}
        self._put(ANNOTATIONS, {"run_id": run_id}, values)

    def restore(self, run_ids: Collection[str]) -> None:
        """Bring discarded runs back as they were."""
        with self._write() as connection:
            _purge(connection)
            connection.execute(sa.delete(DISCARDED).where(DISCARDED.c.run_id.in_(run_ids)))

    def keep_student(self, run_id: str, learnt: Learnt) -> None:
        """Keep a trained student with its run, instead of the one of that name. Only the run's owner may."""
        with self._read() as connection:
            mine = RUNS.c.id == run_id, RUNS.c.owner == self.owner
            own = connection.execute(sa.select(RUNS.c.id).where(*mine)).one_or_none()
        if own:
            self._keep(run_id, learnt)

    def students(self, run_id: str) -> list[str]:
        """Names of the run's students that are kept, in the order in which they were."""
        wanted = sa.select(STUDENTS.c.name).where(STUDENTS.c.run_id == run_id).order_by(STUDENTS.c.made)
        with self._read() as connection:
            return list(connection.execute(wanted).scalars())

    def student(self, run_id: str, name: str) -> Learnt | None:
        """A student of the run, or None where it is not kept."""
        wanted = sa.select(STUDENTS).where(STUDENTS.c.run_id == run_id, STUDENTS.c.name == name)
        with self._read() as connection:
            row = connection.execute(wanted).one_or_none()
        if row is None:
            return None
        weights = base64.b64encode(row.weights).decode()
        return Learnt(name=row.name, architecture=row.architecture, weights=weights)

    def _keep(self, run_id: str, learnt: Learnt) -> None:
        values = {
            "architecture": learnt.architecture,
            "weights": base64.b64decode(learnt.weights),
            "made": time.time(),
        }
        self._put(STUDENTS, {"run_id": run_id, "name": learnt.name}, values)

    def _put_away(self, run_ids: Collection[str], now: float) -> None:
        there = sa.select(RUNS.c.id, sa.literal(now, sa.Double)).where(
            RUNS.c.id.in_(run_ids), RUNS.c.id.not_in(sa.select(DISCARDED.c.run_id))
        )
        for _ in range(_TRIES):
            try:
                with self._write() as connection:
                    _purge(connection)
                    connection.execute(sa.insert(DISCARDED).from_select(["run_id", "since"], there))
            except IntegrityError:
                continue  # another put some of them away meanwhile
            return
        raise StoreError("The runs were changed by somebody else while they were deleted; try again.")

    def _put(self, table: sa.Table, key: dict[str, str], values: dict[str, Any]) -> None:
        """Write a run's row of a table, be it there or not; two may do so at once."""
        same = [table.c[name] == value for name, value in key.items()]
        for _ in range(_TRIES):
            try:
                with self._write() as connection:
                    if not connection.execute(sa.update(table).where(*same).values(**values)).rowcount:
                        connection.execute(sa.insert(table).values(**key, **values))
            except IntegrityError:
                continue  # another was faster, and its row can be changed now; or there is no such run
            return
        raise StoreError(f"Run {key['run_id']} is not in the store any more.")

    @contextmanager
    def _write(self) -> Iterator[sa.Connection]:
        with plain_words(self._place), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _read(self) -> Iterator[sa.Connection]:
        with plain_words(self._place), self._readers.connect() as connection:
            yield connection


def _purge(connection: sa.Connection) -> None:
    """Delete for good what was discarded more than a day ago."""
    old = sa.select(DISCARDED.c.run_id).where(DISCARDED.c.since < day_before(time.time()))
    gone = list(connection.execute(old).scalars())
    if gone:
        forget(connection, gone)
