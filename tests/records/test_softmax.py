"""NumPy's softmax says the same as that of the losses."""

import numpy as np
import pytest
import torch

from kdviz.engine import losses
from kdviz.records.softmax import entropy, log_softmax, softmax


@pytest.mark.parametrize("temperature", [0.1, 1.0, 20.0])
def test_softmax_its_logarithm_and_its_entropy_are_those_of_the_losses(temperature):
    logits = np.array([[1.0, 2.0, -300.0], [0.0, 0.0, 0.0]])
    tensor = torch.tensor(logits)
    assert softmax(logits, temperature) == pytest.approx(losses.softmax(tensor, temperature).numpy(), abs=1e-12)
    assert log_softmax(logits, temperature) == pytest.approx(losses.log_softmax(tensor, temperature).numpy())
    assert entropy(logits, temperature) == pytest.approx(losses.entropy(tensor, temperature).numpy(), abs=1e-12)
