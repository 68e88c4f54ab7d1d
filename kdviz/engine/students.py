"""Trained students as bytes, to be kept with their run, and as networks again."""

import json

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import nn

from kdviz.engine import models
from kdviz.records import weights
from kdviz.records.base import TrainedStudent
from kdviz.records.weights import WeightsError


def learnt(name: str, architecture: str, network: nn.Module) -> TrainedStudent:
    """The network's weights as they are now, in single precision. Equal weights, equal bytes."""
    tensors = {
        key: tensor.detach().to("cpu", torch.float32).contiguous().clone()  # students trained stacked share a storage
        for key, tensor in network.state_dict().items()
    }
    about = {"format": "pt", "architecture": architecture}
    content = save(tensors, metadata={"kdviz": json.dumps(about)})  # one entry: the order of several is left open
    return TrainedStudent(name=name, architecture=architecture, weights=content)


def network_of(learnt: TrainedStudent) -> nn.Sequential:
    """The network, in evaluation mode. Raises WeightsError."""
    weights.check(learnt.weights, learnt.architecture)
    network = models.build(learnt.architecture, seed=0)
    try:
        network.load_state_dict(load(learnt.weights))
    except (SafetensorError, RuntimeError) as error:
        raise WeightsError(f"The weights cannot be used ({str(error).splitlines()[0]}).") from None
    return network.eval().requires_grad_(False)
