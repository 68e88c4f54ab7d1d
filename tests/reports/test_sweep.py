"""A sweep as a document for scripts and as text: rows, cells, the choice, and what is there before the end."""

import json
import math

import pytest

from kdviz.recipes.sweep import Sweep
from kdviz.records.sweep import SweepResult
from kdviz.records.sweep_plan import waiting
from kdviz.reports import sweep as sweep_tables
from kdviz.verdicts import sweep as sweep_verdicts
from tests.samples import sweep_records
from tests.samples.sweep_plans import carried_out, learnt_stack
from tests.samples.sweep_records import result, trial


def swept(errors=sweep_records.errors_of, diverged=(), **changes):
    """A finished sweep with its verdicts; `diverged` names students by T, alpha and seed."""
    wanted = sweep_records.sweep(**changes)
    folds = [None] if wanted.folds is None else range(wanted.folds)
    trials = [
        trial(cell, seed, fold, epochs, errors(cell, seed), (cell.temperature, cell.alpha, seed) in diverged)
        for seed in wanted.seeds
        for fold in folds
        for epochs, cells in _trained(wanted)
        for cell in cells
    ]
    summaries = sweep_verdicts.summarise(wanted, trials)
    chosen = sweep_verdicts.choose(wanted, summaries, trials)
    choice = None
    if chosen is not None:
        recipes = [wanted.recipe_of(chosen[0], seed) for seed in wanted.seeds_of_test]
        plain = [8 if chosen[0].alpha == 0 else 16 + number % 2 for number in range(len(recipes))]
        results = [result(each, 8, errors) for each, errors in zip(recipes, plain, strict=True)]
        choice = sweep_verdicts.choice_of(wanted, *chosen, results)
    return SweepResult(
        run_id=wanted.id,
        recipe=wanted,
        trials=trials,
        summaries=summaries,
        choice=choice,
        device="CPU",
        threads=2,
        torch="2",
        seconds=12.5,
    )


def _trained(wanted):
    """Epochs and cells of each rung, as if the last of the cells survived."""
    if wanted.search != "halving":
        return [(wanted.epochs, wanted.trained_cells)]
    controls = [cell for cell in wanted.trained_cells if cell.alpha == 0]
    taught = [cell for cell in wanted.trained_cells if cell.alpha]
    return [(wanted.rungs[0], wanted.trained_cells), (wanted.epochs, [*controls, *taught[-2:]])]


def document(*args, **changes):
    """As a script reads it: through JSON."""
    return json.loads(json.dumps(sweep_tables.document(swept(*args, **changes)), allow_nan=False))


# The document.


def test_document_has_a_row_for_each_cell_asked_for_and_seed():
    whole = document()
    assert [(row["temperature"], row["alpha"], row["seed"]) for row in whole["rows"]] == [
        (temperature, alpha, seed) for temperature in (1, 4, 20) for alpha in (0, 0.5, 0.75) for seed in (0, 1, 2)
    ]
    assert whole["run_id"] == sweep_records.sweep().id
    assert whole["recipe"]["study"] == "sweep"
    assert Sweep.parse(whole["recipe"]) == sweep_records.sweep()
    assert whole["seconds"] == 12.5
    for row in whole["rows"]:
        assert row.keys() == {
            *("temperature", "alpha", "seed", "epochs", "validation_accuracy", "validation_errors"),
            *("validation_images", "nll", "ece", "agreement", "diverged", "seconds"),
            *("learning_rate", "student", "labels", "shared"),
        }
        assert row["validation_accuracy"] == 1 - row["validation_errors"] / 180
        assert row["shared"] == (row["alpha"] == 0)


def test_cells_without_a_teacher_repeat_the_plain_students_figures_for_every_temperature():
    whole = document()
    for seed in (0, 1, 2):
        figures = [
            {name: value for name, value in row.items() if name != "temperature"}
            for row in whole["rows"]
            if row["alpha"] == 0 and row["seed"] == seed
        ]
        assert len(figures) == 3
        assert figures[0] == figures[1] == figures[2]
    assert len(whole["controls"]) == 3
    assert {row["alpha"] for row in document(alphas=(0.5, 0.75))["controls"]} == {0}


def test_rows_name_folds_where_there_are_any():
    whole = document(folds=3, seeds=(0, 1))
    assert [(row["seed"], row["fold"]) for row in whole["rows"][:6]] == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert len(whole["rows"]) == 9 * 6
    assert whole["choice"]["chosen_on"] == "3-fold cross-validation"


