"""A study as text and as a document, and the recorded runs that come with the program."""

import json
import math
from datetime import date

import pytest

from kdviz.recipes.study import STUDIES, Study
from kdviz.recipes.study_facts.facts import Measure
from kdviz.records.base import Mean
from kdviz.reports import study as study_tables
from kdviz.store import recorded
from tests.samples.fake_studies import FEW, finished_arm, studied

SHIPPED = sorted(recorded.FOLDER.glob("*.json"))


@pytest.fixture
def hinton():
    """Counts beside what the paper reports."""
    return studied(Study.of("hinton-2015", "mnist", arms="distilled"))


def test_the_document_has_a_row_for_each_arm():
    end = studied(FEW)
    document = study_tables.document(end)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert [row["arm"] for row in document["rows"]] == ["labels-20", "all-20", "own-20"]
    assert {"run_id", "recipe", "device", "seconds"} <= document.keys()
    plain, taught, _ = document["rows"]
    assert (plain["against"], plain["verdict"], plain["difference"]) == (None, None, None)
    judgement = end.judgement("all-20")
    assert taught["against"] == "labels-20"
    assert taught["verdict"] == judgement.verdict.word
    assert taught["difference_interval"] == [judgement.verdict.low, judgement.verdict.high]
    assert taught["mean"] == end.summary("all-20").means["test_accuracy"].mean
    assert [each["seed"] for each in taught["per_seed"]] == [3, 4]
    assert taught["per_seed"][0]["test_accuracy"] == finished_arm(FEW, "all-20").rows[0].figures["test_accuracy"]
    assert taught["curves"][0]["x"] == [0.0, 1.0]
    assert "paper_errors" not in taught
    assert "published" not in taught


def test_counts_stand_beside_the_papers(hinton):
    rows = {row["arm"]: row for row in study_tables.document(hinton)["rows"]}
    assert rows["distilled"]["paper_errors"] == 74
    assert rows["plain"]["paper_errors"] == 146
    errors = hinton.arm("distilled").rows[0].figures["test_errors"]
    assert rows["distilled"]["test_errors"] == errors
    low, high = rows["distilled"]["interval"]
    assert low < errors < high
    text = study_tables.text(hinton)
    assert "paper" in text
    assert "One seed: exact binomial intervals" in text


def test_papers_on_mnist_say_nothing_of_other_data():
    end = studied(Study.of("hinton-2015", "digits", arms="distilled"))
    assert not any("paper_errors" in row for row in study_tables.document(end)["rows"])


def test_the_text_has_a_line_for_each_arm_and_each_verdict():
    end = studied(FEW)
    text = study_tables.text(end)
    for arm in FEW.chosen:
        assert arm.title in text
    verdict = end.judgement("all-20").verdict
    assert f"against labels only, 20 labels: {verdict.word} ({100 * verdict.difference:+.2f} percentage points" in text
    assert "2 seeds: means with 95 % intervals" in text


@pytest.mark.parametrize(
    ("value", "shown"),
    [(9_581_000.0, "9,581,000"), (31_254.3, "31,250"), (9_999.6, "10,000"), (431.62, "431.6"), (0.00547, "0.00547")],
)
def test_large_numbers_have_no_exponent(value, shown):
    measure = Measure("throughput", "images per second", kind="number", better="")
    assert study_tables.formatted(measure, value) == shown


def test_one_seed_has_no_verdicts_in_the_text():
    text = study_tables.text(studied(Study.of("few-labels", "digits", seeds="0", arms="all-20")))
    assert "One seed: no verdicts" in text
    assert " to " not in text.splitlines()[3]


def test_what_is_finished_so_far():
    text = study_tables.text_so_far(FEW, [finished_arm(FEW, "all-20")])
    assert text.startswith("\n1 of 3 arms are finished.")
    assert "taught on all images, 20 labels" in text
    assert study_tables.text_so_far(FEW, []) == "\n0 of 3 arms are finished."


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [("share", 0.9712, "97.12"), ("count", 74.0, "74"), ("count", 74.5, "74.5"), ("number", 0.12345, "0.1235")],
)
def test_figures_look_like_their_kind(kind, value, says):
    assert study_tables.formatted(Measure("x", "x", kind=kind), value, "") == says
    assert study_tables.formatted(Measure("x", "x", kind=kind), math.nan) == "diverged"


def test_the_smallest_network_reaches_an_accuracy_with_its_whole_interval():
    end = studied(Study.of("smallest-student", "digits"))
    sizes = {"labels-one-8": 25.5, "labels-one-16": 50.9, "labels-one-32": 101.8, "taught-one-8": 25.5}
    lows = {"labels-one-8": 0.88, "labels-one-16": 0.92, "labels-one-32": 0.96, "taught-one-8": 0.5}

    def with_figures(summary):
        means = {
            "test_accuracy": Mean(mean=0.97, low=lows[summary.arm], high=0.99),
            "kilobytes": Mean(mean=sizes[summary.arm], low=None, high=None),
        }
        return summary.model_copy(update={"means": means})

    end = end.model_copy(update={"summaries": [with_figures(one) for one in end.summaries if one.arm in sizes]})
    found = {least: study_tables.smallest(end, "labels", least) for least in (0.88, 0.9, 0.97)}
    assert [None if one is None else (one[0].name, one[1]) for one in found.values()] == [
        ("labels-one-8", 25.5),
        ("labels-one-16", 50.9),
        None,
    ]
    assert study_tables.smallest(end, "taught", 0.88) is None, "its mean is above, its interval is not"


def test_a_study_is_recorded_and_read_again(tmp_path):
    end = studied(FEW)
    assert recorded.recorded("few-labels", tmp_path) is None
    path = recorded.record(end, tmp_path)
    assert path == tmp_path / "few-labels.json"
    assert recorded.recorded("few-labels", tmp_path) == end.model_copy(update={"recorded_on": date.today()})
    other = studied(FEW, seconds=99.0)
    recorded.record(other, tmp_path)
    assert recorded.recorded("few-labels", tmp_path).seconds == 99


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_recording_is_of_a_study_as_it_is_today(path):
    end = recorded.recorded(path.stem)
    assert end.recorded_on is not None, "its replay says of which day it is"
    study = end.recipe
    assert study.study == path.stem
    assert path.stem in STUDIES
    assert end.run_id == study.id, "another recipe, or another engine, than the one that was recorded"
    assert study == study.usual, "figures of several studies stand side by side"
    names = [arm.name for arm in study.chosen]
    assert [arm.arm for arm in end.finished] == [summary.arm for summary in end.summaries] == names
    main = study.facts.measures[0].name
    for arm in end.finished:
        seeds = [row.seed for row in arm.rows]
        assert seeds[: len(study.seeds)] == list(study.seeds)
        assert len(seeds) == len(study.seeds) or study.study == "hinton-2015", "one seed has several narrow students"
        assert all(main in row.figures for row in arm.rows)
    known = {measure.name for measure in study.facts.measures}
    assert all(known >= summary.means.keys() for summary in end.summaries)
