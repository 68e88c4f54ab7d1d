"""The laboratory of the studies: what is trained once, what is said on the way, what an arm gives."""

import pytest
import torch

from kdviz.engine import models
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.study import Study
from kdviz.records.study import FinishedArm, StudyProgress, StudyResult
from kdviz.runners import study as lessons
from kdviz.runners.session import Session
from kdviz.runners.studies import lab as laboratory
from kdviz.runners.studies.lab import STUDENT, TEACHER, Lab

pytestmark = pytest.mark.trains
QUICK = Study.of("few-labels", "digits", seeds="0,1", quick=True, arms="all-50")


def lab_of(study):
    return Lab(study, Session.load(study.data, 100, iter(range(10**6)).__next__), study.chosen[0])


def told(steps):
    """What a generator of the laboratory yields, and what it returns."""
    heard = []
    while True:
        try:
            heard.append(next(steps))
        except StopIteration as end:
            return [event for event in heard if event is not None], end.value


@pytest.fixture(scope="module")
def events():
    return [event for event in lessons.run(QUICK) if event is not None]


def test_the_schedule_of_a_study_is_that_of_its_trainings():
    (usual, _), (before, _) = (
        lab_of(study).trainings(STUDENT) for study in (QUICK, QUICK.model_copy(update={"schedule": None}))
    )
    assert (usual.schedule, before.schedule) == ("one-cycle", "constant")
    assert lab_of(QUICK).trainings(STUDENT, schedule="constant")[0].schedule == "constant"


def test_a_study_says_how_far_it_is_then_each_arm_then_its_end(events):
    progress = [event for event in events if isinstance(event, StudyProgress)]
    arms = [event.arm for event in events if isinstance(event, FinishedArm)]
    assert arms == ["labels-50", "all-50"]
    assert isinstance(events[-1], StudyResult)
    for arm in arms:
        shares = [event.done for event in progress if event.arm == arm]
        assert shares == sorted(shares)
        assert shares[0] > 0
        assert shares[-1] == pytest.approx(1)
    assert all(event.seconds_left >= 0 for event in progress)
    assert progress[-1].seconds_left == pytest.approx(0, abs=1e-6)


def test_the_end_has_a_row_for_each_arm_and_seed_and_a_verdict_for_each_pair(events):
    end = events[-1]
    assert [(row.arm, row.seed) for arm in end.finished for row in arm.rows] == [
        (arm, seed) for arm in ("labels-50", "all-50") for seed in (0, 1)
    ]
    said = end.judgement("all-50")
    assert (said.against, said.measure) == ("labels-50", "test_accuracy")
    own, plain = ([row.figures["test_accuracy"] for row in end.arm(name).rows] for name in ("all-50", "labels-50"))
    assert said.verdict.difference == pytest.approx((sum(own) - sum(plain)) / 2)
    assert end.judgement("labels-50") is None
    assert end.run_id == QUICK.id


def test_a_finished_arm_is_said_again_and_not_trained_again(events):
    first = next(event for event in events if isinstance(event, FinishedArm))
    again = [event for event in lessons.run(QUICK, finished=[first]) if event is not None]
    assert again[0] == first
    assert {event.arm for event in again if isinstance(event, StudyProgress)} == {"all-50"}
    assert [arm.rows for arm in again[-1].finished] == [arm.rows for arm in events[-1].finished]


def test_teachers_are_those_of_a_comparison_and_trained_once(own_state, monkeypatch):
    lab = lab_of(QUICK)
    trainings = lab.trainings(TEACHER, 1)
    assert trainings[1] == Comparison(data="digits", epochs=1, schedule="one-cycle").teacher_training(1)
    said, first = told(lab.teachers(trainings))
    assert {event.doing for event in said} == {"teacher, seed 0", "teacher, seed 1"}
    monkeypatch.setattr(laboratory, "fit", None)  # nothing may be trained now
    said, second = told(lab.teachers(trainings))
    assert not said
    images = torch.rand(2, 4, 1, 28, 28)
    assert torch.equal(first.logits(images), second.logits(images))
    assert not any(parameter.requires_grad for network in second.networks for parameter in network.parameters())


def test_a_network_is_the_one_it_would_be_alone():
    lab = lab_of(QUICK)
    together = told(lab.train(lab.trainings(STUDENT, 1)))[1]
    single = lab_of(Study.of("few-labels", "digits", seeds="1", quick=True))
    alone = told(single.train(single.trainings(STUDENT, 1)))[1]
    images = lab.session.live.images
    own = models.cohort(STUDENT, [together.networks[1]]).logits(images[None, :, None] / 255)
    assert torch.allclose(own, alone.logits(images[None, :, None] / 255), atol=1e-3)


def test_a_training_goes_on_from_a_cohort():
    lab = lab_of(QUICK)
    trainings = lab.trainings(STUDENT, 1)
    cohort = lab.networks(trainings)
    before = cohort.parameters[0].clone()
    trained = told(lab.train(trainings, cohort=cohort))[1]
    assert trained is cohort
    assert not torch.equal(before, cohort.parameters[0])


def test_what_several_arms_need_is_made_once():
    lab, made = lab_of(QUICK), []

    def make():
        made.append(1)
        yield None
        return 7

    assert told(lab.once("seven", make()))[1] == 7
    assert told(lab.once("seven", make()))[1] == 7
    assert made == [1]


def test_a_subset_of_a_split(digits):
    split = digits.training
    threes = split[split.labels == 3]
    assert set(threes.labels.tolist()) == {3}
