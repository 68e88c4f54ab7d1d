"""A study on a page without a browser: what it shows at once, what it starts, and what it says while it runs."""

import math
import re
from datetime import date

import pytest

from kdviz.charts import study as charts
from kdviz.charts.palette import palette
from kdviz.recipes.study import STUDIES, Study
from kdviz.records.study import StudyProgress
from kdviz.reports import phrases
from kdviz.store import recorded
from kdviz.widgets.study import live as running_study
from kdviz.widgets.study import result as live_study
from kdviz.widgets.study import words as study_words
from tests.samples.app_pages import button, folded, opened, run_of, text
from tests.samples.fake_studies import FEW, finished_arm, progress, studied

PAGE = "pages/when_it_helps.py"
WHOLE = Study.of("few-labels", "digits")
MAIN = STUDIES["few-labels"].measures[0]


@pytest.fixture(autouse=True)
def own_recordings(jobs, recordings):
    """Recorded runs of this test alone."""


def shown(**query):
    return opened(PAGE, **{"study": "few-labels", **query})


def test_before_anything_was_trained_the_arms_are_listed(jobs):
    at = shown()
    assert "Nothing has been trained yet. “Run it here” trains 16 arms with 5 seeds each." in text(at)
    assert not button(at, "Start").disabled


@pytest.mark.parametrize("page", [PAGE, "pages/hintons_table.py", "pages/loss.py", "pages/why_distil.py"])
def test_without_mnist_a_study_is_offered_on_the_digits(page, jobs):
    at = opened(page, data=None)
    assert not at.exception
    assert {each.value for each in at.selectbox if each.label == "Data"} == {"digits"}
    assert folded(at).count("No MNIST here") == (page == "pages/loss.py"), "only where a test image is shown"


def test_a_recorded_run_shows_at_once_and_says_so():
    recorded.record(studied(WHOLE))
    at = shown()
    said = text(at)
    day = phrases.day(date.today())
    assert f"Recorded run of {day}: Digits (scikit-learn), seeds 0–4; 12 s on cpu, one thread." in said
    assert "python -m kdviz study few-labels --data digits" in said
    assert "are others" not in said
    assert len(at.get("plotly_chart")) == 2, "the overview and the study"
    assert "of 12 comparisons" in said


def test_a_run_with_the_chosen_settings_comes_before_the_recorded_one(keep):
    recorded.record(studied(WHOLE))
    other = Study.of("few-labels", "digits", seeds="0-2")
    keep(run_of(other, result=studied(other)))
    assert "Recorded run" in text(shown())
    said = text(shown(seeds="0-2"))
    assert f"Run {other.id}: Digits (scikit-learn), seeds 0–2" in said
    assert "Means over three seeds" in said


def test_other_settings_than_those_shown_are_named():
    recorded.record(studied(WHOLE))
    assert "The settings under “Run it here” are others (Digits (scikit-learn), seed 7)." in text(shown(seeds="7"))


def test_a_run_from_before_the_study_was_changed_is_not_called_another_setting():
    """Both would be named with the same words."""
    before = WHOLE.model_copy(update={"schedule": None})
    assert before.id != WHOLE.id
    recorded.record(studied(before))
    said = text(shown())
    assert "The program trains this study in another way now" in said
    assert "are others (" not in said


def test_the_run_of_a_link_sets_the_controls(keep):
    recorded.record(studied(WHOLE))
    keep(run_of(FEW, result=studied(FEW)))
    at = shown(run=FEW.id)
    assert f"Run {FEW.id}" in text(at)
    assert at.text_input(key="seeds").value == "3-4"
    assert at.multiselect(key="arms").value == ["all-20", "own-20"]
    assert "These settings are trained" in text(at)
    button(at, "Recorded run").click().run()
    assert "Recorded run of " in text(at)
    assert live_study.RECORDED in at.query_params["run"]


def test_start_asks_for_what_the_controls_show(jobs):
    at = shown(seeds="1,3", arms="all-50,nix", quick="true")
    button(at, "Start").click().run()
    (wanted,) = jobs.submitted
    assert wanted == Study.of("few-labels", "digits", seeds="1,3", arms="all-50", quick=True)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"seeds": "x"}, "seeds is x; it takes 1 to 20 whole numbers"),
        ({"data": "usps"}, "data is usps; few-labels takes one of mnist, digits."),
        ({"arms": "nix"}, "arms has nix; few-labels takes some of"),
    ],
)
def test_what_a_link_asks_for_and_cannot_be_is_one_sentence(jobs, query, says):
    at = shown(**query)
    said = [*(each.value for each in (*at.warning, *at.error))]
    assert any(says in each for each in said), said


