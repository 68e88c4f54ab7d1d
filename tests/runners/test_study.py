"""A lesson's study among the other runs: its files, its bundle and what is refused, the list and the card."""

import io
import json
import zipfile
from datetime import UTC, datetime

import pandas as pd
import pytest

from kdviz.charts import overlay
from kdviz.exports import results as exports
from kdviz.exports import study as study_export
from kdviz.exports.bundles import BundleError, pack, pack_stored, unpack
from kdviz.exports.model_cards import CardError
from kdviz.jobs import worker as work
from kdviz.jobs.job import Job
from kdviz.recipes.study import Study
from kdviz.reports import study as study_tables
from kdviz.store.run import Run
from kdviz.store.runs import RunStore
from kdviz.widgets import kinds
from kdviz.widgets.runs import table as run_table
from kdviz.widgets.runs import words as run_words
from kdviz.widgets.runs.words import main_figures
from kdviz.widgets.study import result as live_study
from tests.samples.bundles import changed, refused
from tests.samples.fake_studies import FEW, fake_study, finished_arm, progress, studied

WHEN = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
DONE = Run(id=FEW.id, recipe=FEW, status="finished", created=WHEN, started=WHEN, finished=WHEN, result=studied(FEW))
SAID = [progress(FEW, "labels-20", 1, 3), finished_arm(FEW, "labels-20")]


@pytest.fixture
def store(tmp_path):
    made = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield made
    made.close()


def test_the_table_has_a_row_for_each_arm_and_seed():
    frame = exports.table(DONE)
    assert list(zip(frame.arm, frame.seed, strict=True)) == [
        (arm, seed) for arm in ("labels-20", "all-20", "own-20") for seed in FEW.seeds
    ]
    assert set(frame.study) == {"few-labels"}
    assert frame.test_accuracy[0] == finished_arm(FEW, "labels-20").rows[0].figures["test_accuracy"]
    assert {"against", "x", "nll", "agreement", "recipe"} <= set(frame.columns)
    assert len(pd.read_csv(io.BytesIO(exports.as_csv(DONE)))) == 6
    assert len(pd.read_parquet(io.BytesIO(exports.as_parquet(DONE)))) == 6


def test_the_document_is_that_of_the_command_line():
    document = json.loads(exports.as_json(DONE))
    assert {name: document[name] for name in study_tables.document(DONE.result)} == json.loads(
        json.dumps(study_tables.document(DONE.result))
    )


def test_the_script_prints_the_same_means(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("KDVIZ_FAKE_LOGS", str(tmp_path))
    monkeypatch.setattr(work, "TRAINERS", {Study: "tests.samples.fake_studies:fake_study"})
    exec(compile(exports.script(FEW, 1), "repeat.py", "exec"), {})
    expected = [f"{each.arm}: {each.means['test_accuracy'].mean}" for each in DONE.result.summaries]
    assert capsys.readouterr().out.splitlines() == expected


def test_a_study_keeps_no_student_and_has_no_card():
    with pytest.raises(CardError):
        exports.model_card(DONE, "distilled")


def test_a_bundle_brings_all_that_was_said(store):
    for _ in range(2):  # twice: nothing is written over
        bundle = unpack(pack(DONE, SAID, []))
        assert (bundle.run.result, bundle.events, bundle.students) == (DONE.result, tuple(SAID), ())
        store.adopt(bundle)
    (run,) = store.recent()
    assert (run.id, run.result) == (bundle.id, DONE.result)
    assert store.finished(run.id) == [SAID[1]]
    assert unpack(pack_stored(store, run)).run.result == DONE.result


def _other(document, *path):
    for step in path[:-1]:
        document = document[step]
    return document, path[-1]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("summaries", 0, "means", "test_accuracy", "mean"), 0.99),
        (("judgements", 0, "verdict", "word"), "worse"),
        (("judgements", 0, "verdict", "difference"), 0.5),
        (("judgements", 0, "against"), "own-20"),
        (("finished", 0, "arm"), "all-100"),
        (("finished", 0, "rows", 0, "seed"), 9),
        (("finished", 0, "rows", 0, "figures", "test_accuracy"), 1.5),
        (("finished", 0, "curves", 0, "x"), [1.0]),
        (("summaries", 0, "seeds"), 9),
        (("run_id",), "0" * 12),
        (("device",), "<script>"),
    ],
)
def test_a_bundle_whose_figures_do_not_fit_is_refused(path, value):
    def change(document):
        where, name = _other(document["result"], *path)
        where[name] = value

    refused(changed(pack(DONE, SAID, []), "run.json", change), "The bundle")


