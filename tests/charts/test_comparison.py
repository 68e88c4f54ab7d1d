"""A comparison's panels, charts and sentences: events and records in, what a page shows out."""

import json
import math

import pytest

from kdviz.charts import comparison as charts
from kdviz.charts import comparison_live as side_by_side
from kdviz.charts.compact import rounded_up
from kdviz.charts.palette import palette
from kdviz.recipes.methods import METHODS, short_title
from kdviz.records.comparison import Bin, FinishedMethod
from kdviz.records.intervals import wilson_interval
from kdviz.reports import phrases
from kdviz.widgets.comparison import words
from tests.samples.comparison_records import CONVOLUTIONAL, compared, comparison, moment, trial

LIGHT = palette("light")


def panel(panels, method):
    return next(each for each in panels if each["method"] == method)


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_way_has_a_diagram_in_which_somebody_stands_by_the_student(method):
    between = CONVOLUTIONAL.arrows(method)
    assert len(set(between)) == len(between)
    assert all(source != target for source, target in between)
    if METHODS[method].family == "control":
        assert not between
    else:
        assert any("student" in pair for pair in between)
    if METHODS[method].asks_teacher:
        assert any(source == "teacher" for source, _ in between)


def test_a_head_for_each_hidden_layer():
    deep = comparison(methods=("deep-to-shallow",), student="784-30-30-10")
    assert deep.arrows("deep-to-shallow") == (("student", "head 1"), ("student", "head 2"))


def test_panels_are_there_before_anything_has_happened():
    panels = side_by_side.panels(comparison(), [])
    assert [each["method"] for each in panels] == ["plain", "offline", "mutual"]
    assert all(each["stages"] == [] and each["cost"] is None and not each["done"] for each in panels)
    assert panel(panels, "mutual")["arrows"] == [("student", "peer 2"), ("peer 2", "student")]
    assert side_by_side.loss_top([]) == 1.0


def test_a_panel_has_what_was_measured():
    events = [
        moment("teacher", 10),
        moment("mutual", 10, accuracy=(0.8, 0.9), kd=0.3, ce=0.6, kl=0.123456),
        moment("mutual", 20, accuracy=(0.9,), kd=0.1, ce=0.2),
    ]
    mutual = panel(side_by_side.panels(comparison(), events), "mutual")
    (stage,) = mutual["stages"]
    assert stage["step"] == [10, 20]
    assert (stage["soft"], stage["hard"]) == ([0.3, 0.1], [0.6, 0.2])
    assert stage["accuracy"] == [[0.85, 0.8, 0.9], [0.9]], "mean, lowest, highest; one figure for one seed"
    assert stage["others"] == {"peer 2": [0.8, 0.8]}
    assert stage["kl"][0] == [0.1235, 0.1235]
    assert mutual["cost"] == {"seconds": 0.2, "images": 37_710, "operations": 2.5e10, "memory": 2_400_000}


def test_the_teacher_that_learns_first_has_curves_until_its_students_learn():
    first, second = {"stage": "seed 0", "number": 1, "stages": 2}, {"stage": "seed 1", "number": 2, "stages": 2}
    events = [moment("teacher", 50, **first), moment("teacher", 100, **first), moment("teacher", 10, ce=0.4, **second)]
    assert side_by_side.teaching([]) is None
    assert side_by_side.teaching(events[:2])["step"] == [50, 100]
    learning = side_by_side.teaching(events)
    assert (learning["name"], learning["step"], learning["hard"]) == ("seed 1", [10], [0.4])
    assert side_by_side.teaching([*events, moment("plain", 10)]) is None


def test_generations_are_stages_in_order():
    events = [
        moment("born-again", 50, stage="generation 0", number=1, stages=3),
        moment("born-again", 50, stage="generation 1", number=2, stages=3),
        moment("born-again", 100, stage="generation 1", number=2, stages=3),
    ]
    (_, born) = side_by_side.panels(comparison(methods=("born-again",)), events)
    assert [(stage["name"], stage["step"]) for stage in born["stages"]] == [
        ("generation 0", [50]),
        ("generation 1", [50, 100]),
    ]


def test_a_way_is_done_when_all_its_seeds_are():
    wanted = comparison(seeds=(0, 1), methods=("plain",))
    halves = [FinishedMethod(method="plain", trials=[trial("plain", seed, 10)]) for seed in (0, 1)]
    assert [side_by_side.panels(wanted, halves[:n])[0]["done"] for n in (0, 1, 2)] == [False, False, True]


