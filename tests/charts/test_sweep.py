"""Charts, tables and sentences of a finished sweep, and the recipe of a cell."""

import json
import math
import re
import shlex
import subprocess
import sys

import numpy as np
import pytest

from kdviz.charts import sweep as charts
from kdviz.charts.palette import palette
from kdviz.recipes.single import Recipe
from kdviz.recipes.sweep import Sweep
from kdviz.records.base import Verdict
from kdviz.widgets.comparison.words import advice_in_words
from kdviz.widgets.sweep import cell as cell_recipe
from kdviz.widgets.sweep import words
from tests.samples.sweep_records import BEST, cell, sweep, swept

LIGHT = palette("light")
CHOSEN = cell(*BEST)


def trace(figure, name):
    return next(each for each in figure.data if each.name == name)


def slice_of(finished, along="temperature", at=CHOSEN, measure="validation_accuracy"):
    return charts.slice_figure(finished, at, along, measure, LIGHT)


def test_a_slice_has_the_cells_that_differ_in_nothing_else():
    finished = swept()
    taught = trace(slice_of(finished), "with the teacher")
    assert list(taught.x) == [1, 4, 20]
    level = finished.summary(CHOSEN).validation_accuracy
    assert taught.y[1] == level.mean
    assert taught.error_y.array[1] == pytest.approx(level.high - level.mean)
    assert taught.error_y.arrayminus[1] == pytest.approx(level.mean - level.low)
    assert slice_of(finished).layout.xaxis.type == "log"

    over_alpha = slice_of(finished, "alpha")
    taught = trace(over_alpha, "with the teacher")
    assert list(taught.x) == [0, 0.5, 0.75]
    plain = finished.summary(CHOSEN.plain).validation_accuracy
    assert taught.y[0] == plain.mean, "alpha = 0 is the plain student, at any T"
    band = next(each for each in over_alpha.data if each.fill == "toself")
    assert set(band.y) == {plain.low, plain.high}
    assert trace(over_alpha, "labels only").y[0] == plain.mean
    assert trace(over_alpha, "the choice").x == (0.75,)


def test_a_cell_that_is_looked_at_is_marked_beside_the_choice():
    figure = slice_of(swept(), "temperature", cell(20.0, 0.75))
    assert trace(figure, "the choice").x == (4.0,)
    assert trace(figure, "this cell").x == (20.0,)


def test_a_diverged_cell_is_left_out_of_the_charts_and_named_in_words():
    finished = swept(diverged=[(20.0, 0.75)])
    assert list(trace(slice_of(finished), "with the teacher").x) == [1, 4]
    assert len(charts.parallel_figure(finished, LIGHT).data[0].dimensions[0]["values"]) == 6
    assert words.diverged(finished) == (
        "Three students diverged in (T = 20, α = 0.75): their weights are no numbers any more, and that cell cannot be "
        "chosen."
    )
    assert math.isnan(charts.frame(finished).iloc[-1].validation_accuracy), "last in the table"
    assert not words.diverged(swept())
    assert words.mattered(finished) == "", "a row with a hole is compared with no other"


def test_one_student_for_each_cell_has_wilsons_interval_of_its_accuracy_and_no_verdict():
    finished = swept(seeds=(0,))
    low, high = charts.interval(finished, finished.summary(CHOSEN), "validation_accuracy")
    assert low < finished.summary(CHOSEN).validation_accuracy.mean < high
    assert charts.interval(finished, finished.summary(CHOSEN), "nll") is None
    assert not any(each.fill for each in slice_of(finished, measure="nll").data), "no band without an interval"
    assert words.against_plain(finished) == (
        "One seed, no verdict: another seed’s first weights and batches could turn every difference here around. "
        f"{advice_in_words(6)}"
    )
    assert "one seed allows no verdict" in words.learnt(finished)
    assert "better" not in words.learnt(finished)
    assert "in these runs" not in words.learnt(finished)
    assert "In these single students the mean accuracy spans 1.1 points" in words.learnt(finished)


def test_a_random_search_shows_all_its_cells_where_none_lie_on_a_line():
    finished = swept(search="random", draws=7)
    figure = slice_of(finished, at=finished.choice.cell)
    assert len(trace(figure, "with the teacher").x) == 7
    assert trace(figure, "with the teacher").mode == "markers"
    assert words.mattered(finished) == "", "only a grid can tell"


