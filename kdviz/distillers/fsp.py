"""Flow of solution procedure: how the features of one layer go together with those of the next.

Yim, Joo, Bae, Kim 2017, section 3. The paper's networks have layers of the same width; where they have not, a linear
map on either side brings the student's matrix to the teacher's size. The paper trains on the flow first and on the
labels then; here both are learnt at once.
"""

from torch import Tensor

from kdviz.distillers.stage import feature_stages
from kdviz.engine import knowledge
from kdviz.engine.distiller import FeatureDistiller
from kdviz.engine.models import Cohort

STRENGTH = 1.0


class Flow(FeatureDistiller):
    """CE + mean squared distance of the flow matrices between the first and the last hidden layer."""

    def __init__(self, teachers: Cohort, maps: list[tuple[Tensor, Tensor]]) -> None:
        super().__init__(teachers, STRENGTH)
        self._maps = maps  # of the first and the last hidden layer's channels, for each student

    @property
    def parameters(self) -> list[Tensor]:
        """The maps."""
        return [projection for pair in self._maps for projection in pair]

    @property
    def extra_multiply_adds(self) -> float:
        """The teacher's forward pass, and the maps' forward and backward on each image's matrix."""
        first, last = self._maps[0]
        matrix = first.numel() * last.shape[1] + first.shape[0] * last.numel()
        return super().extra_multiply_adds + 3.0 * matrix

    def distance(self, number: int, student: list[Tensor], teacher: list[Tensor]) -> Tensor:
        """Mean squared distance of the flow matrices (equation 2)."""
        first, last = self._maps[number]
        mapped = first @ knowledge.flow(student[0], student[-2]) @ last.t()
        return knowledge.flow_loss(mapped, knowledge.flow(teacher[0], teacher[-2]))


stages = feature_stages(
    lambda setting: Flow(
        setting.teachers[0], list(zip(setting.projections(0, 0), setting.projections(-1, -1), strict=True))
    )
)
