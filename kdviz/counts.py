"""Counts of errors: whether two of them may have the same expectation. Exact, and without scipy, for pages too."""

from __future__ import annotations

from fractions import Fraction
from math import comb


def same_rate_p_value(count: int, other: int) -> float:
    """How probable two Poisson counts at least so different are if both have one expectation, two-sided.

    Given their sum, each of them is binomial with p = 1/2 (Przyborowski, Wilenski 1940).
    """
    both = count + other
    tail = sum(comb(both, number) for number in range(min(count, other) + 1))
    return min(1.0, float(Fraction(2 * tail, 2**both)))
