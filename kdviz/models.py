"""Networks by name, from `catalogue.ARCHITECTURES`."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from kdviz.catalogue import ARCHITECTURES, CLASSES, IMAGE_SIDE, Architecture


class Dense(nn.Linear):
    """A fully connected layer that keeps its weights as (inputs, outputs).

    In this layout the gradient of the weights comes out as it is stored: a tenth off a small student's update.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)
        self.weight = nn.Parameter(self.weight.detach().t().contiguous())

    def forward(self, input: Tensor) -> Tensor:
        """(batch, inputs) to (batch, outputs)."""
        return torch.addmm(self.bias, input, self.weight)


def build(name: str, seed: int) -> nn.Sequential:
    """A network with fresh weights that depend on name and seed alone.

    Takes normalised images of shape (batch, 1, 28, 28), returns logits of shape (batch, 10).
    """
    architecture = ARCHITECTURES[name]
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        network = _convolutional(architecture) if architecture.convolutional else _multi_layer(architecture)
        for layer in network:
            _initialise(layer)
    return network


def _initialise(layer: nn.Module) -> None:
    """Weights as He et al. 2015 draw them before a ReLU, biases 0: it learns faster at first than torch's default."""
    if isinstance(layer, Dense):  # whose first axis counts the inputs, where torch's own layers count the outputs
        nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    elif isinstance(layer, nn.Conv2d) and layer.bias is not None:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)


def _multi_layer(architecture: Architecture) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Flatten()]
    for inputs, outputs in pairwise(architecture.widths):
        layers += [Dense(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def _convolutional(architecture: Architecture) -> nn.Sequential:
    layers: list[nn.Module] = []
    channels, side = 1, IMAGE_SIDE
    for width in architecture.widths:
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        channels, side = width, side // 2
    return nn.Sequential(*layers, nn.Flatten(), Dense(channels * side * side, CLASSES))
