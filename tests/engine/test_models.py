"""Networks: what the catalogue says of them is what torch counts, and a seed decides their weights."""

from itertools import combinations

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from kdviz.engine import models
from kdviz.engine.models import Dense
from kdviz.recipes.catalogue import ARCHITECTURES, DATA_SETS, SHIPPED_TEACHERS

NAMES = sorted(ARCHITECTURES)


def test_the_catalogue_holds_the_networks_of_the_papers_and_a_convolutional_pair_with_its_assistant():
    wanted = {"784-512-256-10", "784-128-10", "784-1200-1200-10", "784-800-800-10", "784-30-30-10"}
    assert wanted <= set(ARCHITECTURES)
    assert [name for name in ARCHITECTURES if ARCHITECTURES[name].convolutional] == [
        "cnn-32-64",
        "cnn-16-32",
        "cnn-8-16",
    ]
    assert all(name == architecture.name for name, architecture in ARCHITECTURES.items())


def test_a_small_network_counted_by_hand():
    student = ARCHITECTURES["784-128-10"]
    assert student.parameters == 784 * 128 + 128 + 128 * 10 + 10 == 101_770
    assert student.multiply_adds == 784 * 128 + 128 * 10 == 101_632
    assert student.bytes == 407_080


@pytest.mark.parametrize("name", NAMES)
def test_parameters_and_bytes_are_those_of_the_built_network(name):
    parameters = list(models.build(name, 0).parameters())
    assert ARCHITECTURES[name].parameters == sum(p.numel() for p in parameters)
    assert ARCHITECTURES[name].bytes == sum(p.numel() * p.element_size() for p in parameters)


@pytest.mark.parametrize("name", NAMES)
def test_multiply_adds_are_what_torch_counts(name):
    network = models.build(name, 0)
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, 1, 28, 28))
    assert 2 * ARCHITECTURES[name].multiply_adds == counter.get_total_flops()


@pytest.mark.parametrize("name", NAMES)
def test_a_network_takes_images_and_returns_logits(name):
    assert models.build(name, 0)(torch.zeros(3, 1, 28, 28)).shape == (3, 10)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_makes_the_same_weights_and_another_seed_others(name):
    torch.manual_seed(1)
    one = models.build(name, 5).state_dict()
    torch.manual_seed(2)
    same, other = models.build(name, 5).state_dict(), models.build(name, 6).state_dict()
    assert all(torch.equal(one[key], same[key]) for key in one)
    assert not any(torch.equal(one[key], other[key]) for key in one if key.endswith("weight"))  # biases start at 0


def test_building_leaves_the_global_random_numbers_alone():
    before = torch.random.get_rng_state()
    models.build("cnn-8-16", 3)
    models.build("784-30-30-10", 3)
    assert torch.equal(before, torch.random.get_rng_state())


def test_two_networks_share_no_memory():
    one, other = (models.build("784-30-30-10", 0) for _ in range(2))
    assert not {p.data_ptr() for p in one.parameters()} & {p.data_ptr() for p in other.parameters()}


def test_dense_is_linear_with_the_weights_transposed():
    torch.manual_seed(0)
    dense = Dense(7, 3)
    torch.manual_seed(0)
    linear = nn.Linear(7, 3)
    assert dense.weight.shape == (7, 3)
    assert dense.weight.is_contiguous()
    assert torch.equal(dense.weight, linear.weight.t())  # the same initial weights
    inputs = torch.randn(5, 7)
    torch.testing.assert_close(dense(inputs), linear(inputs))
    dense(inputs).square().sum().backward()
    linear(inputs).square().sum().backward()
    torch.testing.assert_close(dense.weight.grad, linear.weight.grad.t())
    torch.testing.assert_close(dense.bias.grad, linear.bias.grad)


def test_layers_alternate_with_relu_and_end_in_logits():
    kinds = [type(layer) for layer in models.build("784-512-256-10", 0)]
    assert kinds == [nn.Flatten, Dense, nn.ReLU, Dense, nn.ReLU, Dense]


def test_convolutions_keep_their_weights_with_the_channels_last_also_in_copies_and_when_read():
    network = models.build("cnn-8-16", 0)
    again = models.build("cnn-8-16", 1)
    again.load_state_dict({name: tensor.contiguous() for name, tensor in network.state_dict().items()})
    for each in (network, again, *models.Cohort("cnn-8-16", [network]).frozen().networks):
        second = [layer for layer in each if isinstance(layer, nn.Conv2d)][1]
        assert second.weight.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("name", NAMES)
def test_the_pieces_up_to_each_hidden_layer_are_the_network(name):
    network = models.build(name, 0)
    pieces = models.hidden_layers(network)
    assert [layer for piece in pieces for layer in piece] == list(network)
    assert len(pieces) == len(ARCHITECTURES[name].hidden) + 1
    x = images = torch.randn(2, 1, 28, 28)
    for piece, width in zip(pieces, [*ARCHITECTURES[name].hidden, 10], strict=True):
        x = piece(x)
        assert x.shape[1] == width
    torch.testing.assert_close(x, network(images))


def test_class_names_are_ten_different_ones():
    for data in DATA_SETS.values():
        assert len(set(data.class_names)) == 10
    assert all(len({a.title, b.title}) == 2 for a, b in combinations(DATA_SETS.values(), 2))


def test_shipped_teachers_are_in_the_catalogue():
    assert set(SHIPPED_TEACHERS) <= set(DATA_SETS)
    assert set(SHIPPED_TEACHERS.values()) <= set(ARCHITECTURES)
