"""Figures of a trained network, against values worked out by hand and against scikit-learn."""

import math

import pytest
import torch
from torch import nn

from kdviz.engine import evaluation, models
from kdviz.engine.data import normalise
from kdviz.engine.models import Cohort


def _random(seed, images=500, scale=3.0):
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(images, 10, generator=generator), torch.randint(10, (images,), generator=generator)


def _of(*rows):
    return torch.log(torch.tensor(rows))


def test_accuracy_and_agreement_by_hand():
    logits = _of([0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4], [0.5, 0.2, 0.3])
    assert evaluation.accuracy(logits, torch.tensor([0, 1, 0, 0])) == 0.75
    assert (
        evaluation.agreement(logits, _of([0.9, 0.05, 0.05], [0.9, 0.05, 0.05], [0, 0.1, 0.9], [0.1, 0.8, 0.1])) == 0.5
    )


def test_nll_by_hand():
    logits = _of([0.7, 0.2, 0.1], [0.1, 0.8, 0.1])
    expected = -(math.log(0.7) + math.log(0.1)) / 2
    assert evaluation.nll(logits, torch.tensor([0, 2])) == pytest.approx(expected, abs=1e-6)


def test_accuracy_and_nll_equal_scikit_learns():
    from sklearn.metrics import accuracy_score, log_loss  # a second of imports

    logits, labels = _random(0)
    assert evaluation.accuracy(logits, labels) == pytest.approx(accuracy_score(labels, logits.argmax(1)))
    expected = log_loss(labels, torch.softmax(logits.double(), 1), labels=range(10))
    assert evaluation.nll(logits, labels) == pytest.approx(expected, rel=1e-9)


def test_calibration_error_by_hand():
    # Too sure at 0.9 (two of three right), not sure enough at 0.6 (two of two): 3/5 |2/3 - 0.9| + 2/5 |1 - 0.6|
    logits = _of(*[[0.9, 0.1]] * 3, *[[0.6, 0.4]] * 2).double()
    labels = torch.tensor([0, 0, 1, 0, 0])
    assert evaluation.expected_calibration_error(logits, labels) == pytest.approx(0.14 + 0.16, abs=1e-6)


def test_calibration_error_equals_a_plain_loop_over_bins():
    logits, labels = _random(1)
    confidence, predicted = torch.softmax(logits.double(), 1).max(1)
    expected = 0.0
    for number in range(15):
        inside = (confidence >= number / 15) & ((confidence < (number + 1) / 15) | (number == 14))
        if inside.any():
            right = (predicted[inside] == labels[inside]).double().mean()
            expected += inside.double().mean() * (right - confidence[inside].mean()).abs()
    assert evaluation.expected_calibration_error(logits, labels) == pytest.approx(float(expected), abs=1e-9)


def test_a_network_that_is_sure_and_right_has_no_calibration_error_and_one_sure_and_wrong_has_all():
    logits = torch.tensor([[1000.0, 0.0]] * 4)
    assert evaluation.expected_calibration_error(logits, torch.zeros(4, dtype=torch.long)) == 0
    assert evaluation.expected_calibration_error(logits, torch.ones(4, dtype=torch.long)) == 1


def test_a_diverged_network_has_figures_too():
    logits = torch.full((5, 10), math.nan)
    assert math.isnan(evaluation.expected_calibration_error(logits, torch.zeros(5, dtype=torch.long)))
    assert math.isnan(evaluation.nll(logits, torch.zeros(5, dtype=torch.long)))


def test_fidelity_is_kl_of_teacher_against_student():
    teacher, student = _of([0.7, 0.2, 0.1]), _of([0.6, 0.3, 0.1])
    expected = 0.7 * math.log(0.7 / 0.6) + 0.2 * math.log(0.2 / 0.3)
    assert evaluation.fidelity_kl(student, teacher) == pytest.approx(expected, abs=1e-6)
    assert evaluation.fidelity_kl(teacher, teacher) == 0


@pytest.mark.parametrize("training", [True, False])
def test_logits_are_taken_in_evaluation_mode_without_a_graph_and_the_mode_is_put_back(training):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(784, 10)).train(training)
    images = torch.randint(256, (30, 28, 28), dtype=torch.uint8)
    one, other = (evaluation.logits_of(network, images) for _ in range(2))
    assert torch.equal(one, other)  # no dropout
    assert not one.requires_grad
    assert network.training is training


