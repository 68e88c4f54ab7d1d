"""Teachers and students by size: what the study asks, and how a time and a file are measured."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from kdviz.engine import measure, models
from kdviz.engine.data import Split
from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.recipes.study import Study
from kdviz.recipes.study_facts import sizes
from kdviz.records.study import StudyResult
from kdviz.runners import study as lessons
from kdviz.runners.studies import sizes as lesson_sizes

pytestmark = pytest.mark.trains
PAIR = ("784-16-10", "784-512-256-10")


def test_every_taught_student_is_judged_by_the_same_network_without_a_teacher():
    arms = {arm.name: arm for arm in sizes.FACTS.arms}
    assert {sizes.labels_arm(name) for name in (*sizes.TEACHERS, *sizes.STUDENTS)} <= arms.keys()
    for student in sizes.DENSE_STUDENTS:
        for teacher in sizes.TEACHERS:
            assert arms[sizes.taught_arm(student, teacher)].against == sizes.labels_arm(student)
    for arm in arms.values():
        network = arm.name.partition("-")[2].partition("-by-")[0]
        assert arm.x == ARCHITECTURES[network].bytes / 1e6
    quick = Study.of("sizes", "digits", quick=True)
    assert {arm.against for arm in quick.chosen if arm.against} <= {arm.name for arm in quick.chosen}


class Slow(nn.Module):
    """Each pass takes what comes next."""

    def __init__(self, seconds):
        super().__init__()
        self.now, self.seconds = 0.0, iter(seconds)

    def forward(self, images):
        self.now += next(self.seconds)
        return images


def test_a_time_is_the_median_and_the_first_passes_do_not_count():
    slow = Slow([100.0] * measure.WARM_UP + [3.0, 1.0, 50.0])
    taken = measure.seconds_for(slow, torch.zeros(1, 1), 3, clock=lambda: slow.now)
    assert taken == pytest.approx(3.0)


def test_one_image_is_computed_by_one_thread_and_a_batch_by_all(monkeypatch):
    seen, cohort = [], models.cohort("784-16-10", [models.build("784-16-10", 0)])
    test = Split(torch.zeros(9, 1, 28, 28), torch.zeros(9))
    lab = SimpleNamespace(session=SimpleNamespace(data=SimpleNamespace(test=test)))

    def note(network, images, times):
        seen.append((len(images), torch.get_num_threads()))
        return 1.0

    monkeypatch.setattr(lesson_sizes, "seconds_for", note)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    lesson_sizes.costs(lab, cohort)
    torch.set_num_threads(before)
    assert seen == [(1, 1), (9, 2)]


@pytest.mark.parametrize("name", ["784-16-10", "cnn-8-16"])
def test_a_file_is_its_weights_and_a_little_more(name):
    weights = ARCHITECTURES[name].bytes
    assert weights < measure.file_bytes(models.build(name, 0)) < weights + 2000


def test_a_run_measures_time_file_and_accuracy_of_each_seeds_network(own_state):
    student, teacher = PAIR
    arm = sizes.taught_arm(student, teacher)
    study = Study.of("sizes", "digits", seeds="0,1", quick=True, arms=arm)
    end = next(event for event in lessons.run(study) if isinstance(event, StudyResult))
    assert [each.arm for each in end.finished] == [sizes.labels_arm(student), arm]
    for finished in end.finished:
        assert [row.seed for row in finished.rows] == [0, 1]
        for row in finished.rows:
            assert row.figures["one_image"] > 0
            assert row.figures["throughput"] > 0
            assert row.figures["file_bytes"] > ARCHITECTURES[student].bytes
            assert 0.2 < row.figures["test_accuracy"] <= 1
    assert {each.measure for each in end.judgements} == {"test_accuracy"}
