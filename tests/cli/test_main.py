"""The command line: one document or one table on standard output, one sentence for what cannot be."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from kdviz import settings
from kdviz.cli import local, reach, server_process
from kdviz.cli.main import main
from kdviz.engine import data as engine_data
from kdviz.jobs import worker as work
from kdviz.recipes import catalogue
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import DEFAULT
from kdviz.recipes.single import Recipe
from kdviz.recipes.sweep import Sweep
from kdviz.records.comparison import FinishedMethod
from kdviz.records.sweep import FinishedStack
from kdviz.records.sweep_plan import waiting
from kdviz.store import data_files
from kdviz.store.classes import ClassStore
from kdviz.store.data_files import DataError
from kdviz.store.runs import RunStore, StoreError
from tests.samples import tiny_data
from tests.samples.fake_training import log_of, moment, part

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = ("--data", "digits", "--teacher", "784-128-10", "--student", "784-30-30-10", "--teacher-epochs", "2")
QUICK = ("train", *OPTIONS, "--epochs", "3")
FIGURES = ("test_accuracy", "test_errors", "nll", "ece", "seconds", "images_per_second")
TIMES = {"seconds", "images_per_second", "teacher_seconds"}
COMPARE = ("compare", "--data", "digits", "--methods", "offline,mutual", "--seeds", "3-4", "--epochs", "2")
COMPARISON = Comparison.suited("digits", {"methods": ("offline", "mutual"), "seeds": (3, 4), "epochs": 2})
SWEEP = Sweep.suited("digits", {"temperatures": (1, 2, 4, 8), "seeds": (3, 4), "epochs": 3})
SWEEPS = ("sweep", "--data", "digits", "--temperatures", "1,2,4,8", "--seeds", "3-4", "--epochs", "3")


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


@pytest.mark.trains
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


@pytest.mark.parametrize(
    ("command", "options", "read"),
    [
        ("train", {"temperature": "2,5"}, "--temperature 2,5 is read as 2.5."),
        ("train", {"learning-rate": "0,002"}, "--learning-rate 0,002 is read as 0.002."),
        ("sweep", {"temperatures": "2,5"}, "--temperatures 2,5 is read as 2 and 5."),
        ("train", {"temperature": "1,000"}, "--temperature is 1,000; it takes a number from 0.05 to 1,000."),
        ("train", {"epochs": "2,5"}, "--epochs is 2,5; it takes a whole number from 1 to 500."),
    ],
)
def test_what_is_made_of_a_decimal_comma_is_said(monkeypatch, command, options, read):
    monkeypatch.setattr(local, "RunStore", _nowhere)
    done = kdviz(command, *(part for name, value in options.items() for part in (f"--{name}", value)))
    assert read in done.stderr


def test_a_training_that_nothing_can_be_kept_of_goes_on_and_says_so(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("KDVIZ_STATE_DIR", str(tmp_path / "file" / "state"))
    monkeypatch.setattr(local, "stored_result", lambda recipe, store, again: _nowhere(store.recent()))
    done = kdviz("train", "--data", "digits")
    assert "is kept only until the program ends; KDVIZ_STATE_DIR names a folder" in done.stderr
    assert "Error: Nothing is trained here." in done.stderr


def _nowhere(_address):
    raise StoreError("Nothing is trained here.")


@pytest.mark.trains
def test_the_same_recipe_is_found_again(trained, store):
    found = kdviz(*QUICK, "--json")
    assert found.exit_code == 0
    assert json.loads(found.stdout) == json.loads(trained[0].stdout)
    assert "--again" in found.stderr


@pytest.mark.trains
def test_training_again_gives_the_same_bits(trained, store):
    again = kdviz(*QUICK, "--again", "--json")
    assert again.exit_code == 0, again.stderr
    first, second = json.loads(trained[0].stdout), json.loads(again.stdout)
    assert without_times(first) == without_times(second)
    assert first["seconds"] != second["seconds"], "it was not trained again"


@pytest.mark.trains
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


@pytest.mark.parametrize(
    ("arguments", "names", "takes"),
    [
        (("--methods", "offline,telepathy"), "--methods is offline,telepathy", "mutual"),
        (("--methods", "attention"), "--methods has attention", "two convolutional networks"),
        (("--seeds", "4-0"), "--seeds is 4-0", "as 0-4 or 0,2,7"),
        (("--seeds", ""), "--seeds is", "as 0-4 or 0,2,7"),
        (("--seeds", "0-20"), "--seeds is 0-20", "1 to 20 whole numbers"),
        (("--epochs", "0"), "--epochs is 0", "a whole number from 1 to 500"),
        (("--teacher-epochs", "many"), "--teacher-epochs is many", "a whole number"),
        (("--data", "cifar"), "--data is cifar", "mnist, fashion-mnist, usps, digits"),
    ],
)
def test_a_comparison_that_cannot_be_ends_with_one_sentence(own_state, arguments, names, takes):
    result = kdviz("compare", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith(f"Error: {names}")
    assert takes in line
    assert line.endswith(".")
    assert not own_state.exists(), "a refused comparison leaves nothing behind"


def test_the_options_of_a_comparison_are_its_fields():
    shown = kdviz("compare", "--help").output
    options = set(re.findall(r"--[a-z-]+", shown))
    fields = {"--" + name.replace("_", "-") for name in Comparison.model_fields if name != "study"}
    assert options == fields | {"--no-control", "--again", "--json", "--help"}
    assert f"[default:{','.join(DEFAULT)}]" in "".join(shown.split())
    assert "[default: 0]" in shown


def test_the_small_students_and_the_playgrounds_teachers_are_made_one_at_a_time():
    result = kdviz("teacher", "--data", "digits", "--playground", "--students")
    assert result.exit_code == 2
    assert "--students and --playground exclude each other" in result.stderr


def test_the_playgrounds_teachers_have_a_place_of_their_own():
    result = kdviz("teacher", "--data", "digits", "--playground", "--output", "somewhere")
    assert result.exit_code == 2
    assert "--output is for the trained teacher, which --playground leaves as it is." in result.stderr
    assert not Path("somewhere").exists()


@pytest.fixture
def faked(own_state, tmp_path, monkeypatch):
    """Let a fake carry out the comparisons: gives the function that chooses which."""
    monkeypatch.setenv("KDVIZ_FAKE_LOGS", str(tmp_path))

    def choose(name):
        monkeypatch.setattr(work, "TRAINERS", {Comparison: f"tests.samples.fake_training:{name}"})

    choose("compares")
    return choose


def noted(word):
    """Methods that the fake has trained, or was told to be finished."""
    return [line.split()[1] for line in log_of(3).read_text().splitlines() if line.startswith(word)]


def test_compare_writes_a_row_for_each_method_and_seed_and_what_they_come_to(faked):
    done = kdviz(*COMPARE, "--json")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["run_id"] == COMPARISON.id
    assert Comparison.parse(document["recipe"]) == COMPARISON
    assert [(row["method"], row["seed"]) for row in document["rows"]] == [
        (method, seed) for method in ("plain", "offline", "mutual") for seed in (3, 4)
    ]
    assert [row["teacher_seconds"] for row in document["rows"]] == [None, None, 2.0, 2.0, None, None]
    assert document["rows"][-1] == {
        "method": "mutual",
        "seed": 4,
        "validation_accuracy": 0.9,
        "test_accuracy": 0.9,
        "test_errors": 10,
        "test_images": 100,
        "nll": 0.1,
        "ece": 0.01,
        "agreement": 0.95,
        "fidelity_kl": 0.05,
        "seconds": 2.0,
        "images_seen": 1000,
        "images_per_second": 500.0,
        "multiply_adds": 1e9,
        "peak_memory": 1_000_000,
        "teacher_seconds": None,
        "others": {"peer 2": 0.8},
        "reliability": [{"count": 100, "confidence": 0.9, "accuracy": 0.9}],
    }
    for role, method in (("controls", "independent"), ("teachers", "teacher")):
        assert [(row["method"], row["seed"]) for row in document[role]] == [(method, 3), (method, 4)]
    plain, offline, _ = document["methods"]
    assert {plain[name] for name in ("verdict", "difference", "difference_interval")} == {None}
    assert plain["verdicts"] == {}
    assert (offline["mean"], offline["interval"]) == (0.92, [0.91, 0.93])
    assert (offline["verdict"], offline["difference"], offline["difference_interval"]) == ("better", 0.02, [0.01, 0.03])
    assert offline["means"]["nll"] == {"mean": 0.92, "interval": [0.91, 0.93]}
    assert offline["verdicts"]["nll"] == {"verdict": "better", "difference": 0.02, "interval": [0.01, 0.03]}
    assert (offline["cost"]["seconds"], offline["cost_with_teacher"]["seconds"]) == (2.0, 7.0)
    assert offline["cost"].keys() == {"seconds", "images_seen", "multiply_adds", "peak_memory"}
    assert (document["device"], document["threads"], document["torch"]) == ("cpu", 1, "none")

    found = kdviz(*COMPARE, "--json")
    assert "finished before" in found.stderr
    assert json.loads(found.stdout) == document
    assert noted("train") == ["plain", "offline", "mutual"]
    assert kdviz(*COMPARE, "--again").exit_code == 0
    assert noted("train") == 2 * ["plain", "offline", "mutual"]


@pytest.mark.trains
def test_a_real_comparison(tmp_path):
    """The same command twice: trained by the first, found by the second."""
    command = [sys.executable, "-m", "kdviz", "compare", *OPTIONS, "--epochs", "1", "--methods", "plain,offline"]
    environment = {**os.environ, "KDVIZ_STATE_DIR": str(tmp_path / "state")}
    first, second = (
        subprocess.run(
            [*command, "--seeds", "0-1", "--json"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )
        for _ in range(2)
    )
    assert first.returncode == 0, first.stderr
    assert "training" in first.stderr
    document = json.loads(first.stdout)
    assert document["run_id"] == Comparison.parse(document["recipe"]).id
    assert [(row["method"], row["seed"]) for row in document["rows"]] == [
        ("plain", 0),
        ("plain", 1),
        ("offline", 0),
        ("offline", 1),
    ]
    for row in document["rows"]:
        assert row["test_errors"] == round((1 - row["test_accuracy"]) * 360)
        assert min(row[name] for name in ("nll", "ece", "agreement", "fidelity_kl", "seconds", "peak_memory")) > 0
        assert row["images_seen"] == 1257
        assert (row["teacher_seconds"] is None) == (row["method"] == "plain")
    assert [method["method"] for method in document["methods"]] == ["plain", "offline"]
    for method in document["methods"]:
        accuracies = [row["test_accuracy"] for row in document["rows"] if row["method"] == method["method"]]
        assert method["mean"] == pytest.approx(sum(accuracies) / 2)
        assert method["interval"][0] <= method["mean"] <= method["interval"][1]
    assert "finished before" in second.stderr
    assert json.loads(second.stdout) == document


def test_the_table_of_a_comparison(faked):
    several = kdviz(*COMPARE).stdout
    assert "digits: plain, offline, mutual; student 784-128-10, teacher 784-512-256-10" in several
    assert "2 epochs, seeds 3-4" in several
    assert re.search(r"^offline +92\.00% \(91\.00 to 93\.00\) .* 2\.00 +7\.00 +better$", several, re.MULTILINE)
    assert re.search(r"^plain +92\.00% .* 2\.00 +2\.00$", several, re.MULTILINE)
    assert re.search(r"^independent +90\.00% .* 95\.00%", several, re.MULTILINE)
    assert "offline: better in accuracy (+2.00 percentage points, +1.00 to +3.00); better in NLL, ECE" in several
    assert "2 seeds: means with 95 % intervals (Student's t); each method against plain training" in several
    one = kdviz(*COMPARE, "--seeds", "3").stdout
    assert "One seed: no verdicts" in one
    assert "offline: no verdict in accuracy (+2.00 percentage points)\n" in one
    assert re.search(r"^offline +92\.00% +0\.9200", one, re.MULTILINE)


def test_comparisons_are_listed_and_shown(faked):
    kdviz(*COMPARE)
    store = RunStore(settings.database_url())
    under_way = Comparison(methods=("offline",), seeds=(0, 1, 2, 7))
    store.request(under_way)
    store.append(under_way.id, [moment("plain", 1, 1, 0.5), part(under_way, "plain")], 1)
    table = kdviz("runs", "list").stdout
    assert re.search(rf"{COMPARISON.id} +finished +digits .* 3 methods, seeds 3-4 ", table)
    assert re.search(rf"{under_way.id} +queued +mnist .* 2 methods, seeds 0-2,7 ", table)
    assert {run["id"] for run in json.loads(kdviz("runs", "list", "--json").stdout)} == {COMPARISON.id, under_way.id}
    assert "offline: better in accuracy" in kdviz("runs", "show", COMPARISON.id).stdout
    assert "finished so far: plain" in kdviz("runs", "show", under_way.id).stdout
    shown = json.loads(kdviz("runs", "show", COMPARISON.id, "--json").stdout)
    assert shown["recipe"]["study"] == "compare"
    assert shown["result"]["trials"][0]["method"] == "plain"


def test_a_comparison_stopped_by_ctrl_c_goes_on_with_the_rest(faked):
    faked("compares_until_stopped_once")
    stopped = kdviz(*COMPARE)
    assert stopped.exit_code == 130
    assert stopped.stdout == ""
    assert "stopped; finished methods are kept (plain): the same command goes on with the rest." in stopped.stderr
    done = kdviz(*COMPARE)
    assert done.exit_code == 0
    assert "finished before: plain." in done.stderr
    assert noted("train") == ["plain", "offline", "offline", "mutual"]
    assert noted("kept") == ["plain"]
    store = RunStore(settings.database_url())
    assert [event.method for event in store.events(COMPARISON.id) if isinstance(event, FinishedMethod)] == [
        "plain",
        "offline",
        "mutual",
    ]


def test_a_comparison_of_a_killed_process_goes_on_with_the_rest(faked):
    killed = RunStore(settings.database_url())
    run_id = killed.request(COMPARISON).id
    killed.begin(run_id)
    killed.append(run_id, [part(COMPARISON, "plain"), part(COMPARISON, "offline"), moment("mutual", 1, 2, 0.5)], 1)
    busy = kdviz(*COMPARE)
    assert busy.exit_code == 1
    assert "under way in another process" in busy.stderr
    killed.release([run_id])  # what ten seconds of silence come to
    assert kdviz(*COMPARE).exit_code == 0
    assert noted("train") == ["mutual"]


@pytest.mark.parametrize(
    ("arguments", "names", "takes"),
    [
        (("--temperatures", ""), "--temperatures is empty", "1 to 30 numbers from 0.05 to 1000"),
        (("--temperatures", "20:1:5"), "--temperatures is 20:1:5", "the range is reversed: write 1:20:5"),
        (("--temperatures", "1:20:1000000"), "--temperatures is 1:20:1000000", "1 to 30 numbers"),
        (("--alphas", "0,1.5"), "--alphas is 0,1.5", "1 to 30 numbers from 0 to 1"),
        (("--alphas", "nan"), "--alphas is nan", "1 to 30 numbers from 0 to 1"),
        (("--seeds", "2-0"), "--seeds is 2-0", "as 0-4 or 0,2,7"),
        (("--select", "test"), "--select is test", "validation, folds"),
        (("--folds", "1"), "--folds is 1", "a whole number from 2 to 20"),
        (("--search", "all"), "--search is all", "grid, random, halving"),
        (("--students", "resnet"), "--students is resnet", "784-128-10"),
        (("--label-counts", "5000"), "--label-counts has 5,000", "at most 1,257"),
        (("--temperatures", "1:20:30", "--alphas", "0:1:30", "--seeds", "0-9"), "temperatures", "at most 3,000"),
        (("--data", "cifar"), "--data is cifar", "mnist, fashion-mnist, usps, digits"),
    ],
)
def test_a_sweep_that_cannot_be_ends_with_one_sentence(own_state, arguments, names, takes):
    result = kdviz("sweep", "--data", "digits", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.strip().splitlines()
    assert names in line
    assert takes in line
    assert line.startswith("Error: ")
    assert line.endswith(".")
    assert not own_state.exists(), "a refused sweep leaves nothing behind"


def test_the_options_of_a_sweep_are_its_fields():
    shown = kdviz("sweep", "--help").output
    options = set(re.findall(r"--[a-z-]+", shown))
    fields = {"--" + name.replace("_", "-") for name in Sweep.model_fields if name != "study"}
    assert options == fields | {"--yes", "--scheduler", "--again", "--json", "--help"}
    assert "[default:1.0,2.0,4.0,8.0,20.0]" in "".join(shown.split())
    assert "[default: ]" not in shown


@pytest.fixture
def swept(own_state, tmp_path, monkeypatch):
    """Let a fake carry out the sweeps, which take a second: gives the function that chooses which, or how long."""
    monkeypatch.setenv("KDVIZ_FAKE_LOGS", str(tmp_path))

    def choose(name="fake_sweep", seconds=1.0):
        monkeypatch.setattr(work, "TRAINERS", {Sweep: f"tests.samples.fake_training:{name}"})
        monkeypatch.setattr("kdviz.cli.sweep._seconds_here", lambda _: seconds)

    choose()
    return choose


def test_a_sweep_writes_a_row_for_each_cell_and_seed_and_the_choice(swept):
    done = kdviz(*SWEEPS, "--json")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["run_id"] == SWEEP.id
    assert Sweep.parse(document["recipe"]) == SWEEP
    cells = [(row["temperature"], row["alpha"], row["seed"]) for row in document["rows"]]
    assert sorted(cells) == sorted((t, a, s) for t in SWEEP.temperatures for a in SWEEP.alphas for s in SWEEP.seeds)
    assert all(0.8 < row["validation_accuracy"] < 1 for row in document["rows"])
    assert not any("test_accuracy" in row for row in document["rows"])
    assert 0.8 < document["choice"]["test_accuracy"] < 1
    store = RunStore(settings.database_url())
    assert store.students(SWEEP.id) == ["seed 5", "seed 6"]
    found = kdviz(*SWEEPS, "--json")
    assert "finished before" in found.stderr
    assert json.loads(found.stdout) == document
    assert len(noted("train")) == 4
    assert kdviz(*SWEEPS, "--again").exit_code == 0
    assert len(noted("train")) == 8
    table = kdviz(*SWEEPS).stdout
    assert f"run {SWEEP.id}" in table
    assert "One seed" not in table


def test_a_sweep_of_hours_asks_first(swept):
    swept(seconds=2.4 * 3600)
    asked = kdviz(*SWEEPS)
    assert (asked.exit_code, asked.stdout) == (2, "")
    assert asked.stderr == "Error: this sweep would take about 2.4 hours; --yes begins it all the same.\n"
    assert RunStore(settings.database_url()).recent() == []
    assert kdviz(*SWEEPS, "--yes").exit_code == 0


def test_a_sweep_stopped_by_ctrl_c_goes_on_with_the_rest(swept):
    swept("fake_sweep_stopped_once")
    stopped = kdviz(*SWEEPS)
    assert stopped.exit_code == 130
    assert stopped.stdout == ""
    assert "stopped; finished students are kept (8 students): the same command goes on with the rest." in stopped.stderr
    swept("fake_sweep", seconds=1e6)  # nobody is asked again
    done = kdviz(*SWEEPS)
    assert done.exit_code == 0, done.stderr
    assert "finished before: 8 students." in done.stderr
    stacks = [stack.id for stack in waiting(SWEEP, [])]
    assert noted("train") == [stacks[number] for number in (0, 1, 1, 2, 3)]


def test_a_full_disk_leaves_finished_students_and_says_what_is_missing(swept, monkeypatch):
    append, calls = RunStore.append, []

    def full(store, run_id, events, first_sequence):
        calls.append(run_id)
        if len(calls) > 8:
            raise StoreError("The run store here cannot grow because the disk is full; free some space.")
        append(store, run_id, events, first_sequence)

    monkeypatch.setattr("kdviz.cli.local.PATIENCE", 0.3)
    monkeypatch.setattr("kdviz.cli.local.PAUSE", 0.05)
    with monkeypatch.context() as disk:
        disk.setattr(RunStore, "append", full)
        failed = kdviz(*SWEEPS)
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert failed.stderr.count("Waiting for it") == 1
    assert "free some space. Stored are 8 students; 9 students are missing: the same command goes on." in failed.stderr
    done = kdviz(*SWEEPS)
    assert done.exit_code == 0
    assert "finished before: 8 students." in done.stderr
    assert len(noted("train")) == 5


def test_a_store_that_is_locked_for_a_while_loses_nothing(swept, monkeypatch):
    usual = kdviz(*SWEEPS, "--json").stdout
    append, calls = RunStore.append, []

    def locked(store, run_id, events, first_sequence):
        calls.append(len(events))
        if 3 <= len(calls) < 10:
            raise StoreError("The run store has been locked by another program for too long.")
        append(store, run_id, events, first_sequence)

    monkeypatch.setattr("kdviz.cli.local.PAUSE", 0.01)
    monkeypatch.setattr(RunStore, "append", locked)
    done = kdviz(*SWEEPS, "--again", "--json")
    assert done.exit_code == 0, done.stderr
    assert max(calls) > 1, "what was said meanwhile came later"
    assert "locked by another program for too long. Waiting for it, up to 60 s." in done.stderr
    assert without_times(json.loads(done.stdout)) == without_times(json.loads(usual))
    store = RunStore(settings.database_url())
    assert sum(isinstance(event, FinishedStack) for event in store.events(SWEEP.id)) == 4
    assert len(noted("train")) == 8


def test_again_keeps_tags_and_note(swept):
    kdviz(*SWEEPS)
    store = RunStore(settings.database_url())
    store.annotate(SWEEP.id, ["keep"], "me")
    assert kdviz(*SWEEPS, "--again").exit_code == 0
    assert (store.get(SWEEP.id).tags, store.get(SWEEP.id).note) == (("keep",), "me")
    assert len(noted("train")) == 8


def test_a_sweep_for_a_cluster_that_does_not_answer(swept, monkeypatch):
    monkeypatch.setattr("kdviz.jobs.connection._PATIENCE", 0.5)
    failed = kdviz(*SWEEPS, "--scheduler", "tcp://127.0.0.1:1")
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert failed.stderr.startswith("Error: No Dask scheduler answers at tcp://127.0.0.1:1; check the address")
    assert RunStore(settings.database_url()).recent() == []
    monkeypatch.setenv("KDVIZ_SCHEDULER", "tcp://127.0.0.1:1")
    assert "No Dask scheduler answers at tcp://127.0.0.1:1" in kdviz(*SWEEPS).stderr


@pytest.mark.parametrize("address", ["foo:bar:baz", "nonsense", "tcp://nowhere"])
@pytest.mark.usefixtures("swept")
def test_what_is_no_address_of_a_scheduler_is_refused_at_once(address):
    failed = kdviz(*SWEEPS, "--scheduler", address)
    assert failed.exit_code == 1
    assert failed.stderr == f"Error: The scheduler is {address}; it takes an address such as tcp://host:8786.\n"


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_scheduler_is_refused_in_a_sentence(swept, empty):
    refused = kdviz(*SWEEPS, "--scheduler", empty)
    assert refused.exit_code == 2
    assert refused.stderr == ("Error: --scheduler is empty; it takes a Dask scheduler's address, as tcp://host:8786.\n")


def interrupted(*_):
    raise KeyboardInterrupt


def test_ctrl_c_before_the_training_ends_as_in_it(swept, faked, monkeypatch):
    with monkeypatch.context() as early:
        early.setattr("kdviz.cli.sweep._seconds_here", interrupted)
        stopped = kdviz(*SWEEPS)
    assert (stopped.exit_code, stopped.stdout) == (130, "")
    assert stopped.stderr == "Error: stopped; the run's progress is kept, its result is not.\n"
    with monkeypatch.context() as early:
        early.setattr("kdviz.cli.local.cluster.torch_threads", interrupted)
        stopped = kdviz(*COMPARE)
    assert stopped.exit_code == 130
    assert "stopped; the run's progress is kept, its result is not." in stopped.stderr
    assert [run.status for run in RunStore(settings.database_url()).recent()] == ["cancelled"]
    monkeypatch.setattr("kdviz.cli.runs.the_store", interrupted)
    stopped = kdviz("runs", "list")
    assert (stopped.exit_code, stopped.stderr) == (130, "Error: stopped.\n")


@pytest.mark.trains
def test_a_real_sweep(own_state):
    """With an estimate, teachers, stacks, folds and a choice."""
    options = ("--data", "digits", "--temperatures", "4", "--alphas", "0.5", "--seeds", "0", "--epochs", "1")
    done = kdviz("sweep", *options, "--folds", "2", "--json")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert [row["fold"] for row in document["rows"]] == [0, 1]
    choice = document["choice"]
    assert choice["chosen_on"] == "2-fold cross-validation"
    assert 0 < choice["test_accuracy"] < 1


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


def test_data_that_is_not_what_it_is_called_is_told(tmp_path, monkeypatch, own_state):
    monkeypatch.setenv("KDVIZ_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(engine_data, "load", engine_data.cache(engine_data.load.__wrapped__))

    def no_network(facts, files):
        raise DataError(f"{data_files.lacks(facts, files)}, and there is no network.")

    monkeypatch.setattr(engine_data.downloads, "fetch", no_network)
    for facts in (tiny_data.TINY, tiny_data.OTHER, tiny_data.LINES):
        monkeypatch.setitem(catalogue.DATA_SETS, facts.name, facts)
    # The one's files lie in another folder, the other's are somebody's own; the third's are not there.
    tiny_data.write(tmp_path, {f"stuff/{name}.gz": tiny_data.packed(c) for name, c in tiny_data.contents(1).items()})
    tiny_data.write(tmp_path, tiny_data.in_place(tiny_data.OTHER, 5))
    document = json.loads(kdviz("data", "--json").stdout)
    rows = {row["data"]: row for row in document["data_sets"]}
    (own,) = (name for name in rows if name.startswith("other-"))
    available = {"mnist": False, "tiny": True, "other": False, "lines": False, own: True}
    assert {name: rows[name]["available"] for name in available} == available
    assert rows["tiny"]["read_from"] == [str(tmp_path / "stuff" / f"{name}.gz") for name in tiny_data.IDX_NAMES]
    assert f"to train on the files as they are, take the data set {own}." in rows["other"]["problem"]
    told = " ".join(kdviz("data").stdout.split())
    for row in (
        "tiny 30 10 20 ready",
        "other 30 10 20 refused",
        "lines 30 10 20 missing",
        f"{own} 30 10 20 own files",
    ):
        assert row in told
    assert f"tiny: read from {tmp_path / 'stuff' / tiny_data.IDX_NAMES[0]}.gz, " in told
    assert kdviz("data", "--data", "other").exit_code == 1
    assert kdviz("data", "--data", own).exit_code == 0
    refused = kdviz("train", "--data", "other-00000000", "--labels", "10", "--batch-size", "10")
    assert refused.exit_code == 1
    assert refused.stderr.splitlines()[-1].endswith(f"are {own} by now, and other-00000000 was asked for.")
    assert "are not the published ones" not in refused.stderr
    monkeypatch.setattr("kdviz.cli.main.carry_out", lambda recipe, again: _nowhere(recipe))
    told = kdviz("train", "--data", own, "--batch-size", "10").stderr
    assert f"The files in {tmp_path}/Other/raw are not the published ones: {own} is what is in them." in told


@pytest.mark.trains
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


@pytest.mark.trains
def test_ctrl_c_stops_the_run_and_keeps_its_progress(tmp_path):
    environment = {**os.environ, "KDVIZ_STATE_DIR": str(tmp_path)}
    for_minutes = ("--data", "digits", "--teacher", "784-1200-1200-10", "--teacher-epochs", "500", "--seed", "9")
    command = [sys.executable, "-m", "kdviz", "train", *for_minutes]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        store = RunStore(f"sqlite:///{tmp_path / 'kdviz.sqlite'}")
        while not any(store.count(run.id) > 5 for run in store.recent()):
            assert process.poll() is None, process.stderr.read().decode()
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=90)
    finally:
        process.kill()
    assert process.returncode == 130, errors.decode()
    assert output == b""
    assert b"stopped" in errors
    assert b"Traceback" not in errors
    (run,) = store.recent()
    assert run.status == "cancelled"
    assert store.count(run.id) > 5


@pytest.mark.parametrize(
    "arguments", [(), ("--help",), ("train", "--help"), ("compare", "-h"), ("bench", "--help"), ("app", "-h")]
)
def test_help_is_help(arguments):
    result = CliRunner().invoke(main, arguments)
    assert "Usage:" in result.output


def test_a_port_that_is_none_is_refused():
    assert kdviz("app", "--port", "99999").exit_code == 2


class Commands(list):
    def __init__(self):
        super().__init__()
        self.environments = []


@pytest.fixture
def started(monkeypatch):
    """The commands that would have started the app, and their environments."""
    commands = Commands()

    def run(command, _folder, environment):
        commands.append(command)
        commands.environments.append(environment)
        return 0

    monkeypatch.setattr(server_process, "run", run)
    return commands


@pytest.mark.parametrize("path", ["/user/jane@example.org/kdviz/", "user/jane@example.org/kdviz"])
def test_the_app_starts_under_a_path_and_behind_a_proxy(started, path):
    options = (
        "--base-path",
        path,
        "--origin",
        "https://hub.example.org",
        "--origin",
        "http://lab:8000",
        "--no-browser",
    )
    assert kdviz("app", "--port", "8600", "--address", "127.0.0.1", *options).exit_code == 0
    assert started[0][5:] == [
        "--server.port=8600",
        "--server.address=127.0.0.1",
        "--server.baseUrlPath=user/jane@example.org/kdviz",
        "--server.headless=true",
        "--server.corsAllowedOrigins=https://hub.example.org",
        "--server.corsAllowedOrigins=http://lab:8000",
    ]


def test_the_app_by_itself_is_reached_by_its_own_machine_alone_and_says_so(started):
    result = kdviz("app")
    assert result.exit_code == 0
    assert started[0][5:] == ["--server.port=8501", "--server.address=127.0.0.1"]
    assert result.stderr == (
        "Only this machine reaches it, and whoever sits at it is its presenter; "
        "--address 0.0.0.0 lets the network in.\n"
    )


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        (
            ("--address", "0.0.0.0"),
            ("Whoever reaches this machine at 0.0.0.0 can open it", "opens http://localhost:8501/?presenter="),
        ),
        (
            ("--base-path", "/lab/kdviz", "--origin", "https://example.org"),
            ("Only this machine reaches it, and whoever a proxy", "opens https://example.org/lab/kdviz/?presenter="),
        ),
    ],
)
def test_where_others_come_the_app_prints_a_key_for_its_presenter_alone(started, options, lines):
    first, second = (kdviz("app", *options).stderr for _ in range(2))
    for line in lines:
        assert line in first
    assert first != second, "a new key at each start"
    key = first.rstrip().rpartition("=")[2]
    assert len(key) == 16
    assert started.environments[0]["KDVIZ_PRESENTER_KEY"] == key


def test_a_key_that_was_given_is_not_printed(started, monkeypatch):
    monkeypatch.setenv("KDVIZ_PRESENTER_KEY", "green-42-horse")
    said = kdviz("app", "--address", "0.0.0.0").stderr
    assert "green" not in said
    assert said.endswith("?presenter= followed by the key of KDVIZ_PRESENTER_KEY\n")
    monkeypatch.setenv("KDVIZ_PRESENTER_KEY", "none")
    assert "All of them may stop and delete everything" in kdviz("app", "--address", "0.0.0.0").stderr


def test_who_may_show_the_app_in_a_frame_is_handed_on(started):
    assert kdviz("app", "--embed-in", "https://a.org", "--embed-in", "http://b:8080").exit_code == 0
    assert kdviz("app").exit_code == 0
    told = [environment.get("KDVIZ_EMBED_IN") for environment in started.environments]
    assert told == ["https://a.org http://b:8080", None]


SERVER = """
import signal, sys, time
def end(*_):
    print("ends in good order", flush=True)
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("serves", flush=True)
time.sleep(60)
"""


def test_who_ends_the_command_ends_the_server():
    """As a service manager and a container do, with SIGTERM to the first process alone."""
    code = f"""
