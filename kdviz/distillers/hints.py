"""Hints: a linear map of a hidden layer of the student is drawn to one of the teacher's.

Romero et al. 2015 (FitNets), section 2.2, equation 3. The paper takes a middle layer of each, which a recipe can ask
for; the last one is usual here. The paper first trains on the hint alone and then distils; here both are learnt at
once. For maps the regressor is a convolution of one pixel: the same map at every place.
"""

import torch
from torch import Tensor

from kdviz.distillers.stage import Setting, feature_stages
from kdviz.engine import knowledge
from kdviz.engine.distiller import FeatureDistiller
from kdviz.engine.models import Cohort
from kdviz.recipes.catalogue import ARCHITECTURES, IMAGE_SIDE, Architecture
from kdviz.recipes.comparison import Layer

STRENGTH = 1.0


class Hints(FeatureDistiller):
    """CE + mean squared distance between the mapped layer and the teacher's.

    `guided` and `hint` are the numbers of the student's and the teacher's layer among their hidden ones.
    """

    def __init__(self, teachers: Cohort, regressors: list[Tensor], guided: int, hint: int) -> None:
        super().__init__(teachers, STRENGTH)
        self._guided, self._hint = guided, hint
        self._regressors = regressors  # (teacher's channels, student's channels), one for each student

    @property
    def parameters(self) -> list[Tensor]:
        """The regressors."""
        return self._regressors

    @property
    def extra_multiply_adds(self) -> float:
        """The teacher's forward pass, and the regressor's forward and backward at every place of the maps."""
        shape = self.teachers.architecture
        places = (IMAGE_SIDE >> self._hint + 1) ** 2 if shape.convolutional else 1
        return super().extra_multiply_adds + 3.0 * places * self._regressors[0].numel()

    def distance(self, number: int, student: list[Tensor], teacher: list[Tensor]) -> Tensor:
        """Mean of (r(h) - g)^2, with the regressor r (equation 3)."""
        mapped = torch.einsum("tc,bc...->bt...", self._regressors[number], student[self._guided])
        return knowledge.hint_loss(mapped, teacher[self._hint])


def place_of(layer: Layer, architecture: Architecture) -> int:
    """The number of the layer among a network's hidden ones, from 0; of two the first is the middle one."""
    last = len(architecture.hidden) - 1
    return last if layer == "last" else last // 2


def _of(setting: Setting) -> Hints:
    recipe = setting.comparison
    guided, hint = (place_of(recipe.hint_layer, ARCHITECTURES[name]) for name in (recipe.student, recipe.teacher))
    return Hints(setting.teachers[0], setting.projections(guided, hint), guided, hint)


stages = feature_stages(_of)
