"""What one seed may say about two students."""

import pytest

from kdviz.recipes.single import Recipe
from kdviz.records.base import Scores
from kdviz.records.single import InCommon, Result
from kdviz.reports import single
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
    assert "Chance can explain it" in words
    assert "With one seed that is no verdict" in words
    assert "What did change" not in words, "both agree with the teacher equally often"


def test_as_many_errors_are_not_said_to_be_explained_by_chance_or_turned_around():
    words = verdict(result(scores(250), scores(250)))
    assert "the same number of errors" in words
    assert "That does not show them equally good" in words
    assert "Chance" not in words
    assert "turn it around" not in words


def test_a_difference_beyond_the_choice_of_test_images_is_called_that_and_no_more():
    words = verdict(result(scores(272, 0.975), scores(2639, 0.738)))
    assert "2,367 fewer errors" in words
    assert "can hardly explain that" in words
    assert "one seed leaves open" in words
    assert "97.5\u00a0% of the test images, the other on 73.8\u00a0%" in words


def test_errors_on_the_same_images_are_judged_by_those_that_both_got_wrong():
    apart = result(scores(67), scores(74))
    assert "Chance can explain it" in verdict(apart), "where nothing is known of the images in common"
    nested = apart.model_copy(update={"in_common": InCommon(wrong=67, agree=9000)})
    assert "can hardly explain that" in verdict(nested), "0 against 7: p = 1/64 (McNemar)"
    mostly = apart.model_copy(update={"in_common": InCommon(wrong=60, agree=9000)})
    assert "Chance can explain it" in verdict(mostly)


def test_a_change_of_agreement_is_told_only_beyond_the_chance_of_the_images():
    few = [scores(100, share) for share in (72 / 360, 70 / 360)]
    few = [each.model_copy(update={"test_images": 360}) for each in few]
    assert "What did change" not in verdict(result(*few)), "72 against 70 of 360"
    one = result(scores(250, 0.975), scores(250, 0.97))
    alike = one.model_copy(update={"in_common": InCommon(wrong=200, agree=9700)})
    assert "What did change" in verdict(alike), "50 images only the one agrees on, none only the other"


def test_a_teacher_that_is_worse_than_its_student_is_called_that():
    poor = result(scores(200), scores(210)).model_copy(update={"teacher": scores(1500, None)})
    assert (
        "The teacher is worse than the student without it: 85.0\u00a0% of the test images right against 97.9\u00a0%"
        in verdict(poor)
    )
    assert "The teacher is worse than the student without it (85.00% right against 97.90%)" in single.text(poor)
    for errors in (210, 230, 100):  # no more, within chance, fewer
        as_good = poor.model_copy(update={"teacher": scores(errors, None)})
        assert "worse than the student" not in verdict(as_good) + single.text(as_good)


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
