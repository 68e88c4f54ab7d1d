"""Data sets: what they hold, how they are split, and how damaged files and dead networks end."""

import hashlib
import platform
import re
import socket

import numpy as np
import pytest
import torch

from kdviz import settings
from kdviz.engine import data
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.store import data_files
from kdviz.store.data_files import DataError
from tests.samples import tiny_data
from tests.samples.tiny_data import IDX_NAMES, LINES, OTHER, TINY, in_place

# Of training, validation and test images.
FIRST_LABELS = {
    "digits": [[9, 7, 0, 3, 6, 8, 9, 0, 6, 0], [0, 3, 5, 5, 8, 2, 5, 8, 8, 6], [5, 5, 3, 0, 2, 6, 6, 3, 6, 5]],
    "mnist": [[5, 0, 4, 1, 9, 2, 3, 1, 4, 3], [1, 7, 8, 6, 6, 3, 0, 7, 7, 2], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]],
    "usps": [[6, 5, 4, 3, 6, 3, 1, 0, 1, 7], [7, 7, 4, 8, 4, 7, 7, 0, 0, 1], [9, 6, 3, 6, 6, 0, 0, 0, 6, 9]],
}


def _row(image):
    return hashlib.md5(image.numpy().tobytes()).digest()


def _check(here, name, first_labels):
    facts = DATA_SETS[name]
    assert here.facts is facts
    sizes = [len(here.training), len(here.validation), len(here.test)]
    assert sizes == [facts.training_images, facts.validation_images, facts.test_images]
    for split in (here.training, here.validation, here.test):
        assert split.images.shape == (len(split), 28, 28)
        assert split.images.dtype == torch.uint8
        assert split.labels.shape == (len(split),)
        assert split.labels.dtype == torch.int64
        assert set(split.labels.tolist()) == set(range(10))
        assert split.images.max() > 200  # really grey levels of 0 to 255
        assert split.images.min() == 0
    # Pinned: with another split every figure ever shown would be another one.
    assert here.training.labels[:10].tolist() == first_labels[0]
    assert here.validation.labels[:10].tolist() == first_labels[1]
    assert here.test.labels[:10].tolist() == first_labels[2]


def test_digits_come_without_a_network_and_are_split_as_ever(digits, monkeypatch):
    monkeypatch.setattr(socket, "socket", None)
    monkeypatch.setenv("KDVIZ_DATA_DIR", "/nonexistent")
    again = data.load.__wrapped__("digits")
    assert torch.equal(again.training.images, digits.training.images)
    _check(digits, "digits", FIRST_LABELS["digits"])


def test_digits_are_those_of_scikit_learn_in_its_shuffled_order(digits):
    from sklearn.datasets import load_digits

    bunch = load_digits()
    order = torch.randperm(len(bunch.target), generator=torch.Generator().manual_seed(data.SPLIT_SEED))
    assert torch.equal(digits.test.labels, torch.from_numpy(bunch.target)[order[: len(digits.test)]])


def test_mnist_is_whole_and_split_as_ever(mnist):
    _check(mnist, "mnist", FIRST_LABELS["mnist"])


def test_usps_is_whole_and_split_as_ever(usps):
    _check(usps, "usps", FIRST_LABELS["usps"])


def test_mnist_test_images_are_torchvisions_in_their_order(mnist, mnist_folder):
    from torchvision import datasets

    original = datasets.MNIST(mnist_folder, train=False, download=False)
    assert torch.equal(mnist.test.images, original.data)
    assert torch.equal(mnist.test.labels, original.targets)


def test_mnist_training_and_validation_are_torchvisions_training_images(mnist, mnist_folder):
    from torchvision import datasets

    original = datasets.MNIST(mnist_folder, train=True, download=False)
    parts = torch.cat([mnist.training.images, mnist.validation.images])
    assert sorted(map(_row, parts)) == sorted(map(_row, original.data))
    for image, label in zip(mnist.validation.images[:5], mnist.validation.labels[:5], strict=True):
        (place,) = (original.data == image).all(dim=2).all(dim=1).nonzero()
        assert original.targets[place] == label


@pytest.mark.parametrize("name", ["digits", "mnist"])
def test_no_image_is_in_two_splits(name, request):
    here = request.getfixturevalue(name)
    rows = [{_row(image) for image in split.images} for split in (here.training, here.validation, here.test)]
    assert not rows[0] & rows[1]
    assert not rows[0] & rows[2]
    assert not rows[1] & rows[2]


def test_a_data_set_is_held_once(digits):
    assert data.load("digits") is digits


@pytest.mark.parametrize("in_bytes", [True, False])
def test_small_digits_are_resized_as_torchvision_does(digits, monkeypatch, in_bytes):
    from sklearn.datasets import load_digits
    from torchvision.transforms import v2
    from torchvision.transforms.v2.functional import _geometry

    monkeypatch.setattr(data, "_RESIZES_BYTES", {platform.machine()} if in_bytes else set())
    monkeypatch.setattr(_geometry, "_do_native_uint8_resize_on_cpu", lambda _: in_bytes)
    small = torch.from_numpy((load_digits().images * (255 / 16)).round().astype(np.uint8))
    resized = v2.functional.resize(small.unsqueeze(1), [20, 20], v2.InterpolationMode.BILINEAR, antialias=True)
    assert torch.equal(data._to_frame(small)[:, 4:24, 4:24], resized.squeeze(1))


def test_small_digits_are_framed_as_mnist_frames_them(digits):
    border = torch.ones(28, 28, dtype=torch.bool)
    border[4:24, 4:24] = False
    assert digits.test.images[:, border].max() == 0
    assert digits.test.images[:, 4:24, 4:24].float().mean() > 40


