"""What a sweep allows to say: means of its cells, each cell against plain training, and which cell is best.

The layout is a randomised block design: every cell is trained with each seed (and fold), the block, so differences are
taken block by block. With a handful of blocks one cell's own spread says little, and cells are judged together:

- The variance of a difference is the mean of all cells' own, or a cell's own where that is larger. What all
  differences share, above all the luck of the control itself, has been seen once for each block only: the degrees of
  freedom are Satterthwaite's (1946) for the shared and the own part, and never more than if all students were
  independent. The usual residual of the two-way layout, as Dunnett's test (1955) takes it, would call far too many
  cells different, since students of one teacher are more alike than a student and its control.
- A cell that scatters more than the others together (F test, 1 %) is judged by itself, and widens nobody's interval.
- Many cells are compared with one: the intervals' level is 1 - 0.05 / cells (Bonferroni), so that in a sweep that
  changes nothing, no cell is called better or worse at least 95 % of the time.
- Folds share most of their training images, and their spread is too small (Bengio, Grandvalet 2004): the variance of
  a mean is (1 / blocks + images held out / images learnt from) times theirs (Nadeau, Bengio 2003).
- A diverged student makes its cell's figures no numbers, and nobody else's.

All of it is about the images that were held out, which are the same for all cells.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from scipy.special import fdtri, stdtrit  # quantiles of F and of Student's t, sooner imported than scipy.stats

from kdviz.recipes.sweep import Cell, Sweep
from kdviz.records.base import Mean, Scores, Verdict, Word
from kdviz.records.single import Result
from kdviz.records.sweep import CellSummary, CellTrial, Choice
from kdviz.verdicts import intervals

LEVEL = intervals.LEVEL
SCATTERS = 0.99  # level of the F test that sets a cell apart
_NO_VERDICT = Verdict(word="no verdict", difference=math.nan, low=None, high=None)

Block = tuple[int, int | None]  # seed and fold


@dataclass(frozen=True)
class Column:
    """One cell's trials after the same number of epochs, by seed and fold."""

    cell: Cell
    epochs: int
    trials: Mapping[Block, CellTrial]

    @property
    def diverged(self) -> int:
        """How many of its students did."""
        return sum(trial.diverged for trial in self.trials.values())

    @property
    def pool(self) -> tuple[object, ...]:
        """Cells whose spread may be taken together: the same student, trained in the same way."""
        return self.cell.student, self.cell.labels, self.cell.learning_rate, self.epochs

    def figures(self, measure: str) -> list[float]:
        """One figure for each block, in order; no number for a diverged student."""
        blocks = sorted(self.trials, key=lambda block: (block[0], block[1] or 0))
        return [math.nan if self.trials[b].diverged else float(getattr(self.trials[b], measure)) for b in blocks]


def summarise(sweep: Sweep, trials: Sequence[CellTrial]) -> list[CellSummary]:
    """One summary for each cell that differs, after the most epochs that it was trained for, in the sweep's order."""
    longest = _longest(sweep, trials)
    against = _against_plain(sweep, trials, longest)
    overlap = _overlap(sweep)

    def mean(column: Column, measure: str) -> Mean:
        images = min(trial.validation_images for trial in column.trials.values())
        found = intervals.mean_with_interval(column.figures(measure), intervals.resolution_of(measure, images))
        return intervals.within(_widened(found, len(column.trials), overlap), measure)

    return [
        CellSummary(
            cell=column.cell,
            epochs=column.epochs,
            trials=len(column.trials),
            diverged=column.diverged,
            validation_accuracy=mean(column, "validation_accuracy"),
            nll=mean(column, "nll"),
            ece=mean(column, "ece"),
            agreement=mean(column, "agreement"),
            against_plain=against.get(column.cell),
        )
        for column in longest
    ]


def choose(
    sweep: Sweep, summaries: Sequence[CellSummary], trials: Sequence[CellTrial]
) -> tuple[Cell, list[Cell]] | None:
    """The asked-for cell with the best mean accuracy after all epochs, and those not shown to differ from it.

    Of equal means the cell with the smaller alpha is taken, then the one with the smaller T. A cell of which a student
    diverged is never chosen; None where there is no other. With one seed and no folds a cell is tied as long as the
    chance of the images alone explains its difference.
    """
    asked = {cell.trained_as for cell in sweep.cells}
    could = {
        summary.cell: summary.validation_accuracy.mean
        for summary in summaries
        if summary.cell in asked and summary.epochs == sweep.epochs and not summary.diverged
    }
    if not could:
        return None
    best = min(could, key=lambda cell: (-round(could[cell], 12), cell.alpha, cell.temperature))
    columns = {column.cell: column for column in _longest(sweep, trials) if column.cell in could}
    first, others = columns.pop(best), list(columns.values())
    if len(first.trials) == 1:
        return best, [other.cell for other in others if _chance_of_images(first, other, len(others))]
    judged = _judged(first, others, comparisons=len(others), overlap=_overlap(sweep))
    return best, [other.cell for other in others if judged[other.cell].word in ("no difference shown", "no verdict")]


