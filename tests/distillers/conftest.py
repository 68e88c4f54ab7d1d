import pytest
import torch

from kdviz.engine import data, evaluation


@pytest.fixture
def double(monkeypatch):
    """Everything in double precision, so that rounding cannot hide a mistake."""
    single = data.normalise
    for module in (data, evaluation):
        monkeypatch.setattr(module, "normalise", lambda images: single(images).double())
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)
