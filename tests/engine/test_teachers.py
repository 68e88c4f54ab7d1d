"""Teachers on disk: the same to the last bit, never half-written, never from a pickle."""

import ast
import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from kdviz.engine import evaluation, losses, models, teachers
from kdviz.engine.data import Split
from kdviz.engine.teachers import Cost, TeacherError
from kdviz.recipes.catalogue import SHIPPED_TEACHERS
from kdviz.recipes.single import Recipe
from kdviz.runners import shipped_teacher as shipping
from kdviz.store import gallery
from kdviz.store.teacher_files import TeacherFileError

MODEL = "784-30-30-10"
RECIPE = Recipe(data="digits", teacher=MODEL)
PACKAGE = Path(teachers.__file__).parent


@pytest.fixture
def kept(own_state):
    """The path of a teacher that was just kept."""
    teachers.keep(models.build(MODEL, 7), Cost(1.5, 100), RECIPE.teacher_training)
    return teachers.kept_path(RECIPE.teacher_training)


def _of(data):
    return teachers.read(teachers.shipped_path(data), SHIPPED_TEACHERS[data])[0]


def _about(data):
    with safe_open(teachers.shipped_path(data), framework="pt") as file:
        return {name: json.loads(value) for name, value in file.metadata().items()}


# Kept teachers.


@pytest.mark.parametrize("model", [MODEL, "cnn-8-16"])
def test_a_kept_teacher_comes_back_to_the_last_bit_with_what_it_cost(own_state, model):
    recipe = Recipe(data="digits", teacher=model)
    network = models.build(model, 7)
    assert teachers.find(recipe) is None
    teachers.keep(network, Cost(1.5, 100), recipe.teacher_training)
    found, cost = teachers.find(recipe)
    for name, tensor in network.state_dict().items():
        assert torch.equal(found.state_dict()[name], tensor)
        assert found.state_dict()[name].dtype == torch.float32
    assert cost == Cost(1.5, 100)


def test_a_teacher_is_read_in_evaluation_mode_and_outside_every_graph(kept):
    network, _ = teachers.read(kept, MODEL)
    assert not network.training
    assert not any(p.requires_grad for p in network.parameters())


def test_another_training_is_another_teacher(kept):
    assert teachers.find(RECIPE.model_copy(update={"temperature": 2.0})) is not None
    assert teachers.find(RECIPE.model_copy(update={"teacher_epochs": 6})) is None


def test_a_file_appears_whole_or_not_at_all(own_state, monkeypatch):
    def die(*args, **kwargs):
        Path(args[1]).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(teachers, "save_file", die)
    with pytest.raises(KeyboardInterrupt):
        teachers.keep(models.build(MODEL, 7), Cost(1.5, 100), RECIPE.teacher_training)
    assert list((own_state / "teachers").iterdir()) == []
    assert teachers.find(RECIPE) is None


@pytest.mark.parametrize("error", [SafetensorError("File too large"), OSError(28, "No space left on device")])
def test_a_full_disk_is_told_in_a_sentence(own_state, monkeypatch, error):
    def full(*args, **kwargs):
        raise error

    monkeypatch.setattr(teachers, "save_file", full)
    with pytest.raises(TeacherFileError, match=r"could not be kept in .* \((File too|No space)[^)]*\)\.$"):
        teachers.keep(models.build(MODEL, 7), Cost(1.5, 100), RECIPE.teacher_training)


def test_a_second_teacher_of_the_same_training_replaces_the_first(kept):
    teachers.keep(models.build(MODEL, 8), Cost(2.0, 100), RECIPE.teacher_training)
    assert teachers.find(RECIPE)[1] == Cost(2.0, 100)
    assert list(kept.parent.iterdir()) == [kept]


# Damaged files.


class _Evil:
    def __reduce__(self):
        return (os.mkdir, (os.environ["KDVIZ_STATE_DIR"] + "/ran",))


def _save(path, network, metadata):
    save_file({name: tensor.contiguous() for name, tensor in network.state_dict().items()}, path, metadata=metadata)