def test_wide_intervals_do_not_make_the_means_look_alike():
    finished = swept(seeds=(0, 1))
    low, high = slice_of(finished).layout.yaxis.range
    means = trace(slice_of(finished), "with the teacher").y
    assert low < min(means) < max(means) < high <= 1
    plain = trace(slice_of(finished), "labels only").y[0]
    assert high - low < 6 * (max(means) - plain), "two seeds’ intervals reach from 0 to 100 %"
    low, high = slice_of(finished, measure="nll").layout.yaxis.range
    assert 0 <= low < high


def test_many_values_have_round_ticks():
    finished = swept(temperatures="1:20:12", alphas="0:1:11", seeds=(0,))
    at = finished.choice.cell
    assert slice_of(finished, "temperature", at).layout.xaxis.ticktext == ("1", "2", "5", "10", "20")
    assert slice_of(finished, "alpha", at).layout.xaxis.ticktext == ("0", "0.25", "0.5", "0.75", "1")
    assert slice_of(swept()).layout.xaxis.ticktext == ("1", "4", "20")


def test_parallel_coordinates_have_what_varies():
    assert charts.varied(swept()) == ["temperature", "alpha"]
    finished = swept(
        students=("784-30-30-10", "784-128-10"), label_counts=(100, 1000), learning_rates=(1e-3, 1e-2), seeds=(0,)
    )
    assert charts.varied(finished) == ["temperature", "alpha", "learning_rate", "student", "labels"]
    dimensions = charts.parallel_figure(finished, LIGHT).data[0].dimensions
    assert [each.label for each in dimensions] == [
        *("T", "α", "learning rate", "student", "labels"),
        *("right, %", "agrees, %", "NLL", "ECE"),
    ]
    assert dimensions[3].ticktext == ("784-30-30-10", "784-128-10"), "the smaller first"
    assert dimensions[4].ticktext == ("100", "1000")
    assert len(dimensions[0]["values"]) == len(finished.summaries)


def test_many_temperatures_stand_on_a_logarithmic_axis():
    finished = swept(temperatures="1:20:10", seeds=(0,))
    first = charts.parallel_figure(finished, LIGHT).data[0].dimensions[0]
    assert first.ticktext == ("1", "2", "5", "10", "20")
    assert max(first["values"]) == pytest.approx(math.log10(20))


def test_where_labels_only_was_chosen_the_slices_go_through_the_best_with_a_teacher():
    finished = swept()
    assert charts.best_taught(finished) == CHOSEN
    plain = finished.choice.model_copy(update={"cell": CHOSEN.plain})
    assert charts.best_taught(finished.model_copy(update={"choice": plain})) == CHOSEN


def test_the_table_has_the_best_first_and_says_which_was_chosen():
    finished = swept(tied=[(1.0, 0.75)])
    rows = charts.frame(finished)
    assert len(rows) == len(finished.recipe.trained_cells)
    first = rows.iloc[0]
    assert (first.temperature, first.alpha) == BEST
    assert first.chosen
    assert rows[rows.tied][["temperature", "alpha"]].to_numpy().tolist() == [[1.0, 0.75]]
    plain = rows[rows.alpha == 0].iloc[0]
    assert plain.verdict == ""
    assert math.isnan(plain.difference)


def test_what_was_learnt_says_the_choice_its_ties_its_test_and_what_mattered():
    said = words.learnt(swept(tied=[(1.0, 0.75)]))
    assert "Best on the validation split is T = 4, α = 0.75: 97.6\u00a0% right, the mean over three seeds" in said
    assert ", tied with T = 1, α = 0.75." in said
    assert "α = 0.75. Then it was trained anew with seeds 3–5, which did not choose. Of the 360 test images" in said
    assert "images, looked at once, 97.7\u00a0% ±\u00a00.4 are right, and 95.6\u00a0% ±\u00a00.0" in said
    assert re.search(
        r"with labels only: better, \+2\.13 points \(\+1\.64 to \+2\.62\); the verdict rests on only three seeds\. ",
        said,
    )
    assert "contradiction" not in said, "the map says the same"
    assert said.endswith(
        "T is shown to matter, α is not: the mean accuracy spans 1.1 points over the temperatures and 0.6 over the α "
        "above 0."
    )


@pytest.mark.parametrize(
    ("tied", "said"),
    [
        ([], "three seeds."),
        ([(1.0, 0.75)], ", tied with T = 1, α = 0.75."),
        ([(1.0, 0.5), (1.0, 0.75)], ", tied with (T = 1, α = 0.5) and (T = 1, α = 0.75)."),
        ([(1.0, 0.5), (1.0, 0.75), (4.0, 0.5), (20.0, 0.5)], ", tied with four other cells."),
        ([(1.0, 0.0)], ", tied with labels only (α = 0)."),
    ],
)
def test_ties_are_called_ties(tied, said):
    assert said in words.learnt(swept(tied=tied))


