"""`python -m kdviz compress` and `measure`: the chain from a run to its compressed student, loaded elsewhere."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load

from kdviz import settings
from kdviz.cli import compression
from kdviz.cli.main import main
from kdviz.engine import data, teachers
from kdviz.engine.compression.errors import CompressionError
from kdviz.exports import model_cards
from kdviz.recipes.compression import Compression
from kdviz.records.compressed import CompressedStudent
from kdviz.runners import compression as runner
from kdviz.store import measured, teacher_files
from kdviz.store.runs import RunStore
from tests.samples.kept_runs import COMPARISON, SINGLE, SWEEP, copied

pytestmark = pytest.mark.trains
NAME = "distilled-units-50-soft-2-int8"


def kdviz(*arguments, code=0):
    """What a command printed; an error is one sentence on standard error, and nothing else was printed."""
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert "Traceback" not in result.output
    assert result.exit_code == code, result.output
    if code:
        assert result.stdout == ""
        (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
        assert line.endswith(".")
        return line
    return result.stdout


@pytest.fixture(scope="module")
def state(trained_runs, tmp_path_factory):
    state = tmp_path_factory.mktemp("state")
    copied(trained_runs, state).close()
    return state


@pytest.fixture
def store(state, tmp_path, monkeypatch):
    monkeypatch.setenv("KDVIZ_STATE_DIR", str(state))
    monkeypatch.chdir(tmp_path)
    made = RunStore(settings.database_url())
    yield made
    made.close()


@pytest.fixture
def compressed(store):
    """What `compress` says of the single run's student, made once."""
    if not store.compressed(SINGLE.id):
        before = store.get(SINGLE.id), store.student(SINGLE.id, "distilled")
        options = ["--prune", "0.5", "--structured", "--quantize", "int8", "--finetune", "soft", "--epochs", "2"]
        document = json.loads(kdviz("compress", SINGLE.id, *options, "--json"))
        assert (store.get(SINGLE.id), store.student(SINGLE.id, "distilled")) == before, "the run stays as it was"
        assert store.students(SINGLE.id) == ["distilled", "plain"]
        assert document["student"] == NAME
        Path(settings.state_dir(), "compressed.json").write_text(json.dumps(document))
    return json.loads(Path(settings.state_dir(), "compressed.json").read_text())


def test_a_compressed_student_is_smaller_and_said_to_be(compressed):
    before, after = compressed["before"], compressed["after"]
    assert (before["architecture"], after["architecture"]) == ("784-30-30-10", "784-15-15-10")
    assert after["parameters"] < 0.55 * before["parameters"]
    for one, other in zip(before["runtimes"], after["runtimes"], strict=True):
        assert other["stored_bytes"] < 0.25 * one["stored_bytes"]
        low, high = other["test_accuracy_interval"]
        assert low < other["test_accuracy"] < high
        assert other["energy"]["kind"] in ("measured", "estimate")


@pytest.mark.parametrize(("form", "runtime"), [("onnx", 1), ("pytorch", 0)])
def test_an_exported_one_is_loaded_elsewhere_by_the_lines_that_are_printed_and_is_right_as_often(
    store, compressed, form, runtime
):
    printed = kdviz("runs", "export", SINGLE.id, "--student", NAME, "--format", form)
    right = _right(_logits(printed))
    assert abs(right - compressed["after"]["runtimes"][runtime]["test_accuracy"]) <= 0.001


@pytest.mark.parametrize("form", ["onnx", "pytorch", "safetensors"])
def test_so_is_the_students_own_file(store, form):
    printed = kdviz("runs", "export", SINGLE.id, "--format", form)
    assert _right(_logits(printed)) == pytest.approx(store.get(SINGLE.id).result.distilled.test_accuracy)


def _logits(printed):
    """What the lines give for the test images of the digits."""
    names = {"images": data.load("digits").test.images.numpy()}
    lines = printed.rsplit("\n\n", 1)[1]
    assert len(lines.splitlines()) <= 6
    exec(lines, names)
    logits = names["logits"]
    return logits if isinstance(logits, np.ndarray) else logits.detach().numpy()


def _right(logits):
    return float((logits.argmax(axis=1) == data.load("digits").test.labels.numpy()).mean())


