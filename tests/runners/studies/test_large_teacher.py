"""Large teachers: who teaches the assistant and the student."""

import pytest
import torch

from kdviz.distillers.offline import Offline
from kdviz.distillers.plain import Plain
from kdviz.runners.studies import lab as laboratory
from kdviz.runners.studies import large_teacher as lesson_large_teacher
from tests.samples.labs import given, lab_of

pytestmark = [pytest.mark.trains, pytest.mark.usefixtures("two_epochs")]


def test_the_assistant_is_taught_by_the_large_teacher_and_teaches_the_student(seen):
    lab = lab_of("large-teacher")
    given(lab, lesson_large_teacher, "large-8")
    given(lab, lesson_large_teacher, "assistant-8")
    middle, student = seen[-2], seen[-1]
    large = lab.shared["784-256-10"]
    images = lab.session.data.training.images[:4]
    indices = torch.arange(4).expand(2, 4)
    for taught, by in ((middle, large), (student, middle[0])):
        asked = taught[4].on(1, indices, images.expand(2, 4, 28, 28))
        assert torch.allclose(asked, laboratory.evaluation.logits_of_all(by, images), atol=1e-4)
        assert isinstance(taught[3], Offline)
    assert middle[0].architecture.name == "784-128-10"
    assert student[0].architecture.name == "784-8-10"


def test_the_small_teacher_has_learnt_from_labels_alone(seen, own_state):
    lab = lab_of("large-teacher")
    given(lab, lesson_large_teacher, "small-8")
    *teachers, student = seen
    assert [cohort.architecture.name for cohort, *_ in teachers] == ["784-128-10"] * 2
    assert all(isinstance(distiller, Plain) and teacher is None for *_, distiller, teacher in teachers)
    assert student[4] is not None
