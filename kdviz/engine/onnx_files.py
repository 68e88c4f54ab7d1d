"""A kept student as an ONNX file. Needs torch and torch's exporter: on a worker, or from the command line."""

import base64
import json
import logging
import warnings
from collections.abc import Mapping

import torch
from onnx import ModelProto
from torch import Tensor, nn

from kdviz.engine import students
from kdviz.recipes.catalogue import IMAGE_SIDE
from kdviz.records.base import TrainedStudent

_EXAMPLES = 2  # images that the exporter follows through the network; any number may come later


class _FromGreyLevels(nn.Module):
    """The network with the normalisation before it."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """uint8 grey levels (N, 28, 28) to logits (N, 10); `data.normalise` is the same, in place."""
        logits: Tensor = self.network(images.unsqueeze(1).float() * (2 / 255) - 1)
        return logits


def make(learnt: str, about: str = "{}") -> str:
    """The ONNX file, in base64, of a `TrainedStudent` as JSON; `about` are texts to be written into it, as JSON.

    Raises WeightsError.
    """
    return base64.b64encode(onnx_file(TrainedStudent.model_validate_json(learnt), json.loads(about))).decode()


def onnx_file(learnt: TrainedStudent, about: Mapping[str, str]) -> bytes:
    """The ONNX file: `images`, uint8 (N, 28, 28), to `logits`, float (N, 10). Equal students, equal bytes.

    Raises WeightsError.
    """
    network = _FromGreyLevels(students.network_of(learnt)).eval()
    images = torch.zeros(_EXAMPLES, IMAGE_SIDE, IMAGE_SIDE, dtype=torch.uint8)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            network,
            (images,),
            input_names=["images"],
            output_names=["logits"],
            dynamic_shapes={"images": {0: torch.export.Dim("N")}},
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # as no file was named
    model: ModelProto = program.model_proto
    _forget_the_machine(model)
    model.doc_string = "Logits of ten classes from images of 28 x 28 grey levels; softmax makes them probabilities."
    for name, text in {"architecture": learnt.architecture, **about}.items():
        model.metadata_props.add(key=name, value=text)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _forget_the_machine(model: ModelProto) -> None:
    """The exporter notes for each node which line of which file it came from."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.initializer, *graph.input, *graph.output, *graph.value_info):
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
