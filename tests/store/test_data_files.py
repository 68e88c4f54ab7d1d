"""Data are what they are, not what their file is called: found by content, refused by name, own files apart."""

import bz2
import hashlib
import os
import struct
from pathlib import Path

import numpy as np
import pytest

from kdviz.recipes import catalogue
from kdviz.recipes.base import RecipeError, Training
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.single import Recipe
from kdviz.recipes.study import Study
from kdviz.recipes.sweep import Sweep
from kdviz.store import data_files
from kdviz.store.data_files import DataError, MissingError
from tests.samples import tiny_data
from tests.samples.tiny_data import IDX_NAMES, LINES, OTHER, TINY, contents, idx, in_place, packed

IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = IDX_NAMES


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The data folder, empty, and a catalogue that has the small data sets."""
    monkeypatch.setenv("KDVIZ_DATA_DIR", str(tmp_path))
    for facts in (TINY, OTHER, LINES):
        monkeypatch.setitem(catalogue.DATA_SETS, facts.name, facts)
    return tmp_path


def problem(facts=TINY):
    with pytest.raises(DataError) as caught:
        data_files.find(facts)
    said = str(caught.value)
    assert said.endswith(".")
    assert "delete" not in said
    return said


PLACES = {
    "as it should be": "Tiny/raw/{name}",
    "packed": "Tiny/raw/{name}.gz",
    "dotted": "Tiny/raw/{dotted}",
    "dotted and packed": "Tiny/raw/{dotted}.gz",
    "in capitals": "Tiny/raw/{upper}",
    "not in raw": "Tiny/{name}",
    "one folder too deep": "Tiny/raw/raw/{name}",
    "the whole folder one too deep": "Tiny/Tiny/raw/{name}.gz",
    "in another folder": "downloads/archive/{name}",
    "in no folder": "{dotted}",
    "in folders of their own": "Tiny/raw/{name}/{name}",
    "in another's folder": "Other/raw/{name}",
    "called something else": "stuff/{number}.bin",
    "called something else and packed": "stuff/{number}.bin.gz",
}


@pytest.mark.parametrize("place", PLACES)
def test_a_published_set_is_found_whatever_its_files_are_called(folder, place):
    for number, (name, content) in enumerate(contents(1).items()):
        words = {"name": name, "dotted": name.replace("-idx", ".idx"), "upper": name.upper(), "number": number}
        path = PLACES[place].format(**words)
        tiny_data.write(folder, {path: packed(content) if path.endswith(".gz") else content})
    tiny_data.write(folder, {"Tiny/notes.txt": b"mine", ".hidden/x": b"", "a.gz": b"\x1f\x8b"})
    paths = data_files.find(TINY)
    for path, file, array in zip(paths, TINY.files, tiny_data.arrays(1), strict=True):
        np.testing.assert_array_equal(data_files.read_idx(path, TINY, file), array)
    told = data_files.elsewhere(TINY, paths)
    assert len(told) == (0 if place == "as it should be" else 4)
    assert data_files.own_files(TINY) is None


@pytest.mark.parametrize("name", ["usps.bz2", "usps", "USPS.BZ2", "deeper/usps.bz2"])
def test_lines_are_found_packed_or_not(folder, name):
    content = tiny_data.LIBSVM["usps.bz2"]
    test = bz2.compress(tiny_data.LIBSVM["usps.t.bz2"])
    is_packed = name.lower().endswith("bz2")
    tiny_data.write(folder, {f"Lines/{name}": bz2.compress(content) if is_packed else content, "Lines/usps.t": test})
    path, _ = data_files.find(LINES)
    images, labels = data_files.read_libsvm(path, LINES, LINES.files[0])
    assert images.shape == (40, 16, 16)
    assert labels.tolist() == [i % 10 for i in range(40)]
    assert images[0, 0, :2].tolist() == [191, 0]  # (0.5 + 1) / 2 * 255, and -1


# What is not what it is called.


@pytest.mark.parametrize("name", IDX_NAMES)
def test_another_sets_files_are_refused_by_name(folder, name):
    tiny_data.write(folder, in_place(TINY, 1, **{name: contents(2)[name]}))
    holds = next(file.holds for file in TINY.files if file.name == name)
    assert f"Tiny/raw/{name} holds Other’s {holds}, not Tiny’s {holds};" in problem()
    assert data_files.own_files(TINY) is None


def test_a_set_in_anothers_folder_is_what_it_is(folder):
    tiny_data.write(folder, in_place(OTHER, 1))
    assert all("Other/raw" in str(path) for path in data_files.find(TINY))
    assert "Other/raw/train-images-idx3-ubyte holds Tiny’s training images, not Other’s" in problem(OTHER)


def test_two_sets_in_each_others_folders_are_both_found(folder):
    tiny_data.write(folder, {**in_place(OTHER, 1), **in_place(TINY, 2)})
    assert all("Other/raw" in str(path) for path in data_files.find(TINY))
    assert all("Tiny/raw" in str(path) for path in data_files.find(OTHER))


def test_a_packed_file_of_a_set_that_no_recipe_names_is_refused_by_name(folder, monkeypatch):
    foreign = packed(contents(3)[IMAGES])
    monkeypatch.setitem(data_files._OTHERS, hashlib.md5(foreign).hexdigest(), "Kuzushiji-MNIST’s training images")
    files = in_place(TINY, 1)
    del files[f"Tiny/raw/{IMAGES}"]
    tiny_data.write(folder, {**files, f"Tiny/raw/{IMAGES}.gz": foreign})
    assert "holds Kuzushiji-MNIST’s training images, not Tiny’s training images" in problem()


@pytest.mark.parametrize(
    ("change", "of"), [("transposed", lambda a: a.transpose(0, 2, 1)), ("inverted", lambda a: 255 - a)]
)
def test_known_images_that_were_changed_are_refused(folder, change, of):
    images = next(iter(tiny_data.arrays(1)))
    tiny_data.write(folder, in_place(TINY, 1, **{IMAGES: idx(of(images))}))
    assert f"{IMAGES} holds Tiny’s training images, {change}, not Tiny’s training images;" in problem()
    assert data_files.own_files(TINY) is None


BROKEN = {
    "zeroed labels": (LABELS, idx(np.zeros(40)), "it has no image of class 1"),
    "a class left out": (TEST_LABELS, idx(np.arange(20) % 9), "it has no image of class 9"),
    "a label that is no class": (LABELS, idx(np.arange(40) % 11), "it holds a label that is none of the 10 classes"),
    "images all alike": (IMAGES, idx(np.full((40, 28, 28), 7)), "all its images are the same"),
    "labels in the images' place": (IMAGES, contents(1)[LABELS], "holds Tiny’s training labels, not"),
    "truncated": (IMAGES, contents(1)[IMAGES][:-5], "it is truncated, 31,371 bytes instead of 31,376"),
    "no digits": (IMAGES, contents(1)[IMAGES][:16], "it is truncated"),
    "too long": (LABELS, contents(1)[LABELS] + b"x", "it is too long, 49 bytes instead of 48"),
    "empty": (IMAGES, b"", "its magic number is missing, not 2051"),
    "two bytes": (LABELS, b"ab", "its magic number is missing, not 2049"),
    "wrong magic": (TEST_LABELS, struct.pack(">i", 1234) + contents(1)[TEST_LABELS][4:], "number is 1234, not 2049"),
    "wrong count": (TEST_IMAGES, idx(np.zeros((19, 28, 28))), "its dimensions are 19 x 28 x 28, not 20 x 28 x 28"),
    "other shape": (IMAGES, idx(np.zeros((40, 14, 56))), "its dimensions are 40 x 14 x 56, not 40 x 28 x 28"),
    "web page": (IMAGES, b"<!DOCTYPE html><html></html>", "its magic number is"),
    "broken packing": (IMAGES, packed(contents(1)[IMAGES])[:-900], "it cannot be unpacked"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_damaged_file_is_refused_by_name(folder, kind):
    name, content, complaint = BROKEN[kind]
    tiny_data.write(folder, in_place(TINY, 1, **{name: content}))
    for _ in range(2):  # what is kept of the first look says the same
        said = problem()
        assert f"{folder}/Tiny/raw/{name}" in said
        assert complaint in said
    assert data_files.own_files(TINY) is None
    tiny_data.write(folder, in_place(TINY, 1))
    data_files.find(TINY)


USPS_DAMAGE = {
    "truncated": lambda whole: whole[:-20],
    "empty": lambda whole: b"",
    "bits flipped": lambda whole: whole[:60] + bytes(255 - byte for byte in whole[60:90]) + whole[90:],
    "too few pixels": lambda whole: bz2.compress(b"7 1:0.5\n" * 40),
    "no numbers": lambda whole: bz2.compress(("7 " + "1:x " * 256 + "\n").encode() * 40),
    "label 11": lambda whole: bz2.compress(tiny_data.libsvm([11] * 40)),
    "half a label": lambda whole: bz2.compress(tiny_data.libsvm([1.5] * 40)),
    "too few images": lambda whole: bz2.compress(tiny_data.libsvm([3] * 39)),
    "bytes that are no text": lambda whole: bz2.compress(b"\xff\xfe\n"),
}


@pytest.mark.parametrize("kind", USPS_DAMAGE)
def test_damaged_lines_are_refused_by_name(folder, kind):
    whole = {f"Lines/{name}": bz2.compress(content) for name, content in tiny_data.LIBSVM.items()}
    tiny_data.write(folder, {**whole, "Lines/usps.bz2": USPS_DAMAGE[kind](whole["Lines/usps.bz2"])})
    assert f"{folder}/Lines/usps.bz2 is damaged: it " in problem(LINES)
    tiny_data.write(folder, whole)
    data_files.find(LINES)


def test_a_file_that_cannot_be_read_is_refused_by_name(folder, monkeypatch):
    tiny_data.write(folder, in_place(TINY, 1))
    monkeypatch.setattr(Path, "read_bytes", lambda path: (_ for _ in ()).throw(PermissionError(13, "No permission")))
    assert f"{IMAGES} cannot be read (No permission)" in problem()


# Files of one's own.


def test_own_files_are_a_data_set_of_their_own(folder):
    tiny_data.write(folder, in_place(TINY, 5))
    own = data_files.own_files(TINY)
    assert f"; to train on the files as they are, take the data set {own.name}." in problem()
    assert "have not the content of Tiny’s files" in problem()
    assert DATA_SETS[own.name] == own
    assert own.own in own.title
    assert data_files.find(own) == tuple(folder / "Tiny/raw" / name for name in IDX_NAMES)
    assert data_files.all_own() == [own]
    # Other content, another name; and the content's own name is for that content only.
    tiny_data.write(folder, in_place(TINY, 5, **{LABELS: contents(6)[LABELS]}))
    other = data_files.own_files(TINY)
    assert other.name != own.name
    assert f"are {other.name} by now, and {own.name} was asked for" in problem(own)
    tiny_data.write(folder, in_place(TINY, 1))
    data_files.find(TINY)
    assert data_files.own_files(TINY) is None
    assert f"are no own files of Tiny’s form, and {own.name} was asked for" in problem(own)


def test_own_labels_of_published_images_are_own_files_too(folder):
    tiny_data.write(folder, in_place(TINY, 1, **{LABELS: contents(6)[LABELS]}))
    own = data_files.own_files(TINY)
    assert f"{folder}/Tiny/raw/{LABELS} has not the content of Tiny’s files; to train" in problem()
    assert len(data_files.find(own)) == 4


def test_own_files_have_the_same_name_packed_or_not(folder):
    tiny_data.write(folder, in_place(TINY, 5))
    name = data_files.own_files(TINY).name
    for path in [*folder.rglob("*ubyte")]:
        path.with_name(path.name + ".gz").write_bytes(packed(path.read_bytes()))
        path.unlink()
    assert data_files.own_files(TINY).name == name


def test_runs_and_teachers_on_own_files_are_others_than_on_the_published_ones():
    own = "mnist-3f9c02ab"
    for kind in (Recipe, Comparison, Sweep):
        assert kind(data=own).id != kind(data="mnist").id
        assert kind(data=own).id != kind(data="mnist-3f9c02ac").id
    trained = [Recipe(data=data).teacher_training.id for data in ("mnist", own)]
    assert len(set(trained)) == 2
    assert trained[0] == Training.reference("mnist", "784-512-256-10", 5).id
    with pytest.raises(RecipeError, match="pretrained is on"):
        Recipe.parse({"data": own, "pretrained": True})  # it was trained on the published ones
    with pytest.raises(RecipeError, match=f"data is {own}; few-labels takes one of mnist, digits"):
        Study.of("few-labels", own)


@pytest.mark.parametrize("name", ["mnist-", "mnist-3f9c02a", "mnist-3F9C02AB", "digits-3f9c02ab", "-3f9c02ab", "foo"])
def test_what_names_no_content_is_no_data_set(name):
    with pytest.raises(RecipeError, match=f"data is {name}; it takes one of mnist, fashion-mnist, usps, digits"):
        Recipe.parse({"data": name})


# What is not there.


def test_missing_files_are_named(folder):
    files = in_place(TINY, 1)
    del files[f"Tiny/raw/{TEST_IMAGES}"], files[f"Tiny/raw/{LABELS}"]
    tiny_data.write(folder, files)
    with pytest.raises(MissingError, match=f"Tiny/raw lacks {LABELS} and {TEST_IMAGES}") as caught:
        data_files.find(TINY)
    assert [file.name for file in caught.value.files] == [LABELS, TEST_IMAGES]


def test_beside_own_files_nothing_published_is_asked_for(folder):
    files = in_place(TINY, 5)
    del files[f"Tiny/raw/{TEST_IMAGES}"]
    tiny_data.write(folder, files)
    with pytest.raises(DataError, match=f"Tiny/raw lacks {TEST_IMAGES}, and .* are not Tiny’s") as caught:
        data_files.find(TINY)
    assert not isinstance(caught.value, MissingError)


def test_no_data_folder_is_nothing_there(monkeypatch):
    monkeypatch.setenv("KDVIZ_DATA_DIR", "/nonexistent")
    with pytest.raises(MissingError):
        data_files.find(TINY)
    assert data_files.all_own() == []


def test_a_version_of_a_file_is_digested_once(folder, monkeypatch):
    digested = []
    counted = data_files._md5
    monkeypatch.setattr(data_files, "_md5", lambda content: digested.append(len(content)) or counted(content))
    tiny_data.write(folder, in_place(TINY, 1))
    data_files.find(TINY)
    first = len(digested)
    data_files.find(TINY)
    assert len(digested) == first
    path = folder / "Tiny/raw" / LABELS
    before = path.stat()
    path.write_bytes(contents(6)[LABELS])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert "to train on the files as they are" in problem()


def test_a_folder_with_a_great_many_files_is_not_searched_for_ever(folder, monkeypatch):
    monkeypatch.setattr(data_files, "_MOST", 10)
    tiny_data.write(folder, {f"a/{number:03}": b"" for number in range(50)})
    assert len([*data_files._files_below(folder, 3)]) <= 10
