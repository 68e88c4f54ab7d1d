"""What the networks of one run take, measured when the program was made: a file for each data set, as JSON."""

from functools import cache
from pathlib import Path

from kdviz import settings
from kdviz.records.compressed import MeasuredRun


def path_of(data: str) -> Path:
    """Where the figures of a data set lie in the program's own folder."""
    return settings.ASSETS / "measured" / f"{data}.json"


@cache
def recorded(data: str) -> MeasuredRun | None:
    """The figures of a data set; None where none were recorded."""
    path = path_of(data)
    return MeasuredRun.model_validate_json(path.read_bytes()) if path.exists() else None


def record(measured: MeasuredRun) -> Path:
    """Keep the figures with the program. Raises OSError."""
    path = path_of(measured.data)
    path.parent.mkdir(exist_ok=True)
    path.write_text(measured.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return path
