"""A label-smoothed teacher: what smoothing leaves of the variance within a class, and who sees no label."""

import pytest
import torch

from kdviz.runners.studies import smoothed_teacher as lesson_smoothed_teacher
from kdviz.runners.studies.lab import STUDENT, TEACHER
from tests.samples.labs import figures, given, lab_of, without_labels

pytestmark = [pytest.mark.trains, pytest.mark.usefixtures("one_epoch")]


def test_within_class_is_none_of_the_variance_where_a_class_has_one_answer():
    labels = torch.tensor([0, 0, 1, 1])
    same = torch.tensor([[[2.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, 1.0]]])
    assert lesson_smoothed_teacher.within_class(same, labels, 2.0).item() == pytest.approx(0, abs=1e-12)


def test_within_class_is_all_of_the_variance_where_classes_are_answered_alike():
    labels = torch.tensor([0, 0, 1, 1])
    alike = torch.tensor([[[2.0, 0.0], [0.0, 1.0], [2.0, 0.0], [0.0, 1.0]]])
    assert lesson_smoothed_teacher.within_class(alike, labels, 1.0).item() == pytest.approx(1)


def test_within_class_as_worked_out_by_hand():
    """Probabilities of the first class .9, .7 | .3, .1: means .8 and .2, 4 * .1² of 2 * .4² + 2 * .2² lies within."""
    p = torch.tensor([0.9, 0.7, 0.3, 0.1], dtype=torch.double)
    logits = torch.stack([p, 1 - p], dim=-1).log().unsqueeze(0)
    share = lesson_smoothed_teacher.within_class(logits, torch.tensor([0, 0, 1, 1]), 1.0)
    assert share.item() == pytest.approx(0.04 / 0.40)
    assert lesson_smoothed_teacher.within_class(3 * logits, torch.tensor([0, 0, 1, 1]), 3.0).item() == (
        pytest.approx(0.04 / 0.40)
    )


def test_the_spread_is_that_of_the_centred_logits():
    logits = torch.tensor([[[1.0, 3.0], [5.0, 5.0]], [[10.0, 30.0], [50.0, 50.0]]])
    assert lesson_smoothed_teacher.spread(logits).tolist() == pytest.approx([0.5**0.5, 10 * 0.5**0.5])


def test_over_the_spread_two_teachers_that_differ_in_scale_alone_are_the_same():
    """At one T the one with the small logits looks as if it had other things to say."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(1, 200, 10, generator=generator, dtype=torch.double) * 3
    labels = logits[0].argmax(dim=-1)
    both = torch.cat([logits, logits / 3.5])
    at_one_t = lesson_smoothed_teacher.within_class(both, labels, 1.0)
    assert (at_one_t[0] - at_one_t[1]).abs() > 0.02
    own = lesson_smoothed_teacher.spread(both).view(-1, 1, 1)
    over_spread = lesson_smoothed_teacher.within_class(both, labels, 2 * own)
    assert over_spread[0].item() == pytest.approx(over_spread[1].item(), abs=1e-9)


def test_only_smoothed_teachers_and_smoothed_labels_are_smoothed(own_state, seen):
    lab = lab_of("smoothed-teacher")
    for arm in ("teacher", "smoothed-teacher", "labels", "smoothed-labels", "ordinary-4", "smoothed-4"):
        given(lab, lesson_smoothed_teacher, arm)
    learnt = [(trainings[0].model, trainings[0].label_smoothing) for _, _, trainings, _, _ in seen]
    assert learnt == [
        *[(TEACHER, 0.0)] * 2,
        *[(TEACHER, 0.1)] * 2,
        (STUDENT, 0.0),
        (STUDENT, 0.1),
        (STUDENT, 0.0),
        (STUDENT, 0.0),
    ]
    plain = lab.trainings(TEACHER, 1)
    assert [each.id for each in lab.trainings(TEACHER, 1, label_smoothing=0.0)] == [each.id for each in plain]


@pytest.mark.parametrize("arm", ["ordinary-4", "smoothed-4"])
def test_a_student_of_either_teacher_sees_no_label(arm):
    taught = figures(lab_of("smoothed-teacher"), lesson_smoothed_teacher, arm)
    assert figures(without_labels(lab_of("smoothed-teacher")), lesson_smoothed_teacher, arm) == taught


def test_the_smoothed_students_teacher_is_the_smoothed_one():
    lab = lab_of("smoothed-teacher")
    own = [row["test_accuracy"] for row in figures(lab, lesson_smoothed_teacher, "smoothed-teacher")]
    assert [row["teacher_accuracy"] for row in figures(lab, lesson_smoothed_teacher, "smoothed-1")] == pytest.approx(
        own
    )
    other = [row["test_accuracy"] for row in figures(lab, lesson_smoothed_teacher, "teacher")]
    assert [row["teacher_accuracy"] for row in figures(lab, lesson_smoothed_teacher, "ordinary-1")] == pytest.approx(
        other
    )