ELSEWHERE = """
import sys
import numpy
images = numpy.load("images.npy")
{lines}
labels = numpy.load("labels.npy")
logits = logits if isinstance(logits, numpy.ndarray) else logits.detach().numpy()
assert not any(name.startswith("kdviz") for name in sys.modules)
print((logits.argmax(axis=1) == labels).mean())
"""


def test_the_chain_trained_distilled_pruned_quantised_exported_loaded_in_a_program_without_kdviz(store):
    networks = ["--data", "digits", "--teacher", "784-128-10", "--student", "784-32-10"]
    run = json.loads(kdviz("train", *networks, "--epochs", "3", "--teacher-epochs", "3", "--seed", "14", "--json"))
    smaller = ["--prune", "0.75", "--finetune", "soft", "--epochs", "2", "--quantize", "int8"]
    made = json.loads(kdviz("compress", run["run_id"], *smaller, "--json"))
    printed = kdviz("runs", "export", run["run_id"], "--student", made["student"], "--format", "onnx")
    test = data.load("digits").test
    np.save("images.npy", test.images.numpy())
    np.save("labels.npy", test.labels.numpy())
    Path("elsewhere.py").write_text(ELSEWHERE.format(lines=printed.rsplit("\n\n", 1)[1]))
    answer = subprocess.run([sys.executable, "elsewhere.py"], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert abs(float(answer.stdout) - made["after"]["runtimes"][1]["test_accuracy"]) <= 0.001
    assert float(answer.stdout) > 0.8
    assert made["after"]["nonzero"] < 0.3 * made["before"]["nonzero"]


def test_a_page_holds_the_compressed_student(store, compressed):
    kdviz("runs", "export", SINGLE.id, "--student", NAME, "--format", "html", "--output", "home.html")
    content = Path("home.html").read_text()
    assert "784-15-15-10" in content
    assert len(content) < 200_000


def test_a_worker_makes_what_the_command_makes(store, compressed):
    run, (made,) = store.get(SINGLE.id), store.compressed(SINGLE.id)
    about = model_cards.subject(run, "distilled")
    texts = [each.model_dump_json() for each in (store.student(run.id, "distilled"), about.single, made.compression)]
    again = runner.make(texts[0], texts[1], about.temperature, about.alpha, texts[2])
    one, other = (load(each.learnt.weights) for each in (made, CompressedStudent.model_validate_json(again)))
    assert one.keys() == other.keys()
    assert all(torch.equal(weights, other[name]) for name, weights in one.items())


def test_a_worker_elsewhere_is_given_the_teacher(store, tmp_path, monkeypatch):
    run, wanted = store.get(SINGLE.id), Compression(prune=0.5, finetune="soft")
    about = model_cards.subject(run, "distilled")
    texts = [each.model_dump_json() for each in (store.student(run.id, "distilled"), about.single, wanted)]
    teacher = teacher_files.read(SINGLE.teacher_training.id)
    monkeypatch.setenv("KDVIZ_STATE_DIR", str(tmp_path / "elsewhere"))
    with pytest.raises(CompressionError, match="cannot teach again; labels can"):
        runner.make(texts[0], texts[1], about.temperature, about.alpha, texts[2])
    made = runner.make(texts[0], texts[1], about.temperature, about.alpha, texts[2], teacher)
    student = CompressedStudent.model_validate_json(made)
    assert student.measured.nonzero < 0.6 * student.before.nonzero


@pytest.mark.parametrize(("recipe", "student"), [(COMPARISON, "offline"), (SWEEP, "seed 2")])
def test_students_of_comparisons_and_sweeps_learn_again_from_their_own_teacher(store, recipe, student):
    arguments = ["--student", student, "--prune", "0.5", "--finetune", "soft", "--json"]
    document = json.loads(kdviz("compress", recipe.id, *arguments))
    assert document["student"] == f"{student}-weights-50-soft-1"
    assert document["of"] == student
    about = model_cards.subject(store.get(recipe.id), student)
    assert teachers.kept_path(about.single.teacher_training).exists(), "no other teacher was trained for it"


def test_measure_has_a_row_for_every_network(store, compressed, monkeypatch, tmp_path):
    monkeypatch.setattr(measured, "path_of", lambda name: tmp_path / "measured" / f"{name}.json")
    document = json.loads(kdviz("measure", SINGLE.id, "--json", "--record"))
    assert [network["name"] for network in document["networks"]] == ["teacher", "distilled", "plain", NAME]
    assert [network["quantize"] for network in document["networks"]] == ["none", "none", "none", "int8"]
    assert document["missing"] == []
    for network in document["networks"][:3]:
        scores = getattr(store.get(SINGLE.id).result, network["name"])
        assert network["runtimes"][0]["test_accuracy"] == pytest.approx(scores.test_accuracy)
    kept = measured.recorded.__wrapped__("digits")
    assert [network.name for network in kept.networks] == ["teacher", "distilled", "plain", NAME]
    assert (kept.day, kept.machine) == (document["day"], document["machine"])
    assert kept.networks[3].compression.quantize == "int8"


def test_measure_says_which_network_of_an_older_run_is_missing(store):
    run, kept = store.get(SINGLE.id), [store.student(SINGLE.id, name) for name in ("distilled", "plain")]
    assert compression.not_kept(run, kept) == []
    assert "The student without a teacher is not kept" in compression.not_kept(run, kept[:1])[0]
    assert compression.not_kept(store.get(COMPARISON.id), kept[:1]) == []


def test_the_table_for_people_says_what_an_estimate_is_and_what_is_missing(store, monkeypatch):
    monkeypatch.setattr(compression, "not_kept", lambda run, kept: ["One network is missing."])
    said = kdviz("measure", COMPARISON.id)
    assert "One network is missing." in said.splitlines()
    assert "MB a batch" in said
    assert "–: not counted, as in ONNX Runtime" in said
    assert "offline" in said
    assert "plain" in said
    assert "one thread of this machine" in said
    assert "images a second in batches of 360." in said  # digits have no more test images
    assert "Energy: " in said


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--prune", "1"], "--prune is 1; it takes a number from 0 to below 1."),
        (["--prune", "-0.5"], "--prune is -0.5; it takes a number from 0 to below 1."),
        (["--quantize", "int3"], "--quantize is int3; it takes one of none, int8, int8-static, int8-weights, int4."),
        (["--rank", "31"], "The rank is 31; it takes a whole number from 1 to 30."),
        (["--student", "peer"], "--student is peer; it takes one of distilled, plain."),
    ],
)
def test_what_cannot_be_ends_with_one_sentence_and_the_run_stays_as_it_was(store, options, sentence):
    before = store.get(SINGLE.id), [kept.learnt.name for kept in store.compressed(SINGLE.id)]
    assert kdviz("compress", SINGLE.id, *options, code=2) == f"Error: {sentence}"
    assert (store.get(SINGLE.id), [kept.learnt.name for kept in store.compressed(SINGLE.id)]) == before


