"""Relational distillation: how far apart the images of a batch are, and under which angles.

Park, Kim, Lu, Cho 2019, section 3.2, with the weights of section 4: 25 for distances, 50 for angles.
"""

from torch import Tensor

from kdviz.distillers.stage import feature_stages
from kdviz.engine import knowledge
from kdviz.engine.distiller import FeatureDistiller

STRENGTH = 25.0
ANGLES = 2.0  # as much again as the distances


class Relational(FeatureDistiller):
    """CE + 25 * (distances + 2 * angles), of the last hidden layer."""

    def distance(self, number: int, student: list[Tensor], teacher: list[Tensor]) -> Tensor:
        """Huber loss of the distances + 2 * Huber loss of the angles (equations 4 and 6)."""
        inner, outer = student[-2].flatten(1), teacher[-2].flatten(1)
        return knowledge.distance_loss(inner, outer) + ANGLES * knowledge.angle_loss(inner, outer)


stages = feature_stages(lambda setting: Relational(setting.teachers[0], STRENGTH))
