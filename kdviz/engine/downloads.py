"""Data sets fetched from their mirrors: each mirror is tried, and why none had them is passed on in plain words."""

import hashlib
import http.client
import math
import queue
import socket
import ssl
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from http.client import HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

from kdviz import settings
from kdviz.recipes.catalogue import DataFile, DataSet
from kdviz.store import data_files
from kdviz.store.data_files import DataError

_BLOCK = 1 << 20  # bytes read at a time
_PROXY_LOG_IN = "the proxy asks for a log-in (407); HTTPS_PROXY and HTTP_PROXY take http://name:password@host:port"
_CERTIFICATE = "SSL_CERT_FILE names a file of those that are, such as your network’s own"
_WEB_PAGE = (
    "it sent a web page instead of the file, as a network does that asks for a log-in: open a page in a browser first"
)


class _RefusedError(Exception):
    """Why a mirror did not give a file, in words that go on after its name."""


def fetch(facts: DataSet, files: Sequence[DataFile]) -> None:
    """Download files to where they belong: all of them, or nothing is changed. Raises DataError."""
    wait, root, folder = _wait(), settings.data_dir(), data_files.folder_of(facts)
    mirrors = list(facts.mirrors)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=".download-") as temporary:
            whole = [_from_mirrors(facts, files, file, mirrors, Path(temporary), wait) for file in files]
            folder.mkdir(parents=True, exist_ok=True)
            for path in whole:
                path.replace(folder / path.name)
    except OSError as error:
        raise DataError(
            f"{data_files.lacks(facts, files)}, and a download cannot be written there ({error.strerror or error}); "
            "KDVIZ_DATA_DIR sets the data folder."
        ) from None


def _wait() -> float:
    text = settings.download_wait()
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= 3600:
        raise DataError(f"KDVIZ_DOWNLOAD_WAIT is {text}; it takes a number of seconds above 0 and up to 3,600.")
    return seconds


def _from_mirrors(
    facts: DataSet, files: Sequence[DataFile], file: DataFile, mirrors: list[str], folder: Path, wait: float
) -> Path:
    """The file from the first mirror that gives it; that one is the first to be asked for the next."""
    reasons: dict[str, list[str]] = {}  # and the mirrors that gave it
    for mirror in list(mirrors):
        try:
            content = _from(mirror + file.called, file, wait)
        except _RefusedError as refused:
            reasons.setdefault(str(refused), []).append(urlsplit(mirror).netloc)
            continue
        mirrors.remove(mirror)
        mirrors.insert(0, mirror)
        path = folder / file.name
        path.write_bytes(content if file.name == file.called else data_files.unpacked(path, content))
        return path
    said = "; ".join(f"{', '.join(hosts)}: {reason}" for reason, hosts in reasons.items())
    raise DataError(
        f"{data_files.lacks(facts, files)}, and no mirror gave {file.called} ({said}); nothing was kept: "
        "copy the files there (KDVIZ_DATA_DIR sets the data folder), or try again when that is mended."
    )


def _from(address: str, file: DataFile, wait: float) -> bytes:
    """The file as it is published, packed. Raises _RefusedError."""
    try:
        with _opened(address, wait) as response:
            kind, content = response.headers.get_content_type(), _read(response)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _RefusedError(_reason(error, wait)) from None
    if hashlib.md5(content, usedforsecurity=False).hexdigest() in file.packed:
        return content
    if kind == "text/html" or content.lstrip()[:1] == b"<":
        raise _RefusedError(_WEB_PAGE)
    raise _RefusedError(f"what it sent, {len(content):,} bytes, is not the published file")


def _read(response: HTTPResponse) -> bytes:
    """All that is sent; http.client notices by itself where that is less than was announced, if it is asked so."""
    blocks = []
    while block := response.read(_BLOCK):
        blocks.append(block)
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    return b"".join(blocks)


def _opened(address: str, wait: float) -> HTTPResponse:
    """The answer, given up after `wait` seconds: also the look-up of a name, for which there is no limit otherwise."""
    answers: queue.Queue[HTTPResponse | Exception] = queue.Queue()

    def ask() -> None:
        try:
            # an opener of its own: the shared one keeps the proxies it first met
            answers.put(urllib.request.build_opener().open(address, timeout=wait))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()  # a look-up that hangs shall not keep the program from ending
    try:
        answer = answers.get(timeout=wait + 0.5)  # what has a limit of its own comes first, and says more
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _reason(error: Exception, wait: float) -> str:
    """Why there is no answer, or none that helps."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    said = " ".join(str(getattr(cause, "strerror", None) or cause or type(cause).__name__).split())
    if isinstance(error, urllib.error.HTTPError):
        said = f"it answers {error.code} {error.reason}"
    elif isinstance(cause, ssl.SSLCertVerificationError):
        said = f"its certificate is not trusted ({cause.verify_message}); {_CERTIFICATE}"
    elif isinstance(cause, TimeoutError):
        said = f"no answer within {wait:g} seconds (KDVIZ_DOWNLOAD_WAIT sets how many)"
    elif isinstance(cause, socket.gaierror):
        said = f"its name is not found ({said})"
    elif isinstance(cause, http.client.IncompleteRead | ConnectionResetError):
        said = "the connection broke off"
    return _PROXY_LOG_IN if " 407 " in f" {said} " else said  # of a proxy itself, or of its tunnel, in words
