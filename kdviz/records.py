"""What a run leaves behind: progress while it lasts, scores at its end. Frozen, to and from JSON, torch-free."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, PlainSerializer

from kdviz.recipe import Recipe

Role = Literal["teacher", "distilled", "plain"]

# A figure that is no number where a training diverged. JSON has no word for that: it travels as the text "nan".
Figure = Annotated[
    float,
    PlainSerializer(lambda x: x if math.isfinite(x) else str(x), return_type=float | str, when_used="json"),
]


class Record(BaseModel):
    """Base of everything that travels from a worker to the store and on to a page."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Watched(Record):
    """A few validation images whose distributions a page follows; said once, when the teacher is ready."""

    indices: list[int]
    labels: list[int]
    images: list[list[int]]  # grey levels 0..255, row by row, 784 each
    teacher_logits: list[list[Figure]]
    teacher_validation_accuracy: Figure


class Progress(Record):
    """The state of one network after an update.

    Losses are means over the updates since the last report, as they enter the loss.
    """

    role: Role
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


class Scores(Record):
    """How one trained network does, and what it cost."""

    architecture: str
    parameters: int
    multiply_adds: int
    bytes: int
    validation_accuracy: Figure
    test_accuracy: Figure
    test_errors: int
    test_images: int
    nll: Figure  # mean negative log-likelihood on the test images, nats
    ece: Figure  # expected calibration error, 15 bins of equal width
    agreement: Figure | None  # top-1 agreement with the teacher on the test images
    fidelity_kl: Figure | None  # KL(teacher || student) at T = 1 on the test images, nats
    seconds: Figure
    images_per_second: Figure
    images_seen: int

    @property
    def test_accuracy_interval(self) -> tuple[float, float]:
        """95 % Wilson score interval of the test accuracy (Wilson 1927): the chance of the test images, no other."""
        n, p, z = self.test_images, self.test_accuracy, NormalDist().inv_cdf(0.975)
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return centre - half, centre + half


class Result(Record):
    """The end of a run."""

    run_id: str
    recipe: Recipe
    teacher: Scores
    distilled: Scores
    plain: Scores
    device: str
    threads: int
    torch: str
    seconds: Figure


Event = Watched | Progress | Result
