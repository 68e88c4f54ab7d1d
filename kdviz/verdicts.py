"""What several seeds allow to say: means with intervals, and a method against plain training, seed by seed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from scipy.special import stdtrit  # Student's quantile, sooner imported than scipy.stats

from kdviz.methods import METHODS, PLAIN
from kdviz.records import Expense, Mean, Measure, Summary, Trial, Verdict, Word

LEVEL = 0.95

# Each measure of a trial, and whether more of it is better.
LARGER_IS_BETTER: dict[Measure, bool] = {
    "test_accuracy": True,
    "nll": False,
    "ece": False,
    "agreement": True,
    "fidelity_kl": False,
}
MAIN: Measure = "test_accuracy"  # the others are judged together: four of them for every method
UNBOUNDED = ("nll", "fidelity_kl")  # the others are shares
COUNTED = ("test_accuracy", "validation_accuracy", "agreement")  # whole images over all images


def _half_width(variance: float, seeds: int, level: float) -> float:
    """Half the width of Student's two-sided interval for a mean of `seeds` values."""
    return float(stdtrit(seeds - 1, 0.5 + level / 2)) * math.sqrt(variance / seeds)


def mean_with_interval(values: Sequence[float], resolution: float = 0.0) -> Mean:
    """Mean with Student's 95 % interval; no interval from one value, nor where a training diverged.

    `resolution` is what one value is rounded to; see `verdict`.
    """
    figures = np.asarray(values, dtype=float)
    if not np.isfinite(figures).all():
        return Mean(mean=math.nan, low=None, high=None)
    mean = float(figures.mean())
    if len(figures) == 1:
        return Mean(mean=mean, low=None, high=None)
    half = _half_width(float(figures.var(ddof=1)) + resolution**2 / 12, len(figures), LEVEL)
    return Mean(mean=mean, low=mean - half, high=mean + half)


def resolution_of(measure: str, images: int) -> float:
    """What one value of a measure is rounded to: shares of images are."""
    return 1 / images if measure in COUNTED and images else 0.0


def within(mean: Mean, measure: str) -> Mean:
    """The interval cut to what the measure can be: t intervals from two or three values may go beyond it."""
    if mean.low is None or mean.high is None:
        return mean
    highest = math.inf if measure in UNBOUNDED else 1.0
    return Mean(mean=mean.mean, low=max(0.0, mean.low), high=min(highest, mean.high))


def verdict(
    values: Sequence[float],
    plain: Sequence[float],
    *,
    larger_is_better: bool,
    comparisons: int = 1,
    resolution: float = 0.0,
) -> Verdict:
    """A method's values against plain training's, seed by seed: Student's interval of the mean difference.

    "better" and "worse" are said only where the interval excludes 0. Its level is 1 - 0.05 / comparisons, so that
    of several methods that change nothing, none is called better or worse at least 95 % of the time (Bonferroni).

    `resolution` is what one value is rounded to, as 1 / test images for an accuracy. Rounding hides up to half a step
    of each value, and the difference of two has a variance of resolution^2 / 6 from it alone. That is added: two seeds
    that happen to give the same count do not make an interval without width.

    One seed gets no verdict. Where the method diverged (a value that is no number) and plain training did not, it is
    worse; where plain training diverged there is nothing to judge by, and no verdict.
    """
    seeds = len(values)
    if seeds != len(plain):
        raise ValueError("verdict needs as many values as plain has, one for each seed.")
    with np.errstate(invalid="ignore"):  # infinite less infinite
        differences = np.asarray(values, dtype=float) - np.asarray(plain, dtype=float)
    finite = bool(np.isfinite(differences).all())
    mean = float(differences.mean()) if finite and seeds else math.nan
    if seeds < 2 or not finite:
        diverged = seeds >= 2 and bool(np.isfinite(plain).all())
        return Verdict(word="worse" if diverged else "no verdict", difference=mean, low=None, high=None)
    variance = float(differences.var(ddof=1)) + resolution**2 / 6
    half = _half_width(variance, seeds, 1 - (1 - LEVEL) / comparisons)
    low, high = mean - half, mean + half
    word: Word = "no difference shown"
    if low > 0 or high < 0:
        word = "better" if (mean > 0) == larger_is_better else "worse"
    return Verdict(word=word, difference=mean, low=low, high=high)


def _mean_expense(expenses: Sequence[Expense]) -> Expense:
    return Expense(
        seconds=float(np.mean([e.seconds for e in expenses])),
        images_seen=round(float(np.mean([e.images_seen for e in expenses]))),
        multiply_adds=float(np.mean([e.multiply_adds for e in expenses])),
        peak_memory=round(float(np.mean([e.peak_memory for e in expenses]))),
    )


def _with_teacher(trial: Trial) -> Expense:
    """What the student and the teachers it asked took: one after the other, so the larger peak counts."""
    if trial.teacher is None:
        return trial.expense
    return Expense(
        seconds=trial.expense.seconds + trial.teacher.seconds,
        images_seen=trial.expense.images_seen + trial.teacher.images_seen,
        multiply_adds=trial.expense.multiply_adds + trial.teacher.multiply_adds,
        peak_memory=max(trial.expense.peak_memory, trial.teacher.peak_memory),
    )


def _figures(trials: Iterable[Trial], measure: Measure) -> list[float]:
    return [float(getattr(trial, measure)) for trial in trials]


def summarise(trials: Sequence[Trial]) -> list[Summary]:
    """One summary for each method there is a trial of, in the order of `METHODS`; other trials are left out.

    Verdicts are over the seeds that a method shares with plain training.
    """
    groups: dict[str, dict[int, Trial]] = {name: {} for name in METHODS}
    for trial in trials:
        if trial.method in groups:
            groups[trial.method][trial.seed] = trial
    groups = {name: dict(sorted(group.items())) for name, group in groups.items() if group}
    plain = groups.get(PLAIN, {})
    comparisons = max(1, len(groups.keys() - {PLAIN}))

    def judge(group: dict[int, Trial], measure: Measure) -> Verdict:
        shared = [(trial, plain[seed]) for seed, trial in group.items() if seed in plain]
        images = min((trial.test_images for trial in group.values()), default=0)
        return verdict(
            _figures((trial for trial, _ in shared), measure),
            _figures((control for _, control in shared), measure),
            larger_is_better=LARGER_IS_BETTER[measure],
            comparisons=comparisons if measure == MAIN else comparisons * (len(LARGER_IS_BETTER) - 1),
            resolution=resolution_of(measure, images),
        )

    def mean(group: dict[int, Trial], measure: Measure) -> Mean:
        images = min(trial.test_images for trial in group.values())
        figures = _figures(group.values(), measure)
        return within(mean_with_interval(figures, resolution_of(measure, images)), measure)

    return [
        Summary(
            method=name,
            seeds=len(group),
            means={measure: mean(group, measure) for measure in LARGER_IS_BETTER},
            verdicts={} if name == PLAIN else {measure: judge(group, measure) for measure in LARGER_IS_BETTER},
            expense=_mean_expense([trial.expense for trial in group.values()]),
            expense_with_teacher=_mean_expense([_with_teacher(trial) for trial in group.values()]),
        )
        for name, group in groups.items()
    ]