@pytest.mark.parametrize("status", ["running", "paused", "cancelled", "failed", "interrupted"])
def test_arms_that_are_done_are_points_while_others_are_trained(keep, status):
    heard = [finished_arm(FEW, "labels-20"), progress(FEW, "all-20", 1, 3), progress(FEW, "all-20", 2, 3)]
    keep(run_of(FEW, status), events=heard)
    at = shown(run=FEW.id)
    said = text(at)
    assert "1 of 3 arms are finished. labels only, 20 labels: " in said
    assert "Intervals and verdicts come at the end." in said
    names = [each.label for each in at.button]
    assert {"running": "Pause", "paused": "Go on"}.get(status, "Go on") in names
    assert ("Cancel" in names) == (status in ("running", "paused"))


def test_what_a_snapshot_of_a_live_run_holds(keep):
    heard = [
        finished_arm(FEW, "labels-20"),
        progress(FEW, "all-20", 1, 3, seconds=1.0),
        progress(FEW, "all-20", 2, 3, seconds=3.0),
    ]
    run = run_of(FEW, "running")
    snapshot = running_study.PANEL.snapshot(keep(run, events=heard), run)
    assert snapshot.position.text.startswith("Arm 2 of 3: taught on all images, 20 labels · students, epoch 2 of 3")
    assert (snapshot.position.seconds, snapshot.position.seconds_left) == (3.0, 2.0)
    shown = snapshot.data
    assert [(arm["title"], arm["at"], len(arm["values"])) for arm in shown.arms] == [
        ("labels only, 20 labels", 0.0, 2),
        ("taught on all images, 20 labels", None, 0),
        ("taught on all images by a teacher that had only these labels, 20 labels", None, 0),
    ]
    assert [(report["at"], len(report["accuracy"])) for report in shown.learning] == [(1.0, 2), (3.0, 2)]
    assert shown.seconds == 3.0


def test_a_report_says_what_each_term_adds_to_the_loss_where_its_study_has_terms():
    plain, divided = (progress(FEW, "all-20", 1, 3, seconds=second) for second in (1.0, 2.0))
    divided = divided.model_copy(update={"terms": {"hard": 0.5, "soft": math.inf}})
    learning = running_study.so_far(FEW, [], [plain, divided]).learning
    assert [report["terms"] for report in learning] == [[], [None, 0.5]]


def test_a_finished_study_is_played_again_when_somebody_unfolds_it(keep):
    heard = [progress(FEW, "labels-20", 1, 1, seconds=2.0), finished_arm(FEW, "labels-20")]
    for number, arm in enumerate(("all-20", "own-20"), 2):
        heard += [progress(FEW, arm, 1, 1, seconds=2.0 * number), finished_arm(FEW, arm)]
    keep(run_of(FEW, result=studied(FEW)), events=heard)
    at = shown(run=FEW.id)
    assert "Watch it again, arm by arm" in [each.label for each in at.expander]
    replayed = running_study.so_far(FEW, heard, [each for each in heard if isinstance(each, StudyProgress)])
    assert [arm["at"] for arm in replayed.arms] == [2.0, 4.0, 6.0]
    assert replayed.seconds == 6.0


def test_arms_of_a_recorded_run_take_what_their_training_took():
    result = studied(FEW)
    assert [arm["at"] for arm in running_study.so_far(FEW, result.finished, []).arms] == [1.5, 3.0, 4.5]


def test_a_run_that_is_not_there_is_said_once(jobs):
    at = shown(run="abc")
    assert [each.value for each in at.warning] == [
        "There is no run abc in this store. It may have been deleted, or belong to another server."
    ]


def test_a_run_that_names_no_study_shows_its_own(keep):
    study = Study.of("all-labels", "digits", seeds="0-1")
    keep(run_of(study, result=studied(study)))
    at = opened(PAGE, run=study.id)
    assert f"Run {study.id}" in text(at)


