"""Why T²: lengths of gradients are those of autograd, and without the factor the soft one fades."""

import pytest
import torch

from kdviz.engine import losses
from kdviz.runners.studies import t_squared as lesson_t_squared


def batch(scale, seed=0):
    generator = torch.Generator().manual_seed(seed)
    student, teacher = (scale * torch.randn(16, 10, generator=generator, dtype=torch.float64) for _ in range(2))
    return lesson_t_squared.BatchLogits(student, teacher, torch.randint(10, (16,), generator=generator))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0, 20.0])
def test_gradients_are_those_of_autograd(temperature):
    given_batch = batch(3.0)
    leaf = given_batch.student.clone().requires_grad_()
    losses.kl_divergence(leaf, given_batch.teacher, temperature).sum().backward()
    found = lesson_t_squared.sizes(given_batch, temperature)
    assert found.without == pytest.approx(leaf.grad.norm(dim=-1).mean().item(), rel=1e-9)
    assert found.with_t2 == pytest.approx(temperature**2 * found.without, rel=1e-12)
    leaf.grad = None
    losses.cross_entropy(leaf, given_batch.labels).sum().backward()
    assert lesson_t_squared.hard_size(given_batch) == pytest.approx(leaf.grad.norm(dim=-1).mean().item(), rel=1e-9)


def test_a_high_temperature_matches_logits():
    given_batch = batch(1.0)
    limit = lesson_t_squared.matching(given_batch)
    z, v = (x - x.mean(-1, keepdim=True) for x in (given_batch.student, given_batch.teacher))
    assert limit == pytest.approx(((z - v) ** 2).mean().item() / 2)
    errors = [
        lesson_t_squared.relative_error(lesson_t_squared.sizes(given_batch, t).kl_t2, limit) for t in (5, 20, 100, 1e4)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[1] < 0.05
    assert errors[-1] < 1e-3


def test_without_t_squared_the_soft_gradient_fades_and_with_it_not(t_squared):
    for arm in ("start", "epoch-1", "trained"):
        means = t_squared.summary(arm).means
        assert means["without_kept"].mean < 0.2
        assert means["with_kept"].mean > 1
        error = next(curve for curve in t_squared.arm(arm).curves if curve.name == "match_error")
        assert error.y[-1] < 0.1 < error.y[0]
    start = next(curve for curve in t_squared.arm("start").curves if curve.name == "hard" and curve.seed == 0)
    assert start.y[0] == start.y[1]
    assert len(t_squared.model_dump_json()) < 100_000  # it may ship