def chosen_on(sweep: Sweep) -> str:
    """The images that T and alpha are chosen by."""
    return "the validation split" if sweep.folds is None else f"{sweep.folds}-fold cross-validation"


def choice_of(sweep: Sweep, cell: Cell, tied: Sequence[Cell], results: Sequence[Result]) -> Choice:
    """The chosen cell's runs on the test images: means over the seeds, and against plain training seed by seed."""
    chosen, plain = ([_test_accuracy(getattr(r, role)) for r in results] for role in ("distilled", "plain"))
    resolution = intervals.resolution_of("test_accuracy", min(r.distilled.test_images for r in results))

    def mean(accuracies: Sequence[float]) -> Mean:
        return intervals.within(intervals.mean_with_interval(accuracies, resolution), "test_accuracy")

    return Choice(
        cell=cell,
        chosen_on=chosen_on(sweep),
        tied=list(tied),
        results=list(results),
        test_accuracy=mean(chosen),
        plain_test_accuracy=mean(plain),
        against_plain=intervals.verdict(chosen, plain, larger_is_better=True, resolution=resolution),
    )


def _test_accuracy(scores: Scores) -> float:
    """No number where the training diverged: what such a network answers is no accuracy."""
    return scores.test_accuracy if math.isfinite(scores.nll) else math.nan


def _overlap(sweep: Sweep) -> float:
    """Images held out for each image learnt from, where blocks are folds; 0 where all seeds learn from the same."""
    return 0.0 if sweep.folds is None else 1 / (sweep.folds - 1)


def _widened(mean: Mean, blocks: int, overlap: float) -> Mean:
    """An interval for (1 / blocks + overlap) times the variance, instead of 1 / blocks."""
    if mean.low is None or mean.high is None:
        return mean
    factor = math.sqrt(1 + blocks * overlap)
    return Mean(
        mean=mean.mean,
        low=mean.mean + (mean.low - mean.mean) * factor,
        high=mean.mean + (mean.high - mean.mean) * factor,
    )


def _columns(trials: Iterable[CellTrial]) -> dict[tuple[Cell, int], Column]:
    found: dict[tuple[Cell, int], dict[Block, CellTrial]] = {}
    for trial in trials:
        found.setdefault((trial.cell, trial.epochs), {})[trial.seed, trial.fold] = trial
    return {(cell, epochs): Column(cell, epochs, blocks) for (cell, epochs), blocks in found.items()}


def _longest(sweep: Sweep, trials: Iterable[CellTrial]) -> list[Column]:
    """Each cell's trials after the most epochs that it was trained for, in the sweep's order."""
    longest: dict[Cell, Column] = {}
    for column in _columns(trials).values():
        if column.cell not in longest or longest[column.cell].epochs < column.epochs:
            longest[column.cell] = column
    return [longest[cell] for cell in sweep.trained_cells if cell in longest]


def _against_plain(sweep: Sweep, trials: Sequence[CellTrial], longest: Sequence[Column]) -> dict[Cell, Verdict]:
    """Each taught cell against the control of its student, after as many epochs."""
    columns = _columns(trials)
    taught = [column for column in longest if column.cell.alpha > 0]
    pools: dict[tuple[object, ...], list[Column]] = {}
    for column in taught:
        pools.setdefault(column.pool, []).append(column)
    found: dict[Cell, Verdict] = {}
    for pool in pools.values():
        control = columns.get((pool[0].cell.plain, pool[0].epochs))
        if control is None:
            found |= dict.fromkeys((column.cell for column in pool), _NO_VERDICT)
        else:
            found |= _judged(control, pool, comparisons=len(taught), overlap=_overlap(sweep))
    return found


