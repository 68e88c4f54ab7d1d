"""Narrow students: how their temperature is chosen."""

import pytest

from kdviz.runners.studies import narrow_student as lesson_narrow_student
from tests.samples.labs import figures, lab_of, same, with_wrong

pytestmark = [pytest.mark.trains, pytest.mark.usefixtures("two_epochs")]


def test_the_temperature_is_chosen_on_the_validation_images_alone(monkeypatch):
    lab = lab_of("narrow-student", arms="30-30-best")
    right = {1.0: 0.2, 4.0: 0.9, 20.0: 0.5}  # as if it had come out so
    at = []

    def taught(lab, units, temperature, teachers, honest=lesson_narrow_student._taught):
        at.append(temperature)
        return (yield from honest(lab, units, temperature, teachers))

    monkeypatch.setattr(lesson_narrow_student, "_taught", taught)
    monkeypatch.setattr(lesson_narrow_student, "accuracies", lambda students, split: [right[at[-1]]] * 2)
    rows = figures(lab, lesson_narrow_student, "30-30-best")
    assert at == [1.0, 4.0, 20.0]
    assert [row["temperature"] for row in rows] == [4.0, 4.0]


def test_the_choice_does_not_change_with_the_test_labels_and_is_one_of_the_arms():
    lab = lab_of("narrow-student")
    arms = {arm: figures(lab, lesson_narrow_student, arm) for arm in ("30-30-t1", "30-30-t4", "30-30-t20")}
    best = figures(lab, lesson_narrow_student, "30-30-best")
    means = {arm: sum(row["validation_accuracy"] for row in rows) for arm, rows in arms.items()}
    assert best == arms[max(means, key=means.__getitem__)]
    blind = figures(with_wrong(lab_of("narrow-student"), "test"), lesson_narrow_student, "30-30-best")
    assert [row["temperature"] for row in blind] == [row["temperature"] for row in best]
    assert blind != best


def test_there_is_a_choice_among_all_temperatures_whichever_arms_are_asked_for():
    assert lesson_narrow_student.temperatures(lab_of("narrow-student", arms="8-best"), "8") == [1, 4, 20]
    whole = lab_of("narrow-student", quick=False, arms="4-best")
    assert lesson_narrow_student.temperatures(whole, "4") == [1, 2, 4, 8, 20]


def test_narrow_students_without_weight_on_their_teacher_are_those_of_labels_alone(monkeypatch):
    monkeypatch.setattr(lesson_narrow_student, "ALPHA", 0.0)
    lab = lab_of("narrow-student")
    assert same(figures(lab, lesson_narrow_student, "30-30-t4"), figures(lab, lesson_narrow_student, "labels-30-30"))
