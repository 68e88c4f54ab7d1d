"""What a single run reports: the progress of each network, and the scores of all three at its end."""

from typing import Literal

from pydantic import Field

from kdviz.recipes.single import Recipe
from kdviz.records.base import Figure, Record, Scores

NetworkRole = Literal["teacher", "distilled", "plain"]


class Progress(Record):
    """The state of one network after an update.

    Losses are means over the updates since the last report, as they enter the loss.
    """

    role: NetworkRole
    step: int
    steps: int
    epoch: int
    epochs: int
    loss_kd: Figure  # alpha * T^2 * KL
    loss_ce: Figure  # (1 - alpha) * CE
    gradient_share_kd: Figure | None  # ||soft|| / (||soft|| + ||hard||) at the student's logits
    training_accuracy: Figure  # of the images since the last report, before their update
    validation_accuracy: Figure  # of the live part of the validation split
    agreement: Figure | None  # with the teacher, same images; None for the teacher itself
    images_per_second: Figure
    seconds: Figure  # since the run began
    seconds_left: Figure  # of the whole run, all networks together
    watched_logits: list[list[Figure]]  # of the watched images


class InCommon(Record):
    """What both students of a run do on the same test images, in images."""

    wrong: int  # both answers are wrong
    agree: int  # both give the teacher's answer


class Result(Record):
    """The end of a run."""

    run_id: str
    recipe: Recipe
    teacher: Scores
    distilled: Scores
    plain: Scores
    in_common: InCommon | None = Field(None, exclude_if=lambda counted: counted is None)  # None: stored before it was
    device: str
    threads: int
    torch: str
    seconds: Figure

    @property
    def main_figures(self) -> dict[str, float]:
        """Test accuracy of the distilled student."""
        return {"distilled": self.distilled.test_accuracy}