def test_what_is_done_without_a_moment_has_the_cost_of_its_trials():
    wanted = comparison(seeds=(0, 1), methods=("plain",))
    (plain,) = side_by_side.panels(
        wanted, [FinishedMethod(method="plain", trials=[trial("plain", s, 10) for s in (0, 1)])]
    )
    assert plain["done"]
    assert plain["cost"] == {"seconds": 4.0, "images": 75_420, "operations": 5e10, "memory": 4_800_000}


def test_the_axes_of_quality_begin_at_0_where_a_training_diverged():
    early, late = moment("plain", 40, accuracy=(0.1,)), moment("plain", 60, accuracy=(0.04, 0.14))
    fine = moment("offline", 60, accuracy=(0.9, 0.95))
    assert side_by_side.floor(0.5, [fine, early]) == 0.5, "it may get better yet"
    assert side_by_side.floor(0.5, [late, fine]) == 0
    assert side_by_side.floor(0.5, [late, fine, moment("plain", 80)]) == 0.5, "the newest counts"


def test_offline_has_one_name_everywhere():
    assert short_title("offline") == "Offline"
    (_, offline) = side_by_side.panels(comparison(methods=("offline",)), [])
    assert offline["title"].startswith("Offline")
    assert offline["family"].startswith("T ="), "not said twice"
    (_, peers) = side_by_side.panels(comparison(methods=("mutual",)), [])
    assert (peers["title"], peers["family"]) == ("Two peers", "online · T = 1, α = 0.5")


def test_what_diverged_is_left_out_and_travels_as_json():
    events = [moment("plain", 10, accuracy=(math.nan,), ce=math.inf), moment("plain", 20, accuracy=(math.nan, 0.5))]
    panels = side_by_side.panels(comparison(), events)
    json.dumps(panels, allow_nan=False)
    (stage,) = panel(panels, "plain")["stages"]
    assert stage["accuracy"] == [[], [0.5]]
    assert stage["hard"][0] is None


def test_a_message_stays_small():
    accuracy = tuple(0.9 + seed / 1000 for seed in range(20))
    events = [moment(name, step, accuracy=accuracy) for step in range(1, 101) for name in METHODS]
    panels = side_by_side.panels(CONVOLUTIONAL, events)
    assert len(json.dumps(panels)) < 100_000
    for each in panels:
        steps = each["stages"][0]["step"]
        assert 20 <= len(steps) <= side_by_side.MOMENTS
        assert steps[-1] == 100, "the newest is always there"


@pytest.mark.parametrize(("value", "top"), [(0.3, 0.3), (0.31, 0.5), (1, 1), (1.2, 1.5), (8, 10), (0, 1), (0.02, 0.02)])
def test_the_axis_of_the_loss_ends_at_a_round_number(value, top):
    assert rounded_up(value) == top


def test_the_axis_of_the_loss_stays_while_a_run_grows():
    events = [moment(name, step, kd=3 / step, ce=0.1) for step in range(1, 60) for name in ("plain", "offline")]
    tops = {side_by_side.loss_top(events[:count]) for count in (12, 40, len(events))}
    assert len(tops) == 1


def test_accuracy_stands_against_cost_with_and_without_the_teacher():
    figure = charts.cost_figure(compared(), "seconds", LIGHT)
    marks = {trace.name: trace for trace in figure.data}
    assert list(marks["Offline"].x) == [2.0, 7.0]
    assert list(marks["Two peers"].x) == [2.0]
    assert marks["Labels only"].marker.color == LIGHT.plain
    summary = compared().summaries[1]
    low, high = summary.means["test_accuracy"].low, summary.means["test_accuracy"].high
    assert marks["Offline"].error_y.array[0] == pytest.approx(high - marks["Offline"].y[0])
    assert marks["Offline"].error_y.arrayminus[0] == pytest.approx(marks["Offline"].y[0] - low)
    assert len({trace.marker.symbol[0] for trace in figure.data}) == 3, "never colour alone"


def test_with_one_seed_the_interval_is_that_of_the_test_images():
    single = compared(comparison(seeds=(0,)))
    assert charts.interval(single, single.summaries[0]) == wilson_interval(0.96, 1000)
    assert wilson_interval(0.96, 1000) == pytest.approx((0.94595, 0.97052), abs=1e-4)


