"""Classes: what the stage shows, the seats that follow it, and what they answer; in the database of the run store.

So several servers serve one class, and one that is killed loses nothing. Of a seat there is a random id from its
browser and nothing else. When a class ends, or nobody was there for half a day, everything about it is deleted.
"""

import re
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kdviz.store.database import Database

LETTERS = "BCDFGHJKMPQRTVWX"  # of a code: none that is taken for another, and no vowels, so no words
LENGTH = 4
IDLE = 12 * 3600.0  # seconds without anybody after which a class is over
SILENCE = 25.0  # seconds after which a seat that its server no longer speaks of counts as gone
MOST_SEATS = 300  # at a time
MOST_DATA = 64_000_000  # bytes of components' data, as they are stored
_HASH = re.compile(r"[0-9a-f]{64}")  # of data, as what is shown names them

METADATA = sa.MetaData()
CLASSES = sa.Table(
    "classes",
    METADATA,
    sa.Column("code", sa.String(8), primary_key=True),
    sa.Column("shown", sa.Text),  # JSON
    sa.Column("ask", sa.Text),  # JSON
    sa.Column("revision", sa.Integer, nullable=False),  # one more with each change of what is shown or asked
    sa.Column("posted", sa.Integer, nullable=False),  # one more with each post, and each seat that comes or goes
    sa.Column("begun", sa.Double, nullable=False),
    sa.Column("active", sa.Double, nullable=False),  # when somebody was there
)


def _of_class() -> sa.Column[str]:
    """The class that a row belongs to, and ends with."""
    return sa.Column("code", sa.ForeignKey("classes.code", ondelete="CASCADE"), primary_key=True)


SEATS = sa.Table(
    "class_seats",
    METADATA,
    _of_class(),
    sa.Column("seat", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),  # from 1, in the order in which they came
    sa.Column("seen", sa.Double, nullable=False),  # 0 once it has left
)
POSTS = sa.Table(
    "class_posts",
    METADATA,
    _of_class(),
    sa.Column("seat", sa.String(64), primary_key=True),
    sa.Column("place", sa.String(120), primary_key=True),  # a talk and its scene, or a page
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("body", sa.Text, nullable=False),  # JSON
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),  # what `posted` was then
)
DATA = sa.Table(
    "class_data",
    METADATA,
    _of_class(),
    sa.Column("hash", sa.String(64), primary_key=True),
    sa.Column("body", sa.LargeBinary, nullable=False),  # gzipped
)


@dataclass(frozen=True)
class State:
    """What a class is shown and asked, as JSON, and how often that and what came from seats has changed."""

    shown: str | None
    ask: str | None
    revision: int
    posted: int


@dataclass(frozen=True)
class Post:
    """What a seat has sent last, of one kind, at one place of a talk."""

    seat: int  # its number
    place: str
    kind: str  # "answer", "drawing" or "point"
    body: str  # JSON
    at: float  # seconds since 1970
    number: int  # of the change that it was


def seat_address(start: str, code: str) -> str:
    """Where a seat of a class is found, if the app is found at `start`."""
    return f"{start.rstrip('/')}/seat?class={code}"


