"""The playground's packs and teachers: what is in them, that they come out the same, whole or not at all."""

import dataclasses

import numpy as np
import pytest
import torch

from kdviz.engine import data, evaluation, teachers
from kdviz.recipes.catalogue import SHIPPED_TEACHERS
from kdviz.runners import playground as making
from kdviz.store import playground
from kdviz.store.data_files import DataError

SIZES = {"mnist": (5000, 1000, 2.5e6), "digits": (1257, 180, 1e6)}  # training, held out, bytes at most


@pytest.mark.parametrize("name", sorted(SIZES))
def test_a_pack_holds_training_and_validation_images_with_every_teachers_logits(name, request, own_state):
    whole = request.getfixturevalue(name)
    content = making.fill(name)
    pack = playground.unpacked(content)
    training, held_out, most = SIZES[name]
    assert (pack.data, pack.training, pack.held_out) == (name, training, held_out)
    assert len(content) <= most
    for images, labels, split in (
        (pack.images[:training], pack.labels[:training], whole.training),
        (pack.images[training:], pack.labels[training:], whole.validation),
    ):
        known = {(bytes(image), int(label)) for image, label in zip(split.images.numpy(), split.labels, strict=True)}
        assert {(bytes(image), int(label)) for image, label in zip(images, labels, strict=True)} <= known
        assert np.bincount(labels, minlength=10).min() > len(labels) / 30
    network, _ = teachers.read(teachers.shipped_path(name), SHIPPED_TEACHERS[name])
    trained = evaluation.logits_of(network, torch.from_numpy(pack.images.copy())).numpy()
    np.testing.assert_allclose(pack.logits["trained"], trained, rtol=2e-3, atol=2e-3)
    about = playground.about(name)
    for teacher in playground.OTHERS:
        right = pack.logits[teacher].argmax(axis=1) == pack.labels
        assert right[training:].mean() == pytest.approx(about[teacher]["figures"]["held_out_accuracy"], abs=2e-3)
    assert content == playground.read(name)


@pytest.mark.parametrize("name", sorted(SIZES))
def test_no_test_image_is_in_a_pack(name, request):
    whole = request.getfixturevalue(name)
    tested = {bytes(image) for image in whole.test.images.numpy()}
    for split in making.chosen(whole):
        assert not tested & {bytes(image) for image in split.images.numpy()}


@pytest.mark.usefixtures("digits")
def test_the_pack_that_ships_is_made_again_from_the_images(tmp_path):
    paths = [tmp_path / name for name in ("one", "two")]
    for path in paths:
        making.write_pack("digits", path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    made, shipped = (playground.unpacked(content) for content in (paths[0].read_bytes(), playground.read("digits")))
    np.testing.assert_array_equal(made.images, shipped.images)
    np.testing.assert_array_equal(made.labels, shipped.labels)
    for teacher, logits in shipped.logits.items():
        np.testing.assert_allclose(made.logits[teacher], logits, rtol=2e-3, atol=2e-3)


@pytest.mark.usefixtures("mnist")
def test_a_pack_appears_whole_or_not_at_all(own_state, monkeypatch):
    def die(pack):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(playground, "packed", die)
        with pytest.raises(KeyboardInterrupt):
            making.fill("mnist")
    assert playground.read("mnist") is None
    assert [*own_state.rglob("*.gz")] == []
    made = making.fill("mnist")
    monkeypatch.setattr(making, "write_pack", die)
    assert making.fill("mnist") == made  # it is not made twice


def test_the_logits_of_other_images_are_refused(digits, tmp_path, monkeypatch):
    other = dataclasses.replace(digits, training=digits.training[1:])
    monkeypatch.setattr(data, "load", lambda name: other)
    with pytest.raises(DataError, match="are not those whose logits ship"):
        making.write_pack("digits", tmp_path / "pack")
    assert [*tmp_path.iterdir()] == []


@pytest.fixture
def brief(digits, tmp_path, monkeypatch):
    """Makes the teachers of digits in a moment: the early one as it is, the smoothed one in two epochs."""
    monkeypatch.setattr(making, "SMOOTHED_EPOCHS", {"digits": 2})
    monkeypatch.setattr(playground, "logits_path", lambda name: tmp_path / "logits.safetensors")
    monkeypatch.setattr(playground, "shipped_path", lambda name: tmp_path / "pack.gz")
    return lambda: making.make("digits", lambda epoch, epochs, loss: None)


@pytest.mark.trains
def test_the_other_teachers_are_made_again_the_same_and_the_pack_with_them(brief, tmp_path):
    about = brief()
    first = playground.shipped_logits("digits")
    assert about["early"]["updates"] == making.EARLY_UPDATES["digits"]
    assert about == playground.about("digits")
    pack = playground.unpacked((tmp_path / "pack.gz").read_bytes())
    for teacher, logits in first.items():
        np.testing.assert_array_equal(pack.logits[teacher], logits)
    brief()
    for teacher, logits in playground.shipped_logits("digits").items():
        np.testing.assert_array_equal(logits, first[teacher])


def test_a_smoothed_teacher_is_less_sure_than_the_trained_one():
    pack = playground.unpacked(playground.read("digits"))
    gaps = {name: np.sort(logits.astype(float), axis=1)[:, -1] for name, logits in pack.logits.items()}
    lows = {name: np.median(logits.astype(float), axis=1) for name, logits in pack.logits.items()}
    assert np.median(gaps["smoothed"] - lows["smoothed"]) < np.median(gaps["trained"] - lows["trained"])


@pytest.mark.trains
def test_teachers_that_cannot_be_written_leave_the_ones_before(brief, tmp_path, monkeypatch):
    brief()
    before = (tmp_path / "logits.safetensors").read_bytes()

    def die(logits, path, metadata):
        path.write_bytes(b"half")
        raise OSError

    monkeypatch.setattr(making, "save_file", die)
    with pytest.raises(OSError):  # noqa: PT011, no message of its own
        brief()
    assert (tmp_path / "logits.safetensors").read_bytes() == before
