"""Learning from pixels from 0 to 1: the same network for everybody who looks at it, another way down the gradient."""

import pytest
import torch

from kdviz.distillers.plain import Plain
from kdviz.engine import data, evaluation, models
from kdviz.engine.data import Split
from kdviz.engine.training import fit
from kdviz.recipes.base import Training

MODEL = "784-16-10"


def training(**changes):
    usual = {
        "data": "digits",
        "model": MODEL,
        "epochs": 1,
        "batch_size": 32,
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "schedule": "constant",
        "augmentation": "none",
        "labels": None,
        "seed": 0,
    }
    return Training(**{**usual, **changes})


def cohorts():
    stacked = models.cohort(MODEL, [models.build(MODEL, seed) for seed in (0, 1)])
    single = models.Cohort(MODEL, [models.build(MODEL, seed) for seed in (0, 1)])
    return [stacked, single]


@pytest.mark.parametrize("number", [0, 1])
def test_the_rewritten_layer_gives_the_same_answers_to_the_same_images(number):
    cohort = cohorts()[number]
    pixels = torch.rand(2, 8, 1, 28, 28)
    said = cohort.logits(2 * pixels - 1).detach()
    cohort.expect_pixels_from_zero(True)
    assert torch.allclose(cohort.logits(pixels), said, atol=1e-4)
    assert not torch.allclose(cohort.logits(2 * pixels - 1), said, atol=1e-1)
    cohort.expect_pixels_from_zero(False)
    assert torch.allclose(cohort.logits(2 * pixels - 1), said, atol=1e-4)


def test_an_update_is_gradient_descent_on_pixels_from_zero(digits):
    split = Split(digits.training.images[:32], digits.training.labels[:32])
    network = models.build(MODEL, 0)
    cohort = models.cohort(MODEL, [network])
    cohort.expect_pixels_from_zero(True)
    weight, bias, out, out_bias = [p.detach()[0].clone().requires_grad_() for p in _in_order(cohort)]
    cohort.expect_pixels_from_zero(False)
    list(fit([cohort], split, [training(pixels_from_zero=True)], Plain()))

    pixels = split.images.flatten(1) / 255
    logits = torch.relu(pixels @ weight + bias) @ out + out_bias
    torch.nn.functional.cross_entropy(logits, split.labels).backward()
    cohort.expect_pixels_from_zero(True)
    for found, before in zip(_in_order(cohort), (weight, bias, out, out_bias), strict=True):
        assert torch.allclose(found[0].reshape(before.shape), before - 0.1 * before.grad, atol=1e-4)


def _in_order(cohort):
    weights, biases = cohort.parameters[:2], cohort.parameters[2:]
    return [weights[0], biases[0], weights[1], biases[1]]


def test_who_looks_between_chunks_sees_the_usual_network(digits):
    cohort = models.cohort(MODEL, [models.build(MODEL, 0)])
    settings = training(epochs=20, optimizer="adam", learning_rate=3e-3, pixels_from_zero=True, input_dropout=0.1)
    accuracies = [
        evaluation.accuracy(
            evaluation.logits_of(cohort.networks[0], digits.validation.images), digits.validation.labels
        )
        for _ in fit([cohort], digits.training, [settings], Plain())
    ]
    assert accuracies[-1] > 0.8
    assert min(accuracies[len(accuracies) // 2 :]) > 0.6


def test_dropped_pixels_are_black_either_way(digits):
    from kdviz.engine.dropout import Dropout

    images = data.normalise(torch.zeros(4, 28, 28, dtype=torch.uint8)).unsqueeze(0)
    for settings, black in (
        (training(input_dropout=0.5), images),
        (training(input_dropout=0.5, pixels_from_zero=True), images + 1),
    ):
        dropout = Dropout.of([settings], 1, torch.device("cpu"))
        assert torch.equal(dropout.pixels(black), black)
