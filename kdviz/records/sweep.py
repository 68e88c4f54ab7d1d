"""What a sweep reports: stacks of students in training, their trials, and what was chosen."""

from kdviz.recipes.sweep import Cell, Stack, Sweep
from kdviz.records.base import Figure, FinishedPart, Mean, Record, Verdict, Watched
from kdviz.records.single import Result


class StackProgress(Record):
    """The state of a stack's students after an update; lists have an entry for each of its cells, in their order.

    Losses are means over a quarter of the images since the last report, as they enter the loss; the other figures are
    of the live part of the images that are held out. A student that diverged has figures that are no numbers.
    """

    stack: Stack
    step: int
    steps: int
    epoch: int
    loss_kd: list[Figure]
    loss_ce: list[Figure]
    validation_accuracy: list[Figure]
    nll: list[Figure]
    ece: list[Figure]
    agreement: list[Figure]  # with the seed's teacher
    seconds: Figure  # since the sweep, or this worker's part of it, began
    seconds_left: Figure  # of the same; of a part, without the other parts


class Estimate(Record):
    """What a sweep will take on the worker's machine."""

    seconds: Figure  # with the teachers that are not there yet
    memory: int  # bytes of the largest stack: weights, gradients, both moments of Adam, and one update's activations


class CellTrial(Record):
    """One student of a sweep after its last epoch, on the images that were held out: never the test images."""

    cell: Cell
    seed: int
    fold: int | None
    epochs: int
    validation_accuracy: Figure
    validation_errors: int
    validation_images: int
    nll: Figure  # mean negative log-likelihood, nats
    ece: Figure  # expected calibration error, 15 bins of equal width
    agreement: Figure  # top-1 agreement with the seed's teacher
    diverged: bool  # its weights are no numbers any more
    seconds: Figure  # its share of the stack's training
    watched_logits: list[list[Figure]]  # of the stack's watched images


class FinishedStack(FinishedPart):
    """A stack has been trained; with all its reports."""

    stack: Stack
    watched: Watched  # images that were held out, with what the seed's teacher says of them
    teacher_accuracy: Figure  # of the seed's teacher on all images that were held out
    trials: list[CellTrial]  # one for each cell, in the stack's order
    moments: list[StackProgress]

    @property
    def key(self) -> str:
        """The stack's id."""
        return self.stack.id


class CellSummary(Record):
    """A cell over all seeds and folds, after the same number of epochs."""

    cell: Cell
    epochs: int
    trials: int
    diverged: int  # how many of them
    validation_accuracy: Mean
    nll: Mean
    ece: Mean
    agreement: Mean
    against_plain: Verdict | None  # its accuracy against the control's, seed by seed; None for the control itself


class Choice(Record):
    """The cell with the best accuracy on the images that were held out, and its one trial on the test images.

    It was trained once more, alone, on the training split: `results` are these runs, one for each seed of the test.
    """

    cell: Cell
    chosen_on: str  # "the validation split", "5-fold cross-validation"
    tied: list[Cell]  # other cells whose difference from it may be luck
    results: list[Result]
    test_accuracy: Mean
    plain_test_accuracy: Mean
    against_plain: Verdict  # on the test images


class SweepResult(Record):
    """The end of a sweep."""

    run_id: str
    recipe: Sweep
    trials: list[CellTrial]
    summaries: list[CellSummary]  # of the cells that differ, after the most epochs that each was trained for
    choice: Choice | None  # None where every student diverged
    device: str
    threads: int
    torch: str
    seconds: Figure

    @property
    def main_figures(self) -> dict[str, float]:
        """Mean test accuracy of the chosen cell over the seeds; empty where every student diverged."""
        if self.choice is None:
            return {}
        cell = self.choice.cell
        return {f"T = {cell.temperature:g}, alpha = {cell.alpha:g}": self.choice.test_accuracy.mean}

    def summary(self, cell: Cell) -> CellSummary | None:
        """A cell's summary; the cells with alpha = 0 share that of the student without a teacher."""
        return next((summary for summary in self.summaries if summary.cell == cell.trained_as), None)
