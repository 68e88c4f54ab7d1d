"""Whether figures from elsewhere can be: shares, counts, means, progress, images. Shared by all kinds of runs."""

import math
from collections.abc import Iterable, Sequence
from statistics import fmean

from kdviz.recipes.catalogue import CLASSES, NETWORKS, PIXELS
from kdviz.records.base import Mean, Scores, Watched
from kdviz.records.comparison import Moment, Trial
from kdviz.records.measurement import InRuntime, Measurement
from kdviz.records.single import Progress
from kdviz.records.sweep import StackProgress

_ROUNDING = 1e-3  # accuracies are worked out in single precision


def is_share(value: float) -> bool:
    """From 0 to 1, or no number, as a diverged training leaves it."""
    return 0 <= value <= 1 or math.isnan(value)


def are_counted(accuracy: float, errors: int, images: int) -> bool:
    """Whether errors among images are what the accuracy says, but for single precision."""
    possible = 0 <= errors <= images and images > 0 and is_share(accuracy)
    return possible and (math.isnan(accuracy) or abs(accuracy - (1 - errors / images)) < _ROUNDING)


def are_tested(scores: Scores | Trial) -> bool:
    """Whether the figures of a network on the test images go together."""
    shares = [value for value in (scores.validation_accuracy, scores.agreement) if value is not None]
    return all(map(is_share, shares)) and are_counted(scores.test_accuracy, scores.test_errors, scores.test_images)


def is_measured(measured: Measurement) -> bool:
    """Whether the figures of a measured network, which is known, can be."""
    facts = NETWORKS[measured.architecture]
    counted = (measured.parameters, measured.multiply_adds) == (facts.parameters, facts.multiply_adds)
    return counted and 0 <= measured.nonzero <= facts.parameters and _are_in_runtimes(measured.runtimes)


def _are_in_runtimes(runtimes: Sequence[InRuntime]) -> bool:
    return 0 < len(runtimes) < 10 and all(
        0 <= found.test_errors <= found.test_images
        and found.test_images > 0
        and min(found.threads, found.stored_bytes, found.compressed_bytes, found.peak_memory or 0) >= 0
        and found.energy.joules >= 0
        and all(0 <= spread.low <= spread.median <= spread.high for spread in (found.one_image, found.throughput))
        for found in runtimes
    )


def is_ordered(mean: Mean) -> bool:
    """Whether the interval, where there is one, holds the mean; a mean that is no number lies anywhere."""
    low, high = mean.interval or (mean.mean, mean.mean)
    return not (low > mean.mean or mean.mean > high)


def is_mean_share(mean: Mean, shares: Sequence[float]) -> bool:
    """Whether this is the mean of the shares, which has no check where one is no number.

    t intervals may be wider than what a share can be.
    """
    known = is_share(mean.mean) and is_ordered(mean) and bool(shares)
    return known and (not math.isfinite(sum(shares)) or abs(mean.mean - fmean(shares)) < _ROUNDING)


def is_step(event: Progress | Moment | StackProgress) -> bool:
    """Whether the step is one of the training's."""
    return 0 <= event.step <= event.steps and event.steps > 0 and event.epoch >= 0


def is_watchable(watched: Watched) -> bool:
    """As many images as labels and as the teacher has answers, each a whole image."""
    count = len(watched.images)
    return (
        count == len(watched.labels) == len(watched.indices) == len(watched.teacher_logits)
        and all(len(image) == PIXELS and _are_below(image, 256) for image in watched.images)
        and _are_below(watched.labels, CLASSES)
    )


def _are_below(numbers: Iterable[int], end: int) -> bool:
    return all(0 <= number < end for number in numbers)
