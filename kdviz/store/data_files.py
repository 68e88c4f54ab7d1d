"""The files of data sets in the data folder, known by what is in them and not by what they are called.

A published data set is found wherever its content lies: packed or not, under a dotted name, in another folder. What has
its form but another content is a data set of its own, whose name has the content's digest: runs and trained teachers of
the one are never taken for the other's. What is damaged or another data set's is refused. Torch-free.
"""

import bz2
import gzip
import hashlib
import math
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kdviz import settings
from kdviz.errors import PlainError
from kdviz.recipes.catalogue import CLASSES, DATA_SETS, IMAGE_SIDE, DataFile, DataSet

SMALL_SIDE = 16  # of the images in LIBSVM's form
_IMAGES, _LABELS = 2051, 2049  # the magic numbers of IDX files
_DEPTH, _MOST = 4, 2000  # folders deep, and files looked at: a data folder may be somebody's home
_PACKED = {b"\x1f\x8b": gzip.decompress, b"BZ": bz2.decompress}  # by a file's first bytes
_MEND = "put the published file in its place, or let KDVIZ_DATA_DIR name another folder, and it is downloaded there"
# Of data sets that no recipe can name, but that have MNIST's form: digests of their packed files, as torchvision has
# them. Those of the unpacked files are not published.
_OTHERS = {
    "bdb82020997e1d708af4cf47b453dcf7": "Kuzushiji-MNIST’s training images",
    "e144d726b3acfaa3e44228e80efcd344": "Kuzushiji-MNIST’s training labels",
    "5c965bf0a639b31b8f53240b1b52f4d7": "Kuzushiji-MNIST’s test images",
    "7320c461ea6c1c855c0b718fb2a4b134": "Kuzushiji-MNIST’s test labels",
}


class DataError(PlainError):
    """A data set that cannot be had: missing, damaged, or another one; the message is one plain sentence."""


class MissingError(DataError):
    """Files that are not there, and nothing else in their place: they can be downloaded."""

    def __init__(self, facts: DataSet, files: Sequence[DataFile]) -> None:
        super().__init__(f"{lacks(facts, files)}.")
        self.files = tuple(files)


def lacks(facts: DataSet, files: Sequence[DataFile]) -> str:
    """The beginning of a sentence: the folder, and which files are not in it."""
    *first, last = (file.name for file in files)
    return f"{folder_of(facts)} lacks {' and '.join(filter(None, (', '.join(first), last)))}"


def folder_of(facts: DataSet) -> Path:
    """Where the files of a data set belong."""
    return settings.data_dir() / facts.folder


def find(facts: DataSet) -> tuple[Path, ...]:
    """Where the files of a data set are, in order. Raises MissingError and DataError."""
    if facts.own:
        return _find_own(facts)
    found = [_published(facts, file) for file in facts.files]
    if None not in found:
        return tuple(path for path in found if path is not None)
    absent = [file for file, path in zip(facts.files, found, strict=True) if path is None]
    there = {file.name: path for file in absent if (path := named(facts, file))}
    for file in absent:
        if file.name in there:
            _check(there[file.name], facts, file)
    missing = [file for file in absent if file.name not in there]
    if missing and not there:
        raise MissingError(facts, missing)
    others = " and ".join(str(path) for path in there.values())
    if missing:
        raise DataError(
            f"{lacks(facts, missing)}, and {others} {'is' if len(there) == 1 else 'are'} not {facts.title}’s; {_MEND}."
        )
    own = own_files(facts)
    use = f"; to train on the files as they are, take the data set {own.name}" if own else ""
    raise DataError(f"{others} {'has' if len(there) == 1 else 'have'} not the content of {facts.title}’s files{use}.")


def own_files(facts: DataSet) -> DataSet | None:
    """The data set that well-formed files with another content make, which stand in the place of the published ones."""
    paths = [named(facts, file) for file in facts.files]
    there = [path for path in paths if path is not None]
    if not there or len(there) < len(paths):
        return None
    try:
        contents = [_check(path, facts, file) for path, file in zip(there, facts.files, strict=True)]
    except DataError:
        return None
    if all(content == file.md5 for content, file in zip(contents, facts.files, strict=True)):
        return None
    return facts.with_own(_md5("".join(contents).encode())[:8])


def all_own() -> list[DataSet]:
    """The data sets that are made of files of one's own, as they lie in the data folder."""
    return [own for facts in DATA_SETS.values() if (own := own_files(facts))]


def published_file(data: str, number: int) -> Path | None:
    """Where a file of a published data set is, with the content it should have; None where it is not."""
    facts = DATA_SETS[data]
    return _published(facts, facts.files[number])


def elsewhere(facts: DataSet, paths: Sequence[Path]) -> list[Path]:
    """Of the files of a data set those that do not lie where they belong, under the name they should have."""
    return [path for path, file in zip(paths, facts.files, strict=True) if path != folder_of(facts) / file.name]


