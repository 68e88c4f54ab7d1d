"""What a run leaves behind: progress while it lasts, scores at its end. Frozen, to and from JSON, torch-free."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from kdviz.recipe import Recipe

Role = Literal["teacher", "distilled", "plain"]


class Record(BaseModel):
    """Base of everything that travels from a worker to the store and on to a page."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Watched(Record):
    """A few test images whose distributions a page follows; said once, when the teacher is ready."""

    indices: list[int]
    labels: list[int]
    images: list[list[int]]  # grey levels 0..255, row by row, 784 each
    teacher_logits: list[list[float]]
    teacher_validation_accuracy: float


class Progress(Record):
    """The state of one network after an update.

    Losses are means over the updates since the last report, as they enter the loss.
    """

    role: Role
    step: int
    steps: int
    epoch: int
    epochs: int
    loss_kd: float  # alpha * T^2 * KL
    loss_ce: float  # (1 - alpha) * CE
    gradient_share_kd: float | None  # ||soft|| / (||soft|| + ||hard||) at the student's logits
    training_accuracy: float  # of the images since the last report, before their update
    validation_accuracy: float  # of the live part of the validation split
    agreement: float | None  # with the teacher, same images; None for the teacher itself
    images_per_second: float
    seconds: float  # since the run began
    seconds_left: float  # of the whole run, all networks together
    watched_logits: list[list[float]]  # of the watched test images


class Scores(Record):
    """How one trained network does, and what it cost."""

    architecture: str
    parameters: int
    multiply_adds: int
    bytes: int
    validation_accuracy: float
    test_accuracy: float
    test_errors: int
    test_images: int
    nll: float  # mean negative log-likelihood on the test images, nats
    ece: float  # expected calibration error, 15 bins of equal width
    agreement: float | None  # top-1 agreement with the teacher on the test images
    fidelity_kl: float | None  # KL(teacher || student) at T = 1 on the test images, nats
    seconds: float
    images_per_second: float
    images_seen: int


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
    seconds: float


Event = Watched | Progress | Result
