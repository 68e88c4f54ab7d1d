"""A class left out: who never sees it, and how a bias is chosen without a label."""

import pytest
import torch

from kdviz.recipes.study import Study
from kdviz.recipes.study_facts.left_out_class import BIASES, LEFT_OUT
from kdviz.runners import study as lessons
from kdviz.runners.studies import left_out_class as lesson_left_out_class
from kdviz.runners.studies.lab import STUDENT, Lab
from kdviz.runners.studies.left_out_class import chosen_bias, predicted, raised
from kdviz.widgets import lesson
from kdviz.widgets.pictures import left_out_class
from tests.samples.labs import figures, given, lab_of, with_wrong

pytestmark = [pytest.mark.trains, pytest.mark.usefixtures("two_epochs")]


def test_a_student_without_threes_is_never_given_one(seen, digits):
    lab = lab_of("left-out-class")
    for arm in ("without", "labels-without", "corrected"):
        given(lab, lesson_left_out_class, arm)
    students = [split.labels for cohort, split, *_ in seen if cohort.architecture.name == STUDENT]
    assert len(students) == 2  # the corrected student is the one without
    for labels in students:
        assert len(labels) == int((digits.training.labels != LEFT_OUT).sum())
        assert not (labels == LEFT_OUT).any()
    given(lab, lesson_left_out_class, "all")
    assert torch.equal(seen[-1][1].labels, digits.training.labels)


def test_the_bias_brings_the_share_to_what_is_known():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(4000, 10, generator=generator, dtype=torch.double)
    logits[:, LEFT_OUT] -= 3.1
    bias = chosen_bias(logits, 0.1)
    assert bias in BIASES
    assert bias == pytest.approx(3.1, abs=0.3)
    assert predicted(raised(logits, bias)) == pytest.approx(0.1, abs=0.012)
    assert chosen_bias(logits, 0.0) == 0.0
    assert predicted(raised(logits, chosen_bias(logits, 1.0))) == 1.0
    assert torch.equal(raised(logits, 2.0)[:, :LEFT_OUT], logits[:, :LEFT_OUT])


def test_the_rule_looks_at_no_label_of_validation_or_test_images():
    lab = lab_of("left-out-class")
    known = figures(lab, lesson_left_out_class, "corrected")
    blind = figures(with_wrong(lab, "validation", "test"), lesson_left_out_class, "corrected")
    assert [row["bias"] for row in known] == [row["bias"] for row in blind]
    assert known != blind  # the errors are those of other labels


def test_the_curves_begin_at_the_student_as_it_was_and_pass_through_the_corrected_one():
    lab = lab_of("left-out-class")
    before, (rows, curves) = (
        figures(lab, lesson_left_out_class, "without"),
        given(lab, lesson_left_out_class, "corrected"),
    )
    for row, start in zip(rows, before, strict=True):
        of_seed = {curve.name: curve for curve in curves if curve.seed == row.seed}
        at = of_seed["errors_on_threes"].x.index(row.figures["bias"])
        for name in ("errors_on_threes", "errors_on_others"):
            assert of_seed[name].y[0] == start[name]
            assert of_seed[name].y[at] == row.figures[name]
        threes, others, share = (
            of_seed[name].y for name in ("errors_on_threes", "errors_on_others", "predicted_share")
        )
        assert threes == sorted(threes, reverse=True)
        assert others == sorted(others)
        assert share == sorted(share)
        assert row.figures["test_errors"] == row.figures["errors_on_threes"] + row.figures["errors_on_others"]


def test_without_a_teacher_and_without_threes_no_image_is_called_a_three(monkeypatch):
    monkeypatch.setattr(Lab, "epochs", lambda self, usual, small=None: 12)
    lab = lab_of("left-out-class", seeds="0")
    (plain,) = figures(lab, lesson_left_out_class, "labels-without")
    (taught,) = figures(lab, lesson_left_out_class, "without")
    assert plain["predicted_threes"] == 0
    assert plain["errors_on_threes"] == plain["threes"]
    assert taught["errors_on_threes"] < 0.7 * taught["threes"]


def test_the_picture_has_every_seeds_range_and_the_rules_place():
    study = Study.of("left-out-class", "digits", seeds="0,1", quick=True)
    *_, end = (event for event in lessons.run(study) if event is not None)
    arm = end.arm("corrected")
    picture = left_out_class.picture(arm, lesson.part("studies/left-out-class"))
    worth, seen = picture["panels"]
    threes, others, whole = worth["lines"]
    assert picture["at"] == list(BIASES)
    for i in (0, 20, 50):
        each = [curve.y[i] for curve in arm.curves if curve.name == "errors_on_threes"]
        assert (threes["low"][i], threes["high"][i]) == (min(each), max(each))
        assert threes["y"][i] == pytest.approx(sum(each) / 2)
        assert whole["y"][i] == pytest.approx(threes["y"][i] + others["y"][i], rel=1e-3)
    biases = [row.figures["bias"] for row in arm.rows]
    assert picture["rule"] == {"low": min(biases), "mean": sum(biases) / 2, "high": max(biases)}
    assert seen["known"] == arm.rows[0].figures["frequency"] == pytest.approx(0.1, abs=0.02)
