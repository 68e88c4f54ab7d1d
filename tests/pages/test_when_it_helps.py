"""When it helps: all studies at a glance, each with its text, and questions whose answers come from the result."""

import math

import pytest

from kdviz.charts import all_studies
from kdviz.charts.palette import palette
from kdviz.recipes.study import STUDIES, Study
from kdviz.settings import ASSETS
from kdviz.store import recorded
from kdviz.texts import lesson as lesson_text
from kdviz.widgets.pictures import left_out_class
from kdviz.widgets.study import checks as study_checks
from kdviz.widgets.study import curves as study_curves
from kdviz.widgets.study import words as study_words
from tests.samples.app_pages import opened, run_of, text
from tests.samples.fake_studies import FEW, studied

PAGE = "pages/when_it_helps.py"
pytestmark = pytest.mark.usefixtures("shipped")
HERE = [name for name, facts in STUDIES.items() if facts.lesson == "when_it_helps"]
FOLDER = lesson_text.FOLDER / "en" / "studies"


def links(at):
    return [each.key.removeprefix("choose_") for each in at.button if each.key and each.key.startswith("choose_")]


def test_every_study_of_the_lesson_can_be_chosen(jobs):
    at = opened(PAGE)
    assert sorted(links(at)) == sorted(HERE)


def test_the_readme_counts_them():
    counted = {11: "Eleven", 12: "Twelve", 13: "Thirteen"}[len(HERE)]
    assert f"{counted} studies: " in (ASSETS.parent / "README.md").read_text(encoding="utf-8")


def test_without_recordings_the_page_says_so(jobs):
    at = opened(PAGE)
    assert "No study has been run yet." in text(at)
    assert not at.get("plotly_chart")


def test_an_unknown_study_is_said(jobs):
    at = opened(PAGE, study="nix")
    assert any(each.value.startswith("study is nix; it takes one of") for each in at.warning)


def test_the_overview_counts_what_the_recordings_say(jobs):
    for name in ("few-labels", "all-labels"):
        recorded.record(studied(Study.of(name, "digits")))
    at = opened(PAGE, study="all-labels")
    whole = [gain for name in ("few-labels", "all-labels") for gain in all_studies.gains(recorded.recorded(name))]
    better = sum(gain.word == "better" for gain in whole)
    assert f"comparisons in two studies: the teacher helps in {better} (●), hurts in 0 (✖)" in text(at)
    verdicts = [one.measure for name in ("few-labels", "all-labels") for one in recorded.recorded(name).judgements]
    families = sum(
        len({one.measure for one in recorded.recorded(name).judgements}) for name in ("few-labels", "all-labels")
    )
    assert f"make {len(verdicts)} comparisons, in {families} families" in text(at)
    assert f"about {0.05 * families:.1f} of them would be called" in text(at)


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.md")))
def test_a_study_s_text_fits_the_study(name, jobs, monkeypatch):
    """Every check has a way to its right answer, and every place of the text has a value."""
    written = lesson_text.read(f"studies/{name}")
    assert name in STUDIES
    assert {"idea", "budget", "expect"} <= written.texts.keys()
    assert written.suggestions
    assert written.checks
    end = studied(Study.of(name, STUDIES[name].data_sets[0]))
    places = study_words.places(end)
    for key, check in written.checks.items():
        if key.startswith("verdict-"):
            assert {answer.key for answer in check.answers} == {"better", "none", "worse"}
            assert end.judgement(key.removeprefix("verdict-")) is not None, f"{key} asks for a verdict nobody gives"
        answers = [answer.key for answer in check.answers]
        assert study_checks.right(end, key, answers) in answers, key
        for words in (check.question, *(answer.explanation for answer in check.answers)):
            assert words.places <= places.keys(), words.places - places.keys()
    monkeypatch.setattr(left_out_class, "show", lambda _: None)  # it and what stands beside need real curves
    monkeypatch.setattr(study_curves, "BESIDE", {})
    sets = STUDIES[name].data_sets
    recorded.record(studied(Study.of(name, "digits" if "digits" in sets else sets[0])))
    at = opened(PAGE, study=name)
    assert not at.exception
    assert not at.error, [each.value for each in at.error]


def test_the_right_answer_is_that_of_the_result(jobs):
    recorded.record(studied(Study.of("few-labels", "digits")))
    at = opened(PAGE, study="few-labels")
    question = next(each for each in at.radio if each.key == "check_few-labels_verdict-all-50")
    question.set_value("none").run()
    assert not at.success
    question = next(each for each in at.radio if each.key == "check_few-labels_verdict-all-50")
    question.set_value("better").run()
    (said,) = at.success
    assert "The difference is +2." in said.value


def test_a_run_of_before_says_how_high_the_floor_of_its_calibration_error_can_be():
    end = studied(Study.of("all-labels", "digits"))
    accuracies = [row.figures["test_accuracy"] for arm in end.finished for row in arm.rows]
    highest = max(math.sqrt(15 * accuracy * (1 - accuracy) / 1000) for accuracy in accuracies)
    assert f"would still show up to {100 * highest:.2f}\u00a0%" in study_words.floor(end)
    assert study_words.floor(studied(FEW)) == "", "it has no such measure"