import os, sys
from kdviz.cli import server_process
sys.exit(server_process.run([sys.executable, "-c", {SERVER!r}], ".", os.environ))
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as command:
        assert command.stdout.readline() == "serves\n"
        command.terminate()
        assert command.stdout.readline() == "ends in good order\n"
    assert command.returncode == 0


@pytest.mark.parametrize(
    ("option", "given", "takes"),
    [
        ("--base-path", "https://hub.example.org/kdviz", "the path of an address"),
        ("--base-path", "/kd viz", "the path of an address"),
        ("--base-path", "/kdviz?x=1", "the path of an address"),
        ("--origin", "hub.example.org", "a host as in https://hub.example.org"),
        ("--origin", "https://hub.example.org/kdviz", "a host as in https://hub.example.org"),
        ("--embed-in", "example.org", "a host as in https://example.org"),
        ("--embed-in", "https://example.org; script-src *", "a host as in https://example.org"),
    ],
)
def test_what_is_no_path_and_no_host_is_refused_in_a_sentence(started, option, given, takes):
    result = kdviz("app", option, given)
    assert result.exit_code == 2
    assert f"it is {given}; it takes {takes}" in " ".join(result.output.split())
    assert not started


@pytest.fixture
def in_a_network(monkeypatch):
    monkeypatch.setattr("kdviz.cli.reach.in_network", {"0.0.0.0": "192.168.1.7", "127.0.0.1": "127.0.0.1"}.get)


