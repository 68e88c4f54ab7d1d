"""`python -m kdviz record`: what pages open with, trained and kept with the program."""

import pytest
from click.testing import CliRunner

from kdviz.cli.main import main
from kdviz.jobs import worker as work
from kdviz.recipes.openings import OPENINGS
from kdviz.recipes.single import Recipe
from kdviz.store import recorded_runs


@pytest.fixture(autouse=True)
def surroundings(own_state, tmp_path, monkeypatch):
    monkeypatch.setenv("KDVIZ_FAKE_LOGS", str(tmp_path))
    monkeypatch.setattr(recorded_runs, "FOLDER", tmp_path / "runs")
    monkeypatch.setattr(work, "TRAINERS", {Recipe: "tests.samples.fake_training:steady"})


def kdviz(*arguments):
    result = CliRunner().invoke(main, ["record", *arguments])
    assert "Traceback" not in result.output
    return result


def test_a_page_is_recorded_and_recorded_again_from_the_store():
    for _ in range(2):
        done = kdviz("watch_it_train", "--data", "digits")
        assert done.exit_code == 0, done.output
        assert "watch_it_train-digits.json.gz, " in done.stdout
    found = recorded_runs.recorded("watch_it_train", "digits")
    assert found.run.recipe == OPENINGS["watch_it_train"]("digits")
    assert found.events


@pytest.mark.parametrize(("arguments", "sentence"), [(("nowhere", "--data", "digits"), "nowhere"), ((), "--data")])
def test_what_cannot_be_is_refused(arguments, sentence):
    done = kdviz(*arguments)
    assert done.exit_code == 2
    assert sentence in done.stderr