class ClassStore:
    """The classes in the database at `url`; safe for many threads and processes. Every method may raise StoreError."""

    def __init__(self, url: str) -> None:
        self._database = Database(url, METADATA)

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""
        self._database.close()

    def forget_idle(self) -> None:
        """Delete what is left of classes in which nobody was for half a day."""
        with self._database.write() as connection:
            connection.execute(sa.delete(CLASSES).where(CLASSES.c.active < time.time() - IDLE))

    def begin(self) -> str:
        """The code of the class that is open, else of a new one."""
        self.forget_idle()
        now = time.time()
        with self._database.write() as connection:
            there: str | None = connection.execute(_newest(now)).scalar()
            if there is not None:
                return there
            code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
            fresh = {"code": code, "revision": 0, "posted": 0, "begun": now, "active": now}
            connection.execute(sa.insert(CLASSES).values(**fresh))
        return code

    def open_code(self, code: str = "") -> str | None:
        """The code of the open class of that name, "" for whichever is open; None where there is none."""
        wanted = _newest(time.time())
        if code:
            wanted = wanted.where(CLASSES.c.code == code.upper())
        with self._database.read() as connection:
            found: str | None = connection.execute(wanted).scalar()
        return found

    def end(self, code: str) -> None:
        """Delete a class with all that belongs to it."""
        with self._database.write() as connection:
            connection.execute(sa.delete(CLASSES).where(CLASSES.c.code == code))

    def state(self, code: str) -> State | None:
        """What the class is shown now; None once it has ended."""
        columns = (CLASSES.c.shown, CLASSES.c.ask, CLASSES.c.revision, CLASSES.c.posted)
        with self._database.read() as connection:
            row = connection.execute(sa.select(*columns).where(CLASSES.c.code == code)).first()
        return None if row is None else State(*row)

    def show(self, code: str, shown: str, ask: str | None) -> None:
        """Show and ask something else."""
        changed = {"shown": shown, "ask": ask, "revision": CLASSES.c.revision + 1, "active": time.time()}
        with self._database.write() as connection:
            connection.execute(sa.update(CLASSES).where(CLASSES.c.code == code).values(**changed))

    def arrive(self, code: str, seat: str) -> bool:
        """A seat comes, or comes back; False where the class is full or has ended."""
        mine = (SEATS.c.code == code, SEATS.c.seat == seat)
        with self._database.write() as connection:
            if _count(connection, code) is None:
                return False
            if connection.execute(sa.update(SEATS).where(*mine).values(seen=time.time())).rowcount:
                return True
            if (connection.execute(_present(code)).scalar() or 0) >= MOST_SEATS:
                return False
            last = connection.execute(sa.select(sa.func.max(SEATS.c.number)).where(SEATS.c.code == code)).scalar() or 0
            connection.execute(sa.insert(SEATS).values(code=code, seat=seat, number=last + 1, seen=time.time()))
        return True

    def alive(self, code: str, seats: Collection[str]) -> None:
        """These seats are there now."""
        now = time.time()
        with self._database.write() as connection:
            connection.execute(sa.update(CLASSES).where(CLASSES.c.code == code).values(active=now))
            there = (SEATS.c.code == code, SEATS.c.seat.in_(seats))
            connection.execute(sa.update(SEATS).where(*there).values(seen=now))

    def leave(self, code: str, seat: str) -> None:
        """A seat is gone, for now."""
        with self._database.write() as connection:
            if _count(connection, code) is not None:
                gone = sa.update(SEATS).where(SEATS.c.code == code, SEATS.c.seat == seat).values(seen=0.0)
                connection.execute(gone)

    def seats(self, code: str) -> int:
        """How many seats are there now."""
        with self._database.read() as connection:
            return connection.execute(_present(code)).scalar() or 0

    def post(self, code: str, seat: str, place: str, kind: str, body: str) -> None:
        """Keep what a seat has sent, instead of what it sent before of this kind at this place."""
        key = {"code": code, "seat": seat, "place": place, "kind": kind}
        same = [POSTS.c[name] == value for name, value in key.items()]
        with self._database.write() as connection:
            number = _count(connection, code)
            if number is None:
                return
            values = {"body": body, "at": time.time(), "number": number}
            if not connection.execute(sa.update(POSTS).where(*same).values(**values)).rowcount:
                connection.execute(sa.insert(POSTS).values(**key, **values))

    def posts(self, code: str, place: str | None = None, after: int = 0) -> list[Post]:
        """What seats have sent, at a place or at all of them, the oldest first; after that number of changes."""
        wanted = (
            sa.select(SEATS.c.number, POSTS.c.place, POSTS.c.kind, POSTS.c.body, POSTS.c.at, POSTS.c.number)
            .join(SEATS, sa.and_(SEATS.c.code == POSTS.c.code, SEATS.c.seat == POSTS.c.seat))
            .where(POSTS.c.code == code, POSTS.c.number > after)
            .order_by(POSTS.c.number)
        )
        if place is not None:
            wanted = wanted.where(POSTS.c.place == place)
        with self._database.read() as connection:
            return [Post(*row) for row in connection.execute(wanted)]

    def keep(self, code: str, digest: str, body: bytes) -> bool:
        """Keep a component's data under their digest; False where there is no such class, or no room for them.

        Where room is wanting, data that are not shown now are deleted.
        """
        of_class = DATA.c.code == code
        held = sa.select(sa.func.coalesce(sa.func.sum(sa.func.length(DATA.c.body)), 0))
        held = held.where(of_class, DATA.c.hash != digest)
        with self._database.write() as connection:
            if (connection.execute(held).scalar() or 0) + len(body) > MOST_DATA:
                shown = connection.execute(sa.select(CLASSES.c.shown).where(CLASSES.c.code == code)).scalar() or ""
                connection.execute(sa.delete(DATA).where(of_class, DATA.c.hash.not_in(_HASH.findall(shown))))
                if (connection.execute(held).scalar() or 0) + len(body) > MOST_DATA:
                    return False
        return self._database.put(DATA, {"code": code, "hash": digest}, {"body": body}, {})

    def data(self, code: str, digest: str) -> bytes | None:
        """A component's data, gzipped; None where they are not kept."""
        wanted = sa.select(DATA.c.body).where(DATA.c.code == code, DATA.c.hash == digest)
        with self._database.read() as connection:
            found: bytes | None = connection.execute(wanted).scalar()
        return found


def _present(code: str) -> sa.Select[Any]:
    """How many seats of a class are there now."""
    return sa.select(sa.func.count()).where(SEATS.c.code == code, SEATS.c.seen > time.time() - SILENCE)


def _newest(now: float) -> sa.Select[Any]:
    return sa.select(CLASSES.c.code).where(CLASSES.c.active >= now - IDLE).order_by(CLASSES.c.begun.desc()).limit(1)


def _count(connection: sa.Connection, code: str) -> int | None:
    """One change more, and how many that makes; None where there is no such class."""
    mine = CLASSES.c.code == code
    if not connection.execute(sa.update(CLASSES).where(mine).values(posted=CLASSES.c.posted + 1)).rowcount:
        return None
    number: int | None = connection.execute(sa.select(CLASSES.c.posted).where(mine)).scalar()
    return number
