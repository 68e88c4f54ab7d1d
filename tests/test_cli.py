"""The command line: one document or one table on standard output, one sentence for what cannot be."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from kdviz import settings
from kdviz.cli import main
from kdviz.recipe import Recipe
from kdviz.runs import RunStore

ROOT = Path(__file__).resolve().parents[1]
OPTIONS = ("--data", "digits", "--teacher", "784-128-10", "--student", "784-30-30-10", "--teacher-epochs", "2")
QUICK = ("train", *OPTIONS, "--epochs", "3")
FIGURES = ("test_accuracy", "test_errors", "nll", "ece", "seconds", "images_per_second")
TIMES = {"seconds", "images_per_second"}


def kdviz(*arguments):
    """Run a command in this process; its result with standard output and standard error apart."""
    result = CliRunner().invoke(main, arguments)
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def without_times(document):
    if isinstance(document, dict):
        return {name: without_times(value) for name, value in document.items() if name not in TIMES}
    return document


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """One run, trained once by a process of its own: what it wrote, and where its store is."""
    state = tmp_path_factory.mktemp("cli") / "state"
    done = subprocess.run(
        [sys.executable, "-m", "kdviz", *QUICK, "--json"],
        cwd=ROOT,
        env={**os.environ, "KDVIZ_STATE_DIR": str(state)},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    return done, state


@pytest.fixture
def store(trained, monkeypatch):
    """Let commands of this process see that run."""
    monkeypatch.setenv("KDVIZ_STATE_DIR", str(trained[1]))
    return RunStore(settings.database_url())


def test_train_writes_one_json_document_and_nothing_else(trained):
    done, _ = trained
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)  # anything beside one document would not parse
    assert done.stdout.startswith("{")
    assert {"recipe", "run_id", *FIGURES, "agreement"} <= set(document)
    assert document["recipe"]["data"] == "digits"
    assert document["run_id"] == Recipe.parse(document["recipe"]).id
    for role in ("teacher", "distilled", "plain"):
        assert {*FIGURES, "agreement"} <= set(document[role])
        assert 0 < document[role]["test_accuracy"] <= 1
        assert document[role]["test_errors"] == round((1 - document[role]["test_accuracy"]) * 360)
        assert document[role]["seconds"] > 0
    assert document["test_accuracy"] == document["distilled"]["test_accuracy"]
    assert document["teacher"]["agreement"] is None
    assert 0 < document["distilled"]["agreement"] <= 1
    assert "training" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_same_recipe_is_found_again(trained, store):
    found = kdviz(*QUICK, "--json")
    assert found.exit_code == 0
    assert json.loads(found.stdout) == json.loads(trained[0].stdout)
    assert "--again" in found.stderr


def test_training_again_gives_the_same_bits(trained, store):
    again = kdviz(*QUICK, "--again", "--json")
    assert again.exit_code == 0, again.stderr
    first, second = json.loads(trained[0].stdout), json.loads(again.stdout)
    assert without_times(first) == without_times(second)
    assert first["seconds"] != second["seconds"], "it was not trained again"


def test_the_table_for_people(trained, store):
    result = kdviz(*QUICK)
    assert result.exit_code == 0
    assert "digits: teacher 784-128-10, student 784-30-30-10, T = 5, alpha = 0.7, 3 epochs, seed 0" in result.stdout
    lines = result.stdout.splitlines()
    for role in ("teacher", "distilled", "plain"):
        (line,) = (line for line in lines if re.match(rf"{role}\s+784", line))
        assert re.search(r"\d\d\.\d\d%", line)
        assert "of 360" in line


@pytest.mark.parametrize(
    ("arguments", "names", "takes"),
    [
        (("--temperature", "0"), "--temperature is 0", "a number from 0.05 to 1,000"),
        (("--temperature", "hot"), "--temperature is hot", "a number"),
        (("--alpha", "1.5"), "--alpha is 1.5", "a number from 0 to 1"),
        (("--alpha", "nan"), "--alpha is nan", "a number from 0 to 1"),
        (("--student", "resnet"), "--student is resnet", "784-128-10"),
        (("--teacher", ""), "--teacher is", "784-512-256-10"),
        (("--epochs", "0"), "--epochs is 0", "a whole number from 1 to 500"),
        (("--epochs", "2.5"), "--epochs is 2.5", "a whole number"),
        (("--labels", "2000"), "--labels is 2000", "at most 1,257"),
        (("--teacher-labels", "3"), "--teacher-labels is 3", "10"),
        (("--batch-size", "2000"), "--batch-size is 2000", "at most 1,257"),
        (("--learning-rate", "0"), "--learning-rate is 0", "above 0"),
        (("--loss", "hinge"), "--loss is hinge", "kl, soft-ce, mse"),
        (("--seed", "-1"), "--seed is -1", "a whole number"),
        (("--data", "cifar"), "--data is cifar", "mnist, fashion-mnist, usps, digits"),
    ],
)
def test_a_bad_value_ends_with_one_sentence(own_state, arguments, names, takes):
    result = kdviz("train", "--data", "digits", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith(f"Error: {names}")
    assert takes in line
    assert line.endswith(".")
    assert not own_state.exists(), "a refused recipe leaves nothing behind"


@pytest.mark.parametrize("arguments", [("--colour", "red"), ("extra",)])
def test_what_click_refuses_ends_with_2_as_well(own_state, arguments):
    assert kdviz("train", *arguments).exit_code == 2


def test_data_tells_what_is_there():
    document = json.loads(kdviz("data", "--data", "digits", "--json").stdout)
    (digits,) = document["data_sets"]
    assert (digits["training_images"], digits["validation_images"], digits["test_images"]) == (1257, 180, 360)
    assert digits["available"]
    assert digits["problem"] is None
    table = kdviz("data", "--data", "digits")
    assert table.exit_code == 0
    assert "ready" in table.stdout

    unknown = kdviz("data", "--data", "foo")
    assert unknown.exit_code == 2
    assert "mnist, fashion-mnist, usps, digits" in unknown.stderr


def test_data_that_is_broken_is_said_to_be(tmp_path):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (raw / f"{part}-ubyte").write_bytes(b"no images")
    command = [
        sys.executable,
        "-m",
        "kdviz",
        "data",
        "--data",
        "mnist",
        "--json",
    ]  # this process may hold MNIST already
    environment = {**os.environ, "KDVIZ_DATA_DIR": str(tmp_path)}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 1
    (mnist,) = json.loads(result.stdout)["data_sets"]
    assert not mnist["available"]
    assert "ubyte" in mnist["problem"]


def test_runs_are_listed_and_shown(trained, store):
    run_id = json.loads(trained[0].stdout)["run_id"]
    listed = json.loads(kdviz("runs", "list", "--json").stdout)
    assert [run["id"] for run in listed] == [run_id]
    table = kdviz("runs", "list").stdout
    assert run_id in table
    assert "finished" in table

    shown = json.loads(kdviz("runs", "show", run_id, "--json").stdout)
    assert shown["status"] == "finished"
    assert shown["recipe"]["student"] == "784-30-30-10"
    assert "distilled" in kdviz("runs", "show", run_id).stdout


def test_runs_of_an_empty_store(own_state):
    assert "No runs yet" in kdviz("runs", "list").stdout
    assert json.loads(kdviz("runs", "list", "--json").stdout) == []
    missing = kdviz("runs", "show", "000000000000")
    assert missing.exit_code == 2
    assert "000000000000 is not in the store" in missing.stderr


def test_ctrl_c_stops_the_run_and_keeps_its_progress(tmp_path):
    state = tmp_path / "state"
    environment = {**os.environ, "KDVIZ_STATE_DIR": str(state)}
    command = [sys.executable, "-m", "kdviz", "train", *OPTIONS, "--epochs", "500", "--seed", "9"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        store = RunStore(f"sqlite:///{state / 'kdviz.sqlite'}")
        deadline = time.monotonic() + 60
        runs = []
        while time.monotonic() < deadline and not (runs and store.count(runs[0].id) > 5):
            time.sleep(0.2)
            runs = store.recent() if (state / "kdviz.sqlite").exists() else []
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130, errors.decode()
    assert output == b""
    assert b"stopped" in errors
    assert b"Traceback" not in errors
    (run,) = store.recent()
    assert run.status == "cancelled"
    assert store.count(run.id) > 5


@pytest.mark.parametrize("arguments", [(), ("--help",), ("train", "--help"), ("bench", "--help"), ("app", "-h")])
def test_help_is_help(arguments):
    result = CliRunner().invoke(main, arguments)
    assert "Usage:" in result.output


def test_a_port_that_is_none_is_refused():
    assert kdviz("app", "--port", "99999").exit_code == 2
