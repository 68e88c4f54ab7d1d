"""Differences and levels of a study's measures in words."""

import pytest

from kdviz.recipes.study import Study
from kdviz.recipes.study_facts.facts import Measure
from kdviz.records.base import Verdict
from kdviz.widgets.study import words
from tests.samples.fake_studies import studied

NOISE = Measure("noise", "noise", kind="number", better="lower", unit="dB")
SHARE = Measure("test_accuracy", "right", kind="share")


@pytest.mark.parametrize(
    ("measure", "figures", "said"),
    [
        (NOISE, (-10.37618, -15.6717, -5.0806), "−10.38 dB (−15.67 to −5.08)"),
        (NOISE, (-0.00498, -0.01698, 0.00707), "−0.0050 dB (−0.0170 to +0.0071)"),
        (SHARE, (0.0075, 0.001, 0.014), "+0.75 points (+0.10 to +1.40)"),
    ],
)
def test_a_difference_has_as_many_digits_as_its_size_asks_for(measure, figures, said):
    difference, low, high = figures
    verdict = Verdict(word="no difference shown", difference=difference, low=low, high=high)
    assert words.difference(measure, verdict) == said


def test_an_amount_is_as_long_as_the_difference_beside_it():
    assert words.amount(NOISE, 12.3456) == "12.35 dB"
    assert words.amount(NOISE, 0.0123) == "0.0123 dB"
    assert words.amount(Measure("errors", "errors", kind="count"), 12.34) == "12.3"


@pytest.mark.parametrize(
    ("word", "says"), [("better", "all are better"), ("no difference shown", "none is shown to differ")]
)
def test_verdicts_that_are_all_alike_are_said_in_a_word(word, says):
    end = studied(Study.of("low-rank", "digits"))
    alike = [
        one.model_copy(update={"verdict": one.verdict.model_copy(update={"word": word})}) for one in end.judgements
    ]
    end = end.model_copy(update={"judgements": alike})
    assert words.summary(end, end.recipe.facts.measures[0]) == f"Right on the test images: of four comparisons, {says}."
