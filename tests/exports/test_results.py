"""A run's files: tables, documents, the script that repeats it, and the card; what people wrote stays data."""

import ast
import csv
import io
import json
import re

import pandas as pd
import pytest

from kdviz.exports import results as exports
from kdviz.exports.model_cards import CardError, fenced
from kdviz.exports.results import ExportError
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.single import Recipe
from kdviz.recipes.sweep import Sweep
from kdviz.records.intervals import wilson_interval
from kdviz.reports import comparison as comparison_tables
from kdviz.reports import single as tables
from kdviz.reports import sweep as sweep_tables
from tests.samples import scripts
from tests.samples.comparison_records import compared, comparison
from tests.samples.fake_training import result
from tests.samples.kept_runs import COMPARISON, CONVOLUTIONAL, SINGLE, SWEEP, copied

HOSTILE = "=1+1\n```\n<script>alert(1)</script>\n'''; import os  # ![x](http://x)"


@pytest.fixture(scope="module")
def store(trained_runs, tmp_path_factory):
    """A store with one run of each kind."""
    made = copied(trained_runs, tmp_path_factory.mktemp("kept"))
    for recipe in (SINGLE, COMPARISON, SWEEP):
        made.annotate(recipe.id, ["@lesson", "ok"], HOSTILE)
    yield made
    made.close()


@pytest.fixture
def single(store):
    return store.get(SINGLE.id)


@pytest.fixture(scope="module")
def printed(store, tmp_path_factory):
    """What the scripts of the runs came to, and that of another version; the first ran by itself."""
    texts = {
        recipe.id: exports.script(recipe, store.get(recipe.id).result.threads) for recipe in (SINGLE, COMPARISON, SWEEP)
    }
    quick = SINGLE.model_copy(update={"epochs": 1, "teacher_epochs": 1})
    folder = tmp_path_factory.mktemp("scripts")
    done = {
        SINGLE.id: scripts.alone(texts.pop(SINGLE.id), folder / "alone"),
        **scripts.together({**texts, "other": exports.script(quick).replace(quick.id, "0123456789ab")}, folder),
    }
    for each in done.values():
        assert each.code == 0, each.errors
    return done


def test_the_script_of_a_run_prints_the_same_accuracy(single, printed):
    done = printed[SINGLE.id]
    assert done.output.splitlines() == [f"distilled: {single.result.distilled.test_accuracy}"]
    assert "another way" not in done.errors


def test_the_script_of_a_comparison_prints_the_same_means(store, printed):
    result = store.get(COMPARISON.id).result
    assert printed[COMPARISON.id].output.splitlines() == [
        f"{each.method}: {each.means['test_accuracy'].mean}" for each in result.summaries
    ]


def test_the_script_of_a_sweep_prints_the_choice_and_its_accuracy(store, printed):
    result = store.get(SWEEP.id).result
    cell = result.choice.cell
    assert printed[SWEEP.id].output.splitlines() == [
        f"T = {cell.temperature:g}, alpha = {cell.alpha:g}: {result.choice.test_accuracy.mean}"
    ]


def test_a_script_of_another_version_says_that_it_may_differ(printed):
    assert "trains in another way" in printed["other"].errors


@pytest.mark.parametrize("recipe", [SINGLE, COMPARISON, SWEEP])
def test_a_script_holds_nothing_but_the_recipe(recipe):
    script = exports.script(recipe, 2)
    (literal,) = re.findall(r"r'''\n(.*?)\n'''", script, re.DOTALL)
    assert type(recipe).model_validate_json(literal) == recipe
    rest = script.replace(literal, "").replace(recipe.id, "")
    other = type(recipe).parse({**recipe.model_dump(), "epochs": 7})
    (theirs,) = re.findall(r"r'''\n(.*?)\n'''", exports.script(other, 2), re.DOTALL)
    assert exports.script(other, 2).replace(theirs, "").replace(other.id, "") == rest
    ast.parse(script)
    assert ('"test_seeds": [' in script) == isinstance(recipe, Sweep)
    assert "threads=2" in script
    assert "threads=None" in exports.script(recipe)


@pytest.mark.parametrize("evil", ["'''\nimport os\nr'''", "digits'''", "\\", "../../etc"])
def test_no_text_gets_into_a_script(evil):
    with pytest.raises(ValueError, match="data"):
        exports.script(SINGLE.model_copy(update={"data": evil}))


