"""The data sets as tensors in memory, whole, checked and held once per process.

Images are uint8 of shape (N, 28, 28), labels int64 of shape (N,). The validation split is carved from the training
images by a fixed permutation; the test images are never part of it.
"""

from __future__ import annotations

import http.client
import platform
import socket
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from kdviz import settings
from kdviz.errors import PlainError
from kdviz.recipes.catalogue import CLASSES, DATA_SETS, IMAGE_SIDE, DataSet

SPLIT_SEED = 20150309  # the day "Distilling the Knowledge in a Neural Network" appeared
_RESIZES_BYTES = {"AVX2", "AVX512", "aarch64", "arm64"}  # where torchvision resizes whole grey levels
NETWORK_TIMEOUT = 3.0  # seconds without an answer after which a download is given up


class DataError(PlainError):
    """A data set that cannot be loaded or downloaded, or a damaged file."""


@dataclass(frozen=True)
class Split:
    """Images (N, 28, 28) uint8 and labels (N,) int64."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, which: Tensor | slice) -> Split:
        """The images `which`: indices, a mask or a slice."""
        return Split(self.images[which], self.labels[which])

    def __add__(self, other: Split) -> Split:
        """The images of both, one after the other."""
        return Split(torch.cat([self.images, other.images]), torch.cat([self.labels, other.labels]))

    def to(self, device: torch.device) -> Split:
        """The same split on another device."""
        return Split(self.images.to(device), self.labels.to(device))


@dataclass(frozen=True)
class Data:
    """A data set with its three splits."""

    facts: DataSet
    training: Split
    validation: Split
    test: Split

    def changed(self, change: Callable[[Split], Split]) -> Data:
        """The same data set with a change of each split."""
        return Data(self.facts, change(self.training), change(self.validation), change(self.test))


def normalise(images: Tensor) -> Tensor:
    """uint8 grey levels (N, 28, 28) to floats (N, 1, 28, 28) with mean 0.5 and deviation 0.5 taken out: -1 to 1."""
    return images.unsqueeze(1).float().mul_(2 / 255).sub_(1)


@cache
def load(name: str) -> Data:
    """The data set called `name`: found in the data folder, else downloaded. Raises DataError."""
    facts = DATA_SETS[name]
    training, test = _SOURCES[name]()
    order = torch.randperm(len(training), generator=torch.Generator().manual_seed(SPLIT_SEED))
    held_out, kept = order[: facts.validation_images], order[facts.validation_images :]
    return Data(facts, training[kept.sort().values], training[held_out.sort().values], test)


def held_out(whole: Data, fold: int, folds: int) -> Data:
    """Training and validation images together, cut into `folds` by a fixed permutation; one of them validates."""
    together = whole.training + whole.validation
    order = torch.randperm(len(together), generator=torch.Generator().manual_seed(SPLIT_SEED))
    parts = list(order.to(together.labels.device).tensor_split(folds))
    validation = parts.pop(fold)
    return Data(whole.facts, together[torch.cat(parts)], together[validation], whole.test)


def labelled(split: Split, count: int | None, seed: int) -> Tensor:
    """Indices of the images whose label may be used: `count` of them, as many of each class as possible."""
    if count is None:
        return torch.arange(len(split))
    order = torch.randperm(len(split), generator=torch.Generator().manual_seed(seed))
    labels = split.labels.cpu()[order]
    rank = torch.empty_like(order)  # of an image among those of its class, in the shuffled order
    for label in range(CLASSES):
        members = labels == label
        rank[members] = torch.arange(int(members.sum()))
    return order[torch.argsort(rank, stable=True)[:count]].sort().values


def _to_frame(images: Tensor) -> Tensor:
    """Small digits (N, s, s) brought to 28x28 as MNIST frames them: 20x20 in the middle.

    The grey levels are those of torchvision's `resize`, whose import takes as long as torch's.
    """
    kinds = {torch.backends.cpu.get_cpu_capability(), platform.machine()}
    grey = images.unsqueeze(1) if kinds & _RESIZES_BYTES else images.unsqueeze(1).float()
    resized = functional.interpolate(grey, (20, 20), mode="bilinear", antialias=True)
    return functional.pad(resized.round().to(torch.uint8), [4, 4, 4, 4]).squeeze(1)


def _digits() -> tuple[Split, Split]:
    """As `sklearn.datasets.load_digits` reads them, without the second that importing it takes."""
    file = distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")
    table = np.loadtxt(str(file), delimiter=",")
    images = _to_frame(torch.from_numpy((table[:, :-1] * (255 / 16)).round().astype(np.uint8)).view(-1, 8, 8))
    whole = Split(images, torch.from_numpy(table[:, -1]).long())
    order = torch.randperm(len(whole), generator=torch.Generator().manual_seed(SPLIT_SEED))
    test_images = DATA_SETS["digits"].test_images
    return whole[order[test_images:]], whole[order[:test_images]]


def _usps() -> tuple[Split, Split]:
    root = settings.data_dir() / "USPS"
    missing = [name for name in ("usps.bz2", "usps.t.bz2") if not (root / name).exists()]
    from torchvision import datasets  # as long to import as torch itself

    if missing:

        def fetch(folder: Path) -> None:
            for train in (True, False):
                datasets.USPS(folder, train=train, download=True)

        _download(fetch, root, root, missing, datasets.USPS.split_list["train"][0])
    facts = DATA_SETS["usps"]
    whole = facts.training_images + facts.validation_images
    return _usps_part(root, "usps.bz2", True, whole), _usps_part(root, "usps.t.bz2", False, facts.test_images)


def _usps_part(root: Path, file: str, train: bool, images: int) -> Split:
    from torchvision import datasets

    try:
        part = datasets.USPS(root, train=train, download=False)
        data = torch.from_numpy(np.asarray(part.data))
        labels = torch.tensor(part.targets)
    except (OSError, EOFError, ValueError, IndexError) as error:
        raise DataError(f"{root / file} is damaged ({error}); delete it, and it is fetched again.") from None
    if data.shape != (images, 16, 16):
        raise DataError(f"{root / file} holds {len(data):,} images; USPS has {images:,} there; delete it.")
    _check_labels(root / file, labels)
    return Split(_to_frame(data), labels.long())


def _idx(name: str) -> tuple[Split, Split]:
    root = settings.data_dir()
    raw = root / name / "raw"
    missing = [file for file in _IDX_FILES if not (raw / file).exists()]
    if missing:
        from torchvision import datasets  # as long to import as torch itself

        loader: type[datasets.MNIST] = getattr(datasets, name)
        _download(lambda temporary: [loader(temporary, download=True)], root, raw, missing, loader.mirrors[0])
    images, labels, test_images, test_labels = (_read_idx(raw / file, *header) for file, header in _IDX_FILES.items())
    _check_labels(raw / "train-labels-idx1-ubyte", labels)
    _check_labels(raw / "t10k-labels-idx1-ubyte", test_labels)
    return Split(images, labels.long()), Split(test_images, test_labels.long())


def _read_idx(path: Path, *header: int) -> Tensor:
    check_idx(path, header)
    return torch.from_numpy(np.fromfile(path, np.uint8, offset=4 * len(header)).reshape(header[1:]))


# Each file's header as IDX wants it: magic number, then the sizes of the dimensions.
_IDX_FILES = {
    "train-images-idx3-ubyte": (2051, 60_000, IMAGE_SIDE, IMAGE_SIDE),
    "train-labels-idx1-ubyte": (2049, 60_000),
    "t10k-images-idx3-ubyte": (2051, 10_000, IMAGE_SIDE, IMAGE_SIDE),
    "t10k-labels-idx1-ubyte": (2049, 10_000),
}


def check_idx(path: Path, header: tuple[int, ...]) -> None:
    """Refuse an IDX file whose magic number, dimensions or length are not as expected; DataError names it."""
    length = 4 * len(header)
    try:
        with path.open("rb") as file:
            start = file.read(length)
        size = path.stat().st_size
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}).") from None
    actual = tuple(int(n) for n in np.frombuffer(start[: len(start) // 4 * 4], dtype=">i4"))
    magic, *sizes = header
    if not actual or actual[0] != magic:
        given = actual[0] if actual else "missing"
        raise DataError(f"{path} is not an MNIST file: its magic number is {given}, not {magic}; delete it.")
    if actual != header:
        given = " x ".join(map(str, actual[1:])) or "missing"
        wanted = " x ".join(map(str, sizes))
        raise DataError(f"{path} has the wrong size: its dimensions are {given}, not {wanted}; delete it.")
    expected = length + int(np.prod(sizes))
    if size != expected:
        what = "truncated" if size < expected else "too long"
        raise DataError(f"{path} is {what}: {size:,} bytes instead of {expected:,}; delete it.")


def _check_labels(path: Path, labels: Tensor) -> None:
    if labels.min() < 0 or labels.max() >= CLASSES:
        raise DataError(f"{path} is damaged: it holds a label that is none of the {CLASSES} classes; delete it.")


def _download(fetch: Callable[[Path], object], root: Path, folder: Path, missing: Sequence[str], address: str) -> None:
    """Run torchvision's download into a folder of its own and move it into place only when it is whole.

    Its files are moved to `root`. `missing` are the files that `folder` lacks, for the message. Raises DataError.
    """
    if not _answers(address):
        raise DataError(
            f"{folder} lacks {' and '.join(missing)}, and the network gave no answer within {NETWORK_TIMEOUT:.0f} "
            "seconds; copy the unpacked files there (KDVIZ_DATA_DIR sets the data folder), or connect and try again."
        )
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(NETWORK_TIMEOUT)  # torchvision sets none of its own
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=".download-") as temporary:
            fetch(Path(temporary))
            for file in Path(temporary).rglob("*"):
                if file.is_file() and file.suffix != ".gz":  # of an archive, only what was in it
                    target = root / file.relative_to(temporary)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    file.replace(target)
    except (OSError, RuntimeError, http.client.HTTPException) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"The download into {root} did not succeed ({reason}); nothing of it was kept.") from None
    finally:
        socket.setdefaulttimeout(before)


def _answers(address: str) -> bool:
    """Whether the server answers within `NETWORK_TIMEOUT` seconds, the look-up of its name included."""

    def ask() -> bool:
        with urllib.request.urlopen(address, timeout=NETWORK_TIMEOUT):
            return True

    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(ask).result(timeout=NETWORK_TIMEOUT)
    except urllib.error.HTTPError:
        return True  # it answers; that the folder itself cannot be listed is as it should be
    except (OSError, http.client.HTTPException):
        return False
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


_SOURCES: dict[str, Callable[[], tuple[Split, Split]]] = {
    "mnist": lambda: _idx("MNIST"),
    "fashion-mnist": lambda: _idx("FashionMNIST"),
    "usps": _usps,
    "digits": _digits,
}