def test_good_networks_and_good_teachers_are_told_apart_by_the_run_s_own_numbers(jobs):
    end = studied(Study.of("teacher-quality", "digits"))
    recorded.record(end)
    told = text(opened(PAGE, study="teacher-quality"))
    early, best = (f"{100 * end.mean(f'part-{who}', 'unseen_accuracy').mean:.2f}\u00a0%" for who in ("early", "best"))
    assert f"the best teacher’s reads {best} of the 6s to 9s" in told
    assert f"that of the teacher stopped early {early}" in told
    assert f"stopped early, {end.judgement('part-early').verdict.word}" in told


def test_a_part_of_that_study_says_nothing_of_what_it_did_not_train(jobs, keep):
    part = Study.of("teacher-quality", "digits", arms="part-best")
    keep(run_of(part, result=studied(part)))
    told = text(opened(PAGE, study="teacher-quality", run=part.id))
    assert "What was found" not in told


def test_the_questions_of_the_study_and_of_the_page_have_one_heading(jobs):
    recorded.record(studied(Study.of("few-labels", "digits")))
    at = opened(PAGE, study="few-labels")
    assert [each.value for each in at.header].count("Did it sink in?") == 1


def test_without_a_result_nothing_is_asked_about_it(jobs):
    assert not any("few-labels" in each.key for each in opened(PAGE, study="few-labels").radio)


def test_verdicts_of_one_seed_answer_nothing():
    one = studied(Study.of("few-labels", "digits", seeds="0"))
    assert study_checks.right(one, "verdict-all-50", ["better", "none", "worse"]) is None


@pytest.mark.parametrize(
    ("shown", "answer"),
    [("", "none"), ("8 16 32 64 128", "all"), ("32 64 128", "wide"), ("8", "narrow"), ("16", None), ("8 128", None)],
)
def test_where_two_curves_part_is_said_by_the_verdicts_at_each_width(shown, answer):
    end = studied(Study.of("smallest-student", "digits"))
    none = {"word": "no difference shown", "difference": 0.0}
    judgements = [
        one.model_copy(update={"verdict": one.verdict.model_copy(update=none)})
        if one.arm.startswith("hot-one") and one.arm.rpartition("-")[2] not in shown.split()
        else one
        for one in end.judgements
    ]
    end = end.model_copy(update={"judgements": judgements})
    assert study_checks.right(end, "parts", ["none", "narrow", "wide", "all"]) == answer


def test_the_best_arm_is_that_with_the_best_mean():
    end = studied(FEW)
    means = {name: end.summary(name).means["test_accuracy"].mean for name in ("labels-20", "all-20", "own-20")}
    assert study_checks.right(end, "best-of-all", list(means)) == max(means, key=means.__getitem__)
    assert study_checks.right(end, "best-of-all", [*means, "labels-500"]) is None, "an arm that was not trained"


def test_where_a_teacher_gains_most_is_answered_with_verdicts(jobs):
    for name in ("few-labels", "large-teacher", "all-labels"):
        recorded.record(studied(Study.of(name, "digits")))
    at = opened(PAGE, study="all-labels")
    question = next(each for each in at.radio if each.key == "check_when_it_helps_where-most")
    question.set_value("pairs").run()
    assert not at.exception
    gain = max(all_studies.gains(recorded.recorded("large-teacher")), key=lambda gain: gain.difference)
    said = " ".join(each.value for each in [*at.success, *at.info, *at.warning])
    assert f"points ({gain.word})" in said


# The overview's figure.


def test_gains_are_points_of_right_answers_of_taught_students_against_labels():
    end = studied(FEW)
    gains = all_studies.gains(end)
    assert [gain.arm for gain in gains] == [FEW.chosen[1].title, FEW.chosen[2].title]
    verdict = end.judgement("all-20").verdict
    assert gains[0].difference == pytest.approx(100 * verdict.difference)
    assert (gains[0].low, gains[0].high) == pytest.approx((100 * verdict.low, 100 * verdict.high))


def test_fewer_errors_are_a_gain():
    end = studied(Study.of("left-out-class", "digits"))
    assert end.recipe.facts.measures[0].kind == "count"
    gains = all_studies.gains(end)
    assert gains
    for gain in gains:
        assert gain.low <= gain.difference <= gain.high
        assert (gain.difference > 0) == (gain.word == "better") or gain.word == "no difference shown"
    judgement = next(each for each in end.judgements if each.measure == "test_errors")
    assert gains[0].difference == pytest.approx(-100 * judgement.verdict.difference / 1000)


def test_the_figure_has_a_bar_for_each_comparison():
    gains = all_studies.gains(studied(Study.of("few-labels", "digits")))
    figure = all_studies.overview_figure({"Few": gains, "Again": gains}, "points", (-1, 5), palette("dark"))
    assert len(figure.data) == 2 * len(gains)
    assert list(figure.layout.xaxis.range) == [-1, 5]
    for bar, gain in zip(figure.data, gains, strict=False):
        assert bar.x[0] == pytest.approx(math.copysign(math.log10(1 + abs(gain.difference)), gain.difference))
        assert bar.x[0] + bar.error_x.array[0] == pytest.approx(all_studies.place(gain.high))
        assert bar.x[0] - bar.error_x.arrayminus[0] == pytest.approx(all_studies.place(gain.low))
        assert f"{gain.difference:+.2f}" in bar.hovertemplate


def test_the_overview_s_axis_keeps_order_and_sign():
    points = [-80, -3, -0.5, 0, 0.01, 2, 40]
    places = [all_studies.place(each) for each in points]
    assert places == sorted(places)
    assert all_studies.place(0) == 0
    assert all_studies.place(-9) == pytest.approx(-1)