_COST = {"cost": json.dumps({"seconds": 1.0, "images_seen": 1})}
DAMAGE = {
    "empty": lambda path: path.write_bytes(b""),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-1000]),
    "header gone": lambda path: path.write_bytes(path.read_bytes()[100:]),
    "text": lambda path: path.write_text("no weights here"),
    "another architecture": lambda path: _save(path, models.build("784-128-10", 0), _COST),
    "another layout": lambda path: save_file({"weight": torch.zeros(3)}, path, metadata=_COST),
    "no metadata": lambda path: _save(path, models.build(MODEL, 0), None),
    "no cost": lambda path: _save(path, models.build(MODEL, 0), {"a": "b"}),
    "cost is no JSON": lambda path: _save(path, models.build(MODEL, 0), {"cost": "{"}),
    "cost is a number": lambda path: _save(path, models.build(MODEL, 0), {"cost": "3"}),
    "torch pickle": lambda path: torch.save(models.build(MODEL, 0).state_dict(), path),
    "bare pickle": lambda path: path.write_bytes(pickle.dumps(_Evil())),
}


@pytest.mark.parametrize("kind", sorted(DAMAGE))
def test_a_damaged_teacher_is_set_aside_and_trained_anew(kept, own_state, kind):
    DAMAGE[kind](kept)
    damaged = kept.read_bytes()
    with pytest.raises(TeacherError) as caught:
        teachers.read(kept, MODEL)
    assert str(caught.value).startswith(f"The teacher in {kept.name} cannot be used (")
    assert "\n" not in str(caught.value)
    assert teachers.find(RECIPE) is None
    assert not kept.exists()
    assert kept.with_name(f"{kept.name}.damaged").read_bytes() == damaged, "nothing of a person's is deleted"
    assert not (own_state / "ran").exists()


def test_a_damaged_teacher_that_came_with_the_program_is_told_with_the_way_to_have_it_again(tmp_path, monkeypatch):
    monkeypatch.setattr(teachers, "shipped_path", lambda data: tmp_path / f"{data}.safetensors")
    (tmp_path / "digits.safetensors").write_text("no weights")
    with pytest.raises(TeacherError, match=r"`python -m kdviz teacher --data digits` trains it again, or install"):
        teachers.shipped("digits")
    assert (tmp_path / "digits.safetensors").exists()


def test_a_missing_teacher_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(TeacherError, match=r"The teacher in none.safetensors cannot be used"):
        teachers.read(tmp_path / "none.safetensors", MODEL)


def test_no_module_can_read_a_pickle():
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {getattr(node, "module", None), *(alias.name for alias in node.names)}
                assert not names & {"pickle", "cloudpickle", "joblib", "dill", "shelve"}, path
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in ("torch.load", "torch.hub.load", "pd.read_pickle"), path
                if ast.unparse(node.func).endswith("np.load"):
                    assert "allow_pickle=False" in ast.unparse(node), path


# Shipped teachers.


@pytest.mark.parametrize("data", sorted(SHIPPED_TEACHERS))
def test_a_shipped_teacher_is_small_half_precision_safetensors_and_says_how_it_was_made(data):
    path = teachers.shipped_path(data)
    with safe_open(path, framework="pt") as file:
        assert {file.get_tensor(name).dtype for name in file.keys()} == {torch.float16}  # noqa: SIM118
    assert path.stat().st_size < 1.2e6
    about = _about(data)
    assert about["training"] == shipping.TRAININGS[data].model_dump(mode="json", exclude_defaults=True)
    assert about["cost"]["images_seen"] > 0


@pytest.mark.parametrize("data", sorted(SHIPPED_TEACHERS))
def test_a_recipe_finds_the_shipped_teacher(data, own_state):
    network, cost = teachers.find(Recipe(data=data, pretrained=True))
    assert cost.seconds > 0
    assert not network.training