def test_rows_of_halving_are_those_after_the_most_epochs():
    whole = document(search="halving", epochs=9)
    assert len(whole["rows"]) == 27
    epochs = {(row["temperature"], row["alpha"]): row["epochs"] for row in whole["rows"]}
    assert [where for where, most in epochs.items() if most == 9 and where[1]] == [(20, 0.5), (20, 0.75)]
    assert {epochs[1, 0.5], epochs[4, 0.75]} == {1}


def test_cells_have_means_intervals_and_verdicts():
    source, whole = swept(), document()
    assert len(whole["cells"]) == 9
    cells = {(cell["temperature"], cell["alpha"]): cell for cell in whole["cells"]}
    for summary in source.summaries:
        cell = cells[summary.cell.temperature, summary.cell.alpha]
        accuracy, verdict = summary.validation_accuracy, summary.against_plain
        assert cell["validation_accuracy"] == accuracy.mean
        assert cell["validation_accuracy_interval"] == [accuracy.low, accuracy.high]
        assert cell["nll"] == summary.nll.mean
        assert (cell["trials"], cell["diverged"], cell["epochs"]) == (3, 0, 3)
        if verdict is None:
            assert cell["verdict"] is cell["difference"] is cell["difference_interval"] is None
        else:
            assert cell["verdict"] == verdict.word
            assert cell["difference_interval"] == [verdict.low, verdict.high]
    assert [where for where, cell in cells.items() if cell["chosen"]] == [(4, 0.75)]
    assert cells[20, 0]["shared"]


def test_choice_has_its_test_accuracy_once_for_each_seed():
    choice = document()["choice"]
    assert (choice["temperature"], choice["alpha"]) == sweep_records.BEST
    assert choice["chosen_on"] == "the validation split"
    assert choice["test_accuracy"] == pytest.approx(1 - 8 / 360)
    assert choice["plain_test_accuracy"] == pytest.approx(1 - (16 + 1 / 3) / 360)
    assert choice["test_accuracy_interval"][0] <= choice["test_accuracy"] <= choice["test_accuracy_interval"][1]
    assert choice["verdict"] == "better"
    assert choice["validation_accuracy"] == pytest.approx(1 - (4 + 1 / 3) / 180)
    assert [each["seed"] for each in choice["seeds"]] == [3, 4, 5] == choice["test_seeds"]
    assert choice["fresh_test"] is True
    assert choice["seeds"][1]["test_errors"] == 8
    assert choice["seeds"][1]["plain_test_errors"] == 17
    recipe = sweep_records.sweep().recipe_of(sweep_records.cell(4.0, 0.75), 4)
    assert choice["seeds"][1]["run_id"] == recipe.id


def test_one_seed_has_no_intervals_and_no_verdict():
    whole = document(seeds=(5,))
    assert whole["choice"]["test_accuracy_interval"] is None
    assert whole["choice"]["verdict"] == "no verdict"
    assert {cell["validation_accuracy_interval"] for cell in whole["cells"]} == {None}
    assert whole["choice"]["tied"]
    tied = [(cell["temperature"], cell["alpha"]) for cell in whole["choice"]["tied"]]
    assert set(tied) <= {(cell["temperature"], cell["alpha"]) for cell in whole["cells"] if cell["tied"]}


def test_where_plain_training_is_chosen_it_has_a_temperature_that_was_asked_for():
    whole = document(errors=lambda cell, seed: 10 + seed + 30 * (cell.alpha > 0), temperatures=(4, 20))
    assert (whole["choice"]["temperature"], whole["choice"]["alpha"], whole["choice"]["shared"]) == (4, 0, True)
    assert [(c["temperature"], c["alpha"]) for c in whole["cells"] if c["chosen"]] == [(4, 0)]


def test_figures_of_a_diverged_student_are_no_numbers():
    whole = document(diverged=[(1.0, 0.5, 1)])
    (row,) = [row for row in whole["rows"] if row["diverged"]]
    assert (row["temperature"], row["alpha"], row["seed"], row["nll"]) == (1, 0.5, 1, "nan")
    (cell,) = [cell for cell in whole["cells"] if cell["diverged"]]
    assert (cell["validation_accuracy"], cell["verdict"], cell["difference"]) == ("nan", "worse", "nan")
    assert cell["validation_accuracy_interval"] is None


