"""Another domain: its images, who is tuned to it, and what each student sees."""

import pytest
import torch

from kdviz.engine import data
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.study import Study
from kdviz.runners.studies import other_domain as lesson_other_domain
from kdviz.runners.studies.lab import STUDENT, TEACHER, Lab
from kdviz.store.data_files import DataError
from tests.samples.labs import figures, given, lab_of, without_labels

pytestmark = [pytest.mark.trains, pytest.mark.usefixtures("one_epoch")]


def test_changes_of_a_domain(digits):
    images = digits.test.images[:20]
    assert torch.equal(lesson_other_domain.inverted(lesson_other_domain.inverted(images)), images)
    assert torch.equal(lesson_other_domain.inverted(images)[:, 0, 0], torch.full((20,), 255, dtype=torch.uint8))
    quarter = lesson_other_domain.turned(images, 90.0)
    assert torch.equal(quarter, torch.rot90(images, 1, dims=(1, 2)))
    assert torch.equal(lesson_other_domain.turned(images, 0.0), images)
    assert not torch.equal(lesson_other_domain.turned(images), images)


def test_a_fine_tuning_takes_few_labels_and_leaves_the_teacher_as_it_was(seen):
    lab = lab_of("other-domain")
    before = figures(lab, lesson_other_domain, "inverted-teacher")
    calls = len(seen)
    tuned = figures(lab, lesson_other_domain, "inverted-tuned")
    cohort, split, trainings, _, teacher = seen[-1]
    assert len(seen) == calls + 1
    assert (trainings[0].labels, teacher) == (100, None)
    assert torch.equal(split.images, 255 - lab.session.data.training.images)
    assert cohort.architecture.name == TEACHER
    assert tuned != before
    assert figures(lab, lesson_other_domain, "inverted-teacher") == before


def test_a_student_from_the_old_domain_goes_to_each_new_one_as_it_left():
    alone = figures(lab_of("other-domain", seeds="0"), lesson_other_domain, "inverted-own")
    lab = lab_of("other-domain", seeds="0")
    given(lab, lesson_other_domain, "turned-own")
    assert figures(lab, lesson_other_domain, "inverted-own") == alone


def test_students_in_another_domain_see_the_labels_that_they_are_said_to_see(seen):
    lab = lab_of("other-domain")
    wanted = {"few": 100, "own": 100, "straight": None, "fine": None, "all": None}
    for way, labels in wanted.items():
        given(lab, lesson_other_domain, f"turned-{way}")
        _, split, trainings, _, teacher = seen[-1]
        assert trainings[0].labels == labels
        assert (teacher is not None) == (way in ("straight", "fine"))
        assert torch.equal(split.images, lesson_other_domain.turned(lab.session.data.training.images))


def test_a_student_of_the_teacher_as_it_is_sees_no_label():
    taught = figures(lab_of("other-domain"), lesson_other_domain, "inverted-straight")
    assert figures(without_labels(lab_of("other-domain")), lesson_other_domain, "inverted-straight") == taught


def test_the_turned_teachers_are_looked_at_over_the_angle():
    lab = lab_of("other-domain")
    _, curves = given(lab, lesson_other_domain, "turned-teacher")
    assert [curve.seed for curve in curves] == [0, 1]
    assert (curves[0].x[0], curves[0].x[-1]) == (-90, 90)
    upright = curves[0].y[curves[0].x.index(0.0)]
    assert upright == max(curves[0].y)


def test_without_usps_one_sentence_and_the_other_arms(monkeypatch):
    load = data.load

    def lacking(name):
        if name == "usps":
            raise DataError("The folder lacks usps.bz2.")
        return load(name)

    monkeypatch.setattr(lesson_other_domain.data, "load", lacking)
    lab = lab_of("other-domain")
    with pytest.raises(DataError, match="The folder lacks"):
        given(lab, lesson_other_domain, "usps-teacher")
    assert figures(lab, lesson_other_domain, "inverted-teacher")


def test_usps_is_only_asked_for_where_the_teacher_comes_from_mnist():
    names = {source: [arm.name for arm in Study.of("other-domain", source).chosen] for source in ("mnist", "digits")}
    assert "usps-straight" in names["mnist"]
    assert not any("usps" in name for name in names["digits"])
    assert "inverted-straight" in names["digits"]


def test_on_usps_a_student_makes_about_as_many_updates(usps, seen):
    lab = lab_of("other-domain", seeds="0")
    given(lab, lesson_other_domain, "usps-few")
    _, split, trainings, _, _ = seen[-1]
    assert len(split) == DATA_SETS["usps"].training_images
    assert trainings[0].data == "usps"
    assert trainings[0].epochs == 1  # one epoch of 1,257 images is less than one of 6,291
    mnist = Lab(Study.of("other-domain", "mnist"), lab.session, lab.arm)
    there = lesson_other_domain._in_domain(mnist, "usps")
    assert lesson_other_domain._trainings(there, STUDENT)[0].epochs == round(55_000 / 6_291)
