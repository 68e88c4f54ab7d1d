"""Weights and units that go, and zeros that stay."""

import pytest
import torch

from kdviz.engine import models
from kdviz.engine.compression import fine_tuning, pruning
from kdviz.engine.compression.errors import CompressionError
from kdviz.engine.compression.low_rank import factored
from kdviz.engine.compression.pruning import by_magnitude, by_units, gradually, sparsity_of, weighted


def test_the_smallest_weights_of_all_layers_go_and_the_network_given_stays(student):
    pruned = by_magnitude(student, 0.8)
    left = torch.cat([layer.weight[layer.weight != 0].abs() for layer in weighted(pruned)])
    gone = torch.cat(
        [old.weight[new.weight == 0].abs() for old, new in zip(weighted(student), weighted(pruned), strict=True)]
    )
    assert sparsity_of(pruned) == pytest.approx(0.8, abs=1e-4)
    assert gone.max() <= left.min()
    assert sparsity_of(student) == 0
    assert sorted(pruned.state_dict()) == sorted(student.state_dict())  # no mask is left behind


def test_a_higher_sparsity_keeps_what_a_lower_one_took_away(student):
    first = by_magnitude(student, 0.5)
    then = by_magnitude(first, 0.9)
    for before, after in zip(weighted(first), weighted(then), strict=True):
        assert not after.weight[before.weight == 0].any()


def test_without_sparsity_nothing_changes(student, logits):
    assert torch.equal(logits(by_magnitude(student, 0.0)), logits(student))
    assert torch.equal(logits(by_units(student, 0.0)), logits(student))


@pytest.mark.parametrize(("name", "smaller"), [("784-30-30-10", "784-12-12-10"), ("cnn-8-16", "cnn-3-6")])
def test_a_network_without_units_answers_as_one_that_hears_nothing_of_them(name, smaller, logits):
    network = models.build(name, 0)
    for layer in weighted(network):
        torch.nn.init.normal_(layer.bias)
    pruned = by_units(network, 0.6)
    assert models.name_of(pruned) == smaller
    deaf = models.build(name, 0)
    deaf.load_state_dict(network.state_dict())
    for layer, kept in zip(weighted(network)[:-1], weighted(pruned)[:-1], strict=True):
        rows = [layer.weight, kept.weight] if "cnn" in name else [layer.weight.T, kept.weight.T]
        norms = rows[0].flatten(1).norm(dim=1)
        gone = norms.argsort()[: len(norms) - len(rows[1])]
        number = list(network).index(layer)
        with torch.no_grad():  # silent whatever comes in: no weights, and a bias that ReLU takes away
            (deaf[number].weight if "cnn" in name else deaf[number].weight.T)[gone] = 0
            deaf[number].bias[gone] = -1
    assert torch.allclose(logits(pruned), logits(deaf), atol=1e-4)


def test_one_unit_is_left_at_least(student):
    assert models.name_of(by_units(student, 0.999)) == "784-1-10"


@pytest.mark.parametrize("sparsity", [1.0, -0.1, 1.5, float("nan")])
def test_a_sparsity_is_from_0_to_below_1(student, sparsity):
    for prune in (by_magnitude, by_units):
        with pytest.raises(CompressionError, match=r"from 0 to below 1\."):
            prune(student, sparsity)


def test_a_factored_network_loses_weights_but_no_units(student):
    thin = factored(student, 4)
    assert sparsity_of(by_magnitude(thin, 0.5)) == pytest.approx(0.5, abs=1e-3)
    with pytest.raises(CompressionError, match=r"784-r4-32-10 cannot lose units"):
        by_units(thin, 0.5)


def test_the_way_to_a_sparsity_is_steep_at_first_and_ends_there():
    way = gradually(0.8, 4)
    steps = [after - before for before, after in zip([0.0, *way], way, strict=False)]
    assert way[-1] == pytest.approx(0.8)
    assert steps == sorted(steps, reverse=True)
    assert way[0] == pytest.approx(0.8 * (1 - 0.75**3))


@pytest.mark.parametrize("scheme", ["none", "int8", "int4"])
def test_zeros_stay_while_the_rest_learns(student, digits_data, learn, scheme):
    pruned = by_magnitude(student, 0.9)
    cohort = fine_tuning.learners([pruned], scheme)
    learn(cohort, digits_data, epochs=1)
    (tuned,) = fine_tuning.learnt(cohort)
    for before, after in zip(weighted(pruned), weighted(tuned), strict=True):
        assert torch.equal(before.weight == 0, after.weight == 0)
        assert not torch.equal(before.weight, after.weight)
    assert sorted(tuned.state_dict()) == sorted(student.state_dict())
    assert pruning.sparsity_of(student) == 0
