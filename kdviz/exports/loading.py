"""The lines that load an exported student elsewhere, without kdviz. Torch-free."""

from kdviz.errors import PlainError
from kdviz.recipes.catalogue import NETWORKS, Architecture
from kdviz.recipes.compression import Scheme

FORMATS = ("onnx", "pytorch", "safetensors")


class LoadingError(PlainError):
    """A network that a format cannot express; the message is one plain sentence."""


def lines(form: str, file: str, architecture: str, scheme: Scheme = "none") -> str:
    """Python that loads the file and asks the student about `images`, uint8 grey levels (N, 28, 28).

    Raises LoadingError.
    """
    if form == "onnx":
        return _ONNX.format(file=file)
    layers = ", ".join(_layers(NETWORKS[architecture]))
    if form == "pytorch":
        quantised = scheme != "none"
        return _PYTORCH.format(
            file=file,
            layers=layers,
            more="import torchao  # its quantised tensors\n" if quantised else "",
            assign=", assign=True" if quantised else "",
        )
    return _SAFETENSORS.format(file=file, layers=layers)


_ONNX = """\
import onnxruntime
student = onnxruntime.InferenceSession("{file}")
logits = student.run(None, {{"images": images}})[0]  # a NumPy array
"""

_PYTORCH = """\
import torch
{more}from torch import nn
student = nn.Sequential({layers})
student.load_state_dict(torch.load("{file}", weights_only=True){assign})
logits = student.eval()(torch.as_tensor(images)[:, None] / 127.5 - 1)
"""

_SAFETENSORS = """\
import torch
from safetensors.torch import load_file
from torch import nn
student = nn.Sequential({layers})
student.load_state_dict({{name: w.T if w.ndim == 2 else w for name, w in load_file("{file}").items()}})
logits = student.eval()(torch.as_tensor(images)[:, None] / 127.5 - 1)
"""


def _layers(network: Architecture) -> list[str]:
    """The network's layers as PyTorch builds them."""
    if network.kind == "keras":
        raise LoadingError(f"{network.name} cannot be written as a few layers; onnx holds it whole.")
    if network.kind == "pooled":
        layers, channels, side = [], 1, 28
        for width in network.widths:
            layers += [f"nn.Conv2d({channels}, {width}, 3, padding=1)", "nn.ReLU()", "nn.MaxPool2d(2)"]
            channels, side = width, side // 2
        return [*layers, "nn.Flatten()", f"nn.Linear({channels * side * side}, 10)"]
    layers = ["nn.Flatten()"]
    for number, (inputs, outputs) in enumerate(zip(network.widths, network.widths[1:], strict=False)):
        factor = network.kind == "factored" and number == 0
        layers += [
            f"nn.Linear({inputs}, {outputs}{', bias=False' if factor else ''})",
            *([] if factor else ["nn.ReLU()"]),
        ]
    return layers[:-1]