def test_a_run_without_kept_weights_ends_with_one_sentence(store):
    other = SINGLE.model_copy(update={"seed": 77})
    store.request(other)
    try:
        for command in ("compress", "measure"):
            assert "keeps no student" in kdviz(command, other.id, code=2)
    finally:
        store.delete(other.id)
    assert "nonesuch is not in the store" in kdviz("measure", "nonesuch", code=2)


def test_where_the_teacher_is_gone_labels_still_teach(store):
    teachers.kept_path(SINGLE.teacher_training).rename("teacher")
    try:
        line = kdviz("compress", SINGLE.id, "--prune", "0.9", "--finetune", "soft", code=2)
        assert line == "Error: The run's teacher is not kept on this machine, so it cannot teach again; labels can."
        said = kdviz("compress", SINGLE.id, "--prune", "0.9", "--finetune", "labels")
        assert "distilled-weights-90-labels-1" in said
    finally:
        Path("teacher").rename(teachers.kept_path(SINGLE.teacher_training))
    assert store.compressed(SINGLE.id)[-1].measured.nonzero < 0.15 * store.compressed(SINGLE.id)[-1].measured.parameters


def test_a_student_that_is_trained_again_has_no_compressed_forms_and_a_deleted_run_neither(store, compressed):
    elsewhere = SINGLE.model_copy(update={"seed": 78})
    store.request(elsewhere)
    store.begin(elsewhere.id)
    (student, *_) = store.compressed(SINGLE.id)
    store.keep_compressed(elsewhere.id, student)
    assert store.compressed(elsewhere.id) == [student]
    store.keep_student(elsewhere.id, store.student(SINGLE.id, "distilled"))
    assert store.compressed(elsewhere.id) == []
    store.keep_compressed(elsewhere.id, student)
    store.delete(elsewhere.id)
    assert store.compressed(elsewhere.id) == []