def test_normalised_images_go_from_minus_one_to_one_with_a_channel():
    images = torch.tensor([0, 51, 255], dtype=torch.uint8).view(3, 1, 1).expand(3, 28, 28)
    normalised = data.normalise(images)
    assert normalised.shape == (3, 1, 28, 28)
    assert normalised.dtype == torch.float32
    # (x/255 - 0.5) / 0.5
    torch.testing.assert_close(normalised[:, 0, 3, 3], torch.tensor([-1.0, -0.6, 1.0]))


# Few labels.


@pytest.mark.parametrize("count", [10, 20, 100, 105, 1257])
def test_labelled_images_are_as_many_as_asked_for_and_spread_evenly_over_the_classes(digits, count):
    indices = data.labelled(digits.training, count, seed=3)
    assert len(indices) == len(set(indices.tolist())) == count
    assert torch.equal(indices, indices.sort().values)
    per_class = digits.training.labels[indices].bincount(minlength=10)
    available = digits.training.labels.bincount(minlength=10)
    # A class lags behind another one only when it has no image left.
    assert ((per_class >= per_class.max() - 1) | (per_class == available)).all()


def test_labelled_images_follow_from_the_seed_and_grow_with_the_count(digits):
    few, again, other = (data.labelled(digits.training, 50, seed) for seed in (1, 1, 2))
    assert torch.equal(few, again)
    assert not torch.equal(few, other)
    assert set(few.tolist()) < set(data.labelled(digits.training, 100, 1).tolist())


def test_without_a_count_every_label_may_be_used(digits):
    assert torch.equal(data.labelled(digits.training, None, 0), torch.arange(1257))


def test_labelled_leaves_the_global_random_numbers_alone(digits):
    before = torch.random.get_rng_state()
    data.labelled(digits.training, 50, 1)
    assert torch.equal(before, torch.random.get_rng_state())


# Data are what they are: tests/store/test_data_files.py has the rest.


@pytest.mark.parametrize("name", ["mnist", "usps"])
def test_the_published_files_are_known_by_their_content(name, request):
    facts = request.getfixturevalue(name).facts
    paths = data_files.find(facts)
    assert [path.name for path in paths] == [file.name for file in facts.files]
    assert data_files.elsewhere(facts, paths) == []
    assert data_files.own_files(facts) is None


def test_lines_are_read_as_torchvision_reads_them(usps):
    from torchvision import datasets

    images, labels = data_files.read_libsvm(data_files.find(usps.facts)[1], usps.facts, usps.facts.files[1])
    original = datasets.USPS(settings.data_dir() / "USPS", train=False, download=False)
    np.testing.assert_array_equal(images, original.data)
    assert labels.tolist() == original.targets


def test_what_is_published_is_what_torchvision_downloads():
    from torchvision import datasets

    for name, there in (("mnist", datasets.MNIST), ("fashion-mnist", datasets.FashionMNIST)):
        assert [(file.called, *file.packed) for file in DATA_SETS[name].files] == list(there.resources)
    for file, part in zip(DATA_SETS["usps"].files, ("train", "test"), strict=True):
        assert (file.called, file.packed[0]) == tuple(datasets.USPS.split_list[part][1:])


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A data folder, and a cache that forgets what this test did; the catalogue has the small data sets."""
    monkeypatch.setenv("KDVIZ_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(data, "load", data.cache(data.load.__wrapped__))
    for facts in (TINY, OTHER, LINES):
        monkeypatch.setitem(DATA_SETS, facts.name, facts)
    return tmp_path


def test_what_is_loaded_under_a_name_has_the_published_content_and_no_other(small):
    tiny_data.write(small, in_place(TINY, 1, **{IDX_NAMES[1]: tiny_data.idx(np.zeros(40))}))
    for _ in range(2):  # a refusal is not remembered
        with pytest.raises(DataError, match="train-labels-idx1-ubyte is damaged: it has no image of class 1"):
            data.load("tiny")
    tiny_data.write(small, in_place(TINY, 1))
    here = data.load("tiny")
    assert [len(here.training), len(here.validation), len(here.test)] == [30, 10, 20]
    images, labels, test_images, test_labels = tiny_data.arrays(1)
    assert here.test.images.tolist() == test_images.tolist()
    assert here.test.labels.tolist() == test_labels.tolist()
    kept = here.training + here.validation
    together = {(_row(image), int(label)) for image, label in zip(kept.images, kept.labels, strict=True)}
    originals = zip(torch.from_numpy(images.astype(np.uint8)), labels.tolist(), strict=True)
    assert together == {(_row(image), label) for image, label in originals}


def test_own_files_are_loaded_under_their_own_name(small):
    tiny_data.write(small, in_place(TINY, 5))
    with pytest.raises(DataError, match="take the data set tiny-") as caught:
        data.load("tiny")
    own = re.search(r"tiny-[0-9a-f]{8}", str(caught.value)).group()
    assert data.load(own).facts.name == own
    assert data.load(own).test.images.tolist() == [*tiny_data.arrays(5)][2].tolist()


def test_lines_are_loaded_from_unpacked_files_too(small):
    tiny_data.write(small, {f"Lines/{name.removesuffix('.bz2')}": text for name, text in tiny_data.LIBSVM.items()})
    here = data.load("lines")
    assert here.test.images.shape == (20, 28, 28)
    assert here.test.labels.tolist() == [9 - i % 10 for i in range(20)]
