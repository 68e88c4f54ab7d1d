"""The playground's students in JavaScript are those of PyTorch: same losses, update for update, and same accuracy."""

from __future__ import annotations

import base64
import gzip
import json
import struct
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from kdviz.engine import data, losses, teachers
from kdviz.engine.data import Split
from kdviz.engine.optimizers import optimizer
from kdviz.recipes.single import Recipe

TRAINING, BATCH, UPDATES, COMPARED = 1000, 64, 500, 50
TEMPERATURE, ALPHA, RATE = 4.0, 0.7, 0.002

Layers = list[tuple[Tensor, Tensor]]  # weights (inputs, outputs) and biases


@pytest.fixture(scope="module")
def images(digits):
    """All digits, in an order of their own; those from `TRAINING` on are held out."""
    whole = digits.training + digits.validation + digits.test
    return whole[torch.randperm(len(whole), generator=torch.Generator().manual_seed(0))]


@pytest.fixture(scope="module")
def advice(images):
    """The shipped teacher's logits, rounded as the playground's pack rounds them."""
    network, _ = teachers.read(teachers.shipped_path("digits"), "784-512-256-10")
    with torch.no_grad():
        return network(data.normalise(images.images)).half().float()


def fresh(widths: list[int], seed: int) -> Layers:
    """torch's own first weights."""
    torch.manual_seed(seed)
    linear = [nn.Linear(inputs, outputs) for inputs, outputs in pairwise(widths)]
    return [(layer.weight.detach().t().contiguous(), layer.bias.detach().clone()) for layer in linear]


def logits(layers: Layers, pixels: Tensor) -> Tensor:
    for number, (weight, bias) in enumerate(layers):
        pixels = torch.addmm(bias, pixels if number == 0 else torch.relu(pixels), weight)
    return pixels


def train(layers: Layers, images: Split, advice: Tensor, batches: list, alpha: float) -> dict:
    """Every batch is (images of the soft term, images of the hard term): the losses of each update, what is right."""
    learnt = [(weight.clone().requires_grad_(), bias.clone().requires_grad_()) for weight, bias in layers]
    update = optimizer(Recipe(data="digits").student_training, [part for layer in learnt for part in layer])
    pixels, one_hot = images.images.flatten(1).float() / 255, functional.one_hot(images.labels, 10).float()
    said = []
    for soft, hard in batches:
        z, z_hard = logits(learnt, pixels[soft]), logits(learnt, pixels[hard])
        targets = losses.softmax(advice[soft], TEMPERATURE)
        gradients = [
            losses.kd_gradient(z.detach(), targets, TEMPERATURE, alpha / len(soft)),
            losses.cross_entropy_gradient(z_hard.detach(), one_hot[hard], (1 - alpha) / len(hard)),
        ]
        of_images = losses.kd_loss(z, advice[soft], TEMPERATURE), losses.cross_entropy(z_hard, images.labels[hard])
        said.append([part.item() for part in losses.distillation_loss(*of_images, alpha)])
        torch.autograd.backward([z, z_hard], gradients)
        update(RATE)
    with torch.no_grad():
        read = logits(learnt, pixels[TRAINING:]).argmax(dim=1)
    return {"losses": said[:COMPARED], "right": int((read == images.labels[TRAINING:]).sum())}


def packed(images: Split, advice: Tensor) -> bytes:
    """As a browser gets them."""
    header = {"format": "kdviz-playground-1", "data": "digits", "names": list("0123456789"), "training": TRAINING}
    text = json.dumps(header | {"held_out": len(images) - TRAINING, "teachers": ["trained"]}).encode()
    arrays = images.images, images.labels.to(torch.uint8), advice.half()
    parts = [array.numpy().tobytes() for array in arrays]
    return gzip.compress(b"".join([struct.pack("<I", len(text)), text, *parts]))


def base64_of(values: Tensor) -> str:
    return base64.b64encode(values.numpy().tobytes()).decode()


@pytest.mark.trains
@pytest.mark.parametrize(
    ("widths", "unlabelled"), [([784, 32, 10], False), ([784, 32, 32, 10], True)], ids=["one-layer", "two-layers"]
)
def test_losses_and_accuracy_are_those_of_pytorch(images, advice, widths, unlabelled, tmp_path, holds):
    layers = fresh(widths, seed=0)
    random = torch.Generator().manual_seed(1)
    size = BATCH - 14 if unlabelled else BATCH  # as the last batch of an epoch, smaller than the other term's
    labelled = [torch.randint(0, 300, (size,), generator=random) for _ in range(UPDATES)]
    transfer = (
        [torch.randint(0, TRAINING, (BATCH,), generator=random) for _ in range(UPDATES)] if unlabelled else labelled
    )
    taught = train(layers, images, advice, list(zip(transfer, labelled, strict=True)), ALPHA)
    plain = train(layers, images, advice, list(zip(labelled, labelled, strict=True)), 0.0)
    assert min(taught["right"], plain["right"]) > 0.8 * (len(images) - TRAINING), "it learns nothing"

    run = {
        "settings": {"T": TEMPERATURE, "alpha": ALPHA, "rate": RATE, "batch": BATCH, "labels": 300}
        | {"unlabelled": unlabelled, "units": widths[1], "layers": len(widths) - 2},
        "layers": [
            {"inputs": len(weight), "outputs": len(bias), "weight": base64_of(weight), "bias": base64_of(bias)}
            for weight, bias in layers
        ],
        "labelled": [batch.tolist() for batch in labelled],
        "transfer": [batch.tolist() for batch in transfer] if unlabelled else None,
        "taught": taught,
        "plain": plain,
    }
    (tmp_path / "run.json").write_text(json.dumps(run))
    (tmp_path / "pack.gz").write_bytes(packed(images, advice))
    holds("against_pytorch.js")
