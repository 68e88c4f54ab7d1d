"""Chance in plain formulas, against scipy and against simulations."""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.special import nctdtrinc

from kdviz.records import intervals
from kdviz.verdicts.intervals import verdict

REPEATS = 20_000


@pytest.mark.parametrize(("one", "other"), [(67, 74), (74, 146), (0, 5), (10, 10), (109, 206), (4730, 4600)])
def test_two_counts_are_compared_by_fishers_exact_test(one, other):
    table = [[one, 10_000 - one], [other, 10_000 - other]]
    expected = min(1.0, 2 * min(stats.fisher_exact(table, alternative=side).pvalue for side in ("less", "greater")))
    assert intervals.same_share_p_value(one, other, 10_000) == pytest.approx(expected, rel=1e-6)
    assert intervals.same_share_p_value(other, one, 10_000) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("one", "other"), [(0, 7), (67, 74), (1, 8), (5, 5), (0, 0)])
def test_the_same_images_are_compared_by_mcnemars_exact_test(one, other):
    expected = stats.binomtest(one, one + other).pvalue if one + other else 1.0
    assert intervals.mcnemar_p_value(one, other) == pytest.approx(expected)


def test_67_and_74_errors_on_the_same_images_may_be_chance():
    chances = [intervals.mcnemar_p_value(67 - both, 74 - both) for both in range(68)]
    assert chances[0] == pytest.approx(0.6135, abs=1e-4)
    assert sum(chance > 0.05 for chance in chances) == 66, "only with 66 or 67 of 67 in common it is hardly chance"


def test_an_accuracys_interval_ends_where_accuracies_do():
    assert intervals.wilson_interval(1.0, 7)[1] == 1.0
    assert intervals.wilson_interval(0.0, 7)[0] == 0.0


@pytest.mark.parametrize("seeds", [2, 3, 5, 10, 20])
@pytest.mark.parametrize("comparisons", [1, 5, 20])
def test_the_smallest_difference_is_that_of_the_noncentral_t(seeds, comparisons):
    threshold = stats.t.ppf(1 - 0.025 / comparisons, seeds - 1)
    expected = nctdtrinc(seeds - 1, 0.2, threshold) / math.sqrt(seeds)
    assert intervals.smallest_difference(1.0, seeds, comparisons) == pytest.approx(expected, rel=1e-4)
    half = 0.3 * threshold / math.sqrt(seeds)
    assert intervals.spread_behind(half, seeds, comparisons) == pytest.approx(0.3)
    assert intervals.half_width(0.3, seeds - 1, 1 / seeds, comparisons) == pytest.approx(half)


@pytest.mark.parametrize(("seeds", "comparisons"), [(3, 1), (5, 5), (10, 2)])
def test_a_simulation_finds_it_four_times_in_five(seeds, comparisons):
    generator = np.random.default_rng(seeds)
    spread, true = 0.004, intervals.smallest_difference(0.004, seeds, comparisons)
    plain = np.zeros(seeds)
    found = sum(
        verdict(differences, plain, larger_is_better=True, comparisons=comparisons).word == "better"
        for differences in generator.normal(true, spread, (REPEATS // 4, seeds))
    )
    assert found / (REPEATS // 4) == pytest.approx(0.8, abs=0.02)


def test_a_calibrated_network_shows_its_floor():
    generator = np.random.default_rng(0)
    confidence = np.clip(generator.beta(12, 0.6, 10_000), 0.1, 1.0)  # sure of most images, as a network of digits is
    bin_of = np.minimum((confidence * 15).astype(int), 14)
    counts = np.bincount(bin_of, minlength=15)
    sums = np.bincount(bin_of, confidence, minlength=15)
    shown = []
    for _ in range(200):
        right = np.bincount(bin_of, generator.random(10_000) < confidence, minlength=15)
        shown.append(np.abs(right - sums).sum() / 10_000)
    means = [(int(count), total / count) for count, total in zip(counts, sums, strict=True) if count]
    floor = intervals.calibration_floor(means)
    assert floor == pytest.approx(np.mean(shown), rel=0.06)
    assert 0.002 < floor < 0.008
    accuracy = sums.sum() / 10_000  # of a calibrated network
    highest = intervals.highest_calibration_floor(accuracy, 10_000, 15)
    assert floor < highest < 3 * floor
    even, at_most = (
        intervals.calibration_floor([(1000, 0.7)] * 10),
        intervals.highest_calibration_floor(0.7, 10_000, 10),
    )
    assert even == pytest.approx(math.sqrt(2 / math.pi) * at_most, rel=0.01)
    assert intervals.calibration_floor([(0, 0.0), (100, 1.0)]) == 0, "sure and right"
    assert intervals.calibration_floor([(10, 0.3)]) == pytest.approx(
        (stats.binom.pmf(np.arange(11), 10, 0.3) * np.abs(np.arange(11) - 3)).sum() / 10
    )
