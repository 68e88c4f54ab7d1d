"""Online distillation: untrained peers learn together, each from the labels and from the others as they are now.

Zhang, Xiang, Hospedales, Lu 2018, section 3. All are updated at once in every step on the same batch; what a peer says
is a fixed target for the others. In the paper (algorithm 1) they are updated in turn: the second peer learns from the
first one as it is after its update. There T is 1 and both terms weigh the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from kdviz.distillers.stage import Setting, Stage
from kdviz.engine import evaluation, losses
from kdviz.engine.batches import Batch, Chunk
from kdviz.engine.distiller import Distiller, Step, Terms, gradient_share
from kdviz.engine.models import Cohort


@dataclass(frozen=True)
class Mutual(Distiller):
    """For each peer: alpha * mean over the others of T^2 * KL(other || peer) + (1 - alpha) * CE."""

    temperature: float
    alpha: float
    names: tuple[str, ...]  # of the student and its peers

    def step(self, cohorts: Sequence[Cohort], batch: Batch) -> Step:
        """The gradients at every peer's logits."""
        logits = [cohort.logits(batch.images) for cohort in cohorts]
        peers = [peer.detach() for peer in logits]
        images = peers[0].shape[1]
        scale, weight = self.alpha * self.temperature / images, (1 - self.alpha) / images
        gradients = [
            losses.cross_entropy_gradient(peer, batch.one_hot, weight, batch.labelled) + difference * scale
            for peer, difference in zip(peers, self._differences(peers), strict=True)
        ]
        return Step(logits, gradients, tuple(logits))

    def _differences(self, logits: Sequence[Tensor]) -> list[Tensor]:
        """q minus the mean of the others' q, for each peer: T times this is the gradient of its soft term."""
        soft = [losses.softmax(peer, self.temperature) for peer in logits]
        total = torch.stack(soft).sum(dim=0)
        return [q - (total - q) / (len(soft) - 1) for q in soft]

    def terms(self, chunk: Chunk, record: tuple[Tensor, ...]) -> Terms:
        """The student's own two terms."""
        student, *peers = [logits.double() for logits in record]
        soft = torch.stack([losses.kd_loss(student, peer.detach(), self.temperature) for peer in peers]).mean(dim=0)
        hard = losses.cross_entropy(student, chunk.labels, chunk.labelled)
        share = gradient_share(
            self.alpha * self.temperature * self._differences(record)[0],
            (1 - self.alpha) * losses.cross_entropy_gradient(record[0], chunk.one_hot, 1.0, chunk.labelled),
        )
        return Terms(*losses.distillation_loss(soft, hard, self.alpha), share)

    def other_logits(self, cohorts: Sequence[Cohort], images: Tensor) -> dict[str, Tensor]:
        """Logits of the peers."""
        peers = zip(self.names[1:], cohorts[1:], strict=True)
        return {name: evaluation.logits_of_all(peer, images) for name, peer in peers}


def stages(setting: Setting, peers: int = 1) -> Iterator[Stage]:
    """One: each student with `peers` other untrained networks of its own size."""
    relatives = range(1, peers + 1)
    yield stage_of(setting, {f"peer {number + 1}": setting.students(relative=number) for number in relatives})


def stage_of(setting: Setting, peers: dict[str, Cohort]) -> Stage:
    """The stage of the students and their peers, which are given by name."""
    comparison, cohorts = setting.comparison, [setting.students(), *peers.values()]
    distiller = Mutual(comparison.online_temperature, comparison.online_alpha, ("student", *peers))
    return Stage("student", cohorts, distiller, setting.trainings(), together=cohorts)
