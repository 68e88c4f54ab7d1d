"""What seeds could have found, how many verdicts are false by chance, and verdicts of recorded studies."""

import math

import pytest

from kdviz.recipes.study import STUDIES
from kdviz.records.intervals import smallest_difference
from kdviz.reports import comparison as comparison_text
from kdviz.reports import findable, teachers
from kdviz.reports.text import one_seed
from kdviz.store.recorded import recorded
from kdviz.verdicts.intervals import verdict
from kdviz.verdicts.study import judge, summarise
from kdviz.widgets.comparison import words
from tests.samples.comparison_records import compared, comparison

RECORDED = [name for name in STUDIES if recorded(name) is not None]


def test_beside_no_difference_stands_what_would_have_been_found():
    values, plain = [0.97, 0.974, 0.971], [0.97, 0.972, 0.972]
    alike = verdict(values, plain, larger_is_better=True, comparisons=2)
    assert alike.word == "no difference shown"
    spread = math.sqrt(((0.0 - 1e-3 / 3) ** 2 + (2e-3 - 1e-3 / 3) ** 2 + (-1e-3 - 1e-3 / 3) ** 2) / 2)
    assert findable.beside(alike, 3, 2) == pytest.approx(smallest_difference(spread, 3, 2))
    better = verdict([0.98, 0.981, 0.982], [0.96, 0.961, 0.962], larger_is_better=True)
    assert findable.beside(better, 3, 1) is None
    assert findable.beside(verdict([0.9], [0.8], larger_is_better=True), 1, 1) is None


def test_a_comparison_says_it_on_page_and_command_line():
    several = compared(comparison(seeds=(0, 1, 2, 3, 4)), better=("offline",))
    mutual = next(summary for summary in several.summaries if summary.method == "mutual")
    found = findable.in_comparison(several, mutual)
    assert f"; {100 * found:.2f} would have been found)" in words.verdict_in_words(several, mutual)
    assert f"; {100 * found:.2f} would have been found)" in comparison_text.text(several)
    assert findable.MEANING in comparison_text.text(several)
    assert "four times in five" in words.findable_in_words(several)


def test_advice_names_what_so_many_seeds_find():
    three, five, ten = findable.usual(5)
    assert (three.seeds, five.seeds, ten.seeds) == (3, 5, 10)
    for less, more in ((three, five), (five, ten)):
        assert less.low > more.low
        assert less.high > more.high
    said = words.one_seed_in_words(5)
    assert f"three seeds find {100 * three.low:.1f} to {100 * three.high:.1f} points" in said
    assert f"ten seeds {100 * ten.low:.1f} to {100 * ten.high:.1f}" in said
    assert "at least three" not in said
    assert f"10 seeds find {100 * ten.low:.1f} to {100 * ten.high:.1f}" in one_seed(5)


def test_all_recorded_studies_together_expect_some_false_verdicts():
    families = findable.families([recorded(name) for name in RECORDED])
    verdicts = sum(len(family) for family in families)
    counted = [each.verdict.word for name in RECORDED for each in recorded(name).judgements]
    assert verdicts == len(counted) - counted.count("no verdict") > 300
    assert findable.expected_false(families) == pytest.approx(0.05 * len(families))


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_verdicts_are_what_their_rows_say(name):
    """A rule of judging that changes is carried to the recorded runs."""
    studied = recorded(name)
    for kept, again in (
        (studied.judgements, judge(studied.recipe, studied.finished)),
        (studied.summaries, summarise(studied.recipe, studied.finished)),
    ):
        assert len(kept) == len(again)
        for one, other in zip(kept, again, strict=True):
            assert one.model_dump_json(exclude={"verdict", "means"}) == other.model_dump_json(
                exclude={"verdict", "means"}
            )
    for one, other in zip(studied.judgements, judge(studied.recipe, studied.finished), strict=True):
        assert one.verdict.word == other.verdict.word
        assert (one.verdict.low, one.verdict.high) == pytest.approx(
            (other.verdict.low, other.verdict.high), nan_ok=True
        )


def test_teachers_that_are_worse_than_their_students_are_called_that():
    several = compared(comparison(seeds=(0, 1, 2)))
    assert teachers.worse_in(several) is None
    poor = [trial.model_copy(update={"test_accuracy": 0.8, "test_errors": 200}) for trial in several.teachers]
    worse = several.model_copy(update={"teachers": poor})
    assert "The teachers are worse than the student without it" in comparison_text.text(worse)
    assert "The teachers are worse than the student without one: 80.00" in words.teachers_in_words(worse)
