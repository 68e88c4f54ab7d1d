"""The ways of teaching the next letter. Each says from which windows a student learns, and with which loss.

z are the student's logits, v the teacher's; T is 1 where none is given.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from kdviz.engine import losses
from kdviz.engine.letters.evaluation import logits_of
from kdviz.engine.letters.network import LetterNetwork
from kdviz.engine.letters.training import Told
from kdviz.engine.letters.windows import Windows
from kdviz.engine.letters.writing import write
from kdviz.recipes.letters import ALPHABET, CONTEXT

BEGUN = 16  # letters of the novel with which a text begins that teacher or student writes
_AT_ONCE = 2048  # texts that are written side by side

Divergence = Callable[[Tensor, Tensor, float], Tensor]  # of the student's and the teacher's logits, at T
# The loss of each letter with T², and its gradient at the student's logits (losses.py).
DIVERGENCES: dict[str, tuple[Divergence, Divergence]] = {
    "forward": (losses.kd_loss, lambda z, v, t: losses.kd_gradient(z, losses.softmax(v, t), t)),
    "reverse": (losses.reverse_kl_loss, losses.reverse_kl_gradient),
    "js": (losses.jensen_shannon_loss, losses.jensen_shannon_gradient),
}


@dataclass(frozen=True)
class Labels:
    """The letters that do come next: CE(y, softmax(z)). With a text that a teacher wrote: Kim and Rush 2016."""

    of: Windows

    def windows(self, epoch: int) -> Windows:
        """The same in every epoch."""
        return self.of

    def told(self, student: Tensor, labels: Tensor, chosen: Tensor, counted: Tensor) -> Told:
        """The hard term alone."""
        one_hot = torch.nn.functional.one_hot(labels, len(ALPHABET)).to(student.dtype)
        loss = losses.cross_entropy(student, labels)
        return Told(losses.cross_entropy_gradient(student, one_hot), torch.zeros_like(loss), loss)


@dataclass
class SoftTargets:
    """The teacher's distribution at every letter: alpha * T² * D(p, q) + (1 - alpha) * CE, D one of `DIVERGENCES`.

    `logits` are the teacher's of the windows, by number, computed once: (windows, CONTEXT, alphabet).
    """

    of: Windows
    logits: Tensor
    divergence: str = "forward"
    temperature: float = 1.0
    alpha: float = 1.0

    def windows(self, epoch: int) -> Windows:
        """The same in every epoch."""
        return self.of

    def told(self, student: Tensor, labels: Tensor, chosen: Tensor, counted: Tensor) -> Told:
        """Both terms."""
        teacher = self.logits[chosen][counted].to(student.dtype)
        loss, gradient = DIVERGENCES[self.divergence]
        soft = self.alpha * loss(student, teacher, self.temperature)
        slope = self.alpha * gradient(student, teacher, self.temperature)
        if self.alpha == 1:
            return Told(slope, soft, torch.zeros_like(soft))
        hard = Labels(self.of).told(student, labels, chosen, counted)
        return Told(slope + (1 - self.alpha) * hard.gradient, soft, (1 - self.alpha) * hard.loss_ce)


@dataclass
class OnPolicy(SoftTargets):
    """The student writes, the teacher grades (Agarwal et al. 2024, algorithm 1, lambda = 1/2): no labels.

    Before each epoch half of the windows become texts of the student's own, begun by the novel. They are the student's
    of that time, for the whole epoch, where the paper's are new in every update; its writing has no gradient.
    """

    student: LetterNetwork | None = None
    teacher: LetterNetwork | None = None
    seed: int = 0

    def windows(self, epoch: int) -> Windows:
        """Another half in every epoch; their logits are computed anew."""
        assert self.student is not None
        assert self.teacher is not None
        own = torch.zeros(len(self.of.letters), dtype=torch.bool, device=self.of.letters.device)
        own[epoch % 2 :: 2] = True
        begun = self.of.letters[own][:, :BEGUN]
        written = written_by(self.student, begun, 1000 * self.seed + epoch)
        if epoch == 0:
            self._novel = self.of, self.logits
        of, logits = self._novel
        letters, following, counted = (tensor.clone() for tensor in of)
        letters[own], following[own], counted[own] = written.letters, written.following, written.counted
        self.logits = logits.clone()
        self.logits[own] = logits_of(self.teacher, written.letters).to(logits.dtype)
        return Windows(letters, following, counted)


def written_by(network: LetterNetwork, begun: Tensor, seed: int) -> Windows:
    """What a network writes after each beginning (N, BEGUN), at T = 1; what it wrote is counted."""
    generator = torch.Generator(begun.device).manual_seed(seed)
    count = CONTEXT + 1 - begun.shape[1]
    texts = torch.cat([write(network, some, count, generator) for some in begun.split(_AT_ONCE)])
    counted = torch.zeros(len(texts), CONTEXT, dtype=torch.bool, device=begun.device)
    counted[:, begun.shape[1] - 1 :] = True
    return Windows(texts[:, :-1], texts[:, 1:], counted)
