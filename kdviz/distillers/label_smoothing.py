"""Label smoothing: soft targets without knowledge, the control of distillation.

Szegedy, Vanhoucke, Ioffe, Shlens, Wojna 2016, section 7. A student that gains as much from it as from a teacher has
not learnt what the teacher knows.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from kdviz.distillers.plain import Plain
from kdviz.distillers.stage import Setting, Stage
from kdviz.engine import losses
from kdviz.engine.batches import Chunk
from kdviz.recipes.base import Training


@dataclass(frozen=True)
class LabelSmoothing(Plain):
    """CE with labels of which a share, usually a tenth, is spread evenly over all classes."""

    share: float = 0.1

    def targets(self, chunk: Chunk) -> Tensor:
        """The smoothed labels."""
        return losses.label_smoothing(chunk.one_hot, self.share)


def from_labels(training: Training) -> Plain:
    """The distiller of a training on labels alone, smoothed or not."""
    return LabelSmoothing(training.label_smoothing) if training.label_smoothing else Plain()


def stages(setting: Setting) -> Iterator[Stage]:
    """One: the students learn from smoothed labels."""
    yield Stage("student", [setting.students()], LabelSmoothing(), setting.trainings())
