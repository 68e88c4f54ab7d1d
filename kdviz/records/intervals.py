"""Counts of errors: whether two of them may have the same expectation. Exact, and without scipy, for pages too."""

import math
from fractions import Fraction
from math import comb
from statistics import NormalDist


def same_rate_p_value(count: int, other: int) -> float:
    """How probable two Poisson counts at least so different are if both have one expectation, two-sided.

    Given their sum, each of them is binomial with p = 1/2 (Przyborowski, Wilenski 1940).
    """
    both = count + other
    tail = sum(comb(both, number) for number in range(min(count, other) + 1))
    return min(1.0, float(Fraction(2 * tail, 2**both)))


def wilson_interval(share: float, images: int) -> tuple[float, float]:
    """95 % score interval of an accuracy (Wilson 1927): the chance of the test images, no other."""
    n, p, z = images, share, NormalDist().inv_cdf(0.975)
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return centre - half, centre + half
