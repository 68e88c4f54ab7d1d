"""The page about mistakes without a browser: its switches, what it says of a result, the exercise."""

import json
import re

import pytest

from kdviz.charts import mistakes as charts
from kdviz.charts.curves import seed_curve
from kdviz.recipes.study_facts.mistakes import MISTAKES, NOISY
from kdviz.reports.phrases import in_words
from kdviz.settings import ASSETS
from kdviz.widgets.pictures import mistakes, which_mistake
from kdviz.widgets.pictures.which_mistake import NONE, SERIES, Score, deal
from tests.samples.app_pages import opened, run_of, said
from tests.samples.mistake_records import STUDY, finished, studied

PAGE = "pages/mistakes.py"


@pytest.fixture
def result(keep):
    """A finished study in the store, which the pages find; no recorded run."""
    found = studied()
    keep(run_of(found.recipe, result=found))
    return found


@pytest.fixture(autouse=True)
def nothing_recorded(monkeypatch):
    """What ships with the program does not decide these tests."""
    from kdviz.widgets.study import result as live_study

    for module in (mistakes, live_study):
        monkeypatch.setattr(module, "recorded", lambda name: None)
    monkeypatch.setattr("kdviz.store.recorded.recorded", lambda name, folder=None: None)


def page(**query):
    return opened(PAGE, seeds="0-2", **query)


def test_the_readme_counts_the_mistakes():
    text = (ASSETS.parent / "README.md").read_text(encoding="utf-8")
    assert f"{in_words(len(MISTAKES)).capitalize()} mistakes, each really made" in text


def html(at):
    return " ".join(re.sub("<[^>]+>", "", element.proto.body) for element in at.get("html"))


def specs(at):
    """Title and specification of every small chart."""
    found = [json.loads(chart.proto.spec) for chart in [*at.get("vega_lite_chart"), *at.get("arrow_vega_lite_chart")]]
    return {spec["title"]["text"]: spec for spec in found if "title" in spec}


def text(at):
    return "\n".join(element.value for element in at.markdown)


@pytest.mark.parametrize("name", MISTAKES)
def test_every_mistake_has_its_sentence_program_and_reason(result, name):
    at = page(mistake=name)
    assert not said(at).strip(" ").startswith("mistake is")
    sentence = html(at)
    assert "{{" not in sentence
    assert "Look" in sentence or name == "test-picked"
    program = at.code[0].value
    signs = {line[:2] for line in program.splitlines()}
    assert {"+ "} <= signs <= {"  ", "- ", "+ "}
    assert "Seen" in text(at)
    assert MISTAKES[name].title in [each.value for each in at.header]


def test_the_sentence_is_computed_from_the_curves(result):
    assert "about 90 times too small (T² is 100)" in html(page())
    assert "about 10 times too small (there are 10 classes)" in html(page(mistake="mean-classes"))
    assert "the soft term is −163 at the end" in html(page(mistake="no-log"))
    assert "99.9" in html(page(mistake="positions"))
    assert "names another class for 15" in html(page(mistake="teacher-training"))
    picked = html(page(mistake="test-picked"))
    assert "Of 40 networks" in picked
    assert "1.50 points too good" in picked


def test_the_accuracy_gets_its_verdict_and_the_labels_decide_it(result):
    assert "no difference shown" in html(page())
    at = page(labels="wrong")
    assert "91.1\u00a0% with the mistake, 96.1\u00a0% without: worse" in html(at)
    assert "| Right on the test images |" in text(at)


def test_a_mistake_that_comes_out_better_is_explained_and_not_praised(result, monkeypatch, keep):
    better = studied()
    raised = [
        judgement.model_copy(update={"verdict": judgement.verdict.model_copy(update={"word": "better"})})
        if judgement.arm in ("mean-classes", "student-eval")
        else judgement
        for judgement in better.judgements
    ]
    keep(run_of(better.recipe, result=better.model_copy(update={"judgements": raised})))
    told = html(page(mistake="mean-classes"))
    assert "“Better” is no merit of the mistake" in told
    assert "the soft term was too strong for this student" in told
    assert "what was trained is not what was asked for" in html(page(mistake="student-eval"))
    assert "no merit" not in html(page(mistake="no-t2"))


def test_the_panels_that_tell_stand_out(result):
    shown = specs(page(mistake="student-eval"))
    assert [title for title in shown if "look here" in title] == ["Right on training batches ← look here"]
    soft = next(spec for title, spec in specs(page(mistake="no-log")).items() if title.startswith("Soft term, "))
    low, high = soft["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert low < -163
    assert high >= 22.4, "one axis for all mistakes"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"mistake": "spelling"}, "mistake is spelling; it takes one of no-t2, mean-classes"),
        ({"labels": "none"}, "labels is none; it takes one of right, wrong"),
        ({"round": "0"}, "round is 0; it takes a whole number from 1 to"),
        ({"round": "²"}, "round is ²; it takes a whole number"),
    ],
)
def test_a_bad_link_is_answered_in_a_sentence(result, query, sentence):
    assert sentence in said(page(**query))


