"""The figures of the temperature's and the loss' pictures: those of the engine, though pages do without torch."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kdviz.engine import losses
from kdviz.records.softmax import softmax
from kdviz.store import gallery
from kdviz.widgets.pictures.chosen_image import DECIDED, bits, unsure_but_decided
from kdviz.widgets.pictures.loss_lesson import LossState, logits_of, readings, valid_state
from kdviz.widgets.pictures.soft_targets import ShownLogits

logits = st.lists(st.floats(-25, 25), min_size=5, max_size=5).map(tuple)
temperatures = st.floats(-1, 2).map(lambda exponent: 10**exponent)


def tensor(values):
    return torch.tensor([values], dtype=torch.float64)


@given(logits, logits, temperatures, st.integers(0, 4), st.floats(0, 1))
def test_readings_are_the_losses_of_the_engine(teacher, student, temperature, label, alpha):
    found = readings(LossState(teacher, student, label, temperature, alpha))
    v, z = tensor(teacher), tensor(student)
    close = {"rel": 1e-9, "abs": 1e-9}
    assert found.forward == pytest.approx(losses.kl_divergence(z, v, temperature).item(), **close)
    assert found.reverse == pytest.approx(losses.kl_divergence(v, z, temperature).item(), **close)
    assert found.entropy == pytest.approx(losses.entropy(v, temperature).item(), **close)
    assert found.entropy + found.forward == pytest.approx(losses.soft_cross_entropy(z, v, temperature).item(), **close)
    soft, hard = losses.kd_loss(z, v, temperature), losses.cross_entropy(z, torch.tensor([label]))
    loss_kd, loss_ce = losses.distillation_loss(soft, hard, alpha)
    assert found.soft_part == pytest.approx(loss_kd.item(), rel=1e-7, abs=1e-6)  # T² times a rounding error
    assert found.hard_part == pytest.approx(loss_ce.item(), **close)


@given(logits, temperatures)
def test_the_softmax_of_a_picture_is_the_engines(given_logits, temperature):
    doubt = bits(ShownLogits(tuple("abcde"), given_logits), temperature)
    assert softmax(given_logits, temperature) == pytest.approx(losses.softmax(tensor(given_logits), temperature)[0])
    assert doubt == pytest.approx(losses.entropy(tensor(given_logits), temperature).item() / math.log(2), abs=1e-9)


def test_logits_of_shares_give_the_shares_back():
    shares = (0.6, 0.22, 0.1, 0.06, 0.02)
    assert losses.softmax(tensor(logits_of(shares)), 1.0)[0].tolist() == pytest.approx(shares, abs=1e-3)


def test_the_first_images_show_both_limits():
    shown = gallery.read("digits")
    chosen = unsure_but_decided(shown)
    assert chosen
    for index in chosen:
        logits_here = tuple(float(z) for z in shown.logits[index])
        now, cold = (softmax(logits_here, temperature) for temperature in (1.0, 0.1))
        first, second = now.argsort()[:-3:-1]
        assert now[first] >= DECIDED * now[second] * (1 - 1e-6)
        assert cold[first] > 0.99
        assert first == shown.labels[index]


GOOD = [[1, 2.5, 0, -3, 31], [0, 0, 0, 0, 0], 2, 10, 1]


def test_what_a_browser_sends_is_checked():
    assert valid_state(GOOD, 5) == LossState((1.0, 2.5, 0.0, -3.0, 30.0), (0.0,) * 5, 2, 10.0, 1.0)
    assert valid_state([*GOOD[:4], 0], 5).alpha == 0
    bad = [
        None,
        GOOD[:4],
        [GOOD[0][:4], *GOOD[1:]],
        [["x"] * 5, *GOOD[1:]],
        [[True] * 5, *GOOD[1:]],
        [*GOOD[:2], 5, *GOOD[3:]],
        [*GOOD[:2], 1.5, *GOOD[3:]],
        [*GOOD[:3], "hot", 1],
        [*GOOD[:4], None],
        [*GOOD[:4], math.nan],
    ]
    for value in bad:
        assert valid_state(value, 5) is None, value
