"""Hints: a linear map of the student's last hidden layer is drawn to the teacher's.

Romero et al. 2015 (FitNets), section 2.2, equation 3. The paper first trains on the hint alone and then distils; here
both are learnt at once. For maps the regressor is a convolution of one pixel: the same map at every place.
"""

import torch
from torch import Tensor

from kdviz.distillers.stage import feature_stages
from kdviz.engine import knowledge
from kdviz.engine.distiller import FeatureDistiller
from kdviz.engine.models import Cohort
from kdviz.recipes.catalogue import IMAGE_SIDE

STRENGTH = 1.0


class Hints(FeatureDistiller):
    """CE + mean squared distance between the mapped layer and the teacher's."""

    def __init__(self, teachers: Cohort, regressors: list[Tensor]) -> None:
        super().__init__(teachers, STRENGTH)
        self._regressors = regressors  # (teacher's channels, student's channels), one for each student

    @property
    def parameters(self) -> list[Tensor]:
        """The regressors."""
        return self._regressors

    @property
    def extra_multiply_adds(self) -> float:
        """The teacher's forward pass, and the regressor's forward and backward at every place of the maps."""
        shape = self.teachers.architecture
        places = (IMAGE_SIDE >> len(shape.widths)) ** 2 if shape.convolutional else 1
        return super().extra_multiply_adds + 3.0 * places * self._regressors[0].numel()

    def distance(self, number: int, student: list[Tensor], teacher: list[Tensor]) -> Tensor:
        """Mean of (r(h) - g)^2, with the regressor r (equation 3)."""
        mapped = torch.einsum("tc,bc...->bt...", self._regressors[number], student[-2])
        return knowledge.hint_loss(mapped, teacher[-2])


stages = feature_stages(lambda setting: Hints(setting.teachers[0], setting.projections(layer=-1)))
