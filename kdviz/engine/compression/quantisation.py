"""Weights and activations as whole numbers of few bits: in PyTorch with torchao (Jacob et al. 2018).

`dynamic` has int8 weights, a scale for each output, and int8 activations whose scale is found anew for each image;
`weights8` and `weights4` have whole numbers for the weights alone. torchao 0.18 keeps four bits in a byte each on a
CPU, where its packed kernels are missing: such a network is only as right as one of four bits, and as large as one of
eight. ONNX Runtime packs them (`onnx_quantisation.py`). Convolutions stay as they are: torchao has none for a CPU.
"""

import copy
import logging
from typing import Any

import torch
from torch import nn

from kdviz.engine.compression.errors import CompressionError
from kdviz.engine.compression.pruning import weighted, without_masks
from kdviz.engine.models import Dense
from kdviz.recipes.compression import Scheme

GROUP = 16  # inputs that share the scale of four-bit weights, where their number can be divided so
_FOUR: torch.dtype = torch.int4  # type: ignore[attr-defined]


def quantised(network: nn.Sequential, scheme: Scheme) -> nn.Sequential:
    """The same network in evaluation mode with its dense layers quantised. Raises CompressionError.

    "int8-static" needs images to be calibrated with: in ONNX Runtime only.
    """
    plain = with_torch_layers(network).eval().requires_grad_(False)
    if scheme == "none":
        return plain
    if scheme == "int8-static":
        raise CompressionError("PyTorch has no int8-static here; ONNX Runtime has it, and PyTorch int8.")
    if any(isinstance(layer, nn.Conv2d) for layer in network):
        raise CompressionError(f"PyTorch has no {scheme} convolutions on a CPU; ONNX Runtime has int8 and int8-static.")
    torchao = _torchao()
    for layer in weighted(plain):
        torchao.quantize_(
            layer, _settings(layer, scheme), filter_fn=lambda module, _name: isinstance(module, nn.Linear)
        )
    return plain


def with_fake_quantisation(network: nn.Sequential, scheme: Scheme) -> nn.Sequential:
    """A copy to be trained on that rounds in its forward pass as `quantised` does; gradients pass the rounding by.

    Its parameters are floats (straight-through estimator, Jacob et al. 2018, section 3). Raises CompressionError.
    """
    aware = with_torch_layers(network)
    if scheme == "none":
        return aware
    if any(isinstance(layer, nn.Conv2d) for layer in network):
        raise CompressionError(f"PyTorch has no {scheme} convolutions on a CPU, to learn with either.")
    torchao = _torchao()
    from torchao.quantization.qat import IntxFakeQuantizeConfig, QATConfig

    for number, layer in enumerate(aware):
        if not isinstance(layer, nn.Linear):
            continue
        shared: dict[str, Any] = {"group_size": GROUP} if _grouped(layer, scheme) else {"granularity": "per_channel"}
        weights = IntxFakeQuantizeConfig(_FOUR if scheme == "int4" else torch.int8, is_symmetric=True, **shared)
        # With a zero point, as ONNX Runtime has it; torchao cannot learn with symmetric ones.
        activations = IntxFakeQuantizeConfig(torch.int8, "per_token", is_symmetric=False)
        config = QATConfig(
            activation_config=activations if scheme in ("int8", "int8-static") else None,
            weight_config=weights,
            step="prepare",
        )
        holder = nn.Sequential(layer)
        torchao.quantize_(holder, config)
        aware[number] = holder[0]
    return aware


def with_torch_layers(network: nn.Sequential) -> nn.Sequential:
    """A copy in which each `Dense` is torch's own `Linear`, whose weights are (outputs, inputs), as libraries want."""
    layers: list[nn.Module] = []
    for layer in without_masks(copy.deepcopy(network)):
        if isinstance(layer, Dense):
            turned = nn.Linear(layer.in_features, layer.out_features, bias=layer.bias is not None)
            turned.weight = nn.Parameter(layer.weight.detach().t().contiguous())
            turned.bias = layer.bias
            layer = turned  # noqa: PLW2901
        layers.append(layer)
    return nn.Sequential(*layers).train(network.training)


def with_dense_layers(network: nn.Sequential) -> nn.Sequential:
    """The way back from `with_torch_layers` and `with_fake_quantisation`: floats, as everywhere else."""
    layers: list[nn.Module] = []
    for layer in network:
        if isinstance(layer, nn.Linear) and not isinstance(layer, Dense):
            turned = Dense(layer.in_features, layer.out_features, bias=layer.bias is not None)
            turned.weight = nn.Parameter(layer.weight.detach().t().contiguous())
            turned.bias = layer.bias
            layer = turned  # noqa: PLW2901
        layers.append(layer)
    return nn.Sequential(*layers).train(network.training)


def _grouped(layer: nn.Linear, scheme: Scheme) -> bool:
    return scheme == "int4" and layer.in_features % GROUP == 0


def _settings(layer: nn.Module, scheme: Scheme) -> Any:
    quantization = _torchao()
    from torchao.quantization.granularity import PerAxis, PerGroup

    if scheme == "int4":
        assert isinstance(layer, nn.Linear)
        granularity = PerGroup(GROUP) if _grouped(layer, scheme) else PerAxis(0)
        return quantization.IntxWeightOnlyConfig(weight_dtype=_FOUR, granularity=granularity)
    if scheme == "int8-weights":
        return quantization.Int8WeightOnlyConfig()
    return quantization.Int8DynamicActivationInt8WeightConfig(act_mapping_type=quantization.MappingType.ASYMMETRIC)


def _torchao() -> Any:
    """The library, imported where it is needed: that takes a second. What it logs meanwhile is for its own people."""
    logging.getLogger("torch.utils._pytree").setLevel(logging.ERROR)
    from torchao import quantization

    return quantization
