"""Attention transfer: where in the image the features are strong (Zagoruyko, Komodakis 2017, section 3.1)."""

import torch
from torch import Tensor

from kdviz.distillers.stage import feature_stages
from kdviz.engine import knowledge
from kdviz.engine.distiller import FeatureDistiller

STRENGTH = 1000.0  # as the authors' own code weighs a mean of squares


class Attention(FeatureDistiller):
    """CE + 1000 * mean squared distance of the attention maps of every convolution."""

    def distance(self, number: int, student: list[Tensor], teacher: list[Tensor]) -> Tensor:
        """Mean squared distance of the attention maps, summed over the hidden layers (equation 2)."""
        pairs = zip(student[:-1], teacher[:-1], strict=True)
        return torch.stack([knowledge.attention_loss(inner, outer) for inner, outer in pairs]).sum()


stages = feature_stages(lambda setting: Attention(setting.teachers[0], STRENGTH))
