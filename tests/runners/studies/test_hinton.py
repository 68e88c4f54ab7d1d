"""Hinton's table: the rule for the bias, who learns from what, what is kept, and the counts beside the paper's."""

import json
from dataclasses import replace

import pytest
import torch
from scipy.stats import binomtest

from kdviz.charts import hinton as charts
from kdviz.charts.palette import palette
from kdviz.distillers.offline import Offline
from kdviz.distillers.plain import Plain
from kdviz.engine import teachers
from kdviz.recipes.study import Study
from kdviz.recipes.study_facts.hinton_2015 import FACTS, TEMPERATURES
from kdviz.records.intervals import same_share_p_value
from kdviz.records.kinds import ENDINGS
from kdviz.runners import study as lessons
from kdviz.runners.session import Session
from kdviz.runners.studies import hinton_2015 as lesson_hinton
from kdviz.runners.studies import lab as laboratory
from kdviz.runners.studies.hinton_2015 import bias_for
from kdviz.runners.studies.lab import Lab
from tests.samples.hinton_records import hinton

pytestmark = pytest.mark.trains
SMALL = "784-30-30-10"
MNIST_ARMS = ("teacher", "plain", "distilled", "no-threes", "no-threes-bias", "sevens-eights", "sevens-eights-bias")


@pytest.fixture
def small(monkeypatch, own_state):
    """Networks and trainings so small that a study takes a second."""
    monkeypatch.setattr(lesson_hinton, "TEACHER", SMALL)
    monkeypatch.setattr(lesson_hinton, "STUDENT", SMALL)
    monkeypatch.setattr(lesson_hinton, "EPOCHS", dict.fromkeys(lesson_hinton.EPOCHS, (2, 2, 2)))


@pytest.fixture
def seen(monkeypatch):
    """What every training of the laboratory was given."""
    calls, fit = [], laboratory.fit

    def noted(cohorts, split, trainings, distiller, teacher_logits=None, **more):
        calls.append((split, trainings, distiller, teacher_logits))
        return fit(cohorts, split, trainings, distiller, teacher_logits, **more)

    monkeypatch.setattr(laboratory, "fit", noted)
    return calls


def lab_of(seeds="0", data="digits", **values):
    study = Study.of("hinton-2015", data, seeds=seeds, **values)
    return Lab(study, Session.load(data, 100, iter(range(10**6)).__next__), study.chosen[0])


def given(lab, name):
    lab.part, lab.arm = 0.0, next(arm for arm in FACTS.arms if arm.name == name)
    return returned(lesson_hinton.measure(lab, name))


def returned(steps):
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


# The rule without labels.


def test_the_bias_makes_the_classes_as_frequent_as_they_are_known_to_be():
    logits = torch.randn(1000, 10, generator=torch.Generator().manual_seed(1)) * 3
    for classes, share in (((3,), 0.3), ((3,), 0.02), ((7, 8), 0.05)):
        bias = bias_for(logits, classes, share)
        moved = logits.clone()
        moved[:, list(classes)] += bias
        answers = torch.isin(moved.argmax(dim=-1), torch.tensor(classes))
        assert answers.double().mean().item() == pytest.approx(share, abs=0.0011)


def test_a_class_that_is_answered_too_often_gets_a_negative_bias():
    logits = torch.zeros(100, 10)
    logits[:, 0] = 1.0
    logits[:, 7] = torch.linspace(0, 4, 100)
    assert bias_for(logits, (7,), 0.1) < 0 < bias_for(logits, (7,), 0.9)


def test_a_lost_logit_is_found_again_without_labels(digits):
    logits = torch.full((len(digits.test.labels), 10), 0.0)
    logits[torch.arange(len(logits)), digits.test.labels] = 5.0
    logits += torch.randn(logits.shape, generator=torch.Generator().manual_seed(2))
    known = (digits.test.labels == 3).double().mean().item()
    logits[:, 3] -= 20
    logits[:, 3] += bias_for(logits, (3,), known)
    assert (logits.argmax(dim=-1) == digits.test.labels).double().mean() > 0.97