def read_idx(path: Path, facts: DataSet, file: DataFile) -> NDArray[np.uint8]:
    """Images (N, 28, 28) or labels (N,) of an IDX file, packed or not. Raises DataError."""
    held = _idx(path, _content(path), _header(facts, file))
    if held.ndim == 1:
        _check_labels(path, held)
    return held


def read_libsvm(path: Path, facts: DataSet, file: DataFile) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images (N, 16, 16) and labels (N,) of a file in LIBSVM's form, packed or not. Raises DataError.

    Each line is a label from 1 to 10 and grey levels from -1 to 1, `7 1:-1 2:0.5 …`.
    """
    wide, count = 1 + 2 * SMALL_SIDE * SMALL_SIDE, _count(facts, file)
    try:
        numbers = np.array(_content(path).replace(b":", b" ").split()).astype(np.float32)
    except ValueError:
        raise _damaged(path, "it holds something that is no number") from None
    if len(numbers) != count * wide:
        raise _damaged(path, f"it does not hold {count:,} images of {SMALL_SIDE} x {SMALL_SIDE} grey levels")
    table = numbers.reshape(count, wide)
    labels = table[:, 0] - 1
    _check_labels(path, labels)
    images = ((table[:, 2::2] + 1) / 2 * 255).astype(np.uint8)
    return images.reshape(count, SMALL_SIDE, SMALL_SIDE), labels.astype(np.uint8)


def _find_own(facts: DataSet) -> tuple[Path, ...]:
    published = DATA_SETS[facts.name.removesuffix(f"-{facts.own}")]
    now = own_files(published)
    if now == facts:
        return tuple(next(_named(published, file)) for file in published.files)
    what = f"are {now.name} by now" if now else f"are no own files of {published.title}’s form"
    raise DataError(f"The files in {folder_of(facts)} {what}, and {facts.name} was asked for.")


def _published(facts: DataSet, file: DataFile) -> Path | None:
    """The file with the content it should have: where it belongs, else wherever it is."""
    for path in _named(facts, file):
        if _content_is(path, file):
            return path
    if facts.form == "idx":
        header = _header(facts, file)
        size = 4 * len(header) + math.prod(header[1:])
        alike = (path for path in _files_below(settings.data_dir(), _DEPTH) if _unpacked_size(path) == size)
    else:
        alike = (path for path in _files_below(settings.data_dir(), _DEPTH) if _plain(path.name) == _plain(file.name))
    return next((path for path in alike if _content_is(path, file)), None)


def named(facts: DataSet, file: DataFile) -> Path | None:
    """The first of the files in the data set's folder that have the name, whatever is in it; None if there is none."""
    return next(_named(facts, file), None)


def _named(facts: DataSet, file: DataFile) -> Iterator[Path]:
    """The files in the data set's folder that have the name, first exactly so, then packed, dotted or deeper."""
    exact = folder_of(facts) / file.name
    if exact.is_file():
        yield exact
    top = settings.data_dir() / Path(facts.folder).parts[0]
    for path in _files_below(top, _DEPTH):
        if path != exact and _plain(path.name) == _plain(file.name):
            yield path


def _plain(name: str) -> str:
    """A name without what differs from one copy of a file to another: train-images.idx3-ubyte.gz, TRAIN-IMAGES…"""
    return name.lower().removesuffix(".gz").removesuffix(".bz2").replace(".", "-")


def _files_below(folder: Path, depth: int) -> Iterator[Path]:
    """The files in a folder, then those in the folders in it, as far as they may be read; hidden ones are left out."""
    level, seen = [folder], 0
    for _ in range(depth):
        below: list[Path] = []
        for place in level:
            try:
                inside = sorted(path for path in place.iterdir() if not path.name.startswith("."))
            except OSError:
                continue
            for path in inside[: max(0, _MOST - seen)]:
                seen += 1
                if path.is_dir():
                    below.append(path)
                else:
                    yield path
        level = below


def _unpacked_size(path: Path) -> int:
    """Bytes in a file, unpacked where it is packed by gzip, which says so in its last four bytes; 0 if unreadable."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            size = file.seek(0, 2)
            if not packed or size < 4:
                return size
            file.seek(-4, 2)
            return int.from_bytes(file.read(4), "little")
    except OSError:
        return 0


def _content_is(path: Path, file: DataFile) -> bool:
    try:
        return _digest(path) == file.md5
    except DataError:
        return False


def _check(path: Path, facts: DataSet, file: DataFile) -> str:
    """The digest of a file's content, if that has the form it should have, and is no other published file's.

    Raises DataError.
    """
    digest = _digest(path)
    if digest == file.md5:
        return digest
    if problem := _known_as(path, facts, file, digest) or _form_problem(path, _version(path), facts, file):
        raise DataError(problem)
    return digest


def _known_as(path: Path, facts: DataSet, file: DataFile, digest: str, change: str = "") -> str:
    """What to say where the content is another published file's, or this one's changed; else nothing."""
    holds = _OTHERS.get(digest) or _holds(digest)
    return f"{path} holds {holds}{change}, not {facts.title}’s {file.holds}; {_MEND}." if holds else ""


def _holds(digest: str) -> str:
    """Whose and which content has this digest, in words; nothing where it is nobody's."""
    known = ((facts, file) for facts in DATA_SETS.values() for file in facts.files if file.md5 == digest)
    return next((f"{facts.title}’s {file.holds}" for facts, file in known), "")


