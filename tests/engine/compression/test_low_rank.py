"""The first layer as a product of two matrices."""

import pytest
import torch

from kdviz.engine import models
from kdviz.engine.compression.errors import CompressionError
from kdviz.engine.compression.low_rank import factored, singular_values
from kdviz.recipes.catalogue import NETWORKS


def test_of_full_rank_it_is_the_same_network(student, logits):
    thin = factored(student, 32)
    assert models.name_of(thin) == "784-r32-32-10"
    assert torch.allclose(logits(thin), logits(student), atol=1e-4)


def test_what_is_lost_are_the_smallest_singular_values(student):
    values = singular_values(student)
    thin = factored(student, 5)
    difference = student[1].weight - thin[1].weight @ thin[2].weight
    lost = sum(value**2 for value in values[5:]) ** 0.5
    assert difference.norm().item() == pytest.approx(lost, rel=1e-4)


def test_it_is_as_large_as_the_catalogue_says(student):
    thin, facts = factored(student, 5), NETWORKS["784-r5-32-10"]
    assert facts.parameters == sum(tensor.numel() for tensor in thin.parameters()) == 784 * 5 + 6 * 32 + 33 * 10
    assert facts.multiply_adds == 784 * 5 + 5 * 32 + 32 * 10
    assert facts.hidden == (32,)


@pytest.mark.parametrize("rank", [0, 33])
def test_a_rank_is_from_1_to_the_units(student, rank):
    with pytest.raises(CompressionError, match=f"The rank is {rank}; it takes a whole number from 1 to 32."):
        factored(student, rank)


def test_convolutions_are_not_factored():
    with pytest.raises(CompressionError, match="cnn-8-16 cannot be factored"):
        factored(models.build("cnn-8-16", 0), 4)
