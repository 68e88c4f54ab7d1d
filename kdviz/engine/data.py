"""The data sets as tensors in memory, whole, checked and held once per process.

Images are uint8 of shape (N, 28, 28), labels int64 of shape (N,). The validation split is carved from the training
images by a fixed permutation; the test images are never part of it.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from kdviz.engine import downloads
from kdviz.recipes.catalogue import CLASSES, DATA_SETS, DataSet
from kdviz.store import data_files
from kdviz.store.data_files import MissingError

SPLIT_SEED = 20150309  # the day "Distilling the Knowledge in a Neural Network" appeared
_RESIZES_BYTES = {"AVX2", "AVX512", "aarch64", "arm64"}  # where torchvision resizes whole grey levels


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
    """The data set called `name`: found in the data folder, else downloaded. Raises DataError.

    Under its name a published data set has the published content and no other: `store.data_files` sees to it.
    """
    facts = DATA_SETS[name]
    training, test = _SOURCES[facts.form](facts)
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


def of_classes(split: Split, classes: Sequence[int]) -> Split:
    """The images of these classes."""
    return split[torch.isin(split.labels, torch.tensor(classes, device=split.labels.device))]


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


def _digits(facts: DataSet) -> tuple[Split, Split]:
    """As `sklearn.datasets.load_digits` reads them, without the second that importing it takes."""
    file = distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")
    table = np.loadtxt(str(file), delimiter=",")
    images = _to_frame(torch.from_numpy((table[:, :-1] * (255 / 16)).round().astype(np.uint8)).view(-1, 8, 8))
    whole = Split(images, torch.from_numpy(table[:, -1]).long())
    order = torch.randperm(len(whole), generator=torch.Generator().manual_seed(SPLIT_SEED))
    return whole[order[facts.test_images :]], whole[order[: facts.test_images]]


def _usps(facts: DataSet) -> tuple[Split, Split]:
    parts = [data_files.read_libsvm(path, facts, file) for path, file in zip(_there(facts), facts.files, strict=True)]
    training, test = (_split(_to_frame(torch.from_numpy(images)), labels) for images, labels in parts)
    return training, test


def _idx(facts: DataSet) -> tuple[Split, Split]:
    arrays = [data_files.read_idx(path, facts, file) for path, file in zip(_there(facts), facts.files, strict=True)]
    images, labels, test_images, test_labels = arrays
    return _split(torch.from_numpy(images), labels), _split(torch.from_numpy(test_images), test_labels)


def _split(images: Tensor, labels: NDArray[np.uint8]) -> Split:
    return Split(images, torch.from_numpy(labels).long())


def _there(facts: DataSet) -> tuple[Path, ...]:
    """Where the files are, downloaded if they are not there and nothing else is in their place."""
    try:
        return data_files.find(facts)
    except MissingError as missing:
        downloads.fetch(facts, missing.files)
    return data_files.find(facts)


_SOURCES: Mapping[str, Callable[[DataSet], tuple[Split, Split]]] = {
    "idx": _idx,
    "libsvm": _usps,
    "scikit-learn": _digits,
}
