"""Data sets: what they hold, how they are split, and how damaged files and dead networks end."""

import bz2
import gzip
import hashlib
import http.server
import math
import platform
import socket
import struct
import threading
import time
from typing import ClassVar

import numpy as np
import pytest
import torch

from kdviz.engine import data
from kdviz.engine.data import DataError, Split
from kdviz.recipes.catalogue import DATA_SETS

IDX = {
    "train-images-idx3-ubyte": (2051, 60_000, 28, 28),
    "train-labels-idx1-ubyte": (2049, 60_000),
    "t10k-images-idx3-ubyte": (2051, 10_000, 28, 28),
    "t10k-labels-idx1-ubyte": (2049, 10_000),
}

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


# Damaged files. They are sparse: MNIST's sizes, and no digits.


def _idx(path, header, missing=0):
    """An IDX file of zeros with this header, `missing` bytes short."""
    path.parent.mkdir(parents=True, exist_ok=True)
    start = struct.pack(f">{len(header)}i", *header)
    size = len(start) + math.prod(header[1:])
    with path.open("wb") as file:
        file.write(start)
        file.truncate(size - missing)


@pytest.fixture
def mnist_copy(tmp_path, monkeypatch):
    """A data folder with files of MNIST's format, and a cache that forgets what this test did."""
    monkeypatch.setenv("KDVIZ_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(data, "load", data.cache(data.load.__wrapped__))
    for name, header in IDX.items():
        _idx(tmp_path / "MNIST" / "raw" / name, header)
    return tmp_path / "MNIST" / "raw"


def _overwrite(path, content):
    path.write_bytes(content)


def _short(path):
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 5)


def _long(path):
    with path.open("ab") as file:
        file.write(b"x")


def _patch(offset, value):
    def damage(path):
        with path.open("r+b") as file:
            file.seek(offset)
            file.write(struct.pack(">i", value))

    return damage


DAMAGE = {
    "truncated": (_short, "is truncated"),
    "no digits": (lambda path: _overwrite(path, path.read_bytes()[: 4 * len(IDX[path.name])]), "is truncated"),
    "too long": (_long, "is too long"),
    "empty": (lambda path: _overwrite(path, b""), "its magic number is missing, not 20"),
    "two bytes": (lambda path: _overwrite(path, b"ab"), "its magic number is missing, not 20"),
    "wrong magic": (_patch(0, 1234), "its magic number is 1234, not 20"),
    "wrong count": (_patch(4, 59_999), "its dimensions are 59999"),
    "web page": (lambda path: _overwrite(path, b"<!DOCTYPE html><html></html>"), "is not an MNIST file"),
    "still packed": (lambda path: _overwrite(path, gzip.compress(b"0" * 1000)), "is not an MNIST file"),
}


@pytest.mark.parametrize("name", sorted(IDX))
@pytest.mark.parametrize("kind", sorted(DAMAGE))
def test_a_damaged_idx_file_is_refused_by_name(tmp_path, name, kind):
    damage, complaint = DAMAGE[kind]
    path = tmp_path / name
    _idx(path, IDX[name])
    data.check_idx(path, IDX[name])
    damage(path)
    with pytest.raises(DataError) as caught:
        data.check_idx(path, IDX[name])
    assert str(caught.value).startswith(str(path))
    assert complaint in str(caught.value)
    assert str(caught.value).endswith("delete it.")


def test_images_of_another_size_are_refused(tmp_path):
    _idx(tmp_path / "images", (2051, 60_000, 14, 56))
    with pytest.raises(DataError, match="its dimensions are 60000 x 14 x 56, not 60000 x 28 x 28"):
        data.check_idx(tmp_path / "images", (2051, 60_000, 28, 28))


def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path):
    (tmp_path / "images").mkdir()
    with pytest.raises(DataError, match="images cannot be read"):
        data.check_idx(tmp_path / "images", (2051, 60_000, 28, 28))


def test_a_damaged_file_is_not_remembered_and_a_repaired_one_loads(mnist_copy):
    damaged = mnist_copy / "t10k-images-idx3-ubyte"
    _short(damaged)
    for _ in range(2):
        with pytest.raises(DataError, match="t10k-images-idx3-ubyte is truncated: 7,840,011 bytes instead"):
            data.load("mnist")
    _idx(damaged, IDX[damaged.name])
    here = data.load("mnist")
    assert [len(here.training), len(here.validation), len(here.test)] == [55_000, 5_000, 10_000]


