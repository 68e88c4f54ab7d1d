"""One trained student, for all who compress it."""

import pytest
import torch

from kdviz.distillers.plain import Plain
from kdviz.engine import data, models
from kdviz.engine.training import fit
from kdviz.recipes.base import Training


@pytest.fixture(scope="session")
def digits_data():
    return data.load("digits")


@pytest.fixture(scope="session")
def student(digits_data):
    """A 784-32-10 after a few epochs on the digits."""
    network = models.build("784-32-10", 0)
    train(models.cohort("784-32-10", [network]), digits_data)
    return network.eval().requires_grad_(False)


def train(cohort, data, epochs=3):
    training = Training.reference("digits", cohort.architecture.name, epochs)
    for _ in fit([cohort], data.training, [training], Plain()):
        pass


@pytest.fixture(scope="session")
def learn():
    return train


@pytest.fixture
def logits():
    """Of a few images, to compare networks by."""
    images = torch.randn(50, 1, 28, 28, generator=torch.Generator().manual_seed(1))

    def logits(network):
        with torch.no_grad():
            return network(images)

    return logits
