"""Every study of “When does it help?” and “After distillation”: its quick version ends, its arms and text fit."""

import pytest

from kdviz.recipes.study import Study
from kdviz.records.kinds import ENDINGS
from kdviz.records.study import StudyResult
from kdviz.runners import study as lessons
from kdviz.texts import lesson as lesson_text
from kdviz.widgets.study import checks as study_checks
from kdviz.widgets.study import words as study_words

pytestmark = pytest.mark.trains
WITH_CHECKS = ("noisy-labels", "left-out-class", "narrow-student", "large-teacher", "all-labels")
OTHERS = (
    *("teacher-quality", "smoothed-teacher", "overfitting", "several-teachers", "one-task", "other-domain"),
    *("smallest-student", "smallest-few-labels", "pruning", "quantisation", "low-rank", "orders"),
)


@pytest.mark.usefixtures("two_epochs")
@pytest.mark.parametrize("name", WITH_CHECKS)
def test_the_quick_version_comes_to_its_end_and_its_text_has_places_for_it(name, own_state):
    study = Study.of(name, "digits", seeds="0,1", quick=True)
    *_, end = (event for event in lessons.run(study) if event is not None)
    assert isinstance(end, StudyResult)
    assert ENDINGS.validate_json(end.model_dump_json()) == end
    for arm in end.finished:
        assert [row.seed for row in arm.rows] == [0, 1]
    arms = {arm.name for arm in study.chosen}
    assert {(each.arm, each.against) for each in end.judgements} == {
        (arm.name, arm.against) for arm in study.chosen if arm.against
    }
    assert {arm.arm for arm in end.finished} == arms
    _text_fits(name, end)


def _text_fits(name, end):
    text = lesson_text.read(f"studies/{name}")
    assert text.fact("title") == end.recipe.facts.title
    assert text.fact("question") == end.recipe.facts.question
    assert {"idea", "budget", "expect"} <= text.texts.keys()
    assert not any(
        words.places for words in (*text.texts.values(), *text.suggestions)
    )  # shown before there is a result
    places = study_words.places(end)
    for key, check in text.checks.items():
        answers = [answer.key for answer in check.answers]
        assert study_checks.right(end, key, answers) in answers
        assert not check.question.places
        for answer in check.answers:
            answer.explanation.filled(places)
    assert text.sources


@pytest.mark.usefixtures("one_epoch")
@pytest.mark.parametrize("name", OTHERS)
def test_a_quick_version_gives_every_arm_every_seed_and_its_main_measure(name):
    study = Study.of(name, "digits", seeds="1", quick=True)
    end = [event for event in lessons.run(study) if event is not None][-1]
    assert isinstance(end, StudyResult)
    assert ENDINGS.validate_json(end.model_dump_json()) == end
    assert [arm.arm for arm in end.finished] == [arm.name for arm in study.chosen]
    for arm in end.finished:
        assert [row.seed for row in arm.rows] == [1]
        assert all(0 <= row.figures["test_accuracy"] <= 1 for row in arm.rows)
    known = {measure.name for measure in study.facts.measures}
    assert known == {name for summary in end.summaries for name in summary.means}, "a measure that no arm gives"


@pytest.mark.parametrize("name", OTHERS)
def test_arms_are_judged_against_arms_that_are_there(name):
    for data_set in ("mnist", "digits"):
        for quick in (False, True):
            study = Study.of(name, data_set, quick=quick)
            names = [arm.name for arm in study.chosen]
            assert len(set(names)) == len(names)
            assert {arm.against for arm in study.chosen} - {""} <= set(names)


@pytest.mark.parametrize("name", OTHERS)
def test_its_text_can_be_read_and_its_check_has_the_three_verdicts(name):
    text = lesson_text.read(f"studies/{name}")
    assert text.fact("title") == Study.of(name).facts.title
    assert text.fact("question") == Study.of(name).facts.question
    assert {"idea", "budget", "expect"} <= text.texts.keys()
    assert text.suggestions
    assert text.sources
    arms = {arm.name: arm for arm in Study.of(name).facts.arms}
    verdicts = [check for key, check in text.checks.items() if key.removeprefix("verdict-") in arms]
    assert verdicts
    for check in verdicts:
        assert arms[check.key.removeprefix("verdict-")].against
        assert {answer.key for answer in check.answers} == {"better", "worse", "none"}