def test_a_label_that_is_no_class_is_refused(mnist_copy):
    with (mnist_copy / "train-labels-idx1-ubyte").open("r+b") as file:
        file.seek(100)
        file.write(b"\x0a")
    with pytest.raises(DataError, match="train-labels-idx1-ubyte"):
        data.load("mnist")


def _usps_line(label):
    return f"{label} " + " ".join(f"{pixel}:{0.5 if pixel % 2 else -1}" for pixel in range(1, 257)) + "\n"


USPS_DAMAGE = {
    "truncated": lambda whole: whole[:-20],
    "empty": lambda whole: b"",
    "not packed": lambda whole: b"7 1:0.5\n",
    "bits flipped": lambda whole: whole[:60] + bytes(255 - byte for byte in whole[60:90]) + whole[90:],
    "too few pixels": lambda whole: bz2.compress(b"7 1:0.5\n" * 20),
    "no numbers": lambda whole: bz2.compress(("7 " + "1:x " * 256 + "\n").encode() * 20),
    "label 11": lambda whole: bz2.compress(_usps_line(11).encode() * 20),
    "too few images": lambda whole: bz2.compress(_usps_line(3).encode() * 19),
    "bytes that are no text": lambda whole: bz2.compress(b"\xff\xfe\n"),
}


@pytest.mark.parametrize("file", ["usps.bz2", "usps.t.bz2"])
@pytest.mark.parametrize("kind", sorted(USPS_DAMAGE))
def test_a_damaged_usps_file_is_refused_by_name_and_a_repaired_one_loads(tmp_path, monkeypatch, file, kind):
    monkeypatch.setenv("KDVIZ_DATA_DIR", str(tmp_path))
    whole = bz2.compress("".join(_usps_line(1 + i % 10) for i in range(20)).encode())
    (tmp_path / "USPS").mkdir()
    for name in ("usps.bz2", "usps.t.bz2"):
        (tmp_path / "USPS" / name).write_bytes(whole)
    path = tmp_path / "USPS" / file
    path.write_bytes(USPS_DAMAGE[kind](whole))
    with pytest.raises(DataError) as caught:
        data._usps_part(tmp_path / "USPS", file, file == "usps.bz2", 20)
    assert str(path) in str(caught.value)
    assert "delete it" in str(caught.value)
    path.write_bytes(whole)
    part = data._usps_part(tmp_path / "USPS", file, file == "usps.bz2", 20)
    assert isinstance(part, Split)
    assert part.labels.tolist() == [*range(10), *range(10)]


# No network.


