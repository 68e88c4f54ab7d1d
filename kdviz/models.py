"""Networks by name, from `catalogue.ARCHITECTURES`, and several of one name trained in one pass."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import accumulate, pairwise

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

    Takes normalised images of shape (batch, 1, 28, 28), returns logits of shape (batch, 10). Convolutions keep their
    weights with the channels last: on a CPU that makes them up to four times as fast.
    """
    architecture = ARCHITECTURES[name]
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        network = _convolutional(architecture) if architecture.convolutional else _multi_layer(architecture)
        for layer in network:
            _initialise(layer)
    return network.to(memory_format=torch.channels_last) if architecture.convolutional else network


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


def hidden_layers(network: nn.Sequential) -> list[nn.Sequential]:
    """The network in pieces: one up to each hidden layer's activations (pooled, for convolutions), and the output."""
    pieces: list[list[nn.Module]] = [[]]
    convolutional = any(isinstance(layer, nn.Conv2d) for layer in network)
    for layer in network:
        pieces[-1].append(layer)
        if isinstance(layer, nn.MaxPool2d if convolutional else nn.ReLU):
            pieces.append([])
    return [nn.Sequential(*piece) for piece in pieces]


class Cohort:
    """Networks of one architecture, each with its own weights, that learn or answer side by side.

    The first axis of what goes in and comes out counts the networks.
    """

    def __init__(self, name: str, networks: Sequence[nn.Sequential]) -> None:
        self.architecture = ARCHITECTURES[name]
        self.networks = list(networks)
        self._pieces = [hidden_layers(network) for network in networks]

    def __len__(self) -> int:
        return len(self.networks)

    @property
    def parameters(self) -> list[Tensor]:
        """What an optimizer changes."""
        return [parameter for network in self.networks for parameter in network.parameters()]

    def train(self) -> None:
        """Training mode, as every student is in but for the moments when it is looked at."""
        for network in self.networks:
            network.train()

    def layers(self, images: Tensor) -> list[Tensor]:
        """Activations (networks, batch, ...) of each hidden layer and, last, the logits, of normalised images.

        `images` has the shape (networks, batch, 1, 28, 28), or (1, ...) where all see the same.
        """
        found = []
        for pieces, x in zip(self._pieces, images.expand(len(self), *images.shape[1:]).unbind(), strict=True):
            found.append(list(accumulate(pieces, lambda x, piece: piece(x), initial=x))[1:])
        if len(found) == 1:
            return [layer.unsqueeze(0) for layer in found[0]]
        return [torch.stack(layer) for layer in zip(*found, strict=True)]

    def logits(self, images: Tensor) -> Tensor:
        """Logits (networks, batch, 10) of normalised images (networks, batch, 1, 28, 28)."""
        return self.layers(images)[-1]

    def frozen(self) -> Cohort:
        """A copy as it is now, in evaluation mode and outside of every graph."""
        copies = type(self)(self.architecture.name, [copy.deepcopy(network).eval() for network in self.networks])
        for tensor in [*copies.parameters, *(p for network in copies.networks for p in network.parameters())]:
            tensor.requires_grad_(False)
        return copies


class StackedCohort(Cohort):
    """Multi-layer networks whose weights lie in one tensor for each layer: one batched product serves them all.

    `networks` are views of that tensor: they follow the training.
    """

    def __init__(self, name: str, networks: Sequence[nn.Sequential]) -> None:
        super().__init__(name, networks)
        self._weights: list[Tensor] = []
        self._biases: list[Tensor] = []
        for layers in zip(*networks, strict=True):
            if isinstance(layers[0], Dense):
                weight = torch.stack([layer.weight.detach() for layer in layers])
                bias = torch.stack([layer.bias.detach() for layer in layers]).unsqueeze(1)
                learns = layers[0].weight.requires_grad  # a teacher stays outside the graph
                for number, layer in enumerate(layers):
                    layer.weight = nn.Parameter(weight[number], learns)
                    layer.bias = nn.Parameter(bias[number, 0], learns)
                self._weights.append(weight.requires_grad_(learns))
                self._biases.append(bias.requires_grad_(learns))

    @property
    def parameters(self) -> list[Tensor]:
        """What an optimizer changes."""
        return [*self._weights, *self._biases]

    def layers(self, images: Tensor) -> list[Tensor]:
        """Activations (networks, batch, units) of each hidden layer and, last, the logits."""
        x, activations = images.flatten(2).expand(len(self), -1, -1), []
        last = len(self._weights) - 1
        for number, (weight, bias) in enumerate(zip(self._weights, self._biases, strict=True)):
            x = torch.baddbmm(bias, x, weight)
            if number < last:
                x = torch.relu(x)
            activations.append(x)
        return activations


def cohort(name: str, networks: Sequence[nn.Sequential]) -> Cohort:
    """The networks as what trains faster: multi-layer ones stacked, be it a single one (`python -m kdviz bench`)."""
    return Cohort(name, networks) if ARCHITECTURES[name].convolutional else StackedCohort(name, networks)