def test_no_more_is_claimed_than_the_verdict_allows():
    said = words.tested(swept(test_errors=16, plain_test_errors=16))
    assert "no difference shown" in said
    assert "better" not in said
    assert "worse, −" in words.learnt(swept(test_errors=30, plain_test_errors=16))


def test_a_sweep_that_was_tested_with_the_seeds_that_chose_says_so():
    before = swept(test_seeds="0-2")
    said = words.learnt(before)
    assert "Then it was trained once more with the seeds that chose it. Of the 360 test images" in said
    assert "a “better” comes too easily: this sweep is from before tests had fresh seeds." in said
    assert "was then trained once more with the seeds that chose it. It learnt alone" in words.chosen_how(before)
    assert "too easily" not in words.learnt(swept())
    assert "was then trained anew with seeds 3–5, which did not choose. It learnt alone" in words.chosen_how(swept())
    wide = Verdict(word="no difference shown", difference=0.02, low=-0.03, high=0.07)
    assert "fresh" not in words.both_verdicts(with_verdict_of_the_map(before, wide))


def with_verdict_of_the_map(finished, verdict):
    summaries = [
        each.model_copy(update={"against_plain": each.against_plain and verdict}) for each in finished.summaries
    ]
    return finished.model_copy(update={"summaries": summaries})


def test_where_the_test_says_more_than_the_map_the_numbers_say_why():
    wide = Verdict(word="no difference shown", difference=0.02, low=-0.03, high=0.07)
    assert words.both_verdicts(with_verdict_of_the_map(swept(), wide)) == (
        "That the map does not show a difference for the same cell is no contradiction: the test compares one cell "
        "with labels only, by fresh networks on 360 test images; the map compares six cells at once, on 180 validation "
        "images, so its intervals are wider (±\u00a05.0 points, the test’s ±\u00a00.5)."
    )
    narrow = Verdict(word="no difference shown", difference=0.0, low=-0.001, high=0.001)
    assert "wider" not in words.both_verdicts(with_verdict_of_the_map(swept(), narrow))
    by_folds = with_verdict_of_the_map(swept(folds=5, seeds=(0, 1)), wide)
    assert "on 1,437 images in 5 folds" in words.both_verdicts(by_folds)
    assert words.both_verdicts(swept()) == ""
    assert words.both_verdicts(swept(seeds=(0,))) == ""


def test_where_the_map_says_more_than_the_test_its_luck_is_named():
    said = words.both_verdicts(swept(test_errors=16, plain_test_errors=16))
    assert said.startswith("The map calls the same cell better, but there it was taken for its level, and part of that")


def test_of_halving_only_cells_that_were_trained_to_the_end_are_judged():
    finished = swept(search="halving", epochs=9)
    assert "; of the cells trained to the end, no other is tied with it." in words.learnt(finished)
    early = [
        each.model_copy(update={"epochs": 3 if 0 < each.cell.alpha < 0.75 else each.epochs})
        for each in finished.summaries
    ]
    finished = finished.model_copy(update={"summaries": early})
    assert words.against_plain(finished) == (
        "Of six cells with a teacher, 3 were trained to the end and 3 were left behind after fewer epochs. Of these "
        "three cells, 3 are better than labels only."
    )


def test_cells_are_counted_by_their_verdicts():
    finished = swept()
    found = [each.against_plain.word for each in finished.summaries if each.against_plain]
    said = words.against_plain(finished)
    assert said.startswith("Of six cells with a teacher, ")
    assert f"{found.count('better')} are better than labels only" in said
    equal = swept(temperatures=(4.0,), alphas=(0.75,))
    assert words.against_plain(equal) == "Of one cell with a teacher, 1 is better than labels only."


def test_no_difference_is_never_called_equal():
    finished = swept()
    same = Verdict(word="no difference shown", difference=0.0, low=-0.05, high=0.05)
    changed = [
        each.model_copy(update={"against_plain": same if each.cell.temperature > 1 else each.against_plain})
        for each in finished.summaries
    ]
    some = finished.model_copy(update={"summaries": changed})
    assert words.against_plain(some) == (
        "Of six cells with a teacher, 2 are better than labels only and 4 are not shown to differ from it. "
        "In a usual cell, a true difference of 6.38 points would have been found four times in five."
    )
    every = [each.model_copy(update={"against_plain": each.against_plain and same}) for each in finished.summaries]
    all_same = finished.model_copy(update={"summaries": every})
    assert words.against_plain(all_same) == (
        "Of six cells with a teacher, none is shown to differ from labels only. "
        "In a usual cell, a true difference of 6.38 points would have been found four times in five."
    )


