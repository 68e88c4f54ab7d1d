"""What a comparison reports: moments while it trains, each finished method, and the summary of all at its end."""

from typing import Literal

from kdviz.recipes.comparison import Comparison
from kdviz.records.base import Expense, Figure, FinishedPart, Mean, Record, Verdict


class TeachingArrow(Record):
    """One network teaches another; how far apart the two are: KL(source || target) at T = 1, nats.

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

    method: str  # of `methods.METHODS`, or `methods.TEACHER`, or `methods.CONTROL`
    stage: str  # the networks in training: "student", "generation 1", "assistant", "seed 3" of the teachers
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
    others: dict[str, Figure]  # validation accuracy of other outputs: peers, heads, an earlier self
    arrows: list[TeachingArrow]
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
    others: dict[str, Figure]  # test accuracy of other outputs: peers, heads, an ensemble
    expense: Expense  # of this seed's share
    teacher: Expense | None  # of its teachers, which can be used again; None where it has none


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


class FinishedMethod(FinishedPart):
    """A method has been trained with these seeds.

    With all its reports, which are repeated when the comparison goes on in another process.
    """

    method: str
    trials: list[Trial]
    moments: list[Moment] = []  # noqa: RUF012, pydantic copies it
    looks: list[Inside] = []  # noqa: RUF012

    @property
    def key(self) -> str:
        """The method and its seeds."""
        return f"{self.method} {','.join(str(trial.seed) for trial in self.trials)}"


MethodMeasure = Literal["test_accuracy", "nll", "ece", "agreement", "fidelity_kl"]


class Summary(Record):
    """A method over all seeds. Expenses are means over the seeds."""

    method: str
    seeds: int
    means: dict[MethodMeasure, Mean]
    verdicts: dict[MethodMeasure, Verdict]  # empty for plain training itself
    expense: Expense
    expense_with_teacher: Expense


class ComparisonResult(Record):
    """The end of a comparison."""

    run_id: str
    recipe: Comparison
    teachers: list[Trial]  # the teachers themselves, method `methods.TEACHER`
    trials: list[Trial]
    controls: list[Trial]  # method `methods.CONTROL`: students of another seed's teacher, where offline was asked for
    summaries: list[Summary]
    device: str
    threads: int
    torch: str
    seconds: Figure

    @property
    def main_figures(self) -> dict[str, float]:
        """Mean test accuracy of each method over the seeds."""
        return {summary.method: summary.means["test_accuracy"].mean for summary in self.summaries}