def test_a_sweep_whose_students_all_diverged_has_no_choice():
    everyone = [(t, a, seed) for t in (1.0, 4.0, 20.0) for a in (0.0, 0.5, 0.75) for seed in (0, 1, 2)]
    assert document(diverged=everyone)["choice"] is None
    text = sweep_tables.text(swept(diverged=everyone))
    assert "No choice: every cell has a student that diverged." in text
    assert "18 students" not in text
    assert f"{7 * 3} students" in text


# Text.


def lines(text):
    return {line.split("  ")[0]: line.split() for line in text.splitlines() if line.startswith("T = ")}


def test_text_has_a_table_of_temperatures_and_alphas_and_the_choice():
    text = sweep_tables.text(swept())
    header = next(line for line in text.splitlines() if "alpha = 0.5" in line)
    assert header.split("  ")[-3:] == ["alpha = 0", "alpha = 0.5", "alpha = 0.75"]
    assert list(lines(text)) == ["T = 1", "T = 4", "T = 20"]
    assert lines(text)["T = 4"][3:] == ["94.26", "97.04", "97.59*"]
    assert "the mean over seeds 0-2" in text
    assert "Plain training: 94.26%" in text
    assert "* the choice" in text
    assert "Chosen on the validation split: T = 4, alpha = 0.75, validation accuracy 97.59%" in text
    tested = "Trained anew with seeds 3-5, which did not choose; on the 360 test images, looked at once: 97.78%"
    assert tested in text
    assert "plain training 95.46%" in text
    assert ": better (+2.31 percentage points" in text
    assert "in intervals widened for 6 cells" in text
    assert max(map(len, lines(text))) < 120


def test_a_test_with_the_seeds_that_chose_is_told_and_named_in_the_document():
    before = swept(test_seeds="0-2")
    tested = "Trained once more with the seeds that chose it, whose luck is part of the difference; on the 360 test"
    assert tested in sweep_tables.text(before)
    assert sweep_tables.title(before.recipe).endswith(", seeds 0-2, tested with seeds 0-2")
    choice = document(test_seeds="0-2")["choice"]
    assert (choice["test_seeds"], choice["fresh_test"]) == ([0, 1, 2], False)


def test_text_marks_what_is_not_shown_to_differ_from_plain_training_and_names_ties():
    def errors(cell, seed):
        return (10, 14, 12)[seed] - (8 + seed % 2 if cell.alpha == 0.75 else 0) + (cell.temperature == 4) * (seed == 0)

    text = sweep_tables.text(swept(errors=errors))
    assert lines(text)["T = 4"][4] == "93.15~"
    assert "~ not shown to differ from plain training" in text
    assert "Tied with it, not shown to differ: 2 cells: T = 4 with alpha = 0.75; T = 20 with alpha = 0.75." in text


def test_text_says_that_nothing_is_tied():
    assert "No other cell is tied with it." in sweep_tables.text(swept(alphas=(0.75,), temperatures=(4, 500)))


def test_text_of_one_seed_says_what_its_ties_stand_on():
    text = sweep_tables.text(swept(seeds=(0,)))
    assert "Validation accuracy in %, seed 0:" in text
    assert "One seed: no verdicts" in text
    assert "3 seeds find " in text
    assert "ties are judged by the chance of the 180 images alone." in text
    assert "plain training (alpha = 0)" in text
    assert ": no verdict (+2.22 percentage points)." in text
    assert "~" not in text


def test_text_of_folds_says_so():
    text = sweep_tables.text(swept(folds=5, seeds=(0, 1)))
    assert "the mean over seeds 0-1 and 5 folds" in text
    assert "Chosen on 5-fold cross-validation" in text
    assert "Folds share training images" in text


def test_text_names_diverged_students():
    text = sweep_tables.text(swept(diverged=[(1.0, 0.5, 1), (1.0, 0.5, 2)]))
    assert lines(text)["T = 1"][4] == "diverged"
    assert "diverged: weights that are no numbers any more, 2 students" in text
    assert "nan" not in text


def test_text_of_plain_training_as_the_choice():
    text = sweep_tables.text(swept(errors=lambda cell, seed: 10 + seed + 30 * (cell.alpha > 0)))
    assert "Chosen on the validation split: plain training (alpha = 0), validation" in text
    assert lines(text)["T = 1"][3] == "93.89*"
    assert lines(text)["T = 4"][3] == "93.89"
    assert "looked at once: 97.78% (97.58 to 97.98)." in text


