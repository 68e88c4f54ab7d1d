"""A SQL database that processes and threads share, and its errors in plain words."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.pool import ConnectionPoolEntry

from kdviz import settings
from kdviz.errors import PlainError

_READS = "kdviz_reads"  # execution option of a connection that only reads
_BUSY = 5.0  # seconds to wait for another process's write, or for a server to be reached
_REST = 2.0  # seconds for which a server that does not answer is not asked again: a page asks several times
_TRIES = 3  # where others write the same at the same time

# What drivers say about a file or a disk, and what that means for a person.
_AWAY = "does not answer; see that its server runs and can be reached, and what could not be stored comes later"
_ANEW = "`python -m kdviz runs anew` sets it aside and begins a new one"
_MEANINGS = {
    "not a database": f"is damaged: it is no database; {_ANEW}",
    "malformed": f"is damaged; {_ANEW}",
    "is full": "cannot grow because the disk is full; free some space",
    "locked": "has been locked by another program for too long; try again, or close that program",
    "readonly": "cannot be written; check its permissions or set KDVIZ_STATE_DIR to a folder of your own",
    "unable to open": "cannot be opened; check its folder and permissions, or set KDVIZ_STATE_DIR",
    "disk i/o": "cannot be read or written because the disk reports an error",
    # PostgreSQL
    "no space left": "cannot grow because the disk of the database is full; free some space there",
    "lock timeout": "has been locked by another program for too long; try again, or close that program",
    "deadlock": "was changed by two at the same moment; try again",
    "read-only transaction": "may only be read at present; see why the database is read-only",
    "password": "lets nobody in with this name and password; see KDVIZ_DATABASE_URL",
    "does not exist": "is not there, or not whole; see KDVIZ_DATABASE_URL",
    "starting up": "does not answer yet: its server is starting",
    "too many c": "has as many connections as it takes; close some, or raise max_connections",
    **dict.fromkeys(
        ("refused", "terminating", "closed", "shutting down", "timeout", "timed out", "could not receive", "resolve"),
        _AWAY,
    ),
}
_GONE = "is gone: it was moved or deleted while it was in use; put it back, or start anew, which begins an empty one"


class StoreError(PlainError):
    """The run store cannot be used; the message is one plain sentence."""


class AwayError(StoreError):
    """The server of the database does not answer."""


class DamagedError(StoreError):
    """The file of the run store is there and is no database, or no whole one."""


def set_aside(url: str) -> Path:
    """Rename the file of a SQLite store, and what belongs to it; under which name it is kept. Raises StoreError."""
    path = Path(sa.make_url(url).database or "")
    names = (path.with_name(f"{path.name}.damaged-{number}") for number in count(1))
    kept = next(name for name in names if not name.exists())
    try:
        path.replace(kept)
        for part in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                Path(f"{path}{part}").replace(f"{kept}{part}")
    except OSError as error:
        raise StoreError(f"The run store {path} cannot be set aside: {error.strerror}.") from None
    return kept


class Database:
    """The database at `url` with its tables, made where they are missing; safe for many threads and processes."""

    def __init__(self, url: str, tables: sa.MetaData) -> None:
        self.engine = _opened(url, tables)
        self._readers = self.engine.execution_options(**{_READS: True})
        self._place = _place(self.engine.url)
        self._away = (0.0, "")  # until when it is not asked again, and why

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""
        self.engine.dispose()

    def shrink(self) -> None:
        """Give the room of deleted rows back, where that is not done by the database itself. Raises StoreError."""
        if self.engine.dialect.name != "sqlite":
            return
        with _plain_words(self._place), self.engine.connect() as connection:
            driver = connection.connection.cursor()  # past SQLAlchemy, which would begin a transaction
            try:
                for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                    driver.execute(statement)
            except sqlite3.Error as error:
                raise exc.OperationalError(statement, None, error) from error
            finally:
                driver.close()

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that may write. Raises StoreError and IntegrityError."""
        with self._plain_words(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection that only reads. Raises StoreError."""
        with self._plain_words(), self._readers.connect() as connection:
            yield connection

    @contextmanager
    def _plain_words(self) -> Iterator[None]:
        until, why = self._away
        if time.monotonic() < until:
            raise AwayError(why)
        try:
            with _plain_words(self._place):
                yield
        except AwayError as error:
            self._away = (time.monotonic() + _REST, str(error))
            raise

    def put(self, table: sa.Table, key: dict[str, str], values: dict[str, Any], usual: dict[str, Any]) -> bool:
        """Write the row of this key, whether it exists or not; `usual` has what a new one holds besides.

        False where a row that it refers to is missing.
        """
        same = [table.c[name] == value for name, value in key.items()]
        for _ in range(_TRIES):  # where another inserts it meanwhile, it can be updated then
            with suppress(exc.IntegrityError), self.write() as connection:
                if not connection.execute(sa.update(table).where(*same).values(**values)).rowcount:
                    connection.execute(sa.insert(table).values(**{**usual, **key, **values}))
                return True
        return False


def _opened(url: str, tables: sa.MetaData) -> sa.Engine:
    """An engine for `url` with its tables made; for SQLite, the folder and the file as well."""
    try:
        address = sa.make_url(url)
    except exc.ArgumentError:
        raise StoreError(
            "KDVIZ_DATABASE_URL is no database address; it takes one such as sqlite:////folder/kdviz.sqlite."
        ) from None
    try:
        sqlite = address.get_backend_name() == "sqlite"
        engine = _sqlite(address) if sqlite else _served(address)
    except (ImportError, exc.NoSuchModuleError) as error:
        raise StoreError(f"The run store {_place(address)} needs a driver: {error}.") from None
    with _plain_words(_place(address)):
        try:
            tables.create_all(engine)
        except (exc.OperationalError, exc.ProgrammingError, exc.IntegrityError):
            tables.create_all(engine)  # another process may have made them between the look and the making
        for table in tables.tables.values():
            _add_columns(engine, table)
    return engine


def _add_columns(engine: sa.Engine, table: sa.Table) -> None:
    """Columns that came later, for a table of before: they hold nothing there."""
    for column in _missing(engine, table):
        kind = column.type.compile(engine.dialect)
        try:
            with engine.begin() as connection:
                connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}")
        except (exc.OperationalError, exc.ProgrammingError):  # another process may have been first
            if column in _missing(engine, table):
                raise


def _missing(engine: sa.Engine, table: sa.Table) -> list[sa.Column[Any]]:
    there = {column["name"] for column in sa.inspect(engine).get_columns(table.name)}
    return [column for column in table.columns if column.nullable and column.name not in there]


def _place(address: sa.URL) -> str:
    """Where a database is, as a message may name it to visitors: a file, or a name without account and machine."""
    name, kind = address.database or "", address.get_backend_name()
    return name if kind == "sqlite" else f"{name} of {kind}".strip()


@contextmanager
def _plain_words(where: str) -> Iterator[None]:
    """Turn the database's errors into `StoreError`; a violated constraint is the caller's to deal with."""
    try:
        yield
    except exc.IntegrityError:
        raise
    except exc.SQLAlchemyError as error:
        reason = " ".join(str(getattr(error, "orig", None) or error).split()).rstrip(".")
        meaning = next((text for sign, text in _MEANINGS.items() if sign in reason.lower()), None)
        kind = AwayError if meaning == _AWAY else DamagedError if meaning and _ANEW in meaning else StoreError
        raise kind(f"The run store {where} {meaning or f'cannot be used: {reason}'}.") from error


def _sqlite(address: sa.URL) -> sa.Engine:
    if address.database:
        try:
            settings.make_private(Path(address.database).parent)
        except OSError as error:
            raise StoreError(
                f"The folder of the run store {address.database} cannot be made: {error.strerror}; "
                "KDVIZ_STATE_DIR names a folder of your own."
            ) from None
    engine = sa.create_engine(address, connect_args={"timeout": _BUSY})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    if address.database and not address.database.startswith((":", "file:")):
        # SQLite gives what it makes beside the file the same permissions. A file that is there must not be opened: to
        # close it would give up the locks of all connections of this process, and another process would believe that
        # it is the last one, and remove what they have not yet written into the file (sqlite.org/howtocorrupt, 2.2).
        with suppress(OSError), open(address.database, "xb", opener=settings.private):
            pass
        file = _File(Path(address.database))
        event.listen(engine, "do_connect", file.must_be_there)
        event.listen(engine, "connect", file.note)
        event.listen(engine, "checkout", file.compare)
    return engine


class _File:
    """The file of a SQLite store, which somebody may move away or replace while it is in use.

    SQLite would make another, or go on writing to one that has no name any more.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._was_there = path.exists()

    def must_be_there(self, _dialect: object, _record: object, _args: object, _options: object) -> None:
        """Before a connection is made. Raises StoreError."""
        if self._was_there and not self._path.exists():
            raise StoreError(f"The run store {self._path} {_GONE}.")

    def note(self, _connection: object, record: ConnectionPoolEntry) -> None:
        """Which file it is that the new connection has."""
        record.info["file"] = self._which()

    def compare(self, _connection: object, record: ConnectionPoolEntry, _proxy: object) -> None:
        """Before a connection is used: one to another file is closed, and the pool makes a new one."""
        if record.info["file"] != self._which():
            raise exc.DisconnectionError(f"{self._path} is another file")

    def _which(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


def _served(address: sa.URL) -> sa.Engine:
    """An engine for a database with a server, which may be away, or busy, for a while: nobody waits for ever."""
    waits: dict[str, Any] = {}
    if address.get_driver_name().startswith("psycopg"):  # options of PostgreSQL's own library, which both versions use
        milliseconds = int(_BUSY * 1000)
        waits = {"connect_timeout": int(_BUSY), "tcp_user_timeout": milliseconds, **address.query}
        locks = f"-c lock_timeout={milliseconds} -c idle_in_transaction_session_timeout={10 * milliseconds}"
        waits["options"] = f"{locks} {address.query.get('options', '')}"  # of two that differ the last one counts
    return sa.create_engine(address, pool_pre_ping=True, connect_args=waits)


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # `_begin` says how transactions start, not the driver
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    # One that reads first and writes later fails at once, without waiting, when another wrote in between.
    reads = connection.get_execution_options().get(_READS)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
