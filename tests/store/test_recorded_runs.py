"""The runs with which pages open: those that ship are of the present defaults, and hold no image that is not ours."""

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from kdviz.exports.kinds import check_events, check_result
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.openings import OPENINGS
from kdviz.recipes.single import Recipe
from kdviz.records.base import Watched
from kdviz.records.comparison import FinishedMethod
from kdviz.records.kinds import kind_of
from kdviz.records.sweep import FinishedStack
from kdviz.store import recorded_runs
from kdviz.store.run import Run
from tests.samples import run_records, tiny_data

MOST = 400_000  # bytes of a file
SHIPPED = [
    (page, data) for page in OPENINGS for data in ("digits", "mnist") if recorded_runs.path_of(page, data).exists()
]


def run_of(recipe, result=None):
    return Run(
        id=recipe.id,
        recipe=recipe,
        status="finished",
        attempt=1,
        created=datetime.now(UTC),
        finished=datetime.now(UTC),
        result=result or run_records.result(recipe),
    )


def watched(*images):
    return Watched(
        indices=[*range(len(images))],
        labels=[7] * len(images),
        images=[image.tolist() for image in images],
        teacher_logits=[[1 / 3] * 10] * len(images),
        teacher_validation_accuracy=0.97,
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(recorded_runs, "FOLDER", tmp_path / "runs")
    return tmp_path / "runs"


@pytest.fixture
def training_file(tmp_path, monkeypatch):
    """MNIST's training images, as if they were a hundred; gives the file and the images."""
    monkeypatch.setenv("KDVIZ_DATA_DIR", str(tmp_path / "data"))
    path = tmp_path / "data/MNIST/raw/train-images-idx3-ubyte"
    path.parent.mkdir(parents=True)
    images = np.random.default_rng(0).integers(0, 256, (100, 28, 28), dtype=np.uint8)
    path.write_bytes(tiny_data.idx(images))
    facts = DATA_SETS["mnist"]
    file = replace(facts.files[0], md5=tiny_data.md5(path.read_bytes()))
    hundred = replace(facts, training_images=95, validation_images=5, files=(file, *facts.files[1:]))
    monkeypatch.setitem(DATA_SETS, "mnist", hundred)
    return path, images.reshape(100, 784)


def test_every_page_that_trains_has_a_recorded_run_on_the_digits():
    assert {page for page, data in SHIPPED if data == "digits"} == set(OPENINGS)


@pytest.mark.parametrize(("page", "data"), SHIPPED)
def test_a_recorded_run_is_of_the_present_default_recipe(page, data):
    path = recorded_runs.path_of(page, data)
    again = f"make it again: python -m kdviz record {page} --data {data}"
    document = json.loads(gzip.decompress(path.read_bytes()))
    recipe = kind_of(OPENINGS[page](data)).recipe.model_validate(document["recipe"])
    assert recipe.id == OPENINGS[page](data).id, again
    assert document["engine"] == recorded_runs.ENGINE, again
    assert path.stat().st_size < MOST


@pytest.mark.parametrize("page", OPENINGS)
def test_a_recorded_run_is_read_whole_and_its_figures_go_together(page):
    found = recorded_runs.recorded(page, "digits")
    assert found.run.status == "finished"
    check_result(found.run.recipe, found.run.result)
    check_events(found.run.recipe, found.events)
    assert any(isinstance(event, Watched | FinishedStack) for event in found.events)


def test_what_is_recorded_is_read_again_without_what_is_said_twice(folder):
    recipe = Recipe.suited("digits", {"pretrained": True})
    said = [watched(np.full(784, 9, np.uint8)), *run_records.progress(recipe)]
    path = recorded_runs.record("watch_it_train", run_of(recipe), said)
    assert path.parent == folder
    found = recorded_runs.recorded("watch_it_train", "digits")
    assert (found.run.recipe, found.run.result.run_id, found.run.tags) == (recipe, recipe.id, (recorded_runs.TAG,))
    assert [event.step for event in found.events[1:]] == [event.step for event in said[1:]]
    assert found.events[-1] == said[-1]
    assert found.events[0].images == said[0].images
    assert found.events[0].teacher_logits[0][0] == 0.333333
    assert recorded_runs.recorded("watch_it_train", "mnist") is None


def test_parts_and_stacks_do_not_repeat_their_reports(folder):
    sweep = run_records.sweep()
    recorded_runs.record("explorer", run_of(sweep, run_records.swept(sweep)), run_records.stack_events(sweep))
    events = recorded_runs.recorded("explorer", "digits").events
    parts = [event for event in events if isinstance(event, FinishedStack | FinishedMethod)]
    assert parts
    assert not any(part.moments for part in parts)


def test_images_of_mnist_are_not_in_the_file_and_come_from_the_data_folder(folder, training_file):
    file, images = training_file
    recipe = Recipe(pretrained=True)
    path = recorded_runs.record("watch_it_train", run_of(recipe), [watched(images[3], images[1])])
    document = json.loads(gzip.decompress(path.read_bytes()))
    assert document["events"][0]["event"]["images"] == [[3], [1]]
    found = recorded_runs.recorded("watch_it_train", "mnist")
    assert found.events[0].images == [images[3].tolist(), images[1].tolist()]
    file.with_name("images.gz").write_bytes(gzip.compress(file.read_bytes()))
    file.unlink()
    found = recorded_runs.recorded("watch_it_train", "mnist")
    assert found.events[0].images == [images[3].tolist(), images[1].tolist()], "packed, and called something else"
    file.with_name("images.gz").unlink()
    assert recorded_runs.recorded("watch_it_train", "mnist") is None
    file.write_bytes(tiny_data.idx(255 - images.reshape(100, 28, 28)))
    assert recorded_runs.recorded("watch_it_train", "mnist") is None, "its pictures would be others"


def test_a_run_of_another_engine_is_not_shown(folder, monkeypatch):
    recipe = Recipe.suited("digits")
    recorded_runs.record("watch_it_train", run_of(recipe), run_records.progress(recipe))
    assert recorded_runs.recorded("watch_it_train", "digits") is not None
    monkeypatch.setattr(recorded_runs, "ENGINE", recorded_runs.ENGINE + 1)
    assert recorded_runs.recorded("watch_it_train", "digits") is None