@pytest.mark.parametrize("data", sorted(SHIPPED_TEACHERS))
def test_a_shipped_teacher_reaches_the_figures_in_its_file(data, request):
    here, said, network = request.getfixturevalue(data), _about(data)["figures"], _of(data)
    figures = evaluation.test_figures(evaluation.logits_of(network, here.test.images), here.test.labels)
    for name in ("test_accuracy", "test_errors", "test_images"):
        assert figures[name] == said[name]
    assert figures["nll"] == pytest.approx(said["nll"], rel=1e-3)
    assert figures["ece"] == pytest.approx(said["ece"], abs=1e-3)
    logits = evaluation.logits_of(network, here.validation.images)
    assert evaluation.accuracy(logits, here.validation.labels) == said["validation_accuracy"]
    assert figures["test_accuracy"] > 0.98
    assert gallery.shipped_figures(data) == said


def test_half_precision_rounds_the_weights_and_nothing_else():
    network = models.build(MODEL, 0)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    after = teachers.half_precision(network).state_dict()
    for name, tensor in before.items():
        assert torch.equal(after[name], tensor.half().float())
        assert after[name].dtype == torch.float32


# The gallery, and the weights that travel to the browser.


def _gallery(data, tmp_path, test):
    """The gallery as it is stored: the shipped one, or one made now."""
    network = _of(data)
    path = tmp_path / "gallery.npz"
    shipping.write_gallery(path, test, evaluation.logits_of(network, test.images))
    return path


@pytest.mark.parametrize("data", sorted(SHIPPED_TEACHERS))
def test_the_gallerys_logits_are_the_teachers(data, request, own_state):
    test = request.getfixturevalue(data).test
    shipping.fill_gallery(data)
    shown = gallery.read(data)
    np.testing.assert_array_equal(shown.images, test.images.numpy())
    np.testing.assert_array_equal(shown.labels, test.labels.numpy())
    logits = evaluation.logits_of(_of(data), test.images)
    np.testing.assert_allclose(shown.logits, logits.numpy(), rtol=0, atol=1e-3)
    np.testing.assert_allclose(shown.entropy, (losses.entropy(logits.double(), 1.0) / np.log(2)).numpy(), atol=1e-3)


def test_a_gallery_that_was_not_made_yet_is_none(own_state):
    assert gallery.path_of("mnist").is_relative_to(own_state)  # no MNIST image is in the repository
    assert gallery.read("mnist") is None


@pytest.mark.parametrize("other", ["labels", "images"])
def test_a_gallery_of_other_images_or_labels_is_not_shown_and_is_made_again(digits, tmp_path, monkeypatch, other):
    path = _gallery("digits", tmp_path, digits.test)
    monkeypatch.setattr(gallery, "path_of", lambda _: path)
    assert gallery.read("digits") is not None
    images, labels = digits.test.images, digits.test.labels
    if other == "labels":
        labels = torch.zeros_like(labels)
    else:
        images = images.transpose(1, 2).contiguous()
    _gallery("digits", tmp_path, Split(images, labels))
    assert gallery.read("digits") is None
    shipping.fill_gallery("digits")
    np.testing.assert_array_equal(gallery.read("digits").labels, digits.test.labels.numpy())


@pytest.mark.usefixtures("mnist")
def test_a_gallery_appears_whole_or_not_at_all(own_state, monkeypatch):
    def die(path, **arrays):
        Path(path).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(shipping.np, "savez_compressed", die)
    with pytest.raises(KeyboardInterrupt):
        shipping.fill_gallery("mnist")
    assert gallery.read("mnist") is None


@pytest.mark.parametrize("data", sorted(SHIPPED_TEACHERS))
def test_the_weights_that_travel_give_the_teachers_logits(data):
    images = np.random.default_rng(0).integers(0, 256, (20, 784)).astype(np.float32)
    values = images / 127.5 - 1
    layers = gallery.shipped_weights(data)
    for number, (weights, biases) in enumerate(layers):
        assert weights.dtype == biases.dtype == np.float16
        values = values @ weights.astype(np.float32).T + biases.astype(np.float32)
        if number < len(layers) - 1:
            values = np.maximum(values, 0)
    pixels = torch.from_numpy(images.astype(np.uint8)).view(-1, 28, 28)
    np.testing.assert_allclose(values, evaluation.logits_of(_of(data), pixels).numpy(), atol=2e-3)
