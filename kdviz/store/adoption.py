"""How a run that was imported gets into the store's tables: it adds what is missing and overwrites no result."""

import json
import time
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from kdviz.records.kinds import Event, Part
from kdviz.store.run import Bundle, Run
from kdviz.store.tables import ANNOTATIONS, EVENTS, RUNS, STUDENTS, finished_parts, rows

IMPORTED = "Imported."
UNFINISHED = "Imported without a result: where it comes from it was stopped, or it failed."


def adopt(
    connection: sa.Connection, owner: str, bundle: Bundle, stored: Run | None, over: sa.ColumnElement[bool]
) -> None:
    """Write what the bundle brings; `stored` is the run as the store has it.

    Raises IntegrityError where it is not `over` by now.
    """
    run = bundle.run
    if stored is None or (stored.result is None and run.result is not None):
        _take(connection, owner, bundle, over)
    elif stored.result is None:
        _add_parts(connection, run.id, bundle.events)
    _add_students(connection, bundle)
    mine = connection.execute(sa.select(ANNOTATIONS.c.run_id).where(ANNOTATIONS.c.run_id == run.id)).one_or_none()
    if mine is None and (run.tags or run.note):
        values = {"tags": json.dumps(run.tags, ensure_ascii=False), "note": run.note}
        connection.execute(sa.insert(ANNOTATIONS).values(run_id=run.id, **values))


def _take(connection: sa.Connection, owner: str, bundle: Bundle, over: sa.ColumnElement[bool]) -> None:
    """The run as it was where it comes from, instead of one here that has no result."""
    run, now = bundle.run, time.time()
    values = {
        "recipe": run.recipe.model_dump_json(),
        "status": run.status,
        "owner": owner,
        "attempt": 1,
        "message": IMPORTED if run.result else UNFINISHED,
        "created": min(run.created.timestamp(), now),
        "started": _seconds(run.started),
        "finished": _seconds(run.finished),
        "heartbeat": now,
        "result": run.result.model_dump_json() if run.result else None,
    }
    if not connection.execute(sa.update(RUNS).where(RUNS.c.id == run.id, over).values(**values)).rowcount:
        connection.execute(sa.insert(RUNS).values(id=run.id, **values))
    connection.execute(sa.delete(EVENTS).where(EVENTS.c.run_id == run.id))
    if bundle.events:
        connection.execute(sa.insert(EVENTS), rows(run.id, bundle.events, 1))


def _add_parts(connection: sa.Connection, run_id: str, events: Sequence[Event]) -> None:
    """Add the finished parts that are missing, before all events of the run."""
    known = finished_parts(connection, run_id)
    new = [event for event in events if isinstance(event, Part) and event not in known]
    first = connection.execute(sa.select(sa.func.min(EVENTS.c.sequence)).where(EVENTS.c.run_id == run_id)).scalar()
    if new:
        connection.execute(sa.insert(EVENTS), rows(run_id, new, min(first or 1, 1) - len(new)))


def _add_students(connection: sa.Connection, bundle: Bundle) -> None:
    known = connection.execute(sa.select(STUDENTS.c.name).where(STUDENTS.c.run_id == bundle.run.id)).scalars().all()
    made = time.time()
    for number, student in enumerate(bundle.students):
        if student.name not in known:
            values = {"name": student.name, "architecture": student.architecture, "made": made + number * 1e-3}
            connection.execute(sa.insert(STUDENTS).values(run_id=bundle.run.id, weights=student.content, **values))


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
