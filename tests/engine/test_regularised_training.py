"""Dropout, weight constraint and smoothed labels: what they are by hand, and each network's its own."""

import pytest
import torch
from pydantic import ValidationError

from kdviz.distillers.label_smoothing import LabelSmoothing, from_labels
from kdviz.distillers.plain import Plain
from kdviz.engine import data, evaluation, models
from kdviz.engine.data import Split
from kdviz.engine.dropout import Dropout
from kdviz.engine.models import Cohort, StackedCohort
from kdviz.engine.training import fit
from kdviz.recipes.base import Training
from kdviz.recipes.single import Recipe

MODEL, SEEDS = "784-30-30-10", (0, 1, 7)
CPU = torch.device("cpu")


@pytest.fixture
def split(digits):
    return Split(digits.training.images[:200], digits.training.labels[:200])


def how(seed=0, model=MODEL, **changes):
    plain = Recipe(data="digits", student=MODEL, epochs=1, batch_size=20, seed=seed).student_training
    return Training(**plain.model_dump() | {"model": model} | changes)


def weights(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def train(cohort, split, trainings):
    for _ in fit([cohort], split, trainings, from_labels(trainings[0])):
        pass
    return [weights(network) for network in cohort.networks]


# A training's name.


def test_what_changes_nothing_is_not_part_of_a_trainings_name():
    assert how().id == how(dropout=0.0, input_dropout=0.0, max_norm=None, label_smoothing=0.0, with_validation=False).id
    changes = [{"dropout": 0.5}, {"input_dropout": 0.2}, {"max_norm": 2.5}, {"label_smoothing": 0.1}]
    assert len({how(**each).id for each in [{}, *changes, {"with_validation": True}]}) == 6


def test_a_default_training_is_still_named_as_before():
    assert how().model_dump(mode="json", exclude_defaults=True).keys() == {
        "data", "model", "epochs", "batch_size", "optimizer", "learning_rate", "schedule", "augmentation", "labels",
        "seed",
    }  # fmt: skip


@pytest.mark.parametrize(
    "wrong", [{"dropout": 1.0}, {"dropout": -0.1}, {"input_dropout": 1.0}, {"max_norm": 0.0}, {"label_smoothing": 1.0}]
)
def test_shares_are_below_one_and_a_norm_above_nothing(wrong):
    with pytest.raises(ValidationError):
        how(**wrong)


# Dropout.


def test_what_is_kept_is_scaled_up_and_the_share_is_met():
    dropout = Dropout(0.2, 0.5, [0], CPU)
    units = dropout.units(torch.full((1, 200, 500), 3.0))
    assert set(units.unique().tolist()) == {0.0, 6.0}
    assert (units == 0).double().mean().item() == pytest.approx(0.5, abs=0.01)
    pixels = dropout.pixels(torch.full((1, 200, 784), 0.6))
    assert pixels.unique().tolist() == pytest.approx([-1.0, 1.0])  # black, or (0.6 + 1) / 0.8 - 1
    assert (pixels == -1).double().mean().item() == pytest.approx(0.2, abs=0.01)


def test_a_black_pixel_stays_black_and_nothing_is_dropped_by_a_share_of_zero():
    black = torch.full((1, 5, 784), -1.0)
    assert torch.equal(Dropout(0.2, 0.5, [0], CPU).pixels(black), black)
    layer = torch.rand(1, 5, 30)
    assert Dropout(0.2, 0.0, [0], CPU).units(layer) is layer
    assert Dropout(0.0, 0.5, [0], CPU).pixels(layer) is layer
    assert Dropout.of([how()], 1, CPU) is None


def test_units_are_dropped_one_by_one_and_anew_each_time():
    dropout = Dropout(0.0, 0.5, [0], CPU)
    first, second = dropout.units(torch.ones(1, 64, 256)), dropout.units(torch.ones(1, 64, 256))
    assert not torch.equal(first, second)
    both = ((first > 0) & (second > 0)).double().mean().item()
    assert both == pytest.approx(0.25, abs=0.02)
    neighbours = ((first[..., 1:] > 0) & (first[..., :-1] > 0)).double().mean().item()
    assert neighbours == pytest.approx(0.25, abs=0.02)


def test_networks_of_different_seeds_drop_different_units():
    one, other = Dropout(0.0, 0.5, [0, 1], CPU).units(torch.ones(2, 64, 256))
    assert not torch.equal(one, other)
    assert ((one > 0) & (other > 0)).double().mean().item() == pytest.approx(0.25, abs=0.02)


def test_gradients_flow_through_kept_units_alone():
    layer = torch.ones(1, 10, 30, requires_grad=True)
    dropped = Dropout(0.0, 0.25, [0], CPU).units(layer)
    dropped.sum().backward()
    assert torch.equal(layer.grad, dropped.detach())


@pytest.mark.parametrize("kind", [Cohort, StackedCohort])
def test_a_network_that_answers_drops_nothing_and_one_that_learns_does(split, kind):
    network = models.build(MODEL, 0)
    cohort = kind(MODEL, [network])
    images = data.normalise(split.images[:20]).unsqueeze(0)
    whole = cohort.logits(images)
    cohort.train(Dropout.of([how(dropout=0.5)], 1, CPU))
    assert not torch.allclose(cohort.logits(images), whole)
    assert torch.allclose(evaluation.logits_of_all(cohort, split.images[:20]), whole, atol=1e-5)
    network.eval()
    assert torch.allclose(cohort.logits(images), whole)
    assert torch.allclose(cohort.frozen().logits(images), whole)
    cohort.train()
    assert torch.allclose(cohort.logits(images), whole)


@pytest.mark.parametrize("changes", [{"input_dropout": 0.2, "dropout": 0.5}, {"max_norm": 0.9}, {"dropout": 0.3}])
def test_a_stacked_network_is_the_one_it_would_be_alone(split, changes):
    few = Split(split.images[:100], split.labels[:100])  # five updates: rounding has no time to grow
    trainings = [how(seed, **changes) for seed in SEEDS]
    together = train(StackedCohort(MODEL, [models.build(MODEL, seed) for seed in SEEDS]), few, trainings)
    for number, training in enumerate(trainings):
        (alone,) = train(Cohort(MODEL, [models.build(MODEL, training.seed)]), few, [training])
        moved = (alone - weights(models.build(MODEL, training.seed))).norm()
        assert (together[number] - alone).norm() < 1e-3 * moved
        (plain,) = train(Cohort(MODEL, [models.build(MODEL, training.seed)]), few, [how(training.seed)])
        assert (plain - alone).norm() > 0.01 * moved


def test_networks_of_one_training_each_drop_what_its_seed_says(split):
    networks = [models.build(MODEL, seed) for seed in (0, 0)]
    one, other = train(Cohort(MODEL, networks), split, [how(dropout=0.5)])
    assert torch.equal(one, other)


def test_convolutions_learn_with_dropout_and_a_constraint(split):
    model = "cnn-8-16"
    few = Split(split.images[:40], split.labels[:40])
    training = how(model=model, dropout=0.2, input_dropout=0.1, max_norm=0.5)
    cohort = models.cohort(model, [models.build(model, 0)])
    train(cohort, few, [training])
    convolutions = [layer for layer in cohort.networks[0] if isinstance(layer, torch.nn.Conv2d)]
    assert all(layer.weight.flatten(1).norm(dim=1).max() <= 0.5 + 1e-6 for layer in convolutions)
    assert cohort.networks[0][-1].weight.norm(dim=0).max() > 0.5


# Weight constraint.


@pytest.mark.parametrize("kind", [Cohort, StackedCohort])
def test_the_constraint_shrinks_what_is_too_long_and_leaves_the_rest(kind):
    networks = [models.build(MODEL, seed) for seed in (0, 1)]
    cohort = kind(MODEL, networks)
    hidden = [[layer.weight for layer in network if isinstance(layer, models.Dense)] for network in networks]
    before = [[weight.detach().clone() for weight in one] for one in hidden]
    most = float(before[0][0].norm(dim=0).median())
    cohort.limit_norms(most)
    for one, was in zip(hidden, before, strict=True):
        for weight, old in zip(one[:-1], was[:-1], strict=True):
            norms = old.norm(dim=0)
            expected = old * (most / norms).clamp(max=1)
            torch.testing.assert_close(weight.detach(), expected)
            assert (norms > most).any()
        assert torch.equal(one[-1].detach(), was[-1])  # the output layer is not constrained


def test_a_training_ends_within_its_constraint(split):
    network = models.build(MODEL, 0)
    train(models.cohort(MODEL, [network]), split, [how(max_norm=1.0, learning_rate=0.01)])
    assert network[1].weight.norm(dim=0).max() <= 1 + 1e-5


# Smoothed labels.


def test_smoothed_labels_are_those_of_the_training():
    assert type(from_labels(how())) is Plain
    assert from_labels(how(label_smoothing=0.3)) == LabelSmoothing(0.3)
    assert LabelSmoothing() == LabelSmoothing(0.1)


def test_a_network_that_learns_from_smoothed_labels_is_less_sure(split):
    sure = []
    for share in (0.0, 0.4):
        network = models.build(MODEL, 0)
        train(models.cohort(MODEL, [network]), split, [how(epochs=30, label_smoothing=share)])
        sure.append(torch.softmax(evaluation.logits_of(network, split.images), dim=-1).amax(dim=-1).mean().item())
    assert sure[0] > 0.8
    assert sure[1] < 0.65
