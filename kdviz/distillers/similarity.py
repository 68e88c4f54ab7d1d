"""Similarity-preserving distillation: which images of a batch are alike (Tung, Mori 2019, section 3)."""

from torch import Tensor

from kdviz.distillers.stage import feature_stages
from kdviz.engine import knowledge
from kdviz.engine.distiller import FeatureDistiller

STRENGTH = 3000.0  # gamma of the paper's section 4


class Similarity(FeatureDistiller):
    """CE + 3000 * squared distance of the similarity matrices of the last hidden layer, per pair of images."""

    def distance(self, number: int, student: list[Tensor], teacher: list[Tensor]) -> Tensor:
        """Squared distance of the similarity matrices / batch^2 (equation 4)."""
        return knowledge.similarity_loss(student[-2], teacher[-2])


stages = feature_stages(lambda setting: Similarity(setting.teachers[0], STRENGTH))
