"""The run store's tables, and how events are written to theirs and read again."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from kdviz.records.kinds import EVENT_TYPES, PART_NAMES, PARTS, STORED_NAMES, Event, Part, newest

METADATA = sa.MetaData()
# Times are seconds since 1970 in UTC: the same number, and the same order, in every database.
RUNS = sa.Table(
    "runs",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("recipe", sa.Text, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("owner", sa.String(32), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("created", sa.Double, nullable=False, index=True),
    sa.Column("started", sa.Double),
    sa.Column("finished", sa.Double),
    sa.Column("heartbeat", sa.Double, nullable=False),
    sa.Column("result", sa.Text),
    # These columns came later, so they are added where they are missing, and empty in what was stored before.
    sa.Column("visitor", sa.String(32)),  # the mark of the browser that started it
    sa.Column("wish", sa.String(8)),  # what another process asks its owner for
    sa.Column("gone_on", sa.Integer),  # 1 where it went on by itself after its owner was lost
)
EVENTS = sa.Table(
    "events",
    METADATA,
    sa.Column("run_id", sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
)
# Tags, notes and the bin. These tables came later: an older version opens the database and does without them.
ANNOTATIONS = sa.Table(
    "annotations",
    METADATA,
    sa.Column("run_id", sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("tags", sa.Text, nullable=False),  # a JSON list
    sa.Column("note", sa.Text, nullable=False),
)
DISCARDED = sa.Table(
    "discarded",
    METADATA,
    sa.Column("run_id", sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("since", sa.Double, nullable=False),
)
STUDENTS = sa.Table(
    "students",
    METADATA,
    sa.Column("run_id", sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("architecture", sa.String(64), nullable=False),
    sa.Column("weights", sa.LargeBinary, nullable=False),  # a safetensors file
    sa.Column("made", sa.Double, nullable=False),
)
COMPRESSED = sa.Table(
    "compressed",
    METADATA,
    sa.Column("run_id", sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("name", sa.String(160), primary_key=True),
    sa.Column("of", sa.String(64), nullable=False),  # the name of the student
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("made", sa.Double, nullable=False),
)
# Finished parts outlive the attempt that made them. From then on their sequence numbers are below
# 1, and they are no events of the present attempt, which reports them again.
_FINISHED = EVENTS.c.kind.in_(PART_NAMES)


def events_after(connection: sa.Connection, run_id: str, after: int) -> list[Event] | None:
    """Events of the present attempt in order, without the first `after`; None if this version cannot read them."""
    wanted = (
        sa.select(EVENTS.c.kind, EVENTS.c.payload)
        .where(EVENTS.c.run_id == run_id, EVENTS.c.sequence > after)
        .order_by(EVENTS.c.sequence)
    )
    try:
        return [EVENT_TYPES[kind].model_validate_json(payload) for kind, payload in connection.execute(wanted)]
    except (KeyError, ValidationError):
        return None


def finished_parts(connection: sa.Connection, run_id: str) -> list[Part]:
    """The parts of a run that any attempt has finished."""
    wanted = sa.select(EVENTS.c.payload).where(EVENTS.c.run_id == run_id, _FINISHED).order_by(EVENTS.c.sequence)
    try:
        return newest(map(PARTS.validate_json, connection.execute(wanted).scalars()))
    except ValidationError:  # written by another version: trained again
        return []


def set_aside(connection: sa.Connection, run_id: str, name: str, only: sa.ColumnElement[bool]) -> None:
    """Copy a run that is one of `only`, its events and its students, to another id, in place of what is there."""
    wanted = sa.select(RUNS.c.id).where(RUNS.c.id == run_id, only).with_for_update()
    if connection.execute(wanted).first() is None:
        return
    forget(connection, [name])
    for table in (RUNS, EVENTS, STUDENTS, COMPRESSED):
        key = table.c.id if table is RUNS else table.c.run_id
        copied = sa.select(*(sa.literal(name) if column is key else column for column in table.c)).where(key == run_id)
        connection.execute(sa.insert(table).from_select(list(table.c), copied))


def forget(connection: sa.Connection, run_ids: Collection[str]) -> None:
    """Delete runs with everything that belongs to them."""
    # Their rows first, as everybody else who changes them: two that lock in another order would wait for each other.
    connection.execute(sa.select(RUNS.c.id).where(RUNS.c.id.in_(run_ids)).order_by(RUNS.c.id).with_for_update())
    for table in (COMPRESSED, STUDENTS, DISCARDED, ANNOTATIONS, EVENTS):
        connection.execute(sa.delete(table).where(table.c.run_id.in_(run_ids)))
    connection.execute(sa.delete(RUNS).where(RUNS.c.id.in_(run_ids)))


def rename(connection: sa.Connection, run_id: str, to: str) -> None:
    """Give a run another id, with everything that belongs to it."""
    others = [sa.literal(to) if column is RUNS.c.id else column for column in RUNS.c]
    whole = sa.select(*others).where(RUNS.c.id == run_id)
    connection.execute(sa.insert(RUNS).from_select([column.name for column in RUNS.c], whole))
    for table in (COMPRESSED, STUDENTS, DISCARDED, ANNOTATIONS, EVENTS):
        connection.execute(sa.update(table).where(table.c.run_id == run_id).values(run_id=to))
    connection.execute(sa.delete(RUNS).where(RUNS.c.id == run_id))


def clear(connection: sa.Connection, run_id: str, finished: Iterable[Part] = ()) -> None:
    """Drop an attempt's events but for the finished parts, to which `finished` come."""
    kept = newest([*finished_parts(connection, run_id), *finished])
    connection.execute(sa.delete(EVENTS).where(EVENTS.c.run_id == run_id))
    if kept:
        connection.execute(sa.insert(EVENTS), rows(run_id, kept, 1 - len(kept)))


def rows(run_id: str, events: Sequence[Event], first_sequence: int) -> list[dict[str, Any]]:
    """Events as rows, numbered from `first_sequence`."""
    stored = [{"kind": STORED_NAMES[type(event)], "payload": event.model_dump_json()} for event in events]
    return [{"run_id": run_id, "sequence": first_sequence + place, **row} for place, row in enumerate(stored)]
