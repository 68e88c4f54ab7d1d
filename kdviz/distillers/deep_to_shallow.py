"""Self-distillation within one network: its last output teaches an output on each hidden layer.

Zhang, Song, Gao, Chen, Bao, Ma 2019 (Be Your Own Teacher), section 3, without the bottlenecks before the heads and
without the hints between them. What the heads learn reaches the layers that they share with the student. They are
thrown away afterwards.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from kdviz.distillers.stage import Setting, Stage
from kdviz.engine import data, losses
from kdviz.engine.batches import Batch, Chunk
from kdviz.engine.distiller import Distiller, Step, Terms
from kdviz.engine.evaluation import MAPS_BATCH
from kdviz.engine.models import Cohort
from kdviz.recipes.catalogue import CLASSES, IMAGE_SIDE


class DeepToShallow(Distiller):
    """CE at the last output, and at each head alpha * T^2 * KL(last || head) + (1 - alpha) * CE."""

    def __init__(self, temperature: float, alpha: float, heads: list[tuple[Tensor, Tensor]]) -> None:
        self.temperature = temperature
        self.alpha = alpha
        self._heads = heads  # weights (students, units, classes) and biases (students, 1, classes)

    @property
    def parameters(self) -> list[Tensor]:
        """The heads."""
        return [parameter for head in self._heads for parameter in head]

    @property
    def extra_multiply_adds(self) -> float:
        """The heads' forward and backward passes."""
        return 3.0 * sum(weight[0].numel() for weight, _ in self._heads)

    def step(self, cohorts: Sequence[Cohort], batch: Batch) -> Step:
        """The last output learns from the labels alone; for the heads it is a fixed target."""
        *hidden, last = cohorts[0].layers(batch.images)
        outputs = (last, *self._heads_on(hidden))
        answer, *heads = (output.detach() for output in outputs)
        targets, images = losses.softmax(answer, self.temperature), answer.shape[1]
        gradients = [losses.cross_entropy_gradient(answer, batch.one_hot, 1 / images, batch.labelled)]
        for head in heads:
            soft = losses.kd_gradient(head, targets, self.temperature, self.alpha / images)
            weight = (1 - self.alpha) / images
            gradients.append(losses.cross_entropy_gradient(head, batch.one_hot, weight, batch.labelled) + soft)
        return Step(outputs, gradients, outputs)

    def terms(self, chunk: Chunk, record: tuple[Tensor, ...]) -> Terms:
        """The terms of the last output and of all heads, added up."""
        last, *heads = [output.double() for output in record]
        pairs = [
            losses.distillation_loss(
                losses.kd_loss(head, last.detach(), self.temperature),
                losses.cross_entropy(head, chunk.labels, chunk.labelled),
                self.alpha,
            )
            for head in heads
        ]
        soft, hard = (torch.stack(of_heads).sum(dim=0) for of_heads in zip(*pairs, strict=True))
        return Terms(soft, losses.cross_entropy(last, chunk.labels, chunk.labelled).mean(dim=1) + hard)

    def other_logits(self, cohorts: Sequence[Cohort], images: Tensor) -> dict[str, Tensor]:
        """Logits of the heads."""
        students, parts = cohorts[0], map(data.normalise, images.split(MAPS_BATCH))
        with torch.no_grad():
            heads = [self._heads_on(students.layers(part.expand(len(students), *part.shape))[:-1]) for part in parts]
        return {f"head {number}": torch.cat(head, dim=1) for number, head in enumerate(zip(*heads, strict=True), 1)}

    def _heads_on(self, hidden: Sequence[Tensor]) -> list[Tensor]:
        """Logits of each head from its layer's activations (students, batch, ...)."""
        return [
            torch.baddbmm(bias, layer.flatten(2), weight)
            for layer, (weight, bias) in zip(hidden, self._heads, strict=True)
        ]


def stages(setting: Setting) -> Iterator[Stage]:
    """One: the students with a head on each hidden layer."""
    students, comparison = setting.students(), setting.comparison
    device, generators = setting.split.labels.device, setting.generators()
    with torch.no_grad():
        *hidden, _ = students.layers(torch.zeros(len(students), 1, 1, IMAGE_SIDE, IMAGE_SIDE, device=device))
    heads = [_head(layer[0, 0].numel(), generators, device) for layer in hidden]
    distiller = DeepToShallow(comparison.online_temperature, comparison.online_alpha, heads)
    yield Stage("student", [students], distiller, setting.trainings())


def _head(units: int, generators: Sequence[torch.Generator], device: torch.device) -> tuple[Tensor, Tensor]:
    """Weights as He et al. 2015 draw them, biases 0."""
    weights = torch.stack([torch.randn(units, CLASSES, generator=drawn) for drawn in generators]) * (2 / units) ** 0.5
    biases = torch.zeros(len(generators), 1, CLASSES)
    return weights.to(device).requires_grad_(), biases.to(device).requires_grad_()