def test_a_class_lets_the_network_in_and_says_where_its_seats_are(started, in_a_network):
    said = kdviz("app", "--class", "--no-browser").stderr
    code = ClassStore(settings.database_url()).open_code()
    assert f"for phones in the same network: http://192.168.1.7:8501/seat?class={code}\n" in said
    assert "█▄▄▄█" in said, "the corner of a QR code"
    assert "Whoever reaches this machine at 0.0.0.0 can open it" in said
    assert "?presenter=" in said
    assert "--server.address=0.0.0.0" in started[0]
    assert started.environments[0]["KDVIZ_CLASS_ADDRESS"] == "http://192.168.1.7:8501/"
    assert f"class={code}" in kdviz("app", "--class").stderr, "started again, it goes on with the open class"
    key, again = (environment["KDVIZ_PRESENTER_KEY"] for environment in started.environments)
    assert len(key) >= 16
    assert key == again, "and its presenter's browser keeps its rights"
    (kept,) = settings.state_dir().glob("class-*.key")
    assert kept.stat().st_mode & 0o077 == 0
    kept.write_text("")  # the machine went down while it was written
    kdviz("app", "--class")
    assert len(started.environments[2]["KDVIZ_PRESENTER_KEY"]) >= 16
    store = ClassStore(settings.database_url())
    store.end(code)
    store.close()
    kdviz("app", "--class")
    assert started.environments[3]["KDVIZ_PRESENTER_KEY"] != key, "the next class has a key of its own"
    assert kept not in settings.state_dir().glob("class-*.key")