def _files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("KDVIZ_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(data, "load", data.cache(data.load.__wrapped__))
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def _mirror(monkeypatch, address):
    from torchvision import datasets

    monkeypatch.setattr(datasets.MNIST, "mirrors", [address])
    monkeypatch.setattr(datasets.FashionMNIST, "mirrors", [address])
    parts = {
        part: [f"{address}{name}", name, "0" * 32] for part, name in (("train", "usps.bz2"), ("test", "usps.t.bz2"))
    }
    monkeypatch.setattr(datasets.USPS, "split_list", parts)


@pytest.fixture
def listener():
    """A server on this machine that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "usps"])
def test_a_refused_connection_ends_at_once_in_a_sentence(empty_folder, monkeypatch, listener, name):
    address = listener.getsockname()
    listener.close()
    _mirror(monkeypatch, f"http://127.0.0.1:{address[1]}/")
    begun = time.perf_counter()
    with pytest.raises(DataError, match=r"the network gave no answer .*KDVIZ_DATA_DIR"):
        data.load(name)
    assert time.perf_counter() - begun < 2
    assert _files(empty_folder) == []


def test_a_server_that_never_answers_is_given_up_within_seconds(empty_folder, monkeypatch, listener):
    monkeypatch.setattr(data, "NETWORK_TIMEOUT", 1.0)
    _mirror(monkeypatch, f"http://127.0.0.1:{listener.getsockname()[1]}/")
    begun = time.perf_counter()
    with pytest.raises(DataError, match="the network gave no answer"):
        data.load("mnist")
    assert time.perf_counter() - begun < 3
    assert _files(empty_folder) == []
    assert socket.getdefaulttimeout() is None


def test_a_name_server_that_never_answers_is_given_up_too(empty_folder, monkeypatch):
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answered.wait(5) and [])
    monkeypatch.setattr(data, "NETWORK_TIMEOUT", 0.3)
    begun = time.perf_counter()
    with pytest.raises(DataError, match="the network gave no answer"):
        data.load("mnist")
    assert time.perf_counter() - begun < 2
    answered.set()


def test_the_network_is_given_up_within_a_few_seconds():
    assert data.NETWORK_TIMEOUT <= 5


class _Server(http.server.BaseHTTPRequestHandler):
    """Answers with `bodies[last part of the address]`; None is a server that falls silent in the middle."""

    bodies: ClassVar[dict[str, bytes | None]] = {}
    protocol_version = "HTTP/1.0"
    silence = threading.Event()

    def do_GET(self):
        name = self.path.rpartition("/")[2]
        if name not in self.bodies:
            self.send_error(404)
            return
        body = self.bodies[name]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body or b"") + (0 if body else 1000)))
        self.end_headers()
        if body is None:
            self.wfile.write(b"half")
            self.wfile.flush()
            self.silence.wait(20)
        else:
            self.wfile.write(body)

    def do_HEAD(self):
        self.do_GET()

    def log_message(self, *args):
        pass


@pytest.fixture
def mirror(monkeypatch):
    """A mirror on this machine, and the table of what it serves."""
    handler = type("Handler", (_Server,), {"bodies": {}, "silence": threading.Event()})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    _mirror(monkeypatch, f"http://127.0.0.1:{server.server_port}/")
    yield handler.bodies
    handler.silence.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def packed(monkeypatch):
    from torchvision import datasets

    """MNIST's four files as a mirror has them, all zeros, with the checksums that torchvision shall expect."""
    bodies = {}
    for name, header in IDX.items():
        content = struct.pack(f">{len(header)}i", *header) + bytes(math.prod(header[1:]))
        bodies[f"{name}.gz"] = gzip.compress(content, compresslevel=1)
    sums = [(name, hashlib.md5(body).hexdigest()) for name, body in bodies.items()]
    monkeypatch.setattr(datasets.MNIST, "resources", sums)
    return bodies


def test_a_whole_download_is_moved_into_place_and_found_again(empty_folder, mirror, packed):
    mirror.update(packed)
    mode = empty_folder.stat().st_mode
    here = data.load("mnist")
    assert len(here.training) == 55_000
    assert _files(empty_folder) == ["MNIST", "MNIST/raw", *(f"MNIST/raw/{name}" for name in sorted(IDX))]
    assert empty_folder.stat().st_mode == mode  # still open to whom it was open before
    mirror.clear()
    assert torch.equal(data.load.__wrapped__("mnist").test.images, here.test.images)


@pytest.mark.parametrize("kind", ["truncated", "missing", "not packed", "silent"])
def test_a_broken_download_leaves_nothing_behind(empty_folder, mirror, packed, kind, monkeypatch):
    monkeypatch.setattr(data, "NETWORK_TIMEOUT", 0.5)
    mirror.update(packed)
    last = "t10k-images-idx3-ubyte.gz"
    if kind == "missing":
        del mirror[last]
    else:
        mirror[last] = {"truncated": packed[last][:-100], "not packed": b"<html>", "silent": None}[kind]
    begun = time.perf_counter()
    with pytest.raises(DataError, match=r"did not succeed .* nothing of it was kept") as caught:
        data.load("mnist")
    assert "\n" not in str(caught.value)
    assert time.perf_counter() - begun < 6
    assert _files(empty_folder) == []
    assert socket.getdefaulttimeout() is None
    mirror.update(packed)  # and when the network is well again, so is the data set
    assert len(data.load("mnist").test) == 10_000


def test_a_folder_that_cannot_be_written_ends_in_a_sentence(tmp_path, monkeypatch, mirror, packed):
    mirror.update(packed)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KDVIZ_DATA_DIR", str(tmp_path / "file" / "data"))
    with pytest.raises(DataError, match="did not succeed"):
        data.load.__wrapped__("mnist")
