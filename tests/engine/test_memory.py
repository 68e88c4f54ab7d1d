"""The peak of memory against examples counted by hand."""

import torch
from torch import nn

from kdviz.engine import models
from kdviz.engine.memory import PeakMemory
from kdviz.engine.models import Cohort

FLOAT = 4


def test_what_lives_at_once_is_counted_at_its_highest():
    with PeakMemory() as memory:
        a = torch.zeros(1000)  # 4,000 bytes
        b = torch.zeros(500)  # 2,000 more
        del a
        c = torch.zeros(100)  # 400: less than was there before
    assert memory.peak == 6000
    assert len(b) + len(c) == 600


def test_what_is_gone_makes_room():
    with PeakMemory() as memory:
        for _ in range(10):
            torch.zeros(1000)
    assert memory.peak == 4000


def test_views_and_changes_in_place_take_nothing():
    with PeakMemory() as memory:
        a = torch.zeros(10, 100)
        b = a.view(1000)[10:]
        b.add_(1)
        a.t()
    assert memory.peak == 4000


def test_what_was_there_before_is_not_counted():
    before = torch.zeros(1000, 1000)
    with PeakMemory() as memory:
        before.add_(1)
        half = before[:500]
        half.view(-1)
    assert memory.peak == 0


def test_other_types_have_other_sizes():
    with PeakMemory() as memory:
        kept = torch.zeros(100, dtype=torch.double), torch.zeros(100, dtype=torch.uint8)
    assert memory.peak == 900
    assert len(kept) == 2


def test_a_forward_and_backward_pass_by_hand():
    layer = nn.Linear(50, 20, bias=False)
    inputs = torch.randn(8, 50)
    layer(inputs).backward(torch.ones(8, 20))  # so that gradients exist
    layer.weight.grad = None
    gradient = torch.ones(8, 20)
    with PeakMemory() as memory:
        outputs = layer(inputs)
        outputs.backward(gradient)
    assert memory.peak == FLOAT * (8 * 20 + 50 * 20)  # the outputs and the gradient of the weights


def test_the_same_work_has_the_same_peak_and_more_networks_more():
    def peak(count):
        with PeakMemory() as memory:
            cohort = Cohort("784-30-30-10", [models.build("784-30-30-10", seed) for seed in range(count)])
            cohort.logits(torch.zeros(count, 16, 1, 28, 28)).sum().backward()
        return memory.peak

    assert peak(1) == peak(1)
    assert 1.8 < peak(2) / peak(1) < 2.2
