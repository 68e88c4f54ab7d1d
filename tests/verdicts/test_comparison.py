"""What several seeds allow to say, and how often that is a false alarm."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from kdviz.records.base import Expense, Mean
from kdviz.records.comparison import Trial
from kdviz.reports import phrases, text
from kdviz.verdicts import comparison as verdicts
from kdviz.verdicts import intervals

TEST_IMAGES = 10_000
REPEATS = 10_000  # experiments
SEED_SPREAD = 0.001  # of the true error rate over seeds, beside the chance of the test images


def accuracies(generator, *shape):
    """Accuracies of equal methods: a count of errors around a rate of 2 % that differs a little from seed to seed."""
    rates = np.clip(generator.normal(0.02, SEED_SPREAD, shape), 0, 1)
    return 1 - generator.binomial(TEST_IMAGES, rates) / TEST_IMAGES


def judge(values, plain, **options):
    return intervals.verdict(values, plain, larger_is_better=True, resolution=1 / TEST_IMAGES, **options)


# Means.


def test_mean_with_interval_equals_scipys():
    values = [0.97, 0.981, 0.975, 0.979]
    low, high = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    assert intervals.mean_with_interval(values).model_dump() == pytest.approx(
        {"mean": 0.97625, "low": low, "high": high}
    )


def test_an_interval_ends_where_its_measure_does():
    wide = intervals.mean_with_interval([0.9, 1.0])
    assert wide.high > 1
    shares = intervals.within(wide, "test_accuracy")
    assert (shares.mean, shares.low, shares.high) == (wide.mean, wide.low, 1.0)
    assert intervals.within(wide, "nll") == wide
    assert shares.half_width == pytest.approx(wide.half_width) == pytest.approx((wide.high - wide.low) / 2)
    assert intervals.within(intervals.mean_with_interval([0.0, 0.1]), "nll").low == 0


def test_mean_of_one_value_has_no_interval():
    assert intervals.mean_with_interval([0.98]) == Mean(mean=0.98, low=None, high=None)


def test_mean_with_a_diverged_training_is_no_number():
    mean = intervals.mean_with_interval([0.1, math.nan])
    assert math.isnan(mean.mean)
    assert mean.low is mean.high is None


# Verdicts.


def test_an_interval_of_two_shares_difference_ends_where_it_must():
    wide = intervals.verdict([0.4, 0.99], [0.5, 0.5], larger_is_better=True)
    assert wide.low < -1
    assert wide.high > 1
    assert (wide.of_shares.low, wide.of_shares.high) == (-1, 1)
    assert "-100.00 to +100.00" in text.difference(wide)
    assert phrases.percent_over_seeds(intervals.mean_of_measure([0.99, 1.0], "test_accuracy", 100), 1) == (
        "99.5\u00a0% (92.6 to 100.0)"
    )
    assert phrases.percent_over_seeds(Mean(mean=0.9, low=0.89, high=0.91), 1) == "90.0\u00a0% ±\u00a01.0"


def test_verdict_by_hand():
    # Differences 1, 2, 3: mean 2, deviation 1, t(0.975, 2) = 4.302653, half = 4.302653 / sqrt(3) = 2.484
    verdict = intervals.verdict([2, 4, 6], [1, 2, 3], larger_is_better=True)
    assert verdict.word == "no difference shown"
    assert (verdict.difference, verdict.low, verdict.high) == pytest.approx((2, -0.484138, 4.484138), abs=1e-6)
    # Differences 3, 4, 5.
    assert intervals.verdict([4, 6, 8], [1, 2, 3], larger_is_better=True).word == "better"
    assert intervals.verdict([4, 6, 8], [1, 2, 3], larger_is_better=False).word == "worse"
    assert intervals.verdict([1, 2, 3], [4, 6, 8], larger_is_better=True).word == "worse"
    assert intervals.verdict([1, 2, 3], [4, 6, 8], larger_is_better=False).word == "better"


@pytest.mark.parametrize("comparisons", [1, 5])
def test_interval_is_that_of_the_paired_t_test(comparisons):
    generator = np.random.default_rng(0)
    values, plain = generator.normal(size=(2, 6))
    verdict = intervals.verdict(values, plain, larger_is_better=True, comparisons=comparisons)
    interval = stats.ttest_rel(values, plain).confidence_interval(1 - 0.05 / comparisons)
    assert (verdict.low, verdict.high) == pytest.approx(tuple(interval))


def test_one_seed_gets_no_verdict():
    verdict = judge([0.99], [0.5])
    assert verdict.word == "no verdict"
    assert verdict.difference == pytest.approx(0.49)
    assert verdict.low is verdict.high is None


def test_no_seed_in_common_gets_no_verdict():
    assert judge([], []).word == "no verdict"


def test_unequal_numbers_of_seeds_are_refused():
    with pytest.raises(ValueError, match="one for each seed"):
        judge([0.9, 0.9], [0.9])


@pytest.mark.parametrize("resolution", [0.0, 1e-4])
def test_nothing_but_equal_values_show_no_difference(resolution):
    verdict = intervals.verdict([0.97, 0.98], [0.97, 0.98], larger_is_better=True, resolution=resolution)
    assert verdict.word == "no difference shown"
    assert verdict.difference == 0


def test_equal_differences_of_counts_do_not_make_an_interval_without_width():
    one_more = judge([0.9801, 0.9751], [0.98, 0.975])
    assert one_more.word == "no difference shown"
    # t(0.975, 1) = 12.706 times 1e-4 / sqrt(6) / sqrt(2)
    assert one_more.high - one_more.difference == pytest.approx(12.7062 * 1e-4 / math.sqrt(12), rel=1e-4)
    assert judge([0.985, 0.980], [0.98, 0.975]).word == "better"


@pytest.mark.parametrize(
    ("values", "plain", "word"),
    [
        ([0.3, math.nan], [0.3, 0.4], "worse"),
        ([0.3, math.inf], [0.3, 0.4], "worse"),
        ([math.inf, 0.4], [math.inf, 0.4], "no verdict"),
        ([0.3, 0.4], [0.3, math.nan], "no verdict"),
        ([0.3, math.nan], [0.3, math.nan], "no verdict"),
        ([math.nan], [0.3], "no verdict"),
    ],
)
@pytest.mark.parametrize("larger_is_better", [True, False])
def test_a_diverged_training_is_worse_than_one_that_is_not(values, plain, word, larger_is_better):
    verdict = intervals.verdict(values, plain, larger_is_better=larger_is_better)
    assert verdict.word == word
    assert math.isnan(verdict.difference)
    assert verdict.low is verdict.high is None


# How often it is wrong.


def test_two_identical_methods_show_no_difference_at_least_95_per_cent_of_the_time():
    quiet = {}
    for seeds in (2, 3, 5, 10):
        first, second = accuracies(np.random.default_rng(seeds), 2, REPEATS, seeds)
        words = [judge(values, plain).word for values, plain in zip(first, second, strict=True)]
        quiet[seeds] = np.mean([word == "no difference shown" for word in words])
    # By theory 95 % exactly, a little more for few seeds: the share may miss it only by the chance of the repeats.
    chance = math.sqrt(0.95 * 0.05 / REPEATS)
    for share in quiet.values():
        assert 0.95 - 2.5 * chance < share < 0.96 + 2.5 * chance
    assert np.mean(list(quiet.values())) >= 0.95


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
def test_of_five_identical_methods_none_is_called_different_at_least_95_per_cent_of_the_time(seeds):
    generator = np.random.default_rng(0)
    calm = 0
    for _ in range(REPEATS):
        plain, *others = accuracies(generator, 6, seeds)
        calm += all(judge(values, plain, comparisons=5).word == "no difference shown" for values in others)
    assert calm / REPEATS >= 0.95


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_few_different_counts_do_not_make_false_alarms(seeds):
    """Seeds that differ by a few errors only, so that equal differences are common."""
    generator = np.random.default_rng(0)
    first, second = np.rint(generator.normal(150, 1.0, (2, 4000, seeds))) / TEST_IMAGES
    alarms = [judge(a, b).word != "no difference shown" for a, b in zip(first, second, strict=True)]
    assert np.mean(alarms) <= 0.05


def test_a_difference_of_three_standard_deviations_is_found_with_five_seeds():
    generator = np.random.default_rng(0)
    plain = accuracies(generator, 1000, 5)
    spread = math.sqrt(2) * math.sqrt(SEED_SPREAD**2 + 0.02 * 0.98 / TEST_IMAGES)  # of a difference
    step = round(3 * spread * TEST_IMAGES) / TEST_IMAGES
    found = [judge(a + step, b).word == "better" for a, b in zip(accuracies(generator, 1000, 5), plain, strict=True)]
    assert np.mean(found) > 0.99


def test_pairing_finds_a_small_gain_that_all_seeds_share():
    generator = np.random.default_rng(0)
    plain = generator.normal(0.97, 0.01, 5)
    assert judge(plain + 0.002 + generator.normal(0, 0.0002, 5), plain).word == "better"


# Summaries.

COST = {"seconds": 2.0, "images_seen": 100, "multiply_adds": 1e9, "peak_memory": 1000}


def trial(method, seed, accuracy=0.97, teacher=None, **changes):
    given = {
        "method": method,
        "seed": seed,
        "validation_accuracy": accuracy,
        "test_accuracy": accuracy,
        "test_errors": round((1 - accuracy) * TEST_IMAGES),
        "test_images": TEST_IMAGES,
        "nll": 0.1 + seed / 1000,
        "ece": 0.01,
        "agreement": 0.98,
        "fidelity_kl": 0.05,
        "reliability": [],
        "others": {},
        "expense": Expense(**COST),
        "teacher": teacher,
    }
    return Trial(**(given | changes))


def test_summaries_stand_in_the_order_of_the_methods_and_leave_controls_out():
    names = ["mutual", "independent", "offline", "plain", "teacher"]
    trials = [trial(name, seed) for name, seed in itertools.product(names, (1, 0))]
    summaries = verdicts.summarise(trials)
    assert [summary.method for summary in summaries] == ["plain", "offline", "mutual"]
    assert all(summary.seeds == 2 for summary in summaries)
    assert summaries[0].verdicts == {}
    assert set(summaries[1].verdicts) == set(summaries[1].means) == set(verdicts.LARGER_IS_BETTER)
    assert verdicts.summarise([]) == []


def test_summary_pairs_seeds_whatever_their_order():
    plain = [trial("plain", seed, 0.95 + 0.01 * seed) for seed in (0, 1, 2)]
    better = [trial("offline", seed, 0.954 + 0.01 * seed + 0.0001 * (seed == 1)) for seed in (2, 0, 1)]
    _, offline = verdicts.summarise([*better, *plain])
    assert offline.verdicts["test_accuracy"].word == "better"
    assert offline.verdicts["test_accuracy"].difference == pytest.approx(0.004 + 0.0001 / 3)
    assert offline.means["test_accuracy"].mean == pytest.approx(0.964 + 0.0001 / 3)


def test_summary_says_which_way_is_better():
    plain = [trial("plain", seed) for seed in range(5)]
    more = {"nll": 0.5, "ece": 0.5, "agreement": 0.999, "fidelity_kl": 0.5}
    other = [trial("offline", seed, 0.99, **more) for seed in range(5)]
    _, offline = verdicts.summarise([*plain, *other])
    assert {measure: verdict.word for measure, verdict in offline.verdicts.items()} == {
        "test_accuracy": "better",
        "nll": "worse",
        "ece": "worse",
        "agreement": "better",
        "fidelity_kl": "worse",
    }


def test_summary_is_the_stricter_the_more_methods_are_judged():
    def width(*methods):
        trials = [trial(name, seed) for name in ("plain", "offline", *methods) for seed in range(3)]
        verdict = verdicts.summarise(trials)[1].verdicts["test_accuracy"]
        return verdict.high - verdict.low

    ratio = stats.t.ppf(1 - 0.025 / 3, 2) / stats.t.ppf(0.975, 2)
    assert width("mutual", "born-again") / width() == pytest.approx(ratio)


def test_summary_of_one_seed_has_no_verdict():
    _, offline = verdicts.summarise([trial("plain", 0, 0.9), trial("offline", 0, 0.99)])
    assert {verdict.word for verdict in offline.verdicts.values()} == {"no verdict"}
    assert offline.means["test_accuracy"].low is None


def test_summary_judges_by_the_seeds_it_shares_with_plain_training():
    trials = [trial("plain", 0, 0.9), trial("plain", 1, 0.9), trial("offline", 1, 0.95), trial("offline", 2, 0.99)]
    _, offline = verdicts.summarise(trials)
    assert offline.verdicts["test_accuracy"].word == "no verdict"
    assert offline.verdicts["test_accuracy"].difference == pytest.approx(0.05)
    (alone,) = verdicts.summarise(trials[2:])
    assert alone.verdicts["test_accuracy"].word == "no verdict"


def test_summary_of_a_diverged_method():
    plain = [trial("plain", seed) for seed in range(3)]
    diverged = [trial("offline", seed, 0.098 + 0.001 * seed, nll=math.nan, fidelity_kl=math.nan) for seed in range(3)]
    _, offline = verdicts.summarise([*plain, *diverged])
    assert offline.verdicts["nll"].word == offline.verdicts["test_accuracy"].word == "worse"
    assert math.isnan(offline.means["nll"].mean)


def test_expenses_are_means_and_charge_the_teacher_where_there_is_one():
    teacher = Expense(seconds=3, images_seen=50, multiply_adds=5e9, peak_memory=400)
    large = Expense(seconds=5, images_seen=53, multiply_adds=7e9, peak_memory=5000)
    trials = [
        trial("plain", 0),
        trial("offline", 0, teacher=teacher),
        trial("offline", 1, teacher=large, expense=Expense(**(COST | {"seconds": 4.0, "images_seen": 103}))),
    ]
    plain, offline = verdicts.summarise(trials)
    assert plain.expense == plain.expense_with_teacher == Expense(**COST)
    assert offline.expense == Expense(seconds=3, images_seen=102, multiply_adds=1e9, peak_memory=1000)
    # Means of 150 and 156 images; of a peak of 1000 (the student's) and 5000 (the teacher's).
    assert offline.expense_with_teacher == Expense(seconds=7, images_seen=153, multiply_adds=7e9, peak_memory=3000)