# Counts.


def test_what_the_paper_itself_shows_and_what_it_does_not():
    assert same_share_p_value(74, 146, 10_000) < 0.001
    assert same_share_p_value(67, 74, 10_000) > 0.5


# The facts.


def test_the_papers_errors_stand_beside_the_arms():
    published = {arm.name: arm.published for arm in FACTS.arms if arm.published is not None}
    assert published == dict(zip(MNIST_ARMS, (67, 146, 74, 206, 109, 4730, 1320), strict=True))
    temperatures = {arm.x for arm in FACTS.arms if arm.line}
    assert temperatures == set(TEMPERATURES) == {1, 2.5, 4, 8, 20}
    assert [arm.name for arm in FACTS.arms if not arm.quick] == ["plain-fast"]


# The study.


def test_the_teacher_is_regularised_jittered_and_taught_by_labels_and_the_student_is_not(small, seen):
    lab = lab_of()
    given(lab, "teacher")
    given(lab, "plain")
    given(lab, "plain-fast")
    given(lab, "distilled")
    (teacher, plain, fast, distilled) = seen
    training = teacher[1][0]
    assert (training.dropout, training.input_dropout, training.augmentation) == (0.5, 0.2, "shift")
    assert training.max_norm == 2.5
    for _, (training,), _, _ in (plain, fast, distilled):
        assert not training.dropout
        assert not training.input_dropout
        assert training.max_norm is None
        assert training.augmentation == "none"
    assert type(teacher[2]) is type(plain[2]) is Plain
    assert distilled[2] == Offline(20.0, 0.9)
    assert fast[1] == distilled[1]  # the same first weights, batches and learning rate: only the targets differ
    same = {"learning_rate": 1.0}
    assert plain[1][0].model_copy(update=same) == distilled[1][0].model_copy(update=same)
    images = len(lab.session.data.training) + len(lab.session.data.validation)
    assert all(len(call[0]) == images and call[1][0].with_validation for call in seen)


def test_what_is_left_out_of_the_transfer_set_is_not_in_it_and_advice_fits_its_images(small, seen):
    lab = lab_of()
    given(lab, "no-threes")
    given(lab, "sevens-eights")
    _, threes, eights = seen
    assert set(threes[0].labels.tolist()) == {0, 1, 2, 4, 5, 6, 7, 8, 9}
    assert set(eights[0].labels.tolist()) == {7, 8}
    teacher = lab.shared["teacher"]
    for split, _, _, teacher_logits in (threes, eights):
        some = torch.tensor([[0, 5, len(split) - 1]])
        expected = lesson_hinton.evaluation.logits_of_all(teacher, split.images[some[0]])
        torch.testing.assert_close(teacher_logits.on(1, some, split.images[some]), expected, rtol=1e-4, atol=1e-4)


def test_moving_the_bias_trains_nobody_anew_and_uses_no_test_label(small, seen):
    lab = lab_of()
    (before,), _ = given(lab, "no-threes")
    trained = len(seen)
    (after,), curves = given(lab, "no-threes-bias")
    assert len(seen) == trained
    by_name = {curve.name: curve for curve in curves}
    none = by_name["test_errors"].x.index(0.0)
    assert by_name["test_errors"].y[none] == before.figures["test_errors"]
    assert by_name["three_errors"].y[none] == before.figures["three_errors"]
    known_labels = lab.session.data.test.labels.clone()
    lab.session.data.test.labels[:] = 0  # whatever the labels of the test images say
    try:
        (other,), _ = given(lab, "no-threes-bias")
    finally:
        lab.session.data.test.labels[:] = known_labels  # the data are held once for the whole process
    assert other.figures["bias"] == after.figures["bias"]
    labels = lab.all_images.labels
    share = by_name["share_predicted"]
    known, rule = (labels == 3).double().mean().item(), after.figures["bias"]
    below = [y for x, y in zip(share.x, share.y, strict=True) if x < rule]
    above = [y for x, y in zip(share.x, share.y, strict=True) if x > rule]
    assert max(below, default=0) <= known + 1 / len(labels)
    assert min(above, default=1) >= known - 1 / len(labels)


