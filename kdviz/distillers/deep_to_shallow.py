"""Self-distillation within one network: its last output teaches an output on each hidden layer.

Zhang, Song, Gao, Chen, Bao, Ma 2019 (Be Your Own Teacher), section 3, without the bottlenecks before the heads and
without the hints between them. What the heads learn reaches the layers that they share with the student. They are
thrown away afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from kdviz.distillers.stage import Given, Stage
from kdviz.engine import data, losses
from kdviz.engine.batches import Batch, Chunk
from kdviz.engine.evaluation import MAPS_BATCH
from kdviz.engine.models import Cohort
from kdviz.engine.teaching import Alone, Step, Terms, cross_entropy, hard
from kdviz.recipes.catalogue import CLASSES, IMAGE_SIDE


class DeepToShallow(Alone):
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
    def asked(self) -> float:
        """The heads' forward and backward passes."""
        return 3.0 * sum(weight[0].numel() for weight, _ in self._heads)

    def targets(self, chunk: Chunk) -> Tensor:
        """What the last output says is known only when it is asked."""
        return chunk.one_hot

    def step(self, cohorts: Sequence[Cohort], batch: Batch) -> Step:
        """The last output learns from the labels alone; for the heads it is a fixed target."""
        *hidden, logits = cohorts[0].layers(batch.images)
        heads = self._answers(hidden)
        answer, answers = logits.detach(), [head.detach() for head in heads]
        targets = losses.softmax(answer, self.temperature)
        weight = self.alpha / answer.shape[1]
        pulls = [
            hard(each, batch, 1 - self.alpha) + losses.soft_gradient("kl", each, targets, self.temperature, weight)
            for each in answers
        ]
        return Step((logits, *heads), (hard(answer, batch, 1.0), *pulls), (answer, *answers))

    def terms(self, chunk: Chunk, record: tuple[Tensor, ...]) -> Terms:
        """Sums over all outputs."""
        last, *heads = [each.double() for each in record]
        soft = torch.stack([losses.soft_term("kl", head, last, self.temperature).mean(dim=1) for head in heads])
        labels = torch.stack([cross_entropy(head, chunk, 1 - self.alpha) for head in heads])
        return Terms(self.alpha * soft.sum(dim=0), cross_entropy(last, chunk) + labels.sum(dim=0))

    def voices(self, cohorts: Sequence[Cohort], images: Tensor) -> dict[str, Tensor]:
        """The heads, from the input on."""
        with torch.no_grad():
            parts = [self._heads_on(cohorts[0], part) for part in images.split(MAPS_BATCH)]
        return {f"head {number}": torch.cat(head, dim=1) for number, head in enumerate(zip(*parts, strict=True), 1)}

    def _heads_on(self, students: Cohort, images: Tensor) -> list[Tensor]:
        shown = data.normalise(images)
        return self._answers(students.layers(shown.expand(len(students), *shown.shape))[:-1])

    def _answers(self, hidden: Sequence[Tensor]) -> list[Tensor]:
        return [
            torch.baddbmm(bias, layer.flatten(2), weight)
            for layer, (weight, bias) in zip(hidden, self._heads, strict=True)
        ]


def stages(given: Given) -> Iterator[Stage]:
    """The students with a head on each hidden layer."""
    students, conditions = given.students(), given.conditions
    with torch.no_grad():
        sizes = [layer[0, 0].numel() for layer in students.layers(_blank(len(students), given))[:-1]]
    generators = [given.generator(number) for number in range(len(students))]
    heads = [_head(units, generators, given.split.labels.device) for units in sizes]
    names = [f"head {number}" for number in range(1, len(heads) + 1)]
    yield Stage(
        "student",
        [students],
        DeepToShallow(conditions.online_temperature, conditions.online_alpha, heads),
        given.trainings(),
        arrows=[("student", name) for name in names],
    )


def _blank(count: int, given: Given) -> Tensor:
    return torch.zeros(count, 1, 1, IMAGE_SIDE, IMAGE_SIDE, device=given.split.labels.device)


def _head(units: int, generators: list[torch.Generator], device: torch.device) -> tuple[Tensor, Tensor]:
    """Weights as He et al. 2015 draw them, biases 0."""
    weights = torch.stack([torch.randn(units, CLASSES, generator=each) for each in generators]) * (2 / units) ** 0.5
    biases = torch.zeros(len(generators), 1, CLASSES)
    return weights.to(device).requires_grad_(), biases.to(device).requires_grad_()
