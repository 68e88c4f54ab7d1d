"""Means with intervals over seeds, and whether a difference is shown (Student's t, Bonferroni); counts of images."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import betaincinv, stdtrit  # quantiles, sooner imported than scipy.stats

from kdviz.records.base import Mean, Verdict, Word
from kdviz.records.intervals import LEVEL

UNBOUNDED = ("nll", "fidelity_kl", "count")  # the others are shares
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


def mean_of_measure(values: Sequence[float], measure: str, images: int) -> Mean:
    """Mean with Student's 95 % interval of a measure on so many images, cut to what the measure can be."""
    return within(mean_with_interval(values, resolution_of(measure, images)), measure)


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
    return verdict_of_interval(mean, half, larger_is_better=larger_is_better)


def verdict_of_interval(mean: float, half_width: float, *, larger_is_better: bool = True) -> Verdict:
    """ "better" or "worse" where the interval mean ± half_width excludes 0."""
    low, high = mean - half_width, mean + half_width
    word: Word = "no difference shown"
    if low > 0 or high < 0:
        word = "better" if (mean > 0) == larger_is_better else "worse"
    return Verdict(word=word, difference=mean, low=low, high=high)


def binomial_interval(count: float, images: float) -> tuple[float, float]:
    """Exact 95 % interval of what a count of so many images is expected to be (Clopper, Pearson 1934)."""
    tail = (1 - LEVEL) / 2
    low = float(betaincinv(count, images - count + 1, tail)) if count > 0 else 0.0
    high = float(betaincinv(count + 1, images - count, 1 - tail)) if count < images else 1.0
    return images * low, images * high
