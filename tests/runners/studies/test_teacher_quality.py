"""Better and worse teachers: who is shown which digits, by whom each student is taught, and what is counted."""

import pytest
import torch

from kdviz.distillers.offline import Offline
from kdviz.engine import evaluation, losses
from kdviz.recipes.study_facts.teacher_quality import HOT, TEMPERATURE
from kdviz.runners.studies import teacher_quality
from kdviz.runners.studies.lab import STUDENT, TEACHER
from tests.samples.labs import figures, given, lab_of, without_labels

pytestmark = [pytest.mark.trains, pytest.mark.usefixtures("one_epoch")]


def test_some_students_are_shown_0_to_5_and_all_teachers_every_digit(own_state, seen, digits):
    lab = lab_of("teacher-quality", seeds="0")
    for arm in ("teacher-best", "part-labels", "part-best", "part-hot", "part-usual", "all-usual"):
        given(lab, teacher_quality, arm)
    whole, part = len(digits.training), int((digits.training.labels <= 5).sum())
    assert [(cohort.architecture.name, len(split)) for cohort, split, *_ in seen] == [
        (TEACHER, whole),  # the best one
        *[(STUDENT, part)] * 3,
        (TEACHER, whole),  # the usual one
        (STUDENT, part),
        (STUDENT, whole),
    ]
    assert all((split.labels <= 5).all() for _, split, *_ in seen if len(split) == part)
    taught = [distiller for *_, distiller, teacher in seen if teacher is not None]
    assert taught == [Offline(t, 1.0) for t in (TEMPERATURE, HOT, TEMPERATURE, TEMPERATURE)]


def test_the_teacher_stopped_early_begins_as_the_usual_one_and_the_best_one_sees_shifted_images():
    lab = lab_of("teacher-quality", quick=False)
    early, usual, best = (teacher_quality._of_kind(lab, kind)[0] for kind in ("early", "usual", "best"))
    assert early.model_copy(update={"epochs": usual.epochs}) == usual == lab.trainings(TEACHER)[0]
    assert best.augmentation == "shift"


@pytest.mark.parametrize("arm", ["all-best", "all-usual"])
def test_no_student_sees_a_label(arm):
    taught = figures(lab_of("teacher-quality"), teacher_quality, arm)
    assert figures(without_labels(lab_of("teacher-quality")), teacher_quality, arm) == taught


def test_each_arm_says_what_its_networks_know_of_the_other_digits_and_what_they_were_told():
    lab = lab_of("teacher-quality", seeds="0")
    (teacher,) = figures(lab, teacher_quality, "teacher-usual")
    (student,) = figures(lab, teacher_quality, "part-usual")
    (labels,) = figures(lab, teacher_quality, "part-labels")
    test, validation = lab.session.data.test, lab.session.data.validation
    network = lab.shared["usual teachers"]
    right = evaluation.logits_of_all(network, test.images)[0].argmax(dim=-1) == test.labels
    assert teacher["unseen_accuracy"] == pytest.approx(right[test.labels > 5].double().mean().item())
    assert teacher["unseen_images"] == int((test.labels > 5).sum())
    shown = validation.images[validation.labels <= 5]
    soft = losses.softmax(evaluation.logits_of_all(network, shown)[0].double(), TEMPERATURE)
    assert teacher["told"] == student["told"] == pytest.approx(soft[:, 6:].sum(dim=1).mean().item())
    assert teacher["teacher_accuracy"] == student["teacher_accuracy"] == teacher["test_accuracy"]
    assert labels.keys().isdisjoint({"told", "teacher_accuracy", "agreement"})
    assert torch.isfinite(torch.tensor(student["agreement"]))