def _judged(reference: Column, columns: Sequence[Column], *, comparisons: int, overlap: float) -> dict[Cell, Verdict]:
    """Each column's accuracy less the reference's, block by block, with the spread pooled among those of one kind."""
    found: dict[Cell, Verdict] = {}
    pools: dict[tuple[object, ...], list[Column]] = {}
    for column in columns:
        if column.diverged or reference.diverged:
            found[column.cell] = _of_diverged(reference, column)
        else:
            pools.setdefault(column.pool, []).append(column)
    for pool in pools.values():
        blocks = sorted(
            set(reference.trials).intersection(*(column.trials for column in pool)), key=lambda b: (b[0], b[1] or 0)
        )
        if not blocks:
            found |= dict.fromkeys((column.cell for column in pool), _NO_VERDICT)
            continue
        accuracies = np.array([[column.trials[b].validation_accuracy for b in blocks] for column in pool])
        references = np.array([reference.trials[b].validation_accuracy for b in blocks])
        images = min(trial.validation_images for trial in reference.trials.values())
        judged = pooled_verdicts(
            accuracies - references, comparisons=comparisons, overlap=overlap, resolution=1 / images
        )
        found |= dict(zip((column.cell for column in pool), judged, strict=True))
    return found


def _of_diverged(reference: Column, column: Column) -> Verdict:
    """Worse than a reference that did not diverge; no verdict where that one did, or with one block."""
    shared = [block for block in column.trials if block in reference.trials]
    accuracies = (
        [math.nan if c.trials[b].diverged else c.trials[b].validation_accuracy for b in shared]
        for c in (column, reference)
    )
    return intervals.verdict(*accuracies, larger_is_better=True)


def pooled_verdicts(
    differences: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    *,
    comparisons: int,
    overlap: float = 0.0,
    resolution: float = 0.0,
) -> list[Verdict]:
    """Verdicts on cells from their differences (cells, blocks) to one reference; see the top of this module.

    `resolution` is what one accuracy is rounded to; see `verdicts.verdict`.
    """
    cells, blocks = differences.shape
    means = differences.mean(axis=1)
    if blocks < 2:
        return [Verdict(word="no verdict", difference=float(mean), low=None, high=None) for mean in means]
    own = differences.var(axis=1, ddof=1) + resolution**2 / 6
    apart = _scatters_more(own, blocks)
    rest = ~apart
    variance = own.copy()
    freedom = np.full(cells, blocks - 1.0)
    if rest.any():
        pooled = float(own[rest].mean())
        variance[rest] = np.maximum(own[rest], pooled)
        freedom[rest] = _freedom(differences[rest], pooled)
    level = 1 - (1 - LEVEL) / (2 * comparisons)
    half = stdtrit(freedom, level) * np.sqrt(variance * (1 / blocks + overlap))
    return [_said(float(mean), float(width)) for mean, width in zip(means, half, strict=True)]


def _scatters_more(
    own: np.ndarray[tuple[int], np.dtype[np.float64]], blocks: int
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Cells whose variance is larger than the mean of all others' by more than chance."""
    cells = len(own)
    if cells < 3:  # two that differ do not say which of them is the odd one
        return np.zeros(cells, dtype=bool)
    others = (own.sum() - own) / (cells - 1)
    return np.asarray(own > fdtri(blocks - 1, (cells - 1) * (blocks - 1), SCATTERS) * others)


def _freedom(differences: np.ndarray[tuple[int, int], np.dtype[np.float64]], pooled: float) -> float:
    """Satterthwaite's degrees of freedom of the mean variance of differences (cells, blocks).

    It is the sum of two parts: the variance over the blocks of the cells' mean difference, which all share and which
    has blocks - 1 degrees of freedom, and what is each cell's own, with (cells - 1) times as many.
    """
    cells, blocks = differences.shape
    shared = float(differences.mean(axis=0).var(ddof=1))
    own = max(pooled - shared, 0.0)
    parts = shared**2 + own**2 / (cells - 1) if cells > 1 else pooled**2
    independent = 4 * cells / (cells + 3)  # where every student, the control too, scatters alike and alone
    return (blocks - 1) * min(max(pooled**2 / parts, 1.0), independent) if parts else blocks - 1.0


def _said(mean: float, half: float) -> Verdict:
    low, high = mean - half, mean + half
    word: Word = "better" if low > 0 else "worse" if high < 0 else "no difference shown"
    return Verdict(word=word, difference=mean, low=low, high=high)


def _chance_of_images(first: Column, other: Column, comparisons: int) -> bool:
    """Whether the chance of the images explains the difference of two single students.

    The interval for two independent proportions of Agresti and Caffo (2000), at the level for this many comparisons.
    Both were tried on the same images, where they err alike, so the true interval is narrower.
    """
    (one,), (two,) = first.trials.values(), other.trials.values()
    shares = [(t.validation_images - t.validation_errors + 1, t.validation_images + 2) for t in (one, two)]
    rates = [right / images for right, images in shares]
    variance = sum(p * (1 - p) / images for p, (_, images) in zip(rates, shares, strict=True))
    bound = NormalDist().inv_cdf(1 - (1 - LEVEL) / (2 * comparisons)) * math.sqrt(variance)
    return abs(rates[0] - rates[1]) <= bound