def test_a_class_behind_a_proxy_has_the_address_of_the_proxy(started, in_a_network):
    behind = ("--address", "127.0.0.1", "--base-path", "/lab", "--origin", "https://hub.example.org")
    assert "https://hub.example.org/lab/seat?class=" in kdviz("app", "--class", *behind).stderr
    assert "--server.address=127.0.0.1" in started[0]
    assert kdviz("app").exit_code == 0
    assert "KDVIZ_CLASS_ADDRESS" not in started.environments[1]


def test_the_address_in_the_network_is_found_without_asking_anybody(monkeypatch):
    assert reach.in_network("192.168.1.7") == "192.168.1.7"
    assert re.fullmatch(r"|\d+\.\d+\.\d+\.\d+", reach.in_network("0.0.0.0"))

    def no_way_out(*_):
        raise OSError("Network is unreachable")

    card = SimpleNamespace(family=socket.AF_INET, address="10.42.0.1")
    loop = SimpleNamespace(family=socket.AF_INET, address="127.0.0.1")
    monkeypatch.setattr(reach.socket, "socket", no_way_out)
    monkeypatch.setattr(reach.psutil, "net_if_addrs", lambda: {"lo": [loop], "hotspot": [card]})
    assert reach.in_network("0.0.0.0") == "10.42.0.1"
    monkeypatch.setattr(reach.psutil, "net_if_addrs", lambda: {"lo": [loop]})
    assert reach.in_network("0.0.0.0") == ""
