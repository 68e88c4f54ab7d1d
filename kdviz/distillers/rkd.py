"""Relational distillation: how far apart the images of a batch are, and under which angles.

Park, Kim, Lu, Cho 2019, section 3.2, with the weights of section 4: 25 for distances, 50 for angles.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from kdviz.distillers.stage import Given, Stage, from_teacher
from kdviz.engine import knowledge
from kdviz.engine.teaching import FromActivations

STRENGTH = 25.0
ANGLES = 2.0  # as much again as the distances


class Relational(FromActivations):
    """CE + 25 * (distances + 2 * angles), of the last hidden layer."""

    def knowledge(self, number: int, student: list[Tensor], teacher: list[Tensor]) -> Tensor:
        """Huber losses of both."""
        own, other = student[-2].flatten(1), teacher[-2].flatten(1)
        return knowledge.distance_loss(own, other) + ANGLES * knowledge.angle_loss(own, other)


def stages(given: Given) -> Iterator[Stage]:
    """Each student with the teacher of its own seed."""
    yield from_teacher(given, Relational(given.teachers[0], STRENGTH))
