"""The shipped students pruned and quantised in JavaScript are those that PyTorch prunes and quantises."""

from __future__ import annotations

import base64
import json

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from kdviz.store import playground, shipped_students

BINS = 61
SETTINGS = [
    {"sparsity": sparsity, "bits": bits, "way": way}
    for way, sparsity, bits in [
        *[("weights", 0.0, bits) for bits in (8, 4, 3, 2)],
        ("weights", 0.5, 32),
        ("weights", 0.9, 32),
        ("weights", 0.77, 4),
        ("units", 0.5, 32),
        ("units", 0.3, 8),
    ]
]


def linear(weight: np.ndarray, bias: np.ndarray) -> nn.Linear:
    """As torch keeps it: (outputs, inputs)."""
    layer = nn.Linear(*weight.shape)
    layer.weight.data, layer.bias.data = torch.tensor(weight.T.copy()), torch.tensor(bias)
    return layer


@torch.no_grad()
def compressed(layers: shipped_students.Layers, setting: dict) -> tuple[list[nn.Linear], int]:
    """The layers as torch's own pruning and quantisation leave them, and how many units are left."""
    first, last = (linear(weight, bias) for weight, bias in layers)
    units = first.out_features
    if setting["way"] == "weights":
        pairs = [(first, "weight"), (last, "weight")]
        prune.global_unstructured(pairs, pruning_method=prune.L1Unstructured, amount=setting["sparsity"])
        for layer, name in pairs:
            prune.remove(layer, name)
    else:
        prune.ln_structured(first, "weight", amount=setting["sparsity"], n=2, dim=0)
        prune.remove(first, "weight")
        gone = (first.weight == 0).all(dim=1)
        first.bias[gone] = 0
        last.weight[:, gone] = 0
        units -= int(gone.sum())
    if setting["bits"] < 32:
        most = 2 ** (setting["bits"] - 1) - 1
        for layer in (first, last):
            scale = layer.weight.abs().max() / most
            layer.weight.data = torch.fake_quantize_per_tensor_affine(layer.weight, float(scale), 0, -most, most)
    return [first, last], units


def stored(layers: list[nn.Linear], units: int, bits: int) -> int:
    """Bytes: of each layer the shorter of all its weights, and a mask with those that are not zero."""
    total = 4 * (units + layers[1].out_features) + (4 * len(layers) if bits < 32 else 0)
    for layer, count in zip(layers, (layers[0].in_features * units, units * layers[1].out_features), strict=True):
        kept = int(layer.weight.count_nonzero())
        mask = len(np.packbits(np.zeros(count, bool)))
        total += min(-(-count * bits // 8), mask + -(-kept * bits // 8))
    return total


def base64_of(values: Tensor) -> str:
    return base64.b64encode(values.detach().numpy().astype("<f4").tobytes()).decode()


def test_what_javascript_makes_of_the_students_is_what_pytorch_makes_of_them(tmp_path, holds):
    pack = playground.unpacked(playground.shipped_path("digits").read_bytes())
    pixels = torch.tensor(pack.images[pack.training :].reshape(pack.held_out, -1)).float() / 255
    labels = torch.tensor(pack.labels[pack.training :].astype(np.int64))
    cases = []
    for student, layers in shipped_students.layers("digits").items():
        most = float(max(np.abs(weight).max() for weight, _ in layers))
        for setting in SETTINGS:
            made, units = compressed(layers, setting)
            weights = torch.cat([layer.weight.detach().flatten() for layer in made]).double().numpy()
            bins = np.clip(np.floor((weights + most) * (BINS / (2 * most))), 0, BINS - 1).astype(int)
            with torch.no_grad():
                read = made[1](torch.relu(made[0](pixels))).argmax(dim=1)
            cases.append(
                {
                    "student": student,
                    "setting": setting,
                    "weights": [base64_of(layer.weight.T.contiguous()) for layer in made],
                    "biases": [layer.bias.tolist() for layer in made],
                    "right": int((read == labels).sum()),
                    "stored": stored(made, units, setting["bits"]),
                    "counts": np.bincount(bins, minlength=BINS).tolist(),
                    "most": most,
                }
            )
    assert len({case["right"] for case in cases}) > 4, "nothing that is set changes anything"
    (tmp_path / "cases.json").write_text(json.dumps(cases))
    (tmp_path / "students.gz").write_bytes(shipped_students.packed("digits"))
    (tmp_path / "pack.gz").write_bytes(playground.shipped_path("digits").read_bytes())
    holds("compressed_against_pytorch.js")
