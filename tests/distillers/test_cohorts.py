"""Several networks in one pass are what each would be alone, and none of them minds its neighbours."""

import copy
import math

import pytest
import torch

from kdviz.distillers.offline import Offline
from kdviz.distillers.plain import Plain
from kdviz.engine import data, evaluation, models
from kdviz.engine.batches import FixedTeachers
from kdviz.engine.data import Split
from kdviz.engine.models import Cohort, StackedCohort
from kdviz.engine.training import fit
from kdviz.recipes.single import Recipe

STUDENT, TEACHER = "784-30-30-10", "784-128-10"
SEEDS = (0, 1, 2, 7)


@pytest.fixture
def split(digits):
    return Split(digits.training.images[:200], digits.training.labels[:200])


def how(seed, **changes):
    options = {"data": "digits", "student": STUDENT, "epochs": 1, "batch_size": 20, "seed": seed}
    return Recipe(**options | changes).student_training


def weights(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def built(model=STUDENT, seeds=SEEDS):
    return [models.build(model, seed) for seed in seeds]


def train(cohort, split, seeds, teachers=None, **changes):
    trainings = [how(seed, **changes) for seed in seeds]
    if teachers is None:
        return [r for r in fit([cohort], split, trainings, Plain()) if r]
    fixed_teacher = FixedTeachers.of([teachers], split, trainings[0], 4.0)
    return [r for r in fit([cohort], split, trainings, Offline(4.0, 0.7), fixed_teacher) if r]


# Shape and kind.


def test_multi_layer_networks_are_stacked_and_convolutional_ones_are_not():
    for count in (1, 2, 5):
        assert type(models.cohort(STUDENT, built(seeds=range(count)))) is StackedCohort
    assert type(models.cohort("cnn-8-16", built("cnn-8-16", (0, 1, 2)))) is Cohort


@pytest.mark.parametrize("model", [STUDENT, "784-128-10", "cnn-8-16"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_layers_are_those_of_each_network_with_the_logits_last(model, count):
    networks = built(model, range(count))
    together = models.cohort(model, networks)
    assert len(together) == count
    images = torch.randn(count, 5, 1, 28, 28)
    *hidden, logits = together.layers(images)
    assert torch.equal(together.logits(images), logits)
    assert [layer.shape[2] for layer in hidden] == list(together.architecture.hidden)
    pieces = [models.hidden_layers(network) for network in networks]
    for number in range(count):
        x = images[number]
        for piece, layer in zip(pieces[number], [*hidden, logits], strict=True):
            x = piece(x)
            torch.testing.assert_close(layer[number], x)
        torch.testing.assert_close(logits[number], networks[number](images[number]))


def test_stacking_changes_no_weight():
    before = [weights(network) for network in built()]
    stacked = StackedCohort(STUDENT, built())
    assert all(torch.equal(one, weights(other)) for one, other in zip(before, stacked.networks, strict=True))
    assert sum(p.numel() for p in stacked.parameters) == sum(len(one) for one in before)


def test_frozen_networks_stay_outside_the_graph_also_when_they_are_stacked():
    networks = [network.eval().requires_grad_(False) for network in built()]
    stacked = models.cohort(STUDENT, networks)
    assert not any(p.requires_grad for p in stacked.parameters)
    assert not any(p.requires_grad for network in stacked.networks for p in network.parameters())
    assert not stacked.logits(torch.randn(4, 2, 1, 28, 28)).requires_grad


# Stacked and one by one.


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"labels": 30},
        {"augmentation": "shift"},
        {"labels": 30, "augmentation": "affine"},
        {"optimizer": "sgd", "learning_rate": 0.02, "schedule": "one-cycle"},
    ],
)
@pytest.mark.parametrize("taught", [False, True])
@pytest.mark.usefixtures("double")
def test_stacked_training_is_training_one_by_one(split, changes, taught):
    teachers = StackedCohort(TEACHER, built(TEACHER)).frozen()
    stacked = StackedCohort(STUDENT, built())
    said = train(stacked, split, SEEDS, teachers if taught else None, **changes)
    for number, seed in enumerate(SEEDS):
        (alone,) = built(seeds=(seed,))
        own = Cohort(TEACHER, teachers.networks[number : number + 1]) if taught else None
        said_alone = train(Cohort(STUDENT, [alone]), split, (seed,), own, **changes)
        start = weights(models.build(STUDENT, seed))
        moved = (weights(alone) - start).norm()
        assert (weights(stacked.networks[number]) - weights(alone)).norm() < 1e-6 * moved
        for one, other in zip(said, said_alone, strict=True):
            assert one.loss_ce[number] == pytest.approx(other.loss_ce[0], rel=1e-6)
            assert one.loss_kd[number] == pytest.approx(other.loss_kd[0], rel=1e-6)
            assert one.training_accuracy[number] == other.training_accuracy[0]
            if taught:
                assert one.gradient_share_kd[number] == pytest.approx(other.gradient_share_kd[0], rel=1e-6)
    assert said[-1].images_seen == 200 * len(SEEDS)