def test_another_study_begins_with_its_own_settings(jobs):
    at = shown(seeds="7", arms="all-50", quick="true")
    assert at.text_input(key="seeds").value == "7"
    next(each for each in at.button if each.key == "choose_all-labels").click().run()
    assert set(at.query_params) == {"study", "data"}
    assert at.text_input(key="seeds").value == "0-4"
    assert at.multiselect(key="arms").value == []
    assert not at.exception


# Words.


def test_one_seed_gets_no_verdict():
    one = studied(Study.of("few-labels", "digits", seeds="0"))
    assert study_words.summary(one, MAIN) == (
        "One seed, no verdict: another seed’s first weights and batches could turn every difference here around."
    ), "where no study is recorded there is no spread to advise by"
    assert study_words.footing(one, MAIN).startswith("One seed: no verdicts")


def test_a_verdict_in_a_sentence():
    end = studied(FEW)
    judgement = end.judgement("all-20")
    said = study_words.sentence(end, judgement)
    assert said.startswith(
        f"**taught on all images, 20 labels** against labels only, 20 labels: {judgement.verdict.word}, +"
    )
    assert re.search(r"\+2\.\d\d points \([+−]\d+\.\d\d to \+\d+\.\d\d(; \d+\.\d\d would have been found)?\)\.$", said)


def test_many_verdicts_are_said_line_by_line():
    end = studied(WHOLE)
    listing = study_words.listing(end, MAIN)
    assert len(listing) == 3
    assert listing[0].startswith("**taught on the labelled images only** against labels only: at 20, better, +")
    assert study_words.tally(end) == "12 better"
    assert "12 comparisons, each interval is widened" in study_words.footing(end, MAIN)


def test_counts_and_numbers_have_their_own_differences():
    end = studied(Study.of("left-out-class", "digits"))
    errors = end.recipe.facts.measures[0]
    assert errors.kind == "count"
    judgement = study_words.judged(end, errors)[0]
    assert "points" not in study_words.difference(errors, judgement.verdict)
    assert study_words.difference(errors, judgement.verdict).startswith("−19.8 (")


def test_the_command_says_what_is_not_as_usual():
    assert study_words.command(Study.of("few-labels")) == "python -m kdviz study few-labels"
    assert study_words.command(FEW) == (
        "python -m kdviz study few-labels --data digits --seeds 3-4 --arms all-20,own-20"
    )


def test_places_for_a_study_s_text():
    places = study_words.places(studied(FEW))
    assert places["mean_all_20"] == places["test_accuracy_all_20"]
    assert places["verdict_all_20"] in study_words.WORDS
    assert places["difference_all_20"].startswith("+2")


# Pictures.


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_every_study_has_a_picture_of_every_measure(name):
    end = studied(Study.of(name, STUDIES[name].data_sets[0]))
    for measure in end.recipe.facts.measures:
        figure = charts.figure(end, measure, palette("light"))
        drawn = sum(len(trace.x) for trace in figure.data) + len(figure.layout.shapes)
        assert drawn >= len(charts.measured_arms(end, measure))


def test_lines_go_over_the_axis_in_order_with_their_intervals():
    end = studied(WHOLE)
    figure = charts.figure(end, MAIN, palette("light"))
    assert [trace.name for trace in figure.data] == list(dict.fromkeys(arm.line for arm in WHOLE.chosen))
    trace = figure.data[0]
    assert list(trace.x) == [20, 50, 100, 500]
    means = [end.summary(f"labels-{count}").means["test_accuracy"] for count in (20, 50, 100, 500)]
    assert list(trace.y) == [mean.mean for mean in means]
    assert list(trace.error_y.array) == pytest.approx([mean.high - mean.mean for mean in means])
    assert len({(trace.line.color, trace.line.dash, trace.marker.symbol) for trace in figure.data}) == 4
    assert figure.layout.xaxis.type == "log"


def test_dots_stand_beside_whom_they_are_judged_against_and_what_papers_say():
    end = studied(Study.of("hinton-2015", "mnist", arms="distilled"))
    main = end.recipe.facts.measures[0]
    figure = charts.figure(end, main, palette("light"))
    plain = end.summary("plain").means["test_errors"].mean
    assert [shape.x0 for shape in figure.layout.shapes] == [plain]
    papers = [tuple(trace.x) for trace in figure.data if trace.name == "as published"]
    assert sorted(papers) == [(74,), (146,)]
