"""What a sweep allows to say: means of its cells, each cell against plain training, and which cell is best.

The layout is a randomised block design: every cell is trained with each seed (and fold), the block, so differences are
taken block by block. With a handful of blocks one cell's own spread says little, and cells are judged together:

- The variance of a difference is the mean of all cells' own, or a cell's own where that is larger. What all
  differences share, above all the luck of the control itself, has been seen once for each block only: the degrees of
  freedom are Satterthwaite's (1946) for the shared and the own part, and never more than if all students were
  independent. The usual residual of the two-way layout, as Dunnett's test (1955) takes it, would call far too many
  cells different, since students of one teacher are more alike than a student and its control.
- A cell that scatters more than the others together (F test, 1 %) is judged by itself, and widens no other
  cell's interval.
- Many cells are compared with one: the intervals' level is 1 - 0.05 / cells (Bonferroni), so that in a sweep that
  changes nothing, no cell is called better or worse at least 95 % of the time.
- Folds share most of their training images, and their spread is too small (Bengio, Grandvalet 2004): the variance of
  a mean is (1 / blocks + images held out / images learnt from) times theirs (Nadeau, Bengio 2003).
- A diverged student makes its cell's figures no numbers, and leaves those of all other cells as they are.

All of it is about the images that were held out, which are the same for all cells.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtri, stdtrit  # quantiles of F and of Student's t, sooner imported than scipy.stats

from kdviz.recipes.sweep import Cell, Sweep
from kdviz.records.base import Mean, Scores, Verdict
from kdviz.records.intervals import LEVEL
from kdviz.records.single import Result
from kdviz.records.sweep import CellSummary, CellTrial, Choice
from kdviz.records.sweep_so_far import MEASURES
from kdviz.verdicts import intervals

SCATTERS = 0.99  # level of the F test that sets a cell apart
_NO_VERDICT = Verdict(word="no verdict", difference=math.nan, low=None, high=None)

Block = tuple[int, int | None]  # seed and fold


@dataclass(frozen=True)
class Treatment:
    """One cell's trials after the same number of epochs, by block."""

    cell: Cell
    epochs: int
    trials: Mapping[Block, CellTrial]

    @property
    def diverged(self) -> int:
        """How many of its students did."""
        return sum(trial.diverged for trial in self.trials.values())

    @property
    def pool(self) -> tuple[object, ...]:
        """Equal for cells whose spread may be taken together: the same student, trained in the same way."""
        return self.cell.student, self.cell.labels, self.cell.learning_rate, self.epochs

    def figures(self, measure: str, blocks: Iterable[Block] | None = None) -> list[float]:
        """One figure for each block, in order; no number for a diverged student."""
        trials = [self.trials[block] for block in (_ordered(self.trials) if blocks is None else blocks)]
        return [math.nan if trial.diverged else float(getattr(trial, measure)) for trial in trials]


def summarise(sweep: Sweep, trials: Sequence[CellTrial]) -> list[CellSummary]:
    """One summary for each cell that differs, after the most epochs that it was trained for, in the sweep's order."""
    longest = _longest(sweep, trials)
    against = _against_plain(sweep, trials, longest)
    overlap = _overlap(sweep)

    def mean(treatment: Treatment, measure: str) -> Mean:
        resolution = intervals.resolution_of(measure, _images(treatment))
        by_blocks = intervals.mean_with_interval(treatment.figures(measure), resolution)
        return intervals.within(_widened(by_blocks, len(treatment.trials), overlap), measure)

    return [
        CellSummary(
            cell=treatment.cell,
            epochs=treatment.epochs,
            trials=len(treatment.trials),
            diverged=treatment.diverged,
            **{measure: mean(treatment, measure) for measure in MEASURES},
            against_plain=against.get(treatment.cell),
        )
        for treatment in longest
    ]


