"""What lies in the state folder besides the runs, and can be made again: its sizes, and a way to clear it."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from kdviz import settings
from kdviz.store.runs import RunStore, StoreError

DATABASE = "database"
# Folders whose files are made again when they are needed, with what a person should know of that.
REMADE: Mapping[str, tuple[str, str]] = {
    "teachers": ("teachers", "trained again when a run needs them"),
    "galleries": ("gallery", "made again when a page shows the data set"),
    "packs": ("playground", "made again when the playground shows the data set"),
    "damaged": ("", "run stores and teachers that could not be read and were set aside"),
}


@dataclass(frozen=True)
class Kept:
    """Something that takes room: its files, and what becomes of it when it is cleared."""

    files: tuple[Path, ...]
    remark: str

    @property
    def bytes(self) -> int:
        """What its files take."""
        return sum(map(_size, self.files))


def kept() -> dict[str, Kept]:
    """All that takes room, by name; the database first, where it is a file."""
    state, path = settings.state_dir(), _database()
    found = {}
    if path is not None:
        files = tuple(Path(f"{path}{part}") for part in ("", "-wal", "-shm"))
        found[DATABASE] = Kept(files, "runs stay; what was deleted more than a day ago gives its room back")
    for name, (folder, remark) in REMADE.items():
        paths = state.rglob("*.damaged*") if name == "damaged" else (state / folder).glob("*")
        files = tuple(path for path in paths if path.is_file() and (name == "damaged") == (".damaged" in path.name))
        found[name] = Kept(files, remark)
    return found


def clear(store: RunStore, names: Collection[str]) -> None:
    """Delete what has these names; of the database, only what nobody can get back. Raises StoreError.

    Nothing is done while a run is under way, which may need its teachers.
    """
    if (live := next((run for run in store.recent(10_000) if run.live), None)) is not None:
        raise StoreError(f"Run {live.id} is {live.status}: tidy up when nothing is trained.")
    there = kept()
    for name in names:
        if name == DATABASE:
            store.shrink()
            continue
        for path in there[name].files:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise StoreError(f"{path} cannot be deleted: {error.strerror}.") from None


def _database() -> Path | None:
    """The file of the run store, where it is one."""
    address = sa.make_url(settings.database_url())
    return Path(address.database) if address.get_backend_name() == "sqlite" and address.database else None


def _size(path: Path) -> int:
    with suppress(OSError):  # gone meanwhile
        return path.stat().st_size
    return 0