def test_narrow_students_of_one_seed_are_several_and_a_teacher_taught_them_all(small, seen):
    lab = lab_of()
    rows, _ = given(lab, "units-30-t-4")
    assert [row.seed for row in rows] == [0, 1, 2, 3, 4]
    assert seen[-1][2] == Offline(4.0, 0.9)
    assert seen[-1][3].on(1, torch.zeros(5, 3, dtype=torch.long), torch.zeros(5, 3, 28, 28)).shape == (5, 3, 10)
    two, _ = given(lab_of(seeds="0,3"), "units-30-t-4")
    assert [row.seed for row in two] == [0, 3]


def test_a_teacher_is_found_again_but_not_one_that_saw_a_part_of_the_images(small, seen):
    given(lab_of(), "teacher")
    given(lab_of(), "teacher")
    assert len(seen) == 1
    training = seen[0][1][0]
    assert teachers.kept(training) is not None
    lab = lab_of()
    few = lab.all_images[:50]
    other = training.model_copy(update={"seed": 1})
    returned(lab.teachers([other], split=few, share=1.0))
    assert teachers.kept(other) is None


def test_the_whole_study_ends_with_counts_and_intervals_and_without_the_papers_on_other_data(small):
    study = Study.of("hinton-2015", "digits", quick=True)
    *_, end = lessons.run(study)
    assert [arm.arm for arm in end.finished] == [arm.name for arm in study.chosen]
    for finished in end.finished:
        for row in finished.rows:
            assert row.figures["errors_low"] <= row.figures["test_errors"] <= row.figures["errors_high"]
            assert "paper_errors" not in row.figures
            assert row.figures["three_errors"] <= row.figures["threes"] <= 360
    assert ENDINGS.validate_python(json.loads(end.model_dump_json())) == end


def test_on_mnist_the_papers_count_stands_in_the_row():
    lab = lab_of()
    lab.study = Study.of("hinton-2015", "mnist")
    lab.arm = next(arm for arm in FACTS.arms if arm.name == "no-threes")
    test = lab.session.data.test
    as_many = replace(lab.session.data, test=test[torch.arange(10_000) % len(test)])  # as MNIST has
    lab.session = replace(lab.session, data=as_many)
    logits = torch.nn.functional.one_hot(as_many.test.labels, 10)[None] * 9.0
    logits[0, :20] = -logits[0, :20]
    (row,) = lesson_hinton._rows_of(lab, logits, (0,))
    figures = row.figures
    assert (figures["test_errors"], figures["paper_errors"], figures["paper_three_errors"]) == (20, 206, 133)
    exact = binomtest(20, 10_000).proportion_ci()
    assert (figures["errors_low"], figures["errors_high"]) == pytest.approx((10_000 * exact.low, 10_000 * exact.high))
    assert figures["paper_p_value"] == pytest.approx(same_share_p_value(20, 206, 10_000))


# Pictures.


def test_the_figure_has_our_count_and_the_papers_in_each_row():
    figure = charts.paper_figure(hinton(), palette("light"))
    *ours, key_of_ours = [trace for trace in figure.data if trace.name == "wrong here"]
    *papers, key_of_papers = [trace for trace in figure.data if trace.name == "wrong in the paper"]
    assert [trace.x[0] for trace in ours] == [80, 140, 90, 130, 104, 4000, 1200]
    assert [trace.x[0] for trace in papers] == [67, 146, 74, 206, 109, 4730, 1320]
    assert papers[2].error_x.array[0] == pytest.approx(92.9 - 74, abs=0.1)
    for marks, key in ((ours, key_of_ours), (papers, key_of_papers)):
        assert key.x == (None,)  # in the legend alone, in the colour of no role
        assert [trace.showlegend for trace in (*marks, key)] == [False] * len(marks) + [None]
        assert (key.marker.symbol, key.marker.color) == (marks[0].marker.symbol, palette("light").text)
    wide = charts.paper_figure(hinton(), palette("light"), beside=True)
    assert wide.layout.yaxis.ticktext[3] == "no 3 in the transfer set"
    assert not wide.layout.annotations, "a title stands once"
    others = charts.paper_figure(hinton("digits"), palette("dark"))
    assert not [trace for trace in others.data if trace.name == "wrong in the paper"]