def test_the_table_of_a_run_has_a_row_for_each_network(single):
    table = exports.table(single)
    assert table["role"].tolist() == ["teacher", "distilled", "plain"]
    assert table["test_accuracy"].tolist() == [
        getattr(single.result, role).test_accuracy for role in ("teacher", "distilled", "plain")
    ]
    low, high = wilson_interval(single.result.plain.test_accuracy, 360)
    assert (table["test_accuracy_low"][2], table["test_accuracy_high"][2]) == (low, high)
    assert set(table["run_id"]) == {SINGLE.id}
    assert {Recipe.model_validate_json(text) for text in table["recipe"]} == {SINGLE}
    assert table["agreement"].isna().tolist() == [True, False, False]
    assert set(table["study"]) == {"single"}


def test_the_table_of_a_comparison_has_a_row_for_each_method_and_seed(store):
    run = store.get(COMPARISON.id)
    table = exports.table(run)
    students = table[table["role"] == "student"]
    assert list(zip(students["method"], students["seed"], students["test_accuracy"], strict=True)) == [
        (trial.method, trial.seed, trial.test_accuracy) for trial in run.result.trials
    ]
    assert (table["role"] == "control").sum() == 2
    assert table[table["role"] == "teacher"]["test_errors"].tolist() == [t.test_errors for t in run.result.teachers]
    assert students["teacher_seconds"].isna().tolist() == [True, True, False, False, True, True]
    assert {Comparison.model_validate_json(text) for text in table["recipe"]} == {COMPARISON}


def test_the_table_of_a_sweep_has_a_row_for_each_cell_and_seed_and_the_choice(store):
    run = store.get(SWEEP.id)
    table = exports.table(run)
    trials = table[table["role"] == "trial"]
    assert sorted(zip(trials["temperature"], trials["alpha"], trials["seed"], strict=True)) == [
        (t, a, s) for t in (2.0, 8.0) for a in (0.0, 0.9) for s in (0, 1)
    ]
    by_cell = {(trial.cell, trial.seed): trial.validation_accuracy for trial in run.result.trials}
    for row in trials.itertuples():
        cell = next(c for c in SWEEP.cells if (c.temperature, c.alpha) == (row.temperature, row.alpha))
        assert row.validation_accuracy == by_cell[cell.trained_as, row.seed]
    choice = table[table["role"] == "choice"]
    assert choice["test_accuracy"].tolist() == [each.distilled.test_accuracy for each in run.result.choice.results]
    assert trials["test_accuracy"].isna().all()  # only the choice was tried on the test images
    assert {Sweep.model_validate_json(text) for text in table["recipe"]} == {SWEEP}


@pytest.mark.parametrize("recipe", [SINGLE, COMPARISON, SWEEP])
def test_no_column_is_empty(store, recipe):
    table = exports.table(store.get(recipe.id).model_copy(update={"tags": (), "note": ""}))
    assert not table.isna().all().any()
    assert not (table == "").any().any()
    assert {"tags", "note", "labels"}.isdisjoint(table.columns)
    assert len(table.columns) < 40


@pytest.mark.parametrize("recipe", [SINGLE, COMPARISON, SWEEP])
def test_csv_and_parquet_hold_the_table(store, recipe):
    run = store.get(recipe.id)
    table = exports.table(run)
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(exports.as_parquet(run))).convert_dtypes(), table)
    again = pd.read_csv(io.BytesIO(exports.as_csv(run)))
    assert list(again.columns) == list(table.columns)
    assert again["validation_accuracy"].dropna().tolist() == table["validation_accuracy"].dropna().tolist()
    assert len(again) == len(table)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "＝"])
def test_no_cell_of_a_csv_file_is_a_formula(store, single, start):
    bad = single.model_copy(update={"tags": (f"{start}cmd|' /C calc'!A0",), "note": f"{start}1+1\n=2"})
    rows = list(csv.DictReader(io.StringIO(exports.as_csv(bad).decode())))
    for row in rows:
        for cell in row.values():
            assert not cell.startswith(("=", "+", "@", "\t", "\r", "＝")), cell
            assert not cell.startswith("-") or float(cell) < 0
    assert rows[0]["note"].replace("'", "").endswith(f"{start}1+1\n=2")
    assert exports.table(bad)["note"][0] == bad.note  # other formats know no formulas


