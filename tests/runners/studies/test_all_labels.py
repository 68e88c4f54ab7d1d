"""All labels: whose teacher is whose, and what needs none."""

import pytest
import torch

from kdviz.distillers.label_smoothing import LabelSmoothing
from kdviz.runners.studies import all_labels as lesson_all_labels
from kdviz.runners.studies import lab as laboratory
from tests.samples.labs import figures, given, lab_of, same

pytestmark = [pytest.mark.trains, pytest.mark.usefixtures("two_epochs")]


def test_the_other_teacher_is_the_next_seeds():
    lab = lab_of("all-labels")
    given(lab, lesson_all_labels, "taught")
    given(lab, lesson_all_labels, "other")
    own, other = lab.shared["reference teachers"], lab.shared["other teachers"]
    images = lab.session.live.images[:4]
    said = laboratory.evaluation.logits_of_all
    assert torch.allclose(said(own, images)[1], said(other, images)[0], atol=1e-5)
    assert not torch.allclose(said(own, images)[0], said(other, images)[0], atol=1e-2)


def test_label_smoothing_has_no_teacher(seen):
    lab = lab_of("all-labels")
    given(lab, lesson_all_labels, "smoothing")
    _, _, trainings, distiller, teacher = seen[-1]
    assert isinstance(distiller, LabelSmoothing)
    assert distiller.share == 0.1
    assert teacher is None
    assert {training.seed for training in trainings} == {0, 1}


def test_with_alpha_0_the_taught_student_is_that_of_labels_alone(monkeypatch):
    monkeypatch.setattr(lesson_all_labels, "ALPHA", 0.0)
    lab = lab_of("all-labels")
    assert same(figures(lab, lesson_all_labels, "taught"), figures(lab, lesson_all_labels, "labels"))
