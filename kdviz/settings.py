"""Folders and addresses, from the environment: the only place that reads it for them."""

import atexit
import os
import re
import shutil
import tempfile
from pathlib import Path

import platformdirs

ASSETS = Path(__file__).resolve().parent.parent / "assets"
NO_KEY = "none"  # in place of a presenter's key: nobody is asked for one
LOOPBACK = ("127.0.0.1", "localhost", "::1")  # addresses that this machine alone reaches
FRAME = re.compile(r"\*|https?://[A-Za-z0-9.:\[\]_*-]+")  # a page that may show the app in a frame
_STORE = "kdviz.sqlite"


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


def make_state_dir() -> str:
    """Make the state folder; where it cannot be written, a temporary one for this process and those that it starts.

    Returns a sentence that says so, "" where all is well. Where nothing temporary can be made either, whoever writes
    first says what is wrong.
    """
    wanted = state_dir()
    try:
        make_private(wanted)
        with tempfile.TemporaryFile(dir=wanted):  # the one way to know: a full disk, a network folder, Windows
            pass
        elsewhere = "KDVIZ_DATABASE_URL" in os.environ
        reason = "" if elsewhere or _writable(wanted / _STORE) else f"{_STORE} there may only be read"
    except OSError as error:
        reason = error.strerror or str(error)
    if not reason:
        return ""
    try:
        temporary = tempfile.mkdtemp(prefix="kdviz-state-")
    except OSError:
        return ""
    atexit.register(shutil.rmtree, temporary, ignore_errors=True)
    os.environ["KDVIZ_STATE_DIR"] = temporary
    return (
        f"{wanted} cannot be written ({reason}), so what is trained is kept only until the program ends; "
        "KDVIZ_STATE_DIR names a folder to keep it in."
    )


def make_private(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for this account alone. Raises OSError."""
    for place in reversed([place for place in folder.parents if not place.exists()]):
        place.mkdir(0o700, exist_ok=True)
    folder.mkdir(0o700, exist_ok=True)


def private(path: str, flags: int) -> int:
    """An opener for `open`: a file that is made is for this account alone."""
    return os.open(path, flags, 0o600)


def database_url() -> str:
    """The run store's address for SQLAlchemy: KDVIZ_DATABASE_URL, else a SQLite file in `state_dir()`."""
    return os.environ.get("KDVIZ_DATABASE_URL") or f"sqlite:///{state_dir() / _STORE}"


def scheduler() -> str | None:
    """The address of an external Dask scheduler, KDVIZ_SCHEDULER; None for the embedded cluster."""
    return os.environ.get("KDVIZ_SCHEDULER") or None


def tls_files() -> dict[str, str]:
    """The certificates for a scheduler at `tls://…`, in PEM files: what is given of KDVIZ_TLS_CA, …_CERT and …_KEY."""
    given = {name: os.environ.get(name, "") for name in ("KDVIZ_TLS_CA", "KDVIZ_TLS_CERT", "KDVIZ_TLS_KEY")}
    return {name: path for name, path in given.items() if path}


def presenter_key() -> str:
    """The key by which the presenter shows who they are, KDVIZ_PRESENTER_KEY; "" where none was given."""
    key = os.environ.get("KDVIZ_PRESENTER_KEY") or ""
    return "" if key == NO_KEY else key


def needs_no_key() -> bool:
    """Whether whoever reaches the app is its presenter: KDVIZ_PRESENTER_KEY is "none"."""
    return os.environ.get("KDVIZ_PRESENTER_KEY") == NO_KEY


def class_address() -> str:
    """Where the seats of a class find the app, KDVIZ_CLASS_ADDRESS; "" where the stage's own address will do."""
    return os.environ.get("KDVIZ_CLASS_ADDRESS", "")


def limit_name(what: str) -> str:
    """The variable that limits how much a visitor may have of something: KDVIZ_MOST_WAITING for "waiting"."""
    return f"KDVIZ_MOST_{what.upper()}"


def limit(what: str) -> str:
    """What that variable says; "" where it is not set."""
    return os.environ.get(limit_name(what), "")


def download_wait() -> str:
    """Seconds without an answer after which a mirror is given up, as text: KDVIZ_DOWNLOAD_WAIT, else 3."""
    return os.environ.get("KDVIZ_DOWNLOAD_WAIT") or "3"


def frames() -> tuple[str, ...]:
    """Pages that may show the app in a frame, besides its own: KDVIZ_EMBED_IN, hosts with spaces between, * for all."""
    return tuple(filter(FRAME.fullmatch, os.environ.get("KDVIZ_EMBED_IN", "").split()))


def language() -> str:
    """The folder of `assets/lessons` with the texts of the lessons: KDVIZ_LANGUAGE, else English."""
    return os.environ.get("KDVIZ_LANGUAGE") or "en"


def _user_dir() -> Path:
    return platformdirs.user_data_path("kdviz", appauthor=False)


def _writable(place: Path) -> bool:
    while not place.exists():  # what does not exist yet is as writable as the folder it would be made in
        place = place.parent
    # root may write anywhere, so os.access alone would put files into a folder meant to be left alone
    return bool(place.stat().st_mode & 0o222) and os.access(place, os.W_OK)
