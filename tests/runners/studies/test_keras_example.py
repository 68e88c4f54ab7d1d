"""Keras' worked example: its networks are Keras' own, and everybody learns as its code says."""

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from kdviz.distillers.offline import Offline
from kdviz.distillers.plain import Plain
from kdviz.engine import data, models, teachers
from kdviz.recipes.catalogue import ARCHITECTURES, ASSISTANTS, NETWORKS, assistant
from kdviz.recipes.study import Study
from kdviz.runners.session import Session
from kdviz.runners.studies import keras_example as lesson_keras
from kdviz.runners.studies import lab as laboratory
from kdviz.runners.studies.lab import Lab

pytestmark = pytest.mark.trains
NAMES = ("keras-256-512", "keras-16-32")


def padded_as_keras(images):
    """Padding "same" for a kernel of 3 and a stride of 2 on an even side: nothing before, one after."""
    return functional.pad(images, (0, 1, 0, 1))


def by_hand(network, images):
    """Keras' layers written out; pooling with stride 1 and padding "same" looks one pixel beyond the end."""
    first, second = [layer for layer in network if isinstance(layer, nn.Conv2d)]
    dense = network[-1]
    x = functional.conv2d(padded_as_keras((images + 1) / 2), first.weight, first.bias, stride=2)
    x = torch.where(x > 0, x, 0.2 * x)
    x = functional.pad(x, (0, 1, 0, 1), value=-torch.inf).unfold(2, 2, 1).unfold(3, 2, 1).amax(dim=(-1, -2))
    x = functional.conv2d(padded_as_keras(x), second.weight, second.bias, stride=2)
    return x.flatten(1) @ dense.weight + dense.bias


def test_the_networks_are_those_of_the_example(digits):
    network = models.build("keras-16-32", 0)
    images = data.normalise(digits.test.images[:8])
    torch.testing.assert_close(network(images), by_hand(network, images), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_and_multiply_adds_are_what_torch_counts(name):
    network, facts = models.build(name, 0), NETWORKS[name]
    assert facts.parameters == sum(p.numel() for p in network.parameters())
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, 1, 28, 28))
    assert 2 * facts.multiply_adds == counter.get_total_flops()
    assert facts.convolutional


def test_parameters_are_those_that_keras_prints():
    assert NETWORKS["keras-16-32"].parameters == 160 + 4640 + 15690
    assert NETWORKS["keras-256-512"].parameters == 2560 + 1180160 + 250890


def test_weights_are_drawn_as_keras_draws_them():
    network = models.build("keras-256-512", 0)
    weight = [layer.weight.detach() for layer in network if isinstance(layer, nn.Conv2d)][1]
    limit = (6 / (9 * 256 + 9 * 512)) ** 0.5  # Glorot, Bengio 2010
    assert weight.abs().max().item() == pytest.approx(limit, rel=1e-3)
    assert weight.std().item() == pytest.approx(limit / 3**0.5, rel=0.01)
    assert all(not layer.bias.any() for layer in network if isinstance(layer, nn.Conv2d | models.Dense))


def test_such_a_network_is_kept_and_found_again(own_state, digits):
    training = Lab(Study.of("keras-example", "digits"), None, None).trainings("keras-16-32", 1)[0]
    network = models.build("keras-16-32", 3)
    teachers.keep(network, teachers.Cost(1.0, 10), training)
    found, _ = teachers.kept(training)
    images = data.normalise(digits.test.images[:5])
    torch.testing.assert_close(found(images), network(images))


# The catalogue.


def test_a_recipe_cannot_name_them_and_assistants_are_the_ones_they_were():
    assert not set(NAMES) & set(ARCHITECTURES)
    assert set(ASSISTANTS) <= set(ARCHITECTURES)
    assert assistant("784-1200-1200-10", "784-30-30-10") == "784-256-10"
    assert assistant("784-512-256-10", "784-30-30-10") == "784-128-10"
    assert assistant("784-512-256-10", "784-128-10") == "784-256-10"
    assert assistant("784-1200-1200-10", "784-128-10") == "784-512-256-10"
    assert assistant("cnn-32-64", "cnn-8-16") == "cnn-16-32"


def test_narrow_networks_are_there():
    assert {"784-300-300-10", "784-16-10", "784-8-10", "784-4-10"} <= set(ARCHITECTURES)


# The study.


@pytest.fixture
def seen(monkeypatch, own_state):
    """What every training was given; the teacher is as small as the student."""
    monkeypatch.setattr(lesson_keras, "TEACHER", "keras-16-32")
    monkeypatch.setattr(lesson_keras, "QUICK_IMAGES", 64)
    calls, fit = [], laboratory.fit

    def noted(cohorts, split, trainings, distiller, teacher=None, **more):
        calls.append((split, trainings, distiller, teacher))
        return fit(cohorts, split, trainings, distiller, teacher, **more)

    monkeypatch.setattr(laboratory, "fit", noted)
    return calls


def test_everybody_learns_as_the_example_says(seen):
    study = Study.of("keras-example", "digits", seeds="0,1", quick=True)
    lab = Lab(study, Session.load("digits", 50, iter(range(10**6)).__next__), study.chosen[0])
    rows = {}
    for arm in study.chosen:
        lab.arm, steps = arm, lesson_keras.measure(lab, arm.name)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                rows[arm.name], _ = end.value
                break
    first, second, scratch, distilled = seen
    assert [call[1][0].epochs for call in seen] == [5, 5, 3, 3]
    assert [training.seed for call in (first, second) for training in call[1]] == [0, 1]
    assert all(len(call[0]) == 64 for call in seen)
    for _, (training, *_), _, _ in seen:
        assert (training.batch_size, training.learning_rate, training.optimizer) == (32, 1e-3, "adam")
    assert type(scratch[2]) is Plain
    assert distilled[2] == Offline(10.0, 0.9)
    assert scratch[1] == distilled[1]
    assert "agreement" in rows["distilled"][0].figures
    assert [row.seed for row in rows["teacher"]] == [0, 1]
    assert {arm.name: arm.against for arm in study.chosen} == {
        "teacher": "distilled",
        "scratch": "",
        "distilled": "scratch",
    }