def test_each_count_stands_right_of_its_interval_in_the_colour_of_its_mark():
    figure = charts.paper_figure(hinton(), palette("light"))
    marks = [trace for trace in figure.data if trace.mode == "markers" and trace.x != (None,)]
    numbers = [trace for trace in figure.data if trace.mode == "text"]
    assert [trace.text.strip() for trace in numbers[:2]] == ["80", "67"]
    assert len(numbers) == len(marks) == 14
    for mark, number in zip(marks, numbers, strict=True):
        assert number.x[0] == pytest.approx(mark.x[0] + mark.error_x.array[0])
        assert (number.y, number.textfont.color, number.legendgroup) == (mark.y, mark.marker.color, mark.legendgroup)
        low, high = (10**end for end in figure.layout.xaxis.range)
        assert low < mark.x[0] - mark.error_x.arrayminus[0]
        assert high > number.x[0]


def test_a_figure_without_rows_has_no_ends():
    assert not charts.paper_figure(hinton(arms="units-30-t-1"), palette("light")).data


def test_the_table_says_which_differences_are_shown():
    table = charts.table(hinton())
    assert table["Difference"].tolist()[:3] == ["not shown"] * 3
    assert table["Difference"].tolist()[3] == "shown"
    assert table["Paper"].tolist()[2] == "74 (58 to 93)"
    assert "Paper" not in charts.table(hinton("digits"))


def test_errors_over_a_bias_and_over_the_temperature():
    studied = hinton()
    measured = charts.over_biases(studied.arm("no-threes-bias"))
    assert measured.rule == 2.0
    assert measured.biases[measured.nearest(0.1)] == 0.0
    assert charts.over_biases(studied.arm("no-threes")) is None
    assert charts.over_biases(None) is None
    means = charts.over_temperatures(studied, 30)
    assert list(means) == [1, 2.5, 4, 8, 20]
    assert min(means, key=means.__getitem__) == 4
    assert charts.over_temperatures(hinton(arms="teacher"), 30) == {}


def made_up(rule, errors):
    """Biases from -10 to 10 in quarters; the share rises with the bias."""
    biases = tuple(-10 + 0.25 * number for number in range(81))
    shares = tuple((bias + 10) / 20 for bias in biases)
    return charts.Biases(biases, tuple(map(errors, biases)), tuple(0.0 for _ in biases), shares, rule)


def test_the_known_frequency_is_the_share_where_the_rule_stops():
    assert made_up(2.1, abs).known == pytest.approx(12.1 / 20)
    assert made_up(-5.0, abs).known == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("rule", "floor_at", "ends"),
    [
        (2.0, 2.0, (-1, 5)),  # 100 + 20 (b - 2)^2 is at most 300 to 3 on either side
        (-5.2, -5.25, (-9, 0)),  # up to whole numbers; 0 is within, though it has more errors
        (4.0, -2.0, (-5, 4)),  # so is the rule, wherever it stops
        (9.5, 9.5, (0, 10)),  # not further than was measured
    ],
)
def test_a_bias_is_worth_seeing_as_far_as_errors_are_few(rule, floor_at, ends):
    measured = made_up(rule, lambda bias: 100 + 20 * (bias - floor_at) ** 2)
    part = measured.worth_seeing()
    assert (part.biases[0], part.biases[-1]) == ends
    assert part.rule == rule
    assert part.known == measured.known
    for bias, errors in zip(part.biases, part.test_errors, strict=True):
        assert errors == measured.test_errors[measured.nearest(bias)]
    assert len(part.biases) == len(part.three_errors) == len(part.share_predicted)


def test_a_study_with_a_few_arms_has_a_few_rows():
    assert [line.arm for line in charts.table_rows(hinton(arms="distilled"))] == ["plain", "distilled"]
