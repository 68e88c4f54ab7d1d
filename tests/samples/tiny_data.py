"""Two data sets of MNIST's form and one of USPS', a few images each, and their files in a folder."""

import bz2
import gzip
import hashlib

import numpy as np

from kdviz.recipes.catalogue import DataFile, DataSet

TRAINING, VALIDATION, TEST = 30, 10, 20  # images


def idx(array):
    """The content of an IDX file."""
    header = (2049 if array.ndim == 1 else 2051, *array.shape)
    return np.array(header, ">i4").tobytes() + array.astype(np.uint8).tobytes()


def arrays(seed):
    """Training images and labels, test images and labels: every class occurs in both parts."""
    rng = np.random.default_rng(seed)
    for count in (TRAINING + VALIDATION, TEST):
        yield rng.integers(0, 256, (count, 28, 28))
        yield rng.permutation(np.arange(count) % 10)


def libsvm(labels, levels=(-1.0, 0.5)):
    """Lines in LIBSVM's form, labels from 1, grey levels in turns."""
    pixels = " ".join(f"{pixel}:{levels[pixel % 2]}" for pixel in range(1, 257))
    return "".join(f"{label} {pixels}\n" for label in labels).encode()


def md5(content):
    return hashlib.md5(content).hexdigest()


IDX_NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
LIBSVM_NAMES = ("usps.bz2", "usps.t.bz2")


def packed(content):
    return gzip.compress(content, mtime=0)


def contents(seed):
    """By name, what is in the four files."""
    return dict(zip(IDX_NAMES, map(idx, arrays(seed)), strict=True))


def facts(name, folder, files, **more):
    """A data set of this size."""
    classes = tuple("0123456789")
    shape = (TRAINING, VALIDATION, TEST, classes, "nobody", 0.5)
    return DataSet(name, name.capitalize(), *shape, folder=folder, files=tuple(files), **more)


def of_idx(name, seed, folder):
    """A data set whose files have the `contents` of the seed."""
    holds = ("training images", "training labels", "test images", "test labels")
    files = [
        DataFile(file, what, f"{file}.gz", md5(content), (md5(packed(content)),))
        for (file, content), what in zip(contents(seed).items(), holds, strict=True)
    ]
    return facts(name, folder, files, form="idx")


LIBSVM = {
    "usps.bz2": libsvm([1 + i % 10 for i in range(TRAINING + VALIDATION)]),
    "usps.t.bz2": libsvm([10 - i % 10 for i in range(TEST)]),
}


def of_libsvm(name, folder):
    """A data set of USPS' form."""
    holds = ("training images", "test images")
    files = [
        DataFile(file, what, file, md5(content), (md5(bz2.compress(content)),))
        for (file, content), what in zip(LIBSVM.items(), holds, strict=True)
    ]
    return facts(name, folder, files, form="libsvm")


TINY, OTHER, LINES = of_idx("tiny", 1, "Tiny/raw"), of_idx("other", 2, "Other/raw"), of_libsvm("lines", "Lines")


def write(folder, files):
    """Put files, by their paths in it, into a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def in_place(data_set, seed, **others):
    """By their paths in the data folder the files of a data set, exactly as they should be called; some exchanged."""
    return {f"{data_set.folder}/{name}": content for name, content in {**contents(seed), **others}.items()}
