"""Records that all kinds of runs share: watched images, scores, expenses, verdicts. To and from JSON, torch-free."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, PlainSerializer

from kdviz.records.intervals import wilson_interval

# A figure that is no number where a training diverged. JSON has no word for that: it travels as the text "nan".
Figure = Annotated[
    float,
    PlainSerializer(lambda x: x if math.isfinite(x) else str(x), return_type=float | str, when_used="json"),
]


class Record(BaseModel):
    """Base of everything that travels from a worker to the store and on to a page."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")


class Watched(Record):
    """A few validation images whose distributions a page follows; reported once, when the teacher is ready."""

    indices: list[int]
    labels: list[int]
    images: list[list[int]]  # grey levels 0..255, row by row, 784 each
    teacher_logits: list[list[Figure]]
    teacher_validation_accuracy: Figure


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
        """95 % Wilson score interval of the test accuracy."""
        return wilson_interval(self.test_accuracy, self.test_images)


class TrainedStudent(Record):
    """A trained student, to be kept with its run. No event, as events are read often and its weights are large."""

    name: str  # "distilled" of a single run, the method in a comparison, "seed 3" of a sweep's choice
    architecture: str
    weights: bytes  # a safetensors file, single precision


class FinishedPart(Record):
    """A finished part of a run: stored at once, so that it need not be trained again after an interruption."""

    unit: ClassVar[str] = "student"  # what `size` counts

    @property
    @abstractmethod
    def key(self) -> str:
        """The part's name among those of its run."""

    @property
    def size(self) -> int:
        """How many students are finished, one for each trial; or that it is one arm of a study."""
        return len(getattr(self, "trials", (self,)))


class Expense(Record):
    """What a training took. Multiply-adds: a forward pass once, a forward and backward pass three times."""

    seconds: Figure
    images_seen: int  # by the networks that learnt, each image each time
    multiply_adds: Figure
    peak_memory: int  # bytes: weights, optimizer state, cached advice, and the most that one update needs besides

    def __add__(self, after: Expense) -> Expense:
        """Of two trainings, one after the other: the peak of the memory is the larger of the two."""
        return Expense(
            seconds=self.seconds + after.seconds,
            images_seen=self.images_seen + after.images_seen,
            multiply_adds=self.multiply_adds + after.multiply_adds,
            peak_memory=max(self.peak_memory, after.peak_memory),
        )


Word = Literal["better", "worse", "no difference shown", "no verdict"]


class Verdict(Record):
    """A method against plain training, seed by seed: the mean difference with its interval, and what it allows to say.

    No verdict with one seed. For agreement and fidelity "better" means closer to the teacher.
    """

    word: Word
    difference: Figure  # mean over the seeds of (method - plain)
    low: Figure | None
    high: Figure | None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The ends of the interval; None with one seed."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    @property
    def of_shares(self) -> Verdict:
        """The same of two shares, cut to what is possible: t intervals from two seeds may go beyond -1 and 1."""
        ends = (None if end is None else min(max(end, -1.0), 1.0) for end in (self.low, self.high))
        return self.model_copy(update=dict(zip(("low", "high"), ends, strict=True)))


class Mean(Record):
    """The mean over the seeds with its 95 % interval (Student's t); None with one seed."""

    mean: Figure
    low: Figure | None
    high: Figure | None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The ends of the interval; None with one seed."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    @property
    def half_width(self) -> float:
        """The figure behind ±: the longer half, as an end may have been cut at the limit of a share."""
        return max((abs(end - self.mean) for end in self.interval or ()), default=0.0)
