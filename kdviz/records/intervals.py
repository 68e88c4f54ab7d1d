"""Chance in plain formulas, without scipy, so that pages can use them as workers do.

Counts of errors: their intervals, and whether two of them may have the same expectation. Differences over seeds: the
smallest one that a test of theirs finds.
"""

import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import lru_cache
from math import comb
from statistics import NormalDist

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

LEVEL = 0.95
CALIBRATION_BINS = 15  # of confidence, of equal width (Guo et al. 2017, section 2)
POWER = 0.8  # how often a difference is to be found that is there (Cohen 1988, section 2.4)

_NORMAL = NormalDist()
_NODES = leggauss(96)  # of the integrals below


def same_share_p_value(count: int, other: int, images: int) -> float:
    """How probable two counts of so many images each are, at least so different, if both have one share; two-sided.

    Fisher's exact test: given their sum, each of them is hypergeometric. It takes the images as drawn for each count;
    counts of the same images are nearer to each other than that, and `mcnemar_p_value` says how near.
    """
    both, low = count + other, min(count, other)
    whole = _log_choose(2 * images, both)
    tail = math.fsum(
        math.exp(_log_choose(images, number) + _log_choose(images, both - number) - whole)
        for number in range(max(0, both - images), low + 1)
    )
    return min(1.0, 2 * tail)


def _log_choose(of: int, number: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(number + 1) - math.lgamma(of - number + 1)


def mcnemar_p_value(only_one: int, only_other: int) -> float:
    """How probable it is that two networks differ at least so much on the same images by chance; exact, two-sided.

    Only the images count on which one of them is right and the other wrong: so many are wrong for the one only, so
    many for the other only. Of equally good networks each of these is as likely either (McNemar 1947).
    """
    both = only_one + only_other
    tail = sum(comb(both, number) for number in range(min(only_one, only_other) + 1))
    return min(1.0, float(Fraction(2 * tail, 2**both)))


def wilson_interval(share: float, images: int) -> tuple[float, float]:
    """95 % score interval of an accuracy (Wilson 1927): the chance of the test images, no other."""
    n, p, z = images, share, _NORMAL.inv_cdf(0.5 + LEVEL / 2)
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def smallest_difference(spread: float, seeds: int, comparisons: int = 1) -> float:
    """The true mean difference that a verdict over so many seeds finds with 80 % power.

    `spread` is the standard deviation of the differences, seed by seed; `comparisons` are judged together (Bonferroni).
    The power is that of Student's paired t test, from the noncentral t (Cohen 1988, chapter 2).
    """
    return spread * _noncentrality(seeds - 1, comparisons) / math.sqrt(seeds)


def spread_behind(half_width: float, seeds: int, comparisons: int = 1) -> float:
    """The standard deviation of the differences over so many seeds whose interval is so wide to each side."""
    return half_width * math.sqrt(seeds) / _quantile(seeds - 1, comparisons)


def half_width(spread: float, freedom: int, share: float, comparisons: int = 1) -> float:
    """Half of Student's two-sided interval for a mean with the variance `share` x spread^2; `share` is 1 / n as a rule.

    Its level is 1 - 0.05 / comparisons (Bonferroni). `spread` has that freedom: n - 1 where it is of n values.
    """
    return _quantile(freedom, comparisons) * spread * math.sqrt(share)


def calibration_floor(bins: Iterable[tuple[int, float]]) -> float:
    """The calibration error (ECE) that a perfectly calibrated network is expected to show, from its bins.

    Of each bin, how many images it holds and their mean confidence. In each, the number of right answers is binomial,
    and so is some way off; the mean absolute deviation of a binomial is de Moivre's (1730; Diaconis, Zabell 1991).
    """
    filled = [(images, confidence) for images, confidence in bins if images and math.isfinite(confidence)]
    total = sum(images for images, _ in filled)
    return sum(_mean_deviation(images, min(confidence, 1.0)) for images, confidence in filled) / total if total else 0.0


def highest_calibration_floor(accuracy: float, images: int, bins: int) -> float:
    """What no floor of a network that is right so often exceeds, however its confidence is spread.

    The mean absolute deviation of a binomial is at most its standard deviation, and the bins' variances add up to no
    more than that of one binomial of all images, whose mean confidence is the accuracy.
    """
    return math.sqrt(bins * accuracy * (1 - accuracy) / images) if images else 0.0


def _mean_deviation(n: int, p: float) -> float:
    """E |X - n p| of a binomial X: 2 v (1 - p) P(X = v), where v is the first number above n p."""
    if not 0 < p < 1:
        return 0.0
    v = math.floor(n * p) + 1
    return 2 * v * (1 - p) * math.exp(_log_choose(n, v) + v * math.log(p) + (n - v) * math.log1p(-p)) if v <= n else 0.0


@lru_cache(maxsize=256)
def _quantile(freedom: int, comparisons: int) -> float:
    """What Student's t exceeds, to one side, with half of a false alarm's probability."""
    return _solve(lambda t: -_beyond(t, 0.0, freedom), -(1 - LEVEL) / (2 * comparisons))


@lru_cache(maxsize=256)
def _noncentrality(freedom: int, comparisons: int) -> float:
    """How many standard errors a difference must have to be found with the probability `POWER`."""
    threshold = _quantile(freedom, comparisons)
    return _solve(lambda shift: _beyond(threshold, shift, freedom), POWER)


def _beyond(threshold: float, shift: float, freedom: int) -> float:
    """The probability of (z + shift) / sqrt(c / freedom) > threshold: z normal, c chi-squared with that freedom."""
    nodes, weights = _NODES
    low, high = max(-shift, -9.0), 9.0
    z = low + (high - low) * (nodes + 1) / 2
    density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    below = _chi_squared_below(freedom * ((z + shift) / threshold) ** 2, freedom)
    return float((weights * density * below).sum() * (high - low) / 2)


def _chi_squared_below(x: NDArray[np.float64], freedom: int) -> NDArray[np.float64]:
    """Chi-squared's distribution function, a finite sum for a whole freedom (Abramowitz, Stegun 26.4.4, 26.4.5)."""
    half = np.minimum(x / 2, 700.0)
    odd = freedom % 2
    below = np.array([math.erf(math.sqrt(each)) for each in half]) if odd else 1.0 - np.exp(-half)
    term = np.exp(-half) * (np.sqrt(half) / math.gamma(1.5) if odd else half)
    for number in range(1, (freedom + 1) // 2):
        below = below - term
        term = term * half / (number + 1 - odd / 2)
    return below


def _solve(rising: Callable[[float], float], wanted: float) -> float:
    """Where a function that rises from 0 on reaches a value."""
    low, high = 0.0, 1.0
    while rising(high) < wanted:
        low, high = high, 2 * high
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return high