def test_a_switch_writes_its_name_into_the_link(result):
    at = page()
    switch = next(group for group in at.get("button_group") if group.key == "switch_mistake")
    switch.set_value("no-log").run()
    assert not at.exception
    assert at.query_params["mistake"] in ("no-log", ["no-log"])
    assert "Look at the sign" in html(at)


def test_without_any_result_the_page_still_teaches(jobs):
    at = page(mistake="positions")
    assert "Nothing has been trained yet" in html(at)
    assert at.code
    assert "Which mistake is in this run?" not in [each.value for each in at.header]
    assert len(at.radio) == 2, "the other checks"


def test_a_result_without_the_mistake_says_so(keep):
    part = STUDY.model_copy(update={"arms": ("no-t2",)})
    keep(run_of(part, result=studied(part)))
    at = opened(PAGE, seeds="0-2", run=part.id, mistake="no-log", arms="no-t2")
    assert "has not trained that mistake" in html(at)
    at = opened(PAGE, seeds="0-2", run=part.id, mistake="no-t2", arms="no-t2")
    assert "Look at the soft term" in html(at)


def test_the_deal_is_the_same_every_time_and_begins_with_different_mistakes():
    rounds = deal(studied())
    assert rounds == deal(studied())
    assert len({each.hidden for each in rounds[:SERIES]}) == SERIES
    assert {each.hidden for each in rounds} == {*mistakes.TELLING, NONE}
    for each in rounds:
        assert each.hidden in each.options
        assert NONE in each.options
        assert len(each.options) == which_mistake.OPTIONS
        assert (each.seeds[0] == each.seeds[1]) == (each.hidden != NONE)
        assert each.wrong.startswith(NOISY) == each.right.startswith(NOISY)


def answer(at, number, option):
    at.radio(key=f"which_mistake_{number}").set_value(option).run()
    assert not at.exception
    return at


def test_a_wrong_answer_says_what_it_would_look_like_and_a_right_one_what_gives_it_away(result):
    rounds = deal(result)
    at = page()
    first = rounds[0]
    wrong = next(option for option in first.options if option not in (first.hidden, NONE))
    answer(at, 1, wrong)
    told = " ".join(each.value for each in at.info)
    assert "Not quite" in told
    assert "{{" not in told
    assert not at.success
    answer(at, 1, first.hidden)
    assert any("Look at" in each.value for each in at.success)
    assert "Found so far: 1, of which 0 at the first answer." in [each.value for each in at.caption]
    button = next(each for each in at.button if each.label == "Next run")
    button.click().run()
    assert at.query_params["round"] in ("2", ["2"])


def test_five_found_solve_the_check(result):
    rounds = deal(result)
    at = page()
    for each in rounds[:SERIES]:
        at.query_params["round"] = str(each.number)
        at.run()
        answer(at, each.number, each.hidden)
    told = [each.value for each in at.success]
    assert any(f"All {SERIES} found, {SERIES} of them at the first answer" in each for each in told)


def test_the_score_counts_the_first_answer():
    score = Score({}, set())
    score.answer(1, False)
    score.answer(1, True)
    score.answer(2, True)
    score.answer(2, False)
    assert (len(score.found), score.first) == (2, 1)


@pytest.mark.parametrize("name", [*mistakes.TELLING, NONE])
def test_every_answer_has_a_sentence_for_every_run(result, name):
    from kdviz.texts import lesson as lesson_text
    from kdviz.widgets.lesson import LessonPage

    here = LessonPage(lesson_text.read("mistakes"), None)
    arms = {arm.arm: arm for arm in result.finished}
    for each in deal(result):
        places = mistakes.places(arms[each.wrong], arms[each.right], each.seeds)
        sentence = here.sentence(f"not-{name}", **places, where="x")
        assert "{{" not in sentence
        assert here.sentence(f"look-{name}", **places)


def test_a_trace_is_the_mean_of_the_seeds_within_their_range():
    arm = finished("right")
    whole, one = seed_curve(arm, "loss_kd"), seed_curve(arm, "loss_kd", 1)
    assert whole.low[0] <= whole.mean[0] <= whole.high[0]
    assert one.mean[0] == one.low[0] == pytest.approx(18.018)
    assert not seed_curve(arm, "no such thing").x


def test_axes_hold_what_is_shown():
    right, wrong = seed_curve(finished("right"), "loss_kd"), seed_curve(finished("no-log"), "loss_kd")
    assert charts.soft_axis([right], 30.0).low == 0
    assert charts.soft_axis([right, wrong], 30.0).low == -1000
    hard = charts.hard_axis([seed_curve(finished("right"), "loss_ce")])
    assert (hard.low, hard.high) == (0.01, 1.0)
    low = seed_curve(finished("positions"), "agreement")
    assert charts.share_axis([low], 0.6).low == 0
    assert charts.share_axis([seed_curve(finished("right"), "agreement")], 0.6).low == 0.6
