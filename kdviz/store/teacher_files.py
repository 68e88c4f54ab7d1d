"""Where teachers that were trained are kept, and how they get from one machine to another: as files. Torch-free."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from kdviz import settings
from kdviz.errors import PlainError


class TeacherFileError(PlainError):
    """A trained teacher that cannot be kept; the message is one plain sentence."""


class TeacherFile(NamedTuple):
    """A teacher is trained: its safetensors file."""

    weights: bytes


def path_of(training: str) -> Path:
    """Where the teacher of the training with this id is kept, to be found again by the same training."""
    return settings.state_dir() / "teachers" / f"{training}.safetensors"


def put(training: str, content: bytes) -> None:
    """Keep a teacher that another machine trained, if it is not here. Raises TeacherFileError."""
    path = path_of(training)
    if path.exists():
        return
    try:
        with replacement(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise not_kept(error) from None


@contextmanager
def replacement(path: Path) -> Iterator[Path]:
    """An empty file beside `path` that takes its place when it is written: `path` appears whole or not at all."""
    settings.make_private(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o777)  # else it stays for this account alone
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def set_aside(path: Path) -> None:
    """Give a file that cannot be used a name by which nobody looks for it; where that cannot be, it is written over."""
    with suppress(OSError):
        path.replace(path.with_name(f"{path.name}.damaged"))


def read(training: str) -> bytes | None:
    """The teacher's file, or None where it is not here."""
    try:
        return path_of(training).read_bytes()
    except OSError:
        return None


def not_kept(error: Exception) -> TeacherFileError:
    """In plain words."""
    reason = getattr(error, "strerror", None) or error
    return TeacherFileError(f"The trained teacher could not be kept in {settings.state_dir()} ({reason}).")