@pytest.mark.parametrize(
    "event",
    [
        progress(FEW, "labels-20", 1, 3).model_copy(update={"done": 2.0}),
        progress(FEW, "labels-20", 1, 3).model_copy(update={"arm": "all-500"}),
        progress(FEW, "labels-20", 1, 3).model_copy(update={"validation_accuracy": [0.5] * 3}),
        finished_arm(Study.of("few-labels", "digits"), "all-500"),
        finished_arm(Study.of("few-labels", "digits", seeds="0"), "all-20"),
    ],
)
def test_progress_of_another_study_is_refused(event):
    assert not study_export.event_fits(FEW, event)
    with pytest.raises(BundleError, match="progress is not that of its recipe"):
        unpack(pack(DONE, [event], []))


def test_equal_studies_make_equal_bundles():
    first, second = pack(DONE, SAID, []), pack(DONE, SAID, [])
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        names = archive.namelist()
    assert {"results.csv", "results.json", "repeat.py"} <= set(names)
    assert not any("students" in name or "CARD" in name for name in names)


def test_the_list_says_how_the_verdicts_fall():
    (row,) = run_table.frame([DONE]).to_dict("records")
    assert (row["kind"], row["data"], row["student"]) == ("study", "digits", "few-labels")
    assert row["temperature"] == row["alpha"] == ""
    assert row["who"] == "few-labels: 2 better"
    assert main_figures(DONE.result) is None
    assert run_table.matches(DONE, "few labels")
    assert not run_table.matches(DONE, "sweep")


def test_settings_and_defaults_of_a_study():
    own, usual = run_words.settings(FEW), run_words.settings(FEW.usual)
    assert own == {
        "study": "study",
        "name": "Few labels, many images",
        "data": "digits",
        "seed": "3-4",
        "quick": "no",
        "arms": "labels-20, all-20, own-20",
    }
    assert (usual["seed"], usual["arms"]) == ("0-4", "all")
    assert all(run_words.label(name) for name in own)


def test_names_tell_studies_apart():
    other = Study.of("all-labels", "digits")
    runs = [DONE, DONE.model_copy(update={"id": other.id, "recipe": other, "result": None})]
    names = run_words.short_names(runs)
    assert "Few labels" in names[DONE.id]
    assert "All labels" in names[other.id]


def test_a_study_has_no_curve_among_others():
    assert overlay.learning_curves(FEW, SAID, DONE.result) == []


def test_every_kind_of_recipe_has_a_home_that_is_there():
    home = kinds.home(FEW)
    assert home.path == "pages/when_it_helps.py"
    assert kinds.link_to(DONE)["run"] == FEW.id


def test_a_job_says_which_arms_would_be_lost():
    job = Job(DONE.model_copy(update={"status": "running", "result": None}), [])
    job.finished = [finished_arm(FEW, "labels-20")]
    assert job.unstored() == f"1 finished arm of run {FEW.id}"
    assert Job(job.run, job.finished).unstored() == ""


def test_what_a_cancelled_study_has_finished_stays_in_the_store(store, monkeypatch, tmp_path):
    monkeypatch.setenv("KDVIZ_FAKE_LOGS", str(tmp_path))
    store.request(FEW)
    store.begin(FEW.id)
    store.append(FEW.id, SAID, 1)
    store.cancel(FEW.id)
    store.request(FEW)
    kept = store.finished(FEW.id)
    assert kept == [SAID[1]]
    events = [event for event in fake_study(FEW, finished=kept) if event is not None]
    store.begin(FEW.id)
    store.finish(FEW.id, events[-1])
    assert store.get(FEW.id).result.finished[0] == SAID[1]


def test_the_card_shows_arms_and_verdicts():
    frame = live_study.figures(DONE.result)
    assert list(frame[""]) == [arm.title for arm in FEW.chosen]
    assert set(frame.Verdict) <= {"", "better", "no difference shown"}
