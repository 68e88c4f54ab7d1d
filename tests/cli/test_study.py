"""`python -m kdviz study`: a document, a table, a recording, and one sentence for what cannot be."""

import json

import pytest
from click.testing import CliRunner

from kdviz import settings
from kdviz.cli.main import main
from kdviz.jobs import worker as work
from kdviz.recipes.study import STUDIES, Study
from kdviz.store import recorded
from kdviz.store.data_files import DataError
from kdviz.store.runs import RunStore
from tests.samples.fake_studies import FEW
from tests.samples.fake_training import log_of

ASKED = ("study", "few-labels", "--data", "digits", "--seeds", "3-4", "--arms", "all-20,own-20")


@pytest.fixture(autouse=True)
def surroundings(own_state, tmp_path, monkeypatch):
    monkeypatch.setenv("KDVIZ_FAKE_LOGS", str(tmp_path))
    monkeypatch.setattr(recorded, "FOLDER", tmp_path / "studies")
    trained_by(monkeypatch, "fake_study")


def trained_by(monkeypatch, fake):
    monkeypatch.setattr(work, "TRAINERS", {Study: f"tests.samples.fake_studies:{fake}"})


def kdviz(*arguments):
    result = CliRunner().invoke(main, arguments)
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_one_document_and_nothing_else():
    done = kdviz(*ASKED, "--json")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["run_id"] == FEW.id
    assert [row["arm"] for row in document["rows"]] == ["labels-20", "all-20", "own-20"]
    assert done.stderr.startswith("training"), "progress"


def test_a_table_and_the_same_again_from_the_store():
    first = kdviz(*ASKED)
    assert first.stdout.startswith("digits: Few labels, many images (few-labels), seeds 3-4; arms all-20, own-20\n")
    assert "taught on all images, 20 labels" in first.stdout
    again = kdviz(*ASKED)
    assert again.stdout == first.stdout
    assert "finished before; --again" in again.stderr
    assert log_of(3).read_text().count("begin") == 1
    kdviz(*ASKED, "--again")
    assert log_of(3).read_text().count("begin") == 2


def test_what_is_finished_is_not_trained_again_after_ctrl_c(monkeypatch):
    trained_by(monkeypatch, "study_stopped_once")
    done = kdviz(*ASKED)
    assert done.exit_code == 130
    assert "stopped; finished arms are kept (labels-20)" in done.stderr
    done = kdviz(*ASKED)
    assert done.exit_code == 0
    assert "finished before: labels-20" in done.stderr
    lines = log_of(3).read_text().splitlines()
    assert lines.count("train labels-20") == 1
    assert lines.count("kept labels-20") == 1


def test_the_runs_commands_know_studies(tmp_path, monkeypatch):
    kdviz(*ASKED)
    listed = kdviz("runs", "list").stdout
    assert "few-labels, 3 arms, seeds 3-4" in listed
    assert "Few labels, many images" in kdviz("runs", "show", FEW.id).stdout
    for form in ("csv", "json", "script", "bundle"):
        path = tmp_path / f"study.{form}"
        assert kdviz("runs", "export", FEW.id, "--format", form, "--output", str(path)).exit_code == 0
        assert path.stat().st_size
    for form in ("safetensors", "onnx", "card"):
        done = kdviz("runs", "export", FEW.id, "--format", form)
        assert done.exit_code == 1
        assert "keeps no student" in done.stderr
    assert kdviz("runs", "delete", "--yes", FEW.id).exit_code == 0
    assert FEW.id not in kdviz("runs", "list").stdout
    assert kdviz("runs", "restore", FEW.id).exit_code == 0
    assert FEW.id in kdviz("runs", "list").stdout
    monkeypatch.setenv("KDVIZ_STATE_DIR", str(tmp_path / "elsewhere"))
    done = kdviz("runs", "import", str(tmp_path / "study.bundle"))
    (run,) = RunStore(settings.database_url()).recent()
    assert f"Imported as run {run.id}, finished" in done.stdout
    assert run.result.recipe == FEW


def test_an_unfinished_study_shows_what_it_has(monkeypatch):
    trained_by(monkeypatch, "study_stopped_once")
    kdviz(*ASKED)
    shown = kdviz("runs", "show", FEW.id).stdout
    assert "1 of 3 arms are finished." in shown
    assert "labels only, 20 labels" in shown


def test_a_whole_study_is_recorded():
    done = kdviz("study", "few-labels", "--data", "digits", "--record")
    assert done.exit_code == 0, done.stderr
    assert recorded.recorded("few-labels").recipe == Study.of("few-labels", "digits")


@pytest.mark.parametrize("option", [("--quick",), ("--arms", "all-20")])
def test_a_part_of_a_study_is_not_recorded(option):
    done = kdviz("study", "few-labels", "--data", "digits", *option, "--record")
    assert done.exit_code == 2
    assert "--record keeps whole studies only" in done.stderr
    assert not recorded.FOLDER.exists()


def test_a_study_that_was_stopped_is_not_recorded(monkeypatch):
    trained_by(monkeypatch, "study_stopped_once")
    assert kdviz("study", "few-labels", "--data", "digits", "--seeds", "3-4", "--record").exit_code == 130
    assert not recorded.FOLDER.exists()


@pytest.mark.parametrize("command", [("study", "--list"), ("study", "--help")])
def test_studies_are_listed_with_their_questions(command):
    text = " ".join(kdviz(*command).stdout.split())
    assert all(f"{name} {facts.question}" in text for name, facts in STUDIES.items())


def test_the_list_is_a_document_as_well():
    listed = json.loads(kdviz("study", "--list", "--json").stdout)
    assert [each["name"] for each in listed] == list(STUDIES)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "say which study"),
        (("nix",), "there is no study nix; the studies are "),
        (("few-labels", "--data", "usps"), "--data is usps; few-labels takes one of mnist, digits."),
        (("few-labels", "--seeds", "x"), "--seeds is x; it takes 1 to 20 whole numbers"),
        (("few-labels", "--arms", "nix"), "--arms has nix; few-labels takes some of"),
        (("few-labels", "--quick", "--arms", "all-20"), "--arms has all-20"),
    ],
)
def test_what_cannot_be_is_one_sentence(options, says):
    done = kdviz("study", *options)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_where_mnist_is_missing_the_digits_are_taken(monkeypatch):
    from kdviz.engine import data

    def missing(name):
        raise DataError("MNIST is not there.")

    monkeypatch.setattr(data, "load", missing)
    done = kdviz("study", "few-labels", "--seeds", "3-4", "--arms", "all-20", "--json")
    assert json.loads(done.stdout)["recipe"]["data"] == "digits"
    assert "MNIST is not there. Taken are the digits of scikit-learn instead." in done.stderr
