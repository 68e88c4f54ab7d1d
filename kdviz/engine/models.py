"""Networks by name, from `catalogue.NETWORKS`, and several of one name trained in one pass."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from kdviz.engine.dropout import Dropout
from kdviz.recipes.catalogue import CLASSES, IMAGE_SIDE, NETWORKS, Architecture


class Pixels(nn.Module):
    """Normalised images (-1 to 1) as grey levels from 0 to 1, so that the border that "same" adds is black."""

    def forward(self, images: Tensor) -> Tensor:
        """(batch, 1, 28, 28) to the same shape."""
        return (images + 1) / 2


class Dense(nn.Linear):
    """A fully connected layer that keeps its weights as (inputs, outputs).

    In this layout the gradient of the weights comes out as it is stored: a tenth off a small student's update.
    """

    def __init__(self, inputs: int, outputs: int, bias: bool = True) -> None:
        super().__init__(inputs, outputs, bias)
        self.weight = nn.Parameter(self.weight.detach().t().contiguous())

    def forward(self, input: Tensor) -> Tensor:
        """(batch, inputs) to (batch, outputs)."""
        return input @ self.weight if self.bias is None else torch.addmm(self.bias, input, self.weight)


def build(name: str, seed: int) -> nn.Sequential:
    """A network with fresh weights that depend on name and seed alone.

    Takes normalised images of shape (batch, 1, 28, 28), returns logits of shape (batch, 10). Convolutions keep their
    weights with the channels last: on a CPU that makes them up to four times as fast.
    """
    architecture = NETWORKS[name]
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        network = _SHAPES[architecture.kind](architecture)
        for layer in network:
            _initialise(layer, architecture)
    return network.to(memory_format=torch.channels_last) if architecture.convolutional else network


def _initialise(layer: nn.Module, architecture: Architecture) -> None:
    """Weights as He et al. 2015 draw them before a ReLU, biases 0: it learns faster at first than torch's default.

    Keras' example has the weights of Glorot, Bengio 2010.
    """
    if not isinstance(layer, Dense | nn.Conv2d) or layer.bias is None:
        return
    nn.init.zeros_(layer.bias)
    if architecture.kind == "keras":
        nn.init.xavier_uniform_(layer.weight)
    else:  # the first axis of a `Dense` counts the inputs, where that of torch's own layers counts the outputs
        axis: Literal["fan_in", "fan_out"] = "fan_out" if isinstance(layer, Dense) else "fan_in"
        nn.init.kaiming_normal_(layer.weight, mode=axis, nonlinearity="relu")


def _multi_layer(architecture: Architecture) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Flatten()]
    for inputs, outputs in pairwise(architecture.widths):
        layers += [Dense(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def _factored(architecture: Architecture) -> nn.Sequential:
    """A multi-layer network whose first weights are a product of two matrices, with nothing between them."""
    pixels, rank, *widths = architecture.widths
    layers: list[nn.Module] = [nn.Flatten(), Dense(pixels, rank, bias=False)]
    for inputs, outputs in pairwise([rank, *widths]):
        layers += [Dense(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def _convolutional(architecture: Architecture) -> nn.Sequential:
    layers: list[nn.Module] = []
    channels, side = 1, IMAGE_SIDE
    for width in architecture.widths:
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        channels, side = width, side // 2
    return nn.Sequential(*layers, nn.Flatten(), Dense(channels * side * side, CLASSES))


def _keras(architecture: Architecture) -> nn.Sequential:
    """Strides of 2 and padding "same" as Keras has it: what an image lacks is added at the right and the bottom.

    The pooling looks at each pixel with its right and lower neighbours; nothing but the first convolution is followed
    by an activation.
    """
    first, second = architecture.widths
    return nn.Sequential(
        Pixels(),
        nn.ZeroPad2d((0, 1, 0, 1)),
        nn.Conv2d(1, first, 3, stride=2),
        nn.LeakyReLU(0.2),
        nn.MaxPool2d(2, stride=1, padding=1),
        nn.ZeroPad2d((-1, 1, -1, 1)),  # without what the pooling added at the left and the top
        nn.Conv2d(first, second, 3, stride=2),
        nn.Flatten(),
        Dense(second * (IMAGE_SIDE // 4) ** 2, CLASSES),
    )


_SHAPES = {"dense": _multi_layer, "factored": _factored, "pooled": _convolutional, "keras": _keras}


def name_of(network: nn.Sequential) -> str:
    """The name under which such a network is built, from the shapes of its layers; not those of Keras' example."""
    layers = [layer for layer in network if isinstance(layer, nn.Linear | nn.Conv2d)]
    channels = [layer.out_channels for layer in layers if isinstance(layer, nn.Conv2d)]
    if channels:
        return "-".join(map(str, ["cnn", *channels]))
    widths = [str(layer.in_features) for layer in layers] + [str(layers[-1].out_features)]
    if layers[0].bias is None:
        widths[1] = f"r{widths[1]}"
    return "-".join(widths)


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
    """Networks of one architecture, each with its own weights, that are trained or evaluated side by side.

    The first axis of what goes in and comes out counts the networks.
    """

    def __init__(self, name: str, networks: Sequence[nn.Sequential]) -> None:
        self.architecture = NETWORKS[name]
        self.networks = list(networks)
        self.dropout: Dropout | None = None  # while they learn
        self._pieces = [hidden_layers(network) for network in networks]

    def __len__(self) -> int:
        return len(self.networks)

    @property
    def parameters(self) -> list[Tensor]:
        """Weights and biases of all networks."""
        return [parameter for network in self.networks for parameter in network.parameters()]

    @property
    def incoming(self) -> list[tuple[Tensor, tuple[int, ...]]]:
        """The weights of each hidden layer, and over which axes those of one unit stretch."""
        layers = [layer for network in self.networks for layer in list(network)[:-1]]
        dense = [(layer.weight, (-2,)) for layer in layers if isinstance(layer, Dense)]
        return dense + [(layer.weight, (-3, -2, -1)) for layer in layers if isinstance(layer, nn.Conv2d)]

    def train(self, dropout: Dropout | None = None) -> None:
        """Training mode, with dropout or without; evaluation puts it back as it was."""
        self.dropout = dropout
        for network in self.networks:
            network.train()

    @torch.no_grad()
    def limit_norms(self, most: float) -> None:
        """Shrink every hidden unit's incoming weights whose norm is above `most` to that norm.

        The weight constraint that goes with dropout (Hinton et al. 2012, section 2; Srivastava et al. 2014, 5.1).
        """
        for weight, axes in self.incoming:
            norms = torch.linalg.vector_norm(weight, dim=axes, keepdim=True)
            weight.mul_((most / norms).clamp_(max=1))

    @torch.no_grad()
    def expect_pixels_from_zero(self, wanted: bool) -> None:
        """Rewrite the first layer for pixels from 0 to 1, or back for -1 to 1: the same logits of the same images.

        With x = 2 u - 1: W x + b = 2 W u + (b - sum of W). Gradient descent is not the same: a background of -1 pulls
        at every weight of it at once, as if the bias were learnt hundreds of times as fast. Multi-layer networks only.
        """
        for weight, bias in self.first_layers:
            if wanted:
                bias.sub_(weight.sum(dim=-2).view_as(bias))
                weight.mul_(2)
            else:
                weight.mul_(0.5)
                bias.add_(weight.sum(dim=-2).view_as(bias))

    @property
    def first_layers(self) -> list[tuple[Tensor, Tensor]]:
        """Weights (..., pixels, units) and biases of the first layer."""
        layers = [network[1] for network in self.networks]
        return [(layer.weight, layer.bias) for layer in layers if isinstance(layer, Dense)]

    @property
    def _dropping(self) -> Dropout | None:
        return self.dropout if self.networks[0].training else None

    def layers(self, images: Tensor) -> list[Tensor]:
        """Activations (networks, batch, ...) of each hidden layer and, last, the logits, of normalised images.

        `images` has the shape (networks, batch, 1, 28, 28), or (1, ...) where all see the same.
        """
        own = images.expand(len(self), *images.shape[1:]).unbind()
        of_networks = [self._layers_of(number, x) for number, x in enumerate(own)]
        if len(of_networks) == 1:
            return [layer.unsqueeze(0) for layer in of_networks[0]]
        return [torch.stack(layer) for layer in zip(*of_networks, strict=True)]

    def _layers_of(self, number: int, x: Tensor) -> list[Tensor]:
        """Activations (batch, ...) of one network, from its images (batch, 1, 28, 28)."""
        dropout, *hidden, output = self._dropping, *self._pieces[number]
        if dropout is not None:
            x = dropout.pixels(x.unsqueeze(0), number)[0]
        activations = []
        for piece in hidden:
            x = piece(x)
            if dropout is not None:
                x = dropout.units(x.unsqueeze(0), number)[0]
            activations.append(x)
        return [*activations, output(x)]

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
        """Weights and biases of all networks."""
        return [*self._weights, *self._biases]

    @property
    def incoming(self) -> list[tuple[Tensor, tuple[int, ...]]]:
        """The weights of each hidden layer, and over which axes those of one unit stretch."""
        return [(weight, (-2,)) for weight in self._weights[:-1]]

    @property
    def first_layers(self) -> list[tuple[Tensor, Tensor]]:
        """Weights (networks, pixels, units) and biases (networks, 1, units) of the first layer."""
        return [(self._weights[0], self._biases[0])]

    def layers(self, images: Tensor) -> list[Tensor]:
        """Activations (networks, batch, units) of each hidden layer and, last, the logits."""
        x, activations = images.flatten(2).expand(len(self), -1, -1), []
        last, dropout = len(self._weights) - 1, self._dropping
        if dropout is not None:
            x = dropout.pixels(x)
        for number, (weight, bias) in enumerate(zip(self._weights, self._biases, strict=True)):
            x = torch.baddbmm(bias, x, weight)
            if number < last:
                x = torch.relu(x)
                if dropout is not None:
                    x = dropout.units(x)
            activations.append(x)
        return activations


def cohort(name: str, networks: Sequence[nn.Sequential]) -> Cohort:
    """The networks as what trains faster: multi-layer ones stacked, be it a single one (`python -m kdviz bench`)."""
    return StackedCohort(name, networks) if NETWORKS[name].kind == "dense" else Cohort(name, networks)
