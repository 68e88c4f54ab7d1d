"""The studies of letters on a small part of the novel: every arm comes to its end, and what it wrote is kept."""

import pytest

from kdviz.recipes.base import RecipeError
from kdviz.recipes.letters import NOVEL
from kdviz.recipes.study import Study
from kdviz.records.kinds import ENDINGS
from kdviz.records.study import StudyProgress, StudyResult
from kdviz.runners import study as studies
from kdviz.runners.studies import letter_lab
from kdviz.runners.studies.next_letter import WAYS
from kdviz.store import novel, recorded
from kdviz.texts import lesson as lesson_text
from kdviz.widgets.study import checks as study_checks
from kdviz.widgets.study import words as study_words

pytestmark = pytest.mark.trains
NAMES = ("next-letter", "next-letter-divergences")


@pytest.fixture
def few_letters(monkeypatch):
    """Of each part of the novel a few windows, one epoch, short samples."""
    part = novel.part
    monkeypatch.setattr(novel, "part", lambda name: part(name)[:2100])
    monkeypatch.setattr(letter_lab, "EPOCHS", 1)
    monkeypatch.setattr(letter_lab, "WRITTEN", 5)


@pytest.mark.usefixtures("few_letters")
@pytest.mark.parametrize("name", NAMES)
def test_every_arm_gives_every_seed_all_measures_and_a_sample_of_each_epoch(name):
    study = Study.of(name, NOVEL, seeds="0,1")
    events = [event for event in studies.run(study) if event is not None]
    end = events[-1]
    assert isinstance(end, StudyResult)
    assert ENDINGS.validate_json(end.model_dump_json()) == end
    measures = {measure.name for measure in study.facts.measures}
    for arm in end.finished:
        assert [row.seed for row in arm.rows] == [0, 1]
        assert all(measures <= row.figures.keys() for row in arm.rows)
        assert [(text.seed, text.epoch) for text in arm.written] == [(0, 0), (0, 1), (1, 0), (1, 1)]
        assert {len(text.text) for text in arm.written} == {5}
        assert {(curve.name, curve.seed) for curve in arm.curves} == {
            (curve, seed) for curve in ("loss_kd", "loss_ce", "bits_per_letter") for seed in (0, 1)
        }
    terms = [event.terms for event in events if isinstance(event, StudyProgress)]
    assert all(set(each) == {"soft", "hard"} for each in terms)


@pytest.mark.usefixtures("few_letters")
def test_only_labels_and_the_teachers_text_have_a_hard_term_alone():
    study = Study.of("next-letter", NOVEL, seeds="0")
    *_, end = (event for event in studies.run(study) if event is not None)
    terms = {
        arm.arm: tuple(
            max(curve.y) > 0 for name in ("loss_kd", "loss_ce") for curve in arm.curves if curve.name == name
        )
        for arm in end.finished
    }
    hard, soft = (False, True), (True, False)
    assert terms == {"labels": hard, "word": soft, "both": (True, True), "sequence": hard, "on-policy": soft}


@pytest.mark.parametrize("name", NAMES)
def test_the_recorded_run_is_that_of_the_program_and_its_text_has_places_for_it(name):
    shown = recorded.recorded(name)
    assert shown is not None
    assert shown.recipe == Study.of(name, NOVEL)
    assert shown.run_id == shown.recipe.id
    text = lesson_text.read(f"studies/{name}")
    assert text.fact("title") == shown.recipe.facts.title
    assert text.fact("question") == shown.recipe.facts.question
    places = study_words.places(shown)
    for key, check in text.checks.items():
        answers = [answer.key for answer in check.answers]
        assert study_checks.right(shown, key, answers) in answers
        for answer in check.answers:
            answer.explanation.filled(places)
    assert {arm.name for arm in shown.recipe.facts.arms} <= WAYS.keys()


def test_letters_are_of_the_novel_and_images_are_not():
    with pytest.raises(RecipeError, match="data is mnist; next-letter takes one of pride-and-prejudice"):
        Study.of("next-letter", "mnist")
    with pytest.raises(RecipeError, match="data is pride-and-prejudice; few-labels takes one of mnist"):
        Study.of("few-labels", NOVEL)
    with pytest.raises(RecipeError, match=r"data is emma; it takes one of .*pride-and-prejudice"):
        Study.of("next-letter", "emma")
