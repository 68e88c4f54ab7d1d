"""Which stacks of a sweep come next: all at once for a grid, rung by rung for successive halving. Torch-free."""

import math
from collections.abc import Iterable, Iterator
from statistics import fmean

from kdviz.recipes.sweep import KEPT, Cell, Stack, Sweep
from kdviz.records.sweep import CellTrial, FinishedStack


def waiting(sweep: Sweep, finished: Iterable[FinishedStack]) -> list[Stack]:
    """The stacks that can be trained now and are not finished; none where the sweep is ready for its choice."""
    return next(filter(None, _left(sweep, finished)), [])


def expected(sweep: Sweep, finished: Iterable[FinishedStack] = ()) -> list[Stack]:
    """All stacks that are still to be trained; where it is not known yet which cells survive a rung, of any cells."""
    return [stack for of_rung in _left(sweep, finished) for stack in of_rung]


def _left(sweep: Sweep, finished: Iterable[FinishedStack]) -> Iterator[list[Stack]]:
    """What is not finished of each rung."""
    done = {part.stack.id: part for part in finished}
    cells = sweep.trained_cells
    for epochs in sweep.rungs:
        stacks = sweep.stacks(cells, epochs)
        left = [stack for stack in stacks if stack.id not in done]
        yield left
        if left:
            taught = sum(cell.alpha > 0 for cell in cells)
            cells = cells[: len(cells) - taught + -(-taught // KEPT)]  # the controls come first
        else:
            cells = survivors(cells, [trial for stack in stacks for trial in done[stack.id].trials])


def trials_of(sweep: Sweep, finished: Iterable[FinishedStack]) -> list[CellTrial]:
    """The trials of the students that this sweep asks for, each once, seed by seed, whichever stack was done first."""
    wanted = {cell: number for number, cell in enumerate(sweep.trained_cells)}
    trials = {
        (trial.cell, trial.seed, trial.fold, trial.epochs): trial  # stacks of another version may overlap
        for part in finished
        for trial in part.trials
        if trial.cell in wanted
    }
    return sorted(trials.values(), key=lambda trial: (trial.epochs, trial.seed, trial.fold or 0, wanted[trial.cell]))


def seconds_of(finished: Iterable[FinishedStack]) -> float:
    """How long finished stacks were trained, without their teachers and reports."""
    return sum(trial.seconds for part in finished for trial in part.trials)


def survivors(cells: Iterable[Cell], trials: Iterable[CellTrial]) -> tuple[Cell, ...]:
    """The best of the cells by mean accuracy, one of `KEPT`, in their order; the controls stay.

    Successive halving (Jamieson, Talwalkar 2016, figure 3); each rung trains its students anew, so that every one of
    them is the student of a recipe.
    """
    accuracies: dict[Cell, list[float]] = {}
    for trial in trials:
        accuracies.setdefault(trial.cell, []).append(-math.inf if trial.diverged else trial.validation_accuracy)
    candidates = list(cells)
    taught = sorted((cell for cell in candidates if cell.alpha > 0), key=lambda cell: -fmean(accuracies[cell]))
    best = set(taught[: -(-len(taught) // KEPT)])
    return tuple(cell for cell in candidates if cell.alpha == 0 or cell in best)
