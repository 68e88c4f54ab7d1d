"""The runs of lessons' studies that come with the program: made by it, kept whole, with recipe and machine."""

from datetime import date
from functools import lru_cache
from pathlib import Path

from kdviz import settings
from kdviz.records.study import StudyResult

FOLDER = settings.ASSETS / "studies"


def recorded(name: str, folder: Path | None = None) -> StudyResult | None:
    """The recorded run of a study, if one is there. A file that has changed is read again."""
    path = path_of(name, folder)
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return None


def record(studied: StudyResult, folder: Path | None = None) -> Path:
    """Keep the end of a study as its recorded run of today, in place of the one before; where it is. Raises OSError."""
    studied = studied.model_copy(update={"recorded_on": date.today()})
    path = path_of(studied.recipe.study, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(studied.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return path


def path_of(name: str, folder: Path | None = None) -> Path:
    """Where the recorded run of a study lies."""
    return (FOLDER if folder is None else folder) / f"{name}.json"


@lru_cache(maxsize=64)
def _read(path: Path, _changed: int) -> StudyResult:
    return StudyResult.model_validate_json(path.read_text(encoding="utf-8"))
