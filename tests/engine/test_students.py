"""What is kept of a run is the student that its result speaks of, as safetensors and as ONNX."""

import base64
import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from kdviz.engine import evaluation, models, onnx_files, students
from kdviz.exports import model_cards as cards
from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.records import weights
from kdviz.records.base import TrainedStudent
from kdviz.records.weights import WeightsError
from tests.samples.kept_runs import COMPARISON, CONVOLUTIONAL, SINGLE, SWEEP, carry_out, copied


@pytest.fixture(scope="module")
def store(trained_runs, tmp_path_factory):
    """A store with one run of each kind, and one of a convolutional student."""
    state = tmp_path_factory.mktemp("kept")
    made = copied(trained_runs, state)
    with pytest.MonkeyPatch.context() as monkey:
        monkey.setenv("KDVIZ_STATE_DIR", str(state))
        carry_out(made, CONVOLUTIONAL)
    yield made
    made.close()


def content(learnt):
    return learnt.weights


def errors(learnt, split):
    said = evaluation.logits_of(students.network_of(learnt), split.images)
    return int((said.argmax(dim=1) != split.labels).sum())


def test_each_kind_of_run_keeps_its_students_by_name(store):
    assert store.students(SINGLE.id) == ["distilled", "plain"]
    assert set(store.students(COMPARISON.id)) == {*COMPARISON.methods, "independent"}
    assert store.students(SWEEP.id) == [f"seed {seed}" for seed in SWEEP.seeds_of_test]


@pytest.mark.parametrize("recipe", [SINGLE, CONVOLUTIONAL])
@pytest.mark.parametrize("name", ["distilled", "plain"])
def test_a_single_runs_students_are_those_of_the_result(store, digits, recipe, name):
    scores, learnt = getattr(store.get(recipe.id).result, name), store.student(recipe.id, name)
    assert learnt.architecture == recipe.student
    assert errors(learnt, digits.test) == scores.test_errors
    said = evaluation.logits_of(students.network_of(learnt), digits.test.images)
    assert evaluation.nll(said, digits.test.labels) == pytest.approx(scores.nll, abs=1e-6)


def test_a_comparisons_students_are_those_of_the_first_seed(store, digits):
    result = store.get(COMPARISON.id).result
    for trial in (*result.trials, *result.controls):
        if trial.seed == COMPARISON.seeds[0]:
            assert errors(store.student(COMPARISON.id, trial.method), digits.test) == trial.test_errors


def test_a_sweeps_students_are_those_of_the_choice(store, digits):
    for each in store.get(SWEEP.id).result.choice.results:
        learnt = store.student(SWEEP.id, f"seed {each.recipe.seed}")
        assert errors(learnt, digits.test) == each.distilled.test_errors


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_shapes_are_those_of_the_networks(name):
    network = models.build(name, 1)
    assert weights.shapes(name) == {key: tuple(value.shape) for key, value in network.state_dict().items()}
    learnt = students.learnt("any", name, network)
    assert learnt == students.learnt("any", name, network)  # to the last byte
    weights.check(content(learnt), name)
    for parameter, again in zip(network.parameters(), students.network_of(learnt).parameters(), strict=True):
        assert torch.equal(parameter, again)


def test_students_trained_stacked_are_told_apart():
    networks = [models.build("784-30-30-10", seed) for seed in (1, 2)]
    models.cohort("784-30-30-10", networks)  # from now on their weights share a storage
    first, second = (students.learnt("any", "784-30-30-10", network) for network in networks)
    assert first != second
    assert torch.equal(students.network_of(second)[1].weight, models.build("784-30-30-10", 2)[1].weight)


def with_table(good, change):
    """The file with another header."""
    header = int.from_bytes(good[:8], "little")
    table = json.loads(good[8 : 8 + header])
    change(table)
    text = json.dumps(table).encode()
    return len(text).to_bytes(8, "little") + text + good[8 + header :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda good: b"",
        lambda good: good[:7],
        lambda good: good[:-1],
        lambda good: good + b"\0",
        lambda good: b"\xff" * 8 + good[8:],
        lambda good: (2).to_bytes(8, "little") + b"[]" + good[8:],
        lambda good: (9).to_bytes(8, "little") + b"[[[[[[[[[",
        lambda good: with_table(good, lambda table: table.pop("1.bias")),
        lambda good: with_table(good, lambda table: table["1.bias"].update(shape=[31])),
        lambda good: with_table(good, lambda table: table["1.bias"].update(dtype="F64")),
        lambda good: with_table(good, lambda table: table["1.bias"].update(data_offsets=[4, 124])),
        lambda good: with_table(good, lambda table: table["1.bias"].update(data_offsets=[-120, 0])),
        lambda good: with_table(good, lambda table: table["1.bias"].update(data_offsets="all")),
        lambda good: with_table(good, lambda table: table.update(more=table["1.bias"])),
    ],
)
def test_weights_that_are_damaged_are_refused_in_one_sentence(damage):
    good = content(students.learnt("any", "784-30-30-10", models.build("784-30-30-10", 1)))
    with pytest.raises(WeightsError, match=r"^The weights are (damaged|not those of 784-30-30-10)\.$"):
        weights.check(damage(good), "784-30-30-10")


def test_weights_of_another_network_are_refused():
    good = students.learnt("any", "784-30-30-10", models.build("784-30-30-10", 1))
    for other in ("784-128-10", "nonesuch"):
        with pytest.raises(WeightsError):
            weights.check(content(good), other)
    with pytest.raises(WeightsError):
        students.network_of(TrainedStudent(name="any", architecture="784-128-10", weights=good.weights))


@pytest.mark.parametrize("recipe", [SINGLE, CONVOLUTIONAL])
def test_onnx_says_what_the_network_says(store, digits, recipe):
    learnt = store.student(recipe.id, "distilled")
    about = json.dumps(cards.about(store.get(recipe.id), "distilled"))
    made = base64.b64decode(onnx_files.make(learnt.model_dump_json(), about))
    model = onnx.load_from_string(made)
    onnx.checker.check_model(model, full_check=True)
    assert {entry.key: entry.value for entry in model.metadata_props} == {
        "architecture": recipe.student,
        "run_id": recipe.id,
        "student": "distilled",
        "data": "digits",
        "temperature": "5",
        "alpha": "0.7",
    }
    session = onnxruntime.InferenceSession(made, providers=["CPUExecutionProvider"])
    (images,), (logits,) = session.get_inputs(), session.get_outputs()
    assert (images.name, images.type, images.shape[1:]) == ("images", "tensor(uint8)", [28, 28])
    assert (logits.name, logits.type, logits.shape[1:]) == ("logits", "tensor(float)", [10])
    wanted = evaluation.logits_of(students.network_of(learnt), digits.test.images).numpy()
    for count in (360, 1, 7):
        (said,) = session.run(None, {"images": digits.test.images[:count].numpy()})
        np.testing.assert_allclose(said, wanted[:count], atol=1e-4, rtol=0)
    assert made == onnx_files.onnx_file(learnt, json.loads(about))  # to the last byte
    assert b".py" not in made, "a file of this machine is named"