def choose(
    sweep: Sweep, summaries: Sequence[CellSummary], trials: Sequence[CellTrial]
) -> tuple[Cell, list[Cell]] | None:
    """The asked-for cell with the best mean accuracy after all epochs, and those not shown to differ from it.

    Of equal means the cell with the smaller alpha is taken, then the one with the smaller T. A cell of which a student
    diverged is never chosen; None where there is no other. With one seed and no folds a cell is tied as long as the
    chance of the images alone explains its difference.
    """
    wanted = {cell.trained_as for cell in sweep.cells}
    accuracies = {
        summary.cell: summary.validation_accuracy.mean
        for summary in summaries
        if summary.cell in wanted and summary.epochs == sweep.epochs and not summary.diverged
    }
    if not accuracies:
        return None
    best = min(accuracies, key=lambda cell: (-round(accuracies[cell], 12), cell.alpha, cell.temperature))
    treatments = {each.cell: each for each in _longest(sweep, trials) if each.cell in accuracies}
    first, others = treatments.pop(best), list(treatments.values())
    if len(first.trials) == 1:
        return best, [other.cell for other in others if _chance_of_images(first, other, len(others))]
    verdicts = _compare(first, others, comparisons=len(others), overlap=_overlap(sweep))
    return best, [other.cell for other in others if verdicts[other.cell].word in ("no difference shown", "no verdict")]


