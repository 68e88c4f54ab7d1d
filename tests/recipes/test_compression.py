"""What can be asked for, and what is said of the rest."""

import pytest

from kdviz.recipes.base import RecipeError
from kdviz.recipes.catalogue import NETWORKS, is_network
from kdviz.recipes.compression import Compression


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"prune": "1"}, "prune is 1; it takes a number from 0 to below 1."),
        ({"prune": "-0.1"}, "prune is -0.1; it takes a number from 0 to below 1."),
        ({"prune": "nan"}, "prune is nan; it takes a number from 0 to below 1."),
        ({"prune": "most"}, "prune is most; it takes a number."),
        ({"quantize": "int2"}, "quantize is int2; it takes one of none, int8, int8-static, int8-weights, int4."),
        ({"finetune": "hard"}, "finetune is hard; it takes one of none, labels, soft."),
        ({"structured": True}, "structured is on and prune is 0; it takes a share of the units above 0."),
        ({"steps": "0"}, "steps is 0; it takes a whole number from 1 to 20."),
        ({"rank": "0"}, "rank is 0; it takes a whole number from 1 to 784."),
    ],
)
def test_what_cannot_be_asked_for_is_said_in_a_sentence(values, sentence):
    with pytest.raises(RecipeError) as error:
        Compression.parse(values)
    assert str(error.value) == sentence


def test_learning_with_rounding_needs_both():
    with pytest.raises(RecipeError, match="it takes finetune labels or soft, and quantize"):
        Compression.parse({"quantization_aware": True, "quantize": "int8"})


def test_a_name_says_what_was_done():
    whole = {"prune": "0,5", "structured": True, "quantize": "int8", "finetune": "soft", "epochs": 2}
    assert Compression.parse(whole).called == "units-50-soft-2-int8"
    assert Compression.parse({"prune": 0.9, "steps": 3}).called == "weights-90-in-3"
    assert Compression().called == "as-it-was"


def test_networks_of_other_widths_can_be_built_and_others_cannot():
    assert NETWORKS["784-51-10"].parameters == 785 * 51 + 52 * 10
    assert NETWORKS["cnn-3-6"].convolutional
    assert not any(map(is_network, ["784-10", "784-0-10", "785-3-10", "784-3-11", "cnn-3", "784-r-3-10", "/784-3-10"]))
