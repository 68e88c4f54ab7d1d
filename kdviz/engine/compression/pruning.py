"""Weights and units taken away by magnitude, with torch.nn.utils.prune (Han et al. 2015; Li et al. 2017).

A pruned network is a network whose weights are 0 where they were taken away: the masks are found in it again.
"""

import copy
import math

import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from kdviz.engine.compression.errors import CompressionError
from kdviz.engine.models import Dense, build, name_of
from kdviz.recipes.catalogue import CLASSES, NETWORKS, PIXELS

Layer = nn.Linear | nn.Conv2d


def weighted(network: nn.Sequential) -> list[Layer]:
    """The layers that have weights, from the pixels to the logits."""
    return [layer for layer in network if isinstance(layer, nn.Linear | nn.Conv2d)]


def check(sparsity: float) -> None:
    """Raise CompressionError unless it is a share from 0 to below 1."""
    if not 0 <= sparsity < 1:
        raise CompressionError(f"The sparsity is {sparsity:g}; it takes a number from 0 to below 1.")


def by_magnitude(network: nn.Sequential, sparsity: float) -> nn.Sequential:
    """The same network with that share of all its weights at 0, the smallest of all layers together; biases stay.

    Weights that are 0 already are among the smallest: a higher sparsity keeps what a lower one took away. Raises
    CompressionError.
    """
    check(sparsity)
    pruned = copy.deepcopy(network)
    layers = [(layer, "weight") for layer in weighted(pruned)]
    prune.global_unstructured(layers, prune.L1Unstructured, amount=sparsity)
    return without_masks(pruned)


def by_units(network: nn.Sequential, sparsity: float) -> nn.Sequential:
    """A smaller network: of each hidden layer that share of its units, or channels, is gone, but one at least stays.

    Those with the smallest L2 norm of their incoming weights go, with their weights in and out: the logits are those of
    the network whose outgoing weights of these units are 0. Raises CompressionError.
    """
    check(sparsity)
    name, layers = name_of(network), weighted(network)
    if NETWORKS[name].kind not in ("dense", "pooled"):
        raise CompressionError(f"{name} cannot lose units; those of multi-layer and pooled convolutional networks can.")
    kept = [_strongest(layer, sparsity) for layer in layers[:-1]]
    smaller = build(_with_units(name, [len(units) for units in kept]), seed=0)
    left, before = torch.arange(_inputs(layers[0])), _inputs(layers[0])  # of what comes into a layer, and of how much
    ends = [*kept, torch.arange(_outputs(layers[-1]))]
    with torch.no_grad():
        for old, new, units in zip(layers, weighted(smaller), ends, strict=True):
            new.weight.copy_(_between(old, left, before, units))
            new.bias.copy_(old.bias[units])  # type: ignore[union-attr, index]
            left, before = units, _outputs(old)
    return smaller.to(layers[0].weight.device).train(network.training)


def gradually(sparsity: float, steps: int) -> list[float]:
    """Sparsities on the way, steep at first: s (1 - (1 - n / steps)^3) (Zhu, Gupta 2017, equation 1)."""
    check(sparsity)
    return [sparsity * (1 - (1 - number / steps) ** 3) for number in range(1, steps + 1)]


def sparsity_of(network: nn.Sequential) -> float:
    """The share of the weights, without biases, that are 0."""
    weights = [layer.weight for layer in weighted(network)]
    return sum(int((weight == 0).sum()) for weight in weights) / sum(weight.numel() for weight in weights)


def hold_zeros(network: nn.Sequential) -> nn.Sequential:
    """Put a mask on every layer that has zeros: whatever is learnt, they stay 0. In place; returns the network."""
    for layer in weighted(network):
        if bool((layer.weight == 0).any()):
            prune.custom_from_mask(layer, "weight", (layer.weight != 0).to(layer.weight.dtype))
    return network


def without_masks(network: nn.Sequential) -> nn.Sequential:
    """Make zeros of what the masks hide, and take the masks away. In place; returns the network."""
    for layer in weighted(network):
        if prune.is_pruned(layer):
            prune.remove(layer, "weight")
    return network


def _strongest(layer: Layer, sparsity: float) -> Tensor:
    """Which units are left, in their order."""
    units = _outputs(layer)
    gone = min(units - 1, math.floor(sparsity * units + 0.5))
    probe, axis = copy.deepcopy(layer), _axes(layer)[1]
    prune.ln_structured(probe, "weight", amount=gone, n=2, dim=axis)
    masked = probe.get_buffer("weight_mask").movedim(axis, 0).flatten(1)
    return masked.any(dim=1).nonzero().flatten()


def _between(layer: Layer, left: Tensor, before: int, units: Tensor) -> Tensor:
    """The weights between what is left of the `before` outputs of the layer before, and the units that are left."""
    ingoing, outgoing = _axes(layer)
    pixels = layer.weight.shape[ingoing] // before  # of a channel, where it is flattened
    places = left.unsqueeze(1) * pixels + torch.arange(pixels)
    return layer.weight.index_select(outgoing, units).index_select(ingoing, places.flatten())


def _axes(layer: Layer) -> tuple[int, int]:
    """Which axis of the weights counts the inputs, and which the outputs."""
    return (0, 1) if isinstance(layer, Dense) else (1, 0)


def _inputs(layer: Layer) -> int:
    return layer.weight.shape[_axes(layer)[0]]


def _outputs(layer: Layer) -> int:
    return layer.weight.shape[_axes(layer)[1]]


def _with_units(name: str, units: list[int]) -> str:
    """The name of a network of the same kind with so many units, or channels, in its hidden layers."""
    widths = "-".join(map(str, units))
    return f"cnn-{widths}" if NETWORKS[name].convolutional else f"{PIXELS}-{widths}-{CLASSES}"
