"""A student that is read at the wrong T: the same answers, other confidence, and the temperature that calibrates."""

import pytest
import torch

from kdviz.engine import evaluation, losses
from kdviz.runners.studies import forgotten_temperature as lesson_forgotten


def test_forgetting_changes_no_answer_but_how_sure_it_sounds(forgotten):
    one, four, best = (forgotten.arm(f"taught-{at}").rows for at in ("1", "4", "best"))
    assert [row.figures["test_accuracy"] for row in one] == [row.figures["test_accuracy"] for row in four]
    for right, late in zip(one, four, strict=True):
        assert late.figures["confidence"] < right.figures["confidence"]
    assert {row.figures["temperature"] for row in best} <= set(lesson_forgotten.TEMPERATURES)
    curve = next(c for c in forgotten.arm("taught-1").curves if (c.name, c.seed) == ("nll", 0))
    at_four = dict(zip(curve.x, curve.y, strict=True))[3.9811]
    assert at_four == pytest.approx(four[0].figures["nll"], rel=0.05)
    accuracy = next(c for c in forgotten.arm("taught-1").curves if c.name == "test_accuracy")
    assert len(set(accuracy.y)) == 1
    assert not forgotten.arm("taught-4").curves


def test_the_calibrated_temperature_is_the_one_of_lowest_nll():
    generator = torch.Generator().manual_seed(1)
    said_logits = 2 * torch.randn(4000, 10, generator=generator, dtype=torch.float64)
    labels = torch.multinomial(losses.softmax(said_logits, 2.0), 1, generator=generator).squeeze(1)
    assert lesson_forgotten._best(said_logits, labels) == pytest.approx(2.0, rel=0.1)
    assert lesson_forgotten.confidence(said_logits) == pytest.approx(
        losses.softmax(said_logits, 1.0).max(dim=-1).values.mean().item()
    )
    assert evaluation.accuracy(said_logits / 2, labels) == evaluation.accuracy(said_logits, labels)
