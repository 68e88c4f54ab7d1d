"""The first layer as a product of two thin matrices (Denton et al. 2014; Sainath et al. 2013)."""

import torch
from torch import nn

from kdviz.engine.compression.errors import CompressionError
from kdviz.engine.models import build, name_of
from kdviz.recipes.catalogue import NETWORKS


def factored(network: nn.Sequential, rank: int) -> nn.Sequential:
    """The same network with its first weights W, (784, units), as the best product of that rank, U (S V), by SVD.

    Of all matrices of that rank it is nearest to W in the Frobenius norm (Eckart, Young 1936). What is saved:
    784 units weights become (784 + units) rank. Multi-layer networks only. Raises CompressionError.
    """
    name = name_of(network)
    if NETWORKS[name].kind != "dense":
        raise CompressionError(f"{name} cannot be factored; the first layer of a multi-layer network can.")
    pixels, units, *_ = NETWORKS[name].widths
    if not 1 <= rank <= min(pixels, units):
        raise CompressionError(f"The rank is {rank}; it takes a whole number from 1 to {min(pixels, units)}.")
    widths = NETWORKS[name].widths
    thin = build("-".join(map(str, [pixels, f"r{rank}", *widths[1:]])), seed=0)
    first, *rest = (layer for layer in network if isinstance(layer, nn.Linear))
    left, right, *new = (layer for layer in thin if isinstance(layer, nn.Linear))
    with torch.no_grad():
        u, s, v = torch.linalg.svd(first.weight.double().cpu(), full_matrices=False)
        root = s[:rank].sqrt()  # both factors of one size: gradients of both are alike
        left.weight.copy_(u[:, :rank] * root)
        right.weight.copy_(root.unsqueeze(1) * v[:rank])
        right.bias.copy_(first.bias)
        for old, layer in zip(rest, new, strict=True):
            layer.weight.copy_(old.weight)
            layer.bias.copy_(old.bias)
    return thin.to(first.weight.device).train(network.training)


def singular_values(network: nn.Sequential) -> list[float]:
    """Those of the first layer's weights, the largest first."""
    first = next(layer for layer in network if isinstance(layer, nn.Linear))
    values: list[float] = torch.linalg.svdvals(first.weight.detach().double().cpu()).tolist()
    return values