@lru_cache(maxsize=64)
def _form_problem(path: Path, _version: tuple[float, ...], facts: DataSet, file: DataFile) -> str:
    """Why an unknown content cannot be what it should: damaged, of one class, or a known one changed; else nothing."""
    try:
        if facts.form == "libsvm":
            read_libsvm(path, facts, file)
            return ""
        pixels = read_idx(path, facts, file)
        if pixels.ndim == 1:
            return ""
        if (pixels == pixels[0]).all():
            raise _damaged(path, "all its images are the same")
    except DataError as error:
        return str(error)
    start = np.array(_header(facts, file), ">i4").tobytes()
    changes = {", transposed": pixels.transpose(0, 2, 1), ", inverted": 255 - pixels}
    said = (_known_as(path, facts, file, _md5(start + to.tobytes()), change) for change, to in changes.items())
    return next(filter(None, said), "")


def _check_labels(path: Path, labels: NDArray[np.uint8] | NDArray[np.float32]) -> None:
    if labels.min() < 0 or labels.max() >= CLASSES or (labels % 1).any():
        raise _damaged(path, f"it holds a label that is none of the {CLASSES} classes")
    counts = np.bincount(labels.astype(np.int64), minlength=CLASSES)
    if not counts.all():
        raise _damaged(path, f"it has no image of class {int(counts.argmin())}")


def _idx(path: Path, content: bytes, header: tuple[int, ...]) -> NDArray[np.uint8]:
    """What an IDX file holds, if its magic number, dimensions and length are as expected."""
    length = 4 * len(header)
    actual = tuple(int(n) for n in np.frombuffer(content[: min(length, len(content)) // 4 * 4], dtype=">i4"))
    magic, *sizes = header
    if not actual or actual[0] != magic:
        given = actual[0] if actual else "missing"
        raise _damaged(path, f"its magic number is {given}, not {magic}")
    if actual != header:
        given = " x ".join(map(str, actual[1:])) or "missing"
        raise _damaged(path, f"its dimensions are {given}, not {' x '.join(map(str, sizes))}")
    expected = length + math.prod(sizes)
    if len(content) != expected:
        what = "truncated" if len(content) < expected else "too long"
        raise _damaged(path, f"it is {what}, {len(content):,} bytes instead of {expected:,}")
    return np.frombuffer(bytearray(content), np.uint8, offset=length).reshape(sizes)


def _damaged(path: Path, what: str) -> DataError:
    return DataError(f"{path} is damaged: {what}; {_MEND}.")


def _count(facts: DataSet, file: DataFile) -> int:
    """Images of which a file has the grey levels or the labels."""
    return facts.test_images if file.holds.startswith("test") else facts.training_images + facts.validation_images


def _header(facts: DataSet, file: DataFile) -> tuple[int, ...]:
    """An IDX file's header: magic number, then the sizes of the dimensions."""
    count = _count(facts, file)
    return (_LABELS, count) if file.holds.endswith("labels") else (_IMAGES, count, IMAGE_SIDE, IMAGE_SIDE)


def _digest(path: Path) -> str:
    """Of a file's unpacked content. Raises DataError."""
    digest, problem = _digest_of_version(path, _version(path))
    if problem:
        raise DataError(problem)
    return digest


def _version(path: Path) -> tuple[float, ...]:
    """What changes when a file does: it is read once for each."""
    try:
        now = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from None
    return now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino


@lru_cache(maxsize=256)
def _digest_of_version(path: Path, _version: tuple[float, ...]) -> tuple[str, str]:
    """The digest, or why there is none; a packed file as it is published needs no unpacking."""
    try:
        raw = _raw(path)
        packed = _md5(raw)
        published = (file.md5 for facts in DATA_SETS.values() for file in facts.files if packed in file.packed)
        return (packed if packed in _OTHERS else next(published, None) or _md5(unpacked(path, raw))), ""
    except DataError as error:
        return "", str(error)


def _content(path: Path) -> bytes:
    return unpacked(path, _raw(path))


def _raw(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None


def unpacked(path: Path, raw: bytes) -> bytes:
    """What is in a file that has these bytes, packed by gzip or bzip2 or not at all. Raises DataError."""
    try:
        return _PACKED.get(raw[:2], bytes)(raw)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise _damaged(path, f"it cannot be unpacked ({error})") from None


def _unreadable(path: Path, error: OSError) -> DataError:
    return DataError(f"{path} cannot be read ({error.strerror}).")


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