@pytest.mark.parametrize(
    ("recipe", "document"),
    [(SINGLE, tables.document), (COMPARISON, comparison_tables.document), (SWEEP, sweep_tables.document)],
)
def test_json_is_the_document_of_the_command_line_with_tags_and_note(store, recipe, document):
    run = store.get(recipe.id)
    made = json.loads(exports.as_json(run))
    assert made == {**json.loads(json.dumps(document(run.result))), "tags": ["@lesson", "ok"], "note": HOSTILE}


def test_a_diverged_student_has_missing_values(single):
    lost = single.result.distilled.model_copy(update={"nll": float("nan"), "ece": float("inf")})
    run = single.model_copy(update={"result": single.result.model_copy(update={"distilled": lost}), "note": "nan"})
    table = exports.table(run)
    assert table["nll"].isna().tolist() == [False, True, False]
    assert table["ece"].isna().tolist() == [False, True, False]
    assert table["note"].tolist() == ["nan"] * 3
    json.loads(exports.as_json(run), parse_constant=pytest.fail)
    assert len(pd.read_parquet(io.BytesIO(exports.as_parquet(run)))) == 3


def test_a_run_without_a_result_says_so(store):
    run = store.request(CONVOLUTIONAL)
    for export in (exports.table, exports.as_csv, exports.as_parquet, exports.as_json):
        with pytest.raises(ExportError, match=r"^Run a1c1f393f61e has no results to export, as it is queued; .*\.$"):
            export(run)
    with pytest.raises(CardError):
        exports.model_card(run, "distilled")


@pytest.mark.parametrize(
    ("ending", "name"),
    [
        ("csv", "kdviz-digits-ab2995966d33.csv"),
        ("kdviz.zip", "kdviz-digits-ab2995966d33.kdviz.zip"),
        ("seed 3.safetensors", "kdviz-digits-ab2995966d33.seed-3.safetensors"),
        ("../../etc/passwd", "kdviz-digits-ab2995966d33.etc-passwd"),
        ("a\0b/c\\d:e", "kdviz-digits-ab2995966d33.a-b-c-d-e"),
        ("", "kdviz-digits-ab2995966d33"),
    ],
)
def test_file_names_are_made_of_data_set_and_id(single, ending, name):
    assert exports.file_name(single, ending) == name


def test_a_card_gives_the_results_figures(single):
    card = exports.model_card(single, "distilled")
    scores = single.result.distilled
    low, high = scores.test_accuracy_interval
    assert f"| test accuracy | {scores.test_accuracy:.2%} ({low:.2%} to {high:.2%}) |" in card
    assert f"| expected calibration error | {scores.ece:.4f} |" in card
    assert "24,790 parameters" in card
    assert '"seed": 3' in card
    for heading in ("Model details", "Input and output", "Intended use and limits", "Training data", "Evaluation"):
        assert f"\n## {heading}\n" in card
    with pytest.raises(CardError, match=r"^Run ab2995966d33 has no result of a student of that name\.$"):
        exports.model_card(single, "<b>")


def test_each_kind_of_run_has_cards(store):
    for recipe in (COMPARISON, SWEEP):
        run = store.get(recipe.id)
        for name in store.students(recipe.id):
            assert f"student “{name}” of run {recipe.id}" in exports.model_card(run, name)
    result = store.get(SWEEP.id).result
    accuracy = result.choice.results[1].distilled.test_accuracy
    assert f"{accuracy:.2%} (" in exports.model_card(store.get(SWEEP.id), "seed 3")


def test_a_note_in_a_card_is_a_literal_block(single):
    card = exports.model_card(single, "distilled")
    block = fenced(f"@lesson, ok\n{HOSTILE}")
    assert block.startswith("````text\n")
    assert block.endswith("\n````")
    assert block in card
    assert "<" not in card.replace(block, "")
    assert fenced("`" * 9).startswith("`" * 10)


def test_what_a_machine_calls_itself_is_no_markup(single):
    odd = single.result.model_copy(update={"device": "<img src=x onerror=alert(1)>", "torch": "[a](javascript:b)"})
    card = exports.model_card(single.model_copy(update={"result": odd, "tags": (), "note": ""}), "distilled")
    assert not re.search(r"[<>\[\]]", card.partition("## Input")[0])


def test_a_large_comparison_is_exported_too(single):
    recipe = comparison(seeds=(0, 1, 2))
    run = single.model_copy(update={"id": recipe.id, "recipe": recipe, "result": compared(recipe)})
    assert len(exports.table(run)) == 3 * 3 + 3 + 3
    fake = single.model_copy(update={"result": result(SINGLE, 1.0)})
    assert len(exports.table(fake)) == 3