def test_a_diverged_way_is_no_mark():
    broken = compared()
    mean = broken.summaries[1].means["test_accuracy"].model_copy(update={"mean": math.nan})
    means = {**broken.summaries[1].means, "test_accuracy": mean}
    summaries = [broken.summaries[0], broken.summaries[1].model_copy(update={"means": means})]
    figure = charts.cost_figure(broken.model_copy(update={"summaries": summaries}), "multiply_adds", LIGHT)
    assert [trace.name for trace in figure.data] == ["Labels only"]


def test_reliability_pools_the_seeds_image_by_image():
    one, two = trial("plain", 0, 10), trial("plain", 1, 10)
    bins = [Bin(count=300, confidence=0.95, accuracy=0.5), *one.reliability[1:]]
    bars = charts.pooled([one.model_copy(update={"reliability": bins}), two])
    assert [bar.count for bar in bars] == [300, 200, 1800]
    assert bars[0].accuracy == 0.5
    assert bars[1].confidence == pytest.approx(0.9)
    few = one.model_copy(update={"reliability": [Bin(count=4, confidence=0.3, accuracy=0.5), *one.reliability[1:]]})
    assert [bar.count for bar in charts.pooled([few])] == [100, 900], "four images say nothing"
    figure = charts.reliability_figure(compared(), LIGHT)
    curves = [trace for trace in figure.data if trace.name]
    assert [curve.name for curve in curves] == ["Labels only", "Offline", "Two peers"]
    assert [curve.line.color for curve in curves] == [LIGHT.plain, LIGHT.teacher, LIGHT.student]
    assert list(curves[0].y) == pytest.approx([0.85, 0.98])


def test_verdicts_in_words():
    with_gain = compared(comparison(seeds=(0, 1, 2, 3, 4)), better=("offline",))
    plain, offline, mutual = with_gain.summaries
    assert not plain.verdicts
    assert words.verdict_in_words(with_gain, offline).startswith("**Offline**: better: +2.00 points (+")
    assert words.verdict_in_words(with_gain, offline).endswith("), five seeds.")
    assert words.verdict_in_words(with_gain, mutual).startswith("**Two peers**: no difference shown: 0.00 points (−")
    assert "agreement with the teacher better, +3.00 points (+" in words.besides_in_words(with_gain, offline)
    assert words.besides_in_words(with_gain, mutual).startswith(
        "**Two peers**: nothing else is shown to differ. Would have been found: NLL 0"
    )


def test_the_gains_of_a_family_are_said_from_its_verdicts():
    with_gain = compared(comparison(seeds=(0, 1, 2, 3, 4)), better=("offline",))
    assert words.gains_in_words(with_gain, ("offline",)) == (
        "In the run above, accuracy is better with Offline. What does change: agreement with the teacher is better "
        "with Offline."
    )
    assert words.gains_in_words(with_gain, ("online", "self")) == (
        "In the run above, no gain in accuracy is shown for Two peers. Nothing else is shown to change either."
    )
    assert words.gains_in_words(with_gain, ("self",)) == ""
    assert words.gains_in_words(compared(comparison(seeds=(0,))), ("online",)) == "", "one seed, no verdict"


def test_what_gets_worse_is_said_as_well():
    apart = compared(comparison(seeds=(0, 1, 2, 3, 4)), disagreeing=("mutual",))
    assert "What does change: agreement with the teacher is worse with Two peers." in words.gains_in_words(
        apart, ("online",)
    )
    assert "agreement with the teacher worse, −5.00 points (−" in words.besides_in_words(apart, apart.summaries[2])


def test_the_control_stands_beside_offline_on_the_same_seeds():
    said = words.control_in_words(compared(better=("offline",)))
    assert "own teacher’s answer on 98.00\u00a0%" in said
    assert "same teacher’s answer on 94.00\u00a0%" in said
    assert words.control_in_words(compared(control=False)) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [(950, "950"), (37_710, "37.7\u00a0k"), (9e11, "900\u00a0G"), (1.25e12, "1.2\u00a0T"), (math.nan, "?")],
)
def test_large_numbers_are_short(value, text):
    assert phrases.with_prefix(value) == text


def test_differences_have_a_sign_unless_they_round_to_nothing():
    assert [phrases.signed(value, 2) for value in (0.05, -0.1, -0.001)] == ["+0.05", "−0.10", "0.00"]
    assert (phrases.count(1, "seed"), phrases.count(12, "seed")) == ("one seed", "12 seeds")