def test_what_is_shown_to_matter_is_judged_by_the_spread_of_the_means(monkeypatch):
    monkeypatch.setattr(words, "spread_along", lambda _, along: 0.012 if along == "alpha" else 0.01)
    monkeypatch.setattr(words, "known_along", lambda _, along: 0.003)
    assert words.mattered(swept()).startswith("T and α are both shown to matter, in these runs: the mean")
    monkeypatch.setattr(words, "spread_along", lambda _, along: 0.02 if along == "alpha" else 0.01)
    assert words.mattered(swept()).startswith("T and α are both shown to matter, α more than T in these runs")
    monkeypatch.setattr(words, "known_along", lambda _, along: 0.015)
    assert words.mattered(swept()).startswith("α is shown to matter, T is not: the mean accuracy spans 1.0 points")
    monkeypatch.setattr(words, "known_along", lambda _, along: 0.05)
    assert words.mattered(swept()).startswith("Neither T nor α is shown to matter: ")
    assert words.mattered(swept()).endswith("chance alone spans up to 5.0 and 5.0.")


def test_levels_without_a_difference_seem_to_matter_less_than_once_in_twenty():
    generator = np.random.default_rng(0)
    seeds = generator.normal(0, 0.01, (4000, 1, 3))  # shared by all levels of a seed, as a teacher is
    means = seeds + generator.normal(0, 0.003, (4000, 5, 3))
    spans = np.ptp(means.mean(axis=2), axis=1)
    false = sum(span > words.chance_of_levels(one) for one, span in zip(means, spans, strict=True))
    assert 0.01 < false / 4000 < 0.05
    assert words.chance_of_levels(means[0][:, :1]) is None, "one seed leaves it open"


def test_a_sweep_of_which_nothing_is_left_says_so():
    lost = swept(diverged=[(t, a) for t in (1.0, 4.0, 20.0) for a in (0.0, 0.5, 0.75)])
    assert lost.choice is None
    assert words.learnt(lost) == "Every student diverged: nothing could be chosen. Try a smaller learning rate."


def test_a_choice_by_folds_says_so():
    finished = swept(folds=5, seeds=(0,))
    assert "Best on 5-fold cross-validation is" in words.learnt(finished)
    assert "the mean over five folds" in words.learnt(finished)
    assert "5 folds of the 1,437 training and validation images" in words.chosen_how(finished)
    assert "180 validation images" in words.chosen_how(swept())


@pytest.mark.parametrize(
    "wanted",
    [
        Sweep(data="digits", epochs=5, teacher_epochs=2),
        sweep(label_counts=(100, 200), students=("784-30-30-10", "784-128-10"), learning_rates=(0.001, 0.01)),
        sweep(folds=5, seeds=(0, 2, 7), search="random", draws=3, optimizer="sgd", labels=100),
        Sweep(),
    ],
)
def test_links_and_commands_make_the_very_recipe_that_the_cell_was_trained_with(wanted):
    shown = wanted.cells[-1]
    recipe = wanted.recipe_of(shown, wanted.seeds[-1])
    assert Recipe.suited(recipe.data, cell_recipe.query(recipe)).id == recipe.id
    for asked, kind in ((recipe, Recipe), (wanted, Sweep)):
        words_of_command = shlex.split(cell_recipe.command(asked))
        assert words_of_command[:4] == ["python", "-m", "kdviz", "sweep" if kind is Sweep else "train"]
        names, values = words_of_command[4::2], words_of_command[5::2]
        given = {name.removeprefix("--").replace("-", "_"): value for name, value in zip(names, values, strict=True)}
        assert kind.suited(given.get("data", "mnist"), given).id == asked.id


@pytest.mark.trains
def test_the_command_of_a_cell_runs():
    wanted = sweep(epochs=1, teacher_epochs=1, temperatures=(4.0,), alphas=(0.75,), seeds=(3,))
    line = cell_recipe.command(wanted.recipe_of(wanted.cells[0], 3))
    done = subprocess.run(
        [sys.executable, *shlex.split(line)[1:], "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["recipe"]["temperature"] == 4.0
