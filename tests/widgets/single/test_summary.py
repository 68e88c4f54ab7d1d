"""What one seed may say about two students."""

import pytest

from kdviz.recipes.single import Recipe
from kdviz.records.base import Scores
from kdviz.records.single import Result
from kdviz.reports.phrases import percent
from kdviz.widgets.single.summary import verdict


def scores(errors, agreement=0.9):
    return Scores(
        architecture="784-128-10",
        parameters=1,
        multiply_adds=1,
        bytes=4,
        validation_accuracy=0.9,
        test_accuracy=1 - errors / 10_000,
        test_errors=errors,
        test_images=10_000,
        nll=0.1,
        ece=0.01,
        agreement=agreement,
        fidelity_kl=0.1,
        seconds=1.0,
        images_per_second=1.0,
        images_seen=1,
    )


def result(distilled, plain, **recipe):
    wanted = Recipe(**recipe)
    return Result(
        run_id=wanted.id,
        recipe=wanted,
        teacher=scores(100, None),
        distilled=distilled,
        plain=plain,
        device="CPU",
        threads=2,
        torch="2",
        seconds=1.0,
    )


@pytest.mark.parametrize(("distilled", "plain"), [(250, 260), (260, 250), (251, 250)])
def test_a_difference_within_chance_is_no_verdict(distilled, plain):
    words = verdict(result(scores(distilled), scores(plain)))
    assert f"{abs(distilled - plain)} {'fewer' if distilled < plain else 'more'} error" in words
    assert "With one seed that is no verdict" in words
    assert "What did change" not in words, "both agree with the teacher equally often"


def test_a_difference_beyond_the_choice_of_test_images_is_called_that_and_no_more():
    words = verdict(result(scores(272, 0.975), scores(2639, 0.738)))
    assert "2,367 fewer errors" in words
    assert "cannot explain that" in words
    assert "one seed leaves open" in words
    assert "97.5\u00a0% of the test images, the other on 73.8\u00a0%" in words


def test_with_alpha_0_there_is_nothing_to_compare():
    assert "same network" in verdict(result(scores(250), scores(250), alpha=0.0))


@pytest.mark.parametrize(
    ("share", "digits", "words"),
    [
        (0.998, 0, "over 99\u00a0%"),
        (1.0, 0, "100\u00a0%"),
        (0.99, 0, "99\u00a0%"),
        (0.9996, 1, "over 99.9\u00a0%"),
        (0, 1, "0.0\u00a0%"),
    ],
)
def test_what_is_not_quite_all_is_not_called_all(share, digits, words):
    assert percent(share, digits) == words