def test_text_of_several_kinds_of_student_has_a_table_for_each():
    text = sweep_tables.text(swept(students=("784-128-10", "784-30-30-10"), label_counts=(100, 200)))
    for kind in ("784-128-10, 100 labels", "784-30-30-10, 200 labels"):
        assert f"\n{kind}:\n" in text
        assert f"Plain training, {kind}: " in text
    assert text.count("T = 20") >= 4
    assert "T = 4, alpha = 0.75, 784-128-10, 100 labels, validation accuracy" in text
    assert "(784-30-30-10, 200 labels)" in text


def test_text_of_a_random_search_has_a_line_for_each_cell():
    source = swept(search="random", draws=7)
    text = sweep_tables.text(source)
    rows = [line.split() for line in text.splitlines() if line.startswith("T = ")]
    assert [float(row[2]) for row in rows] == sorted(cell.temperature for cell in source.recipe.cells)
    assert text.count("*") == 2  # the choice and its legend


def test_text_of_halving_puts_what_was_trained_for_less_in_brackets():
    text = sweep_tables.text(swept(search="halving", epochs=9))
    assert lines(text)["T = 4"][4].startswith("(97.04)")
    assert lines(text)["T = 20"][4].startswith("95.93")
    assert "by their epochs, fewer in brackets: 4 with 1, 0 with 3, 2 with 9." in text
    alone = swept(search="halving", epochs=9)
    alone = alone.model_copy(update={"choice": alone.choice.model_copy(update={"tied": []})})
    assert "Of the cells trained to the end, no other is tied with it." in sweep_tables.text(alone)


def test_a_choice_that_diverged_when_trained_again_is_told():
    source = swept()
    lost = [
        each.model_copy(update={"distilled": each.distilled.model_copy(update={"nll": math.nan})})
        for each in source.choice.results
    ]
    choice = sweep_verdicts.choice_of(source.recipe, source.choice.cell, [], lost)
    text = sweep_tables.text(source.model_copy(update={"choice": choice}))
    assert "looked at once: diverged, plain training 95.46%" in text
    assert ": worse, as a training diverged." in text
    assert "nan" not in text


# Before the end.


def test_text_so_far_has_what_is_finished():
    wanted = sweep_records.sweep()
    assert sweep_tables.text_so_far(wanted, []) == "\nNo student is trained yet."
    parts = [learnt_stack(stack) for stack in carried_out(wanted)]
    text = sweep_tables.text_so_far(wanted, parts[:1])
    assert text.startswith("\nFinished so far: 7 students. Mean validation accuracy in %:")
    assert lines(text)["T = 4"][3:] == ["50.00", "50.00", "50.00"]


def test_text_so_far_leaves_gaps_and_says_who_diverged():
    wanted = sweep_records.sweep(temperatures="1:20:8", seeds=(0,))
    stacks = waiting(wanted, [])
    lost = stacks[0].cells[1]
    text = sweep_tables.text_so_far(wanted, [learnt_stack(stacks[0], diverged=[lost])])
    assert "diverged" in lines(text)["T = 1"]
    assert lines(text)["T = 20"][3:] == ["50.00"]  # plain training alone


# Titles.


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        (
            {},
            "mnist: T 1,2,4,8,20 x alpha 0,0.25,0.5,0.75,1; student 784-128-10, teacher 784-512-256-10, 3 epochs, "
            "seeds 0-2",
        ),
        (
            {"temperatures": "1:20:9", "alphas": "0:1:21", "seeds": "4", "epochs": 1, "folds": 5},
            "mnist: T 1 to 20 (9) x alpha 0 to 1 (21); student 784-128-10, teacher 784-512-256-10, 1 epoch, seed 4, "
            "5 folds",
        ),
        (
            {"search": "random", "students": "784-30-30-10,784-128-10", "learning_rates": "0.001,0.01"},
            "mnist: T 1 to 20 x alpha 0 to 1 x learning rate 0.001,0.01; students 784-128-10, 784-30-30-10, teacher "
            "784-512-256-10, 25 random draws, 3 epochs, seeds 0-2",
        ),
        (
            {"search": "halving", "label_counts": "100,55000", "epochs": 9},
            "mnist: T 1,2,4,8,20 x alpha 0,0.25,0.5,0.75,1 x labels 100,55000; student 784-128-10, teacher "
            "784-512-256-10, successive halving, 9 epochs, seeds 0-2",
        ),
    ],
)
def test_title_of_a_sweep_says_what_is_varied(changes, title):
    assert sweep_tables.title(Sweep.parse(changes)) == title