def choice_of(sweep: Sweep, cell: Cell, tied: Sequence[Cell], results: Sequence[Result]) -> Choice:
    """The chosen cell's runs on the test images: means over the seeds, and against plain training seed by seed."""
    chosen = [_test_accuracy(result.distilled) for result in results]
    plain = [_test_accuracy(result.plain) for result in results]
    images = min(result.distilled.test_images for result in results)
    return Choice(
        cell=cell,
        chosen_on="the validation split" if sweep.folds is None else f"{sweep.folds}-fold cross-validation",
        tied=list(tied),
        results=list(results),
        test_accuracy=intervals.mean_of_measure(chosen, "test_accuracy", images),
        plain_test_accuracy=intervals.mean_of_measure(plain, "test_accuracy", images),
        against_plain=intervals.verdict(chosen, plain, larger_is_better=True, resolution=1 / images),
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


def _images(treatment: Treatment) -> int:
    """The fewest images that one of its students was tried on."""
    return min(trial.validation_images for trial in treatment.trials.values())


def _ordered(blocks: Iterable[Block]) -> list[Block]:
    """By seed, then by fold."""
    return sorted(blocks, key=lambda block: (block[0], block[1] or 0))


def _treatments(trials: Iterable[CellTrial]) -> dict[tuple[Cell, int], Treatment]:
    """By cell and epochs."""
    blocks: dict[tuple[Cell, int], dict[Block, CellTrial]] = {}
    for trial in trials:
        blocks.setdefault((trial.cell, trial.epochs), {})[trial.seed, trial.fold] = trial
    return {(cell, epochs): Treatment(cell, epochs, of_cell) for (cell, epochs), of_cell in blocks.items()}


def _longest(sweep: Sweep, trials: Iterable[CellTrial]) -> list[Treatment]:
    """Each cell's trials after the most epochs that it was trained for, in the sweep's order."""
    rising = sorted(_treatments(trials).values(), key=lambda treatment: treatment.epochs)
    longest = {treatment.cell: treatment for treatment in rising}
    return [longest[cell] for cell in sweep.trained_cells if cell in longest]


def _pools(treatments: Iterable[Treatment]) -> list[list[Treatment]]:
    """Those whose spread may be taken together."""
    pools: dict[tuple[object, ...], list[Treatment]] = {}
    for treatment in treatments:
        pools.setdefault(treatment.pool, []).append(treatment)
    return list(pools.values())


def _against_plain(sweep: Sweep, trials: Sequence[CellTrial], longest: Sequence[Treatment]) -> dict[Cell, Verdict]:
    """Each taught cell against the control of its student, after as many epochs."""
    treatments = _treatments(trials)
    taught = [treatment for treatment in longest if treatment.cell.alpha > 0]
    verdicts: dict[Cell, Verdict] = {}
    for pool in _pools(taught):
        control = treatments.get((pool[0].cell.plain, pool[0].epochs))
        if control is None:
            verdicts |= dict.fromkeys((treatment.cell for treatment in pool), _NO_VERDICT)
        else:
            verdicts |= _compare(control, pool, comparisons=len(taught), overlap=_overlap(sweep))
    return verdicts


def _compare(
    reference: Treatment, treatments: Sequence[Treatment], *, comparisons: int, overlap: float
) -> dict[Cell, Verdict]:
    """Each cell's accuracy less the reference's, block by block, with the spread pooled among those of one kind."""
    diverged = [treatment for treatment in treatments if treatment.diverged or reference.diverged]
    verdicts = {treatment.cell: _of_diverged(reference, treatment) for treatment in diverged}
    for pool in _pools(treatment for treatment in treatments if treatment.cell not in verdicts):
        cells = [treatment.cell for treatment in pool]
        blocks = _ordered(set(reference.trials).intersection(*(treatment.trials for treatment in pool)))
        if blocks:
            accuracies = np.array([treatment.figures("validation_accuracy", blocks) for treatment in pool])
            differences = accuracies - np.array(reference.figures("validation_accuracy", blocks))
            of_pool = pooled_verdicts(
                differences, comparisons=comparisons, overlap=overlap, resolution=1 / _images(reference)
            )
            verdicts |= dict(zip(cells, of_pool, strict=True))
        else:
            verdicts |= dict.fromkeys(cells, _NO_VERDICT)
    return verdicts


def _of_diverged(reference: Treatment, treatment: Treatment) -> Verdict:
    """Worse than a reference that did not diverge; no verdict where that one did, or with one block."""
    shared = [block for block in treatment.trials if block in reference.trials]
    accuracies = (each.figures("validation_accuracy", shared) for each in (treatment, reference))
    return intervals.verdict(*accuracies, larger_is_better=True)


def pooled_verdicts(
    differences: NDArray[np.float64], *, comparisons: int, overlap: float = 0.0, resolution: float = 0.0
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
    return [intervals.verdict_of_interval(float(mean), float(width)) for mean, width in zip(means, half, strict=True)]


def _scatters_more(own: NDArray[np.float64], blocks: int) -> NDArray[np.bool_]:
    """Cells whose variance is larger than the mean of all others' by more than chance."""
    cells = len(own)
    if cells < 3:  # two that differ do not say which of them is the odd one
        return np.zeros(cells, dtype=bool)
    others = (own.sum() - own) / (cells - 1)
    return np.asarray(own > fdtri(blocks - 1, (cells - 1) * (blocks - 1), SCATTERS) * others)


def _freedom(differences: NDArray[np.float64], pooled: float) -> float:
    """Satterthwaite's degrees of freedom of the mean variance of differences (cells, blocks).

    It is the sum of two parts: the variance over the blocks of the cells' mean difference, which all share and which
    has blocks - 1 degrees of freedom, and what is each cell's own, with (cells - 1) times as many.
    """
    cells, blocks = differences.shape
    shared = float(differences.mean(axis=0).var(ddof=1))
    own = max(pooled - shared, 0.0)
    parts = shared**2 + own**2 / (cells - 1) if cells > 1 else pooled**2
    independent = 4 * cells / (cells + 3)  # where every student, the control too, scatters alike and alone
    share = min(max(pooled**2 / parts, 1.0), independent) if parts else 1.0
    return float((blocks - 1) * share)


def _chance_of_images(first: Treatment, other: Treatment, comparisons: int) -> bool:
    """Whether the chance of the images explains the difference of two single students.

    The interval for two independent proportions of Agresti and Caffo (2000), at the level for this many comparisons.
    Both were tried on the same images, where they err alike, so the true interval is narrower.
    """
    trials = (*first.trials.values(), *other.trials.values())
    rates = [(t.validation_images - t.validation_errors + 1) / (t.validation_images + 2) for t in trials]
    variance = sum(p * (1 - p) / (t.validation_images + 2) for p, t in zip(rates, trials, strict=True))
    bound = NormalDist().inv_cdf(1 - (1 - LEVEL) / (2 * comparisons)) * math.sqrt(variance)
    return abs(rates[0] - rates[1]) <= bound
