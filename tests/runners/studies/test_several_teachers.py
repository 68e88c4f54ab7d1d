"""Several teachers: their seeds, their mean answer, their student."""

import pytest
import torch

from kdviz.engine import losses
from kdviz.engine.batches import FixedTeachers
from kdviz.runners.studies import several_teachers as lesson_several_teachers
from kdviz.runners.studies.lab import STUDENT, TEACHER
from tests.samples.labs import figures, lab_of, without_labels

pytestmark = [pytest.mark.trains, pytest.mark.usefixtures("one_epoch")]


def test_no_teacher_has_two_students_and_the_first_has_its_students_seed():
    found = lesson_several_teachers.seeds_of_teachers((0, 2, 7), 3)
    assert found == [[0, 2, 7], [8, 9, 10], [11, 12, 13]]
    assert lesson_several_teachers.seeds_of_teachers((4, 1), 1) == [[4, 1]]


def test_equal_teachers_are_one_teacher(monkeypatch):
    lab = lab_of("several-teachers")
    teachers = []
    steps = lab.teachers(lab.trainings(TEACHER, 1))
    while not teachers:
        try:
            next(steps)
        except StopIteration as end:
            teachers.append(end.value)
    one = teachers[0]
    images = lab.session.data.training.images[:50]
    single = lesson_several_teachers.mean_answer([one], images)
    same = lesson_several_teachers.mean_answer([one] * 3, images)
    assert torch.allclose(losses.softmax(same, 1.0), losses.softmax(single, 1.0), atol=1e-6)
    split, training = lab.session.data.training, lab.trainings(STUDENT, 1)[0]
    chosen = torch.arange(20).expand(2, -1)
    advised = [FixedTeachers.of([one] * n, split, training, 4.0).on(1, chosen, split.images[chosen]) for n in (1, 3)]
    assert torch.allclose(losses.softmax(advised[0], 4.0), losses.softmax(advised[1], 4.0), atol=1e-6)

    taught = figures(lab, lesson_several_teachers, "taught-1")
    assert figures(lab, lesson_several_teachers, "taught-3") != taught
    monkeypatch.setattr(lesson_several_teachers, "seeds_of_teachers", lambda seeds, count: [list(seeds)] * count)
    for row, alike in zip(taught, figures(lab, lesson_several_teachers, "taught-3"), strict=True):
        assert alike["nll"] == pytest.approx(row["nll"], abs=1e-3)


def test_the_students_figures_name_the_ensemble_that_taught_it():
    lab = lab_of("several-teachers")
    together = [row["test_accuracy"] for row in figures(lab, lesson_several_teachers, "ensemble-3")]
    assert [row["teacher_accuracy"] for row in figures(lab, lesson_several_teachers, "taught-3")] == pytest.approx(
        together
    )


def test_students_of_several_teachers_see_no_label():
    taught = figures(lab_of("several-teachers"), lesson_several_teachers, "taught-2")
    assert figures(without_labels(lab_of("several-teachers")), lesson_several_teachers, "taught-2") == taught
