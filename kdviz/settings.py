"""Folders and addresses, from the environment: the only place that reads it for them."""

import os
from pathlib import Path

import platformdirs

ASSETS = Path(__file__).resolve().parent.parent / "assets"


def data_dir() -> Path:
    """Where data sets lie: KDVIZ_DATA_DIR, else a per-user folder. It may be read-only and need not exist."""
    chosen = os.environ.get("KDVIZ_DATA_DIR")
    return Path(chosen).expanduser() if chosen else _user_dir()


def state_dir() -> Path:
    """Where runs, trained teachers and cached pictures are kept; it need not exist yet.

    KDVIZ_STATE_DIR, else the data folder, else, where that is read-only, the per-user folder.
    """
    chosen = os.environ.get("KDVIZ_STATE_DIR")
    if chosen:
        return Path(chosen).expanduser()
    data = data_dir()
    return data if _writable(data) else _user_dir()


def database_url() -> str:
    """The run store's address for SQLAlchemy: KDVIZ_DATABASE_URL, else a SQLite file in `state_dir()`."""
    return os.environ.get("KDVIZ_DATABASE_URL") or f"sqlite:///{state_dir() / 'kdviz.sqlite'}"


def scheduler() -> str | None:
    """The address of an external Dask scheduler, KDVIZ_SCHEDULER; None for the embedded cluster."""
    return os.environ.get("KDVIZ_SCHEDULER") or None


def download_wait() -> str:
    """Seconds without an answer after which a mirror is given up, as text: KDVIZ_DOWNLOAD_WAIT, else 3."""
    return os.environ.get("KDVIZ_DOWNLOAD_WAIT") or "3"


def language() -> str:
    """The folder of `assets/lessons` with the texts of the lessons: KDVIZ_LANGUAGE, else English."""
    return os.environ.get("KDVIZ_LANGUAGE") or "en"


def _user_dir() -> Path:
    return platformdirs.user_data_path("kdviz", appauthor=False)


def _writable(folder: Path) -> bool:
    while not folder.exists():  # what does not exist yet is as writable as the folder it would be made in
        folder = folder.parent
    # root may write anywhere, so os.access alone would put files into a folder meant to be left alone
    return bool(folder.stat().st_mode & 0o222) and os.access(folder, os.W_OK)
