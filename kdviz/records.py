"""What a run leaves behind: progress while it lasts, scores at its end. Frozen, to and from JSON, torch-free."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, PlainSerializer

from kdviz.comparison import Comparison
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


def wilson_interval(share: float, images: int) -> tuple[float, float]:
    """95 % score interval of an accuracy (Wilson 1927): the chance of the test images, no other."""
    n, p, z = images, share, NormalDist().inv_cdf(0.975)
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return centre - half, centre + half


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


class Learnt(Record):
    """A trained student, to be kept with its run. No event: it is too large to be looked at again and again."""

    name: str  # "distilled" of a single run, the method in a comparison, "seed 3" of a sweep's choice
    architecture: str
    weights: str  # a safetensors file in base64, single precision


class Expense(Record):
    """What a training took. Multiply-adds: a forward pass once, a forward and backward pass three times."""

    seconds: Figure
    images_seen: int  # by the networks that learnt, each image each time
    multiply_adds: Figure
    peak_memory: int  # bytes: weights, optimizer state, cached advice, and the most that one update needs besides


class Arrow(Record):
    """Who teaches whom, and how far apart the two are: KL(source || target) at T = 1, nats.

    The mean over the live part of the validation split and the seeds, by the models as they are now. All at the same
    T, so that they can be compared, whatever the T of their losses.
    """

    source: str
    target: str
    kl: Figure


class Moment(Record):
    """The state of one method of a comparison after an update; lists have an entry for each seed.

    Losses are means over the updates since the last report, as they enter the loss.
    """

    method: str  # of `methods.METHODS`, or "teacher", or `methods.CONTROL`
    stage: str  # who learns just now: "student", "generation 1", "assistant", "seed 3" of the teachers
    stage_number: int  # from 1
    stages: int
    step: int  # of this stage
    steps: int
    epoch: int
    epochs: int
    loss_kd: list[Figure]  # what the knowledge adds to the loss
    loss_ce: list[Figure]  # what the labels add
    validation_accuracy: list[Figure]
    agreement: list[Figure]  # with the seed's trained teacher; empty while that one learns
    others: dict[str, Figure]  # validation accuracy of everybody else who speaks: peers, heads, an earlier self
    arrows: list[Arrow]
    expense: Expense  # of all seeds and stages so far, without the teacher's
    seconds: Figure  # since the comparison began
    seconds_left: Figure  # of the whole comparison


class Bin(Record):
    """One bar of a reliability diagram: test images whose confidence lies within a range."""

    count: int
    confidence: Figure  # mean; 0 where there are no images
    accuracy: Figure


class Trial(Record):
    """One method with one seed: its student on the test images, looked at once, after the last epoch."""

    method: str
    seed: int
    validation_accuracy: Figure
    test_accuracy: Figure
    test_errors: int
    test_images: int
    nll: Figure  # mean negative log-likelihood on the test images, nats
    ece: Figure  # expected calibration error, 15 bins of equal width
    agreement: Figure  # top-1 agreement with the seed's teacher
    fidelity_kl: Figure  # KL(teacher || student) at T = 1, nats
    reliability: list[Bin]
    others: dict[str, Figure]  # test accuracy of everybody else: peers, heads, an ensemble
    expense: Expense  # of this seed's share
    teacher: Expense | None  # of the teachers it asked, which can be used again; None where it asked none


class Inside(Record):
    """What one student looks like inside, next to its teacher: the first seed, a few validation images.

    Layers are named from the input on, the logits last. Relations are distances between images, divided by their mean.
    """

    method: str
    step: int  # 0 before the training
    steps: int
    teacher_layers: list[str]
    student_layers: list[str]
    cka: list[list[Figure]]  # linear CKA, a row for each of the student's layers, a column for each of the teacher's
    logits: list[list[Figure]]  # of the watched images
    relations: list[list[Figure]]  # among the watched images, in the student's last hidden layer
    teacher_relations: list[list[Figure]]
    singular_values: list[Figure]  # of the flow (FSP) between the first and the last hidden layer; empty without maps
    teacher_singular_values: list[Figure]


class Finished(Record):
    """A method is done with these seeds: what a lost worker does not take along.

    With all it said on the way, which is said again when the comparison goes on elsewhere.
    """

    method: str
    trials: list[Trial]
    moments: list[Moment] = []
    looks: list[Inside] = []


Measure = Literal["test_accuracy", "nll", "ece", "agreement", "fidelity_kl"]
Word = Literal["better", "worse", "no difference shown", "no verdict"]


class Verdict(Record):
    """A method against plain training, seed by seed: the mean difference with its interval, and what it allows to say.

    No verdict with one seed. For agreement and fidelity "better" means closer to the teacher.
    """

    word: Word
    difference: Figure  # mean over the seeds of (method - plain)
    low: Figure | None
    high: Figure | None


class Mean(Record):
    """The mean over the seeds with its 95 % interval (Student's t); None with one seed."""

    mean: Figure
    low: Figure | None
    high: Figure | None

    @property
    def half_width(self) -> float:
        """What stands behind ±; an end that was cut, as an accuracy has no more than 1, makes it no narrower."""
        return 0.0 if self.low is None or self.high is None else max(self.high - self.mean, self.mean - self.low)


class Summary(Record):
    """A method over all seeds. Expenses are means over the seeds."""

    method: str
    seeds: int
    means: dict[Measure, Mean]
    verdicts: dict[Measure, Verdict]  # empty for plain training itself
    expense: Expense
    expense_with_teacher: Expense


class Compared(Record):
    """The end of a comparison."""

    run_id: str
    recipe: Comparison
    teachers: list[Trial]  # the teachers themselves, method "teacher"
    trials: list[Trial]
    controls: list[Trial]  # method `methods.CONTROL`: students of another seed's teacher, where offline was asked for
    summaries: list[Summary]
    device: str
    threads: int
    torch: str
    seconds: Figure
