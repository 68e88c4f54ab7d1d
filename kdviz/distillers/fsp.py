"""Flow of solution procedure: how the features of one layer go together with those of the next.

Yim, Joo, Bae, Kim 2017, section 3. The paper's networks have layers of the same width; where they have not, a linear
map on either side brings the student's matrix to the teacher's size. The paper trains on the flow first and on the
labels then; here both are learnt at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from kdviz.distillers.stage import Given, Stage, from_teacher
from kdviz.engine import knowledge
from kdviz.engine.models import Cohort
from kdviz.engine.teaching import FromActivations

STRENGTH = 1.0


class Flow(FromActivations):
    """CE + mean squared distance of the flow matrices between the first and the last hidden layer."""

    def __init__(self, teachers: Cohort, maps: list[tuple[Tensor, Tensor]]) -> None:
        super().__init__(teachers, STRENGTH)
        self._maps = maps  # of the first and the last hidden layer's channels, for each student

    @property
    def parameters(self) -> list[Tensor]:
        """The maps."""
        return [each for pair in self._maps for each in pair]

    @property
    def asked(self) -> float:
        """The teacher's forward pass, and the maps' forward and backward on each image's matrix."""
        first, last = self._maps[0]
        return super().asked + 3.0 * (first.numel() * last.shape[1] + first.shape[0] * last.numel())

    def knowledge(self, number: int, student: list[Tensor], teacher: list[Tensor]) -> Tensor:
        """Yim et al., equation 2."""
        first, last = self._maps[number]
        own = knowledge.flow(student[0], student[-2])
        return knowledge.flow_loss(first @ own @ last.t(), knowledge.flow(teacher[0], teacher[-2]))


def stages(given: Given) -> Iterator[Stage]:
    """Each student with the teacher of its own seed."""
    inner, outer = given.conditions.student, given.conditions.teacher
    maps = [
        (given.projection(number, inner, outer, layer=0), given.projection(number, inner, outer, layer=-1))
        for number in range(len(given.conditions.seeds))
    ]
    yield from_teacher(given, Flow(given.teachers[0], maps))