def test_logits_of_many_images_are_those_of_each():
    network = models.build("784-30-30-10", 0)
    images = torch.randint(256, (evaluation.EVALUATION_BATCH + 7, 28, 28), dtype=torch.uint8)
    logits = evaluation.logits_of(network, images)
    assert logits.shape == (len(images), 10)
    for index in (0, 999, 1000, 1006):
        torch.testing.assert_close(logits[index : index + 1], network(normalise(images[index : index + 1])).detach())


def test_test_figures_belong_together():
    logits, labels = _random(3, images=40)
    figures = evaluation.test_figures(logits, labels)
    assert figures["test_errors"] == int((logits.argmax(1) != labels).sum())
    assert figures["test_accuracy"] == pytest.approx(1 - figures["test_errors"] / 40)
    assert figures["test_accuracy"] == pytest.approx(evaluation.accuracy(logits, labels))
    assert figures["test_images"] == 40
    assert figures["nll"] == evaluation.nll(logits, labels)
    assert figures["ece"] == evaluation.expected_calibration_error(logits, labels)


def test_the_floor_is_what_labels_drawn_from_the_confidences_themselves_show():
    logits, labels = _random(4, images=400)
    logits = 3 * logits.double()
    answers = torch.distributions.Categorical(logits=logits)
    torch.manual_seed(0)
    shown = [evaluation.expected_calibration_error(logits, answers.sample()) for _ in range(300)]
    assert evaluation.calibration_floor(logits, labels) == pytest.approx(sum(shown) / len(shown), rel=0.1)


# Several networks at once.


@pytest.mark.parametrize("model", ["784-30-30-10", "cnn-8-16"])
def test_a_cohorts_logits_are_those_of_each_network(model):
    networks = [models.build(model, seed) for seed in range(3)]
    together = models.cohort(model, networks)
    images = torch.randint(256, (3, 20, 28, 28), dtype=torch.uint8)
    own = evaluation.logits_of_each(together, images)
    same = evaluation.logits_of_all(together, images[0])
    for number, network in enumerate(networks):
        assert torch.equal(own[number], evaluation.logits_of(network, images[number]))
        assert torch.equal(same[number], evaluation.logits_of(network, images[0]))
    one, other = same[0], same[1:]
    assert evaluation.logits_of_all(Cohort(model, networks[:1]), images[0]).shape == (1, 20, 10)
    labels = torch.arange(20) % 10
    assert evaluation.accuracies(same, labels) == [evaluation.accuracy(each, labels) for each in same]
    assert evaluation.agreements(same[:2], other) == [
        evaluation.agreement(one, same[1]),
        evaluation.agreement(same[1], same[2]),
    ]


# Reliability diagram.


def test_reliability_by_hand():
    # Two at 0.95 (one right), one at 0.55 (right), five bins from 0 to 1
    logits = _of([0.95, 0.05], [0.95, 0.05], [0.45, 0.55]).double()
    table = evaluation.reliability(logits, torch.tensor([0, 1, 1]), bins=5)
    expected = torch.tensor([[0, 0, 0], [0, 0, 0], [1, 0.55, 1], [0, 0, 0], [2, 1.9, 1]], dtype=torch.double)
    torch.testing.assert_close(table, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("scale", [0.0, 0.3, 3.0, 1000.0])
def test_the_bars_of_the_diagram_hold_every_image_and_make_the_calibration_error(scale):
    logits, labels = _random(4, scale=scale)
    table = evaluation.reliability(logits, labels)
    count, confidence, right = table.unbind(1)
    assert count.sum() == 500
    assert right.sum() == (logits.argmax(1) == labels).sum()
    filled = count > 0
    means = confidence[filled] / count[filled]
    edges = torch.arange(15)[filled] / 15
    assert bool((means >= edges - 1e-9).all())
    assert bool((means <= edges + 1 / 15 + 1e-9).all())
    gap = (count[filled] / 500 * (right[filled] / count[filled] - means).abs()).sum()
    assert evaluation.expected_calibration_error(logits, labels) == pytest.approx(gap.item(), abs=1e-12)
