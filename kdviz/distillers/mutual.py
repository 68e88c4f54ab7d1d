"""Online distillation: untrained peers learn together, each from the labels and from the others as they are now.

Zhang, Xiang, Hospedales, Lu 2018, section 3. All are updated in every step on the same batch; what a peer says is a
fixed target for the others. In the paper T is 1 and both terms weigh the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from kdviz.distillers.stage import Given, Stage
from kdviz.engine import evaluation, losses
from kdviz.engine.batches import Batch, Chunk
from kdviz.engine.models import Cohort
from kdviz.engine.teaching import Alone, Step, Terms, cross_entropy, hard, mask, share


@dataclass(frozen=True)
class Mutual(Alone):
    """For each peer: alpha * mean over the others of T^2 * KL(other || peer) + (1 - alpha) * CE."""

    temperature: float
    alpha: float
    names: tuple[str, ...]  # of the student and its peers

    def targets(self, chunk: Chunk) -> Tensor:
        """What the peers say is known only when they are asked."""
        return chunk.one_hot

    def step(self, cohorts: Sequence[Cohort], batch: Batch) -> Step:
        """The gradient at each peer's logits is T times its distance from the mean of the others."""
        logits = [cohort.logits(batch.images) for cohort in cohorts]
        answers = [each.detach() for each in logits]
        size = answers[0].shape[1]
        scale = self.alpha * self.temperature / size
        soft = [gradient * scale for gradient in self._distances(answers)]
        gradients = [hard(answer, batch, 1 - self.alpha) + pull for answer, pull in zip(answers, soft, strict=True)]
        return Step(logits, gradients, tuple(answers))

    def _distances(self, answers: Sequence[Tensor]) -> list[Tensor]:
        q = [losses.softmax(answer, self.temperature) for answer in answers]
        total = torch.stack(q).sum(dim=0)
        return [each - (total - each) / (len(q) - 1) for each in q]

    def terms(self, chunk: Chunk, record: tuple[Tensor, ...]) -> Terms:
        """The student's own two terms."""
        student, *peers = [each.double() for each in record]
        soft = torch.stack([losses.soft_term("kl", student, peer, self.temperature) for peer in peers]).mean(dim=0)
        part = share(
            self.alpha * self.temperature * self._distances(record)[0],
            (1 - self.alpha) * mask(losses.hard_gradient(record[0], chunk.one_hot), chunk.labelled),
        )
        return Terms(self.alpha * soft.mean(dim=1), cross_entropy(student, chunk, 1 - self.alpha), part)

    def voices(self, cohorts: Sequence[Cohort], images: Tensor) -> dict[str, Tensor]:
        """The peers."""
        return {
            name: evaluation.logits_of_all(cohort, images)
            for name, cohort in zip(self.names[1:], cohorts[1:], strict=True)
        }


def stages(given: Given, peers: int = 1) -> Iterator[Stage]:
    """The students with as many peers of their own size each."""
    yield _together(given, {f"peer {kin + 1}": given.students(kin=kin) for kin in range(1, peers + 1)})


def mixed(given: Given) -> Iterator[Stage]:
    """The students with one peer of the teacher's size each."""
    yield _together(given, {"large peer": given.students(given.conditions.teacher, kin=1)})


def _together(given: Given, peers: dict[str, Cohort]) -> Stage:
    cohorts = [given.students(), *peers.values()]
    names = ("student", *peers)
    return Stage(
        "student",
        cohorts,
        Mutual(given.conditions.online_temperature, given.conditions.online_alpha, names),
        given.trainings(),
        arrows=[(a, b) for a in names for b in names if a != b],
        together=cohorts,
    )
