"""A student's safetensors file, checked without torch: names, shapes and sizes are those of its architecture."""

from itertools import pairwise

from safetensors import SafetensorError, deserialize

from kdviz.errors import PlainError
from kdviz.recipes.catalogue import CLASSES, IMAGE_SIDE, NETWORKS, is_network

LONGEST_HEADER = 100_000  # bytes, as the first eight of a file say


class WeightsError(PlainError):
    """A file that does not hold the weights of the architecture; the message is one plain sentence."""


def shapes(architecture: str) -> dict[str, tuple[int, ...]]:
    """The shape of each weight, by the names that `models.build` gives them."""
    facts = NETWORKS[architecture]
    weights: dict[str, tuple[int, ...]] = {}

    def layer(number: int, *weight: int, bias: int) -> None:
        weights[f"{number}.weight"] = weight
        weights[f"{number}.bias"] = (bias,)

    if facts.kind == "factored":
        pixels, rank, *widths = facts.widths
        weights["1.weight"] = (pixels, rank)
        for number, (inputs, outputs) in enumerate(pairwise([rank, *widths])):
            layer(2 + 2 * number, inputs, outputs, bias=outputs)
        return weights
    if not facts.convolutional:
        for number, (inputs, outputs) in enumerate(pairwise(facts.widths)):
            layer(1 + 2 * number, inputs, outputs, bias=outputs)  # after the flattening, with a ReLU between two
        return weights
    channels, side = 1, IMAGE_SIDE
    for number, width in enumerate(facts.widths):
        layer(3 * number, width, channels, 3, 3, bias=width)  # followed by a ReLU and a pooling
        channels, side = width, side // 2
    layer(3 * len(facts.widths) + 1, channels * side * side, CLASSES, bias=CLASSES)
    return weights


def check(content: bytes, architecture: str) -> None:
    """Raise WeightsError unless these are all weights of the architecture, in single precision, and nothing else."""
    if not is_network(architecture):
        raise WeightsError("The weights are of a network that this version does not know.")
    try:
        if int.from_bytes(content[:8], "little") > LONGEST_HEADER:
            raise SafetensorError
        tensors = {name: (facts["dtype"], tuple(facts["shape"])) for name, facts in deserialize(content)}
    except SafetensorError:
        raise WeightsError("The weights are damaged.") from None
    if tensors != {name: ("F32", shape) for name, shape in shapes(architecture).items()}:
        raise WeightsError(f"The weights are not those of {architecture}.")
