"""The packs of the playground as bytes: they hold what was put in, and nothing else is taken for one."""

import gzip
import json
import struct

import numpy as np
import pytest

from kdviz import settings
from kdviz.recipes.catalogue import SHIPPED_TEACHERS
from kdviz.store import gallery, playground
from kdviz.store.playground import OTHERS, TEACHERS, Pack

DICE = np.random.default_rng(0)
PACK = Pack(
    "digits",
    training=3,
    images=DICE.integers(0, 256, (5, 28, 28)).astype(np.uint8),
    labels=np.array([0, 9, 3, 3, 1], np.uint8),
    logits={teacher: DICE.normal(0, 9, (5, 10)).astype(np.float16) for teacher in TEACHERS},
)


def test_a_pack_comes_back_as_it_was():
    found = playground.unpacked(playground.packed(PACK))
    assert (found.data, found.training, found.held_out) == ("digits", 3, 2)
    np.testing.assert_array_equal(found.images, PACK.images)
    np.testing.assert_array_equal(found.labels, PACK.labels)
    assert list(found.logits) == list(TEACHERS)
    for teacher, logits in PACK.logits.items():
        np.testing.assert_array_equal(found.logits[teacher], logits)


def test_a_pack_lies_as_it_is_written_down():
    content = gzip.decompress(playground.packed(PACK))
    (length,) = struct.unpack_from("<I", content)
    assert json.loads(content[4 : 4 + length]) == {
        "format": "kdviz-playground-1",
        "data": "digits",
        "names": list("0123456789"),
        "training": 3,
        "held_out": 2,
        "teachers": ["trained", "early", "smoothed"],
    }
    rest = content[4 + length :]
    assert rest[: 5 * 784] == PACK.images.tobytes()
    assert rest[5 * 784 : 5 * 785] == bytes([0, 9, 3, 3, 1])
    first = np.frombuffer(rest, "<f2", 10, offset=5 * 785)
    np.testing.assert_array_equal(first, PACK.logits["trained"][0])
    assert len(rest) == 5 * (784 + 1 + 3 * 20)


def test_the_same_pack_is_the_same_bytes():
    assert playground.packed(PACK) == playground.packed(PACK)


def _changed(change):
    return gzip.compress(change(gzip.decompress(playground.packed(PACK))), mtime=0)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no gzip",
        playground.packed(PACK)[:-20],
        _changed(lambda content: content[:-1]),
        _changed(lambda content: content + b"x"),
        _changed(lambda content: content[:2]),
        _changed(lambda content: content.replace(b"playground-1", b"playground-2")),
        _changed(lambda content: content.replace(b'"training":3', b'"training":4')),
        playground.weights("digits"),
    ],
    ids=["empty", "no-gzip", "broken-off", "short", "long", "begins", "other-kind", "other-count", "weights"],
)
def test_what_is_no_pack_is_refused(content):
    with pytest.raises((ValueError, OSError, EOFError, struct.error)):
        playground.unpacked(content)


@pytest.mark.parametrize("data", sorted(SHIPPED_TEACHERS))
def test_the_weights_for_a_browser_are_the_shipped_teachers(data):
    content = gzip.decompress(playground.weights(data))
    (length,) = struct.unpack_from("<I", content)
    header, at = json.loads(content[4 : 4 + length]), 4 + length
    assert header["format"] == "kdviz-weights-1"
    assert [tuple(layer.values()) for layer in header["layers"]] == [(784, 512), (512, 256), (256, 10)]
    for layer, (weight, bias) in zip(header["layers"], gallery.shipped_weights(data), strict=True):
        for array in (weight, bias):
            found = np.frombuffer(content, "<f2", array.size, offset=at).reshape(array.shape)
            np.testing.assert_array_equal(found, array)
            at += 2 * array.size
        assert weight.shape == (layer["outputs"], layer["inputs"])
    assert at == len(content)
    assert len(playground.weights(data)) < 1.1e6


def test_only_digits_have_their_pack_with_the_program():
    shipped = sorted(path.name for path in (settings.ASSETS / "teachers").glob("*-playground.gz"))
    assert shipped == ["digits-playground.gz"]  # no image of MNIST is in the repository
    assert playground.path_of("digits") == playground.shipped_path("digits")


def test_another_teacher_another_pack(own_state, monkeypatch):
    path = playground.path_of("mnist")
    assert path.is_relative_to(own_state)
    assert playground.read("mnist") is None
    path.parent.mkdir(parents=True)
    path.write_bytes(b"some")
    assert playground.read("mnist") == b"some"
    monkeypatch.setattr(gallery, "shipped_figures", lambda data: {"nll": 0.5})
    assert playground.path_of("mnist") != path
    assert playground.read("mnist") is None


@pytest.mark.parametrize("data", sorted(SHIPPED_TEACHERS))
def test_logits_that_ship_say_how_their_teachers_were_made(data):
    logits, about = playground.shipped_logits(data), playground.about(data)
    assert set(about) == {"images", *OTHERS}
    for teacher in OTHERS:
        assert logits[teacher].dtype == np.float16
        assert np.isfinite(logits[teacher]).all()
        assert about[teacher]["training"]["data"] == data
    assert about["early"]["training"].get("label_smoothing") is None
    assert about["smoothed"]["training"]["label_smoothing"] == 0.1
    assert 0.85 <= about["early"]["figures"]["held_out_accuracy"] <= 0.93
    assert about["smoothed"]["figures"]["held_out_accuracy"] > 0.98
    assert playground.logits_path(data).stat().st_size < 3e5