def test_single_precision_stays_close_over_the_first_updates(split):
    few = Split(split.images[:100], split.labels[:100])  # five updates
    stacked = StackedCohort(STUDENT, built())
    train(stacked, few, SEEDS)
    for number, seed in enumerate(SEEDS):
        (alone,) = built(seeds=(seed,))
        train(Cohort(STUDENT, [alone]), few, (seed,))
        moved = (weights(alone) - weights(models.build(STUDENT, seed))).norm()
        assert (weights(stacked.networks[number]) - weights(alone)).norm() < 1e-4 * moved


@pytest.mark.parametrize("kind", [Cohort, StackedCohort])
@pytest.mark.parametrize("wild", [math.nan, 1e30])
def test_a_student_that_diverges_leaves_its_neighbours_alone(split, kind, wild):
    teachers = StackedCohort(TEACHER, built(TEACHER)).frozen()
    ends = []
    for broken in (False, True):
        networks = built()
        if broken:
            with torch.no_grad():
                for parameter in networks[1].parameters():
                    parameter.fill_(wild)
        cohort = kind(STUDENT, networks)
        said = train(cohort, split, SEEDS, teachers)
        ends.append(([weights(network) for network in cohort.networks], said))
    for number in (0, 2, 3):
        assert torch.equal(ends[0][0][number], ends[1][0][number])
        for one, other in zip(ends[0][1], ends[1][1], strict=True):
            assert one.loss_kd[number] == other.loss_kd[number]
            assert one.gradient_share_kd[number] == other.gradient_share_kd[number]
            assert one.training_accuracy[number] == other.training_accuracy[number]
    assert not math.isfinite(ends[1][1][-1].loss_ce[1])


# Networks and copies.


@pytest.mark.parametrize("kind", [Cohort, StackedCohort])
def test_networks_follow_the_training_and_a_frozen_copy_does_not(split, kind):
    cohort = kind(STUDENT, built())
    copies = cohort.frozen()
    before = [weights(network) for network in cohort.networks]
    said_before = copies.logits(data.normalise(split.images[:3]).expand(4, 3, 1, 28, 28))
    train(cohort, split, SEEDS)
    images = split.images[:10]
    inner = cohort.logits(data.normalise(images).expand(4, 10, 1, 28, 28)).detach()
    torch.testing.assert_close(evaluation.logits_of_all(cohort, images), inner, rtol=1e-4, atol=1e-4)
    for number, network in enumerate(cohort.networks):
        assert not torch.equal(weights(network), before[number])
        assert torch.equal(weights(copies.networks[number]), before[number])
    assert torch.equal(copies.logits(data.normalise(split.images[:3]).expand(4, 3, 1, 28, 28)), said_before)
    assert type(copies) is kind
    assert not any(network.training for network in copies.networks)
    assert not any(p.requires_grad for p in copies.parameters)
    assert not any(p.requires_grad for network in copies.networks for p in network.parameters())
    assert all(network.training for network in cohort.networks)
    assert all(p.requires_grad for p in cohort.parameters)


def test_a_stacked_networks_copy_is_a_network_of_its_own(split):
    cohort = StackedCohort(STUDENT, built())
    single = copy.deepcopy(cohort.networks[2])
    train(cohort, split, SEEDS)
    assert torch.equal(weights(single), weights(models.build(STUDENT, SEEDS[2])))


def test_no_two_networks_share_memory_and_each_is_a_view_of_the_stack():
    cohort = StackedCohort(STUDENT, built())
    addresses = [p.data_ptr() for network in cohort.networks for p in network.parameters()]
    assert len(set(addresses)) == len(addresses)
    stacks = {p.untyped_storage().data_ptr() for p in cohort.parameters}
    assert {p.untyped_storage().data_ptr() for network in cohort.networks for p in network.parameters()} == stacks
