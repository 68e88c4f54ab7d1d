"""Noise in the gradient as a picture: directions of many batches, and the noise over a student's training."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, geometric_mean, stdev
from typing import Any

from kdviz.charts.curves import curves_named, seed_curve
from kdviz.charts.kept import kept
from kdviz.recipes.study_facts.gradient_noise import BATCH, MIDDLE, PATHS, TARGETS, arm_name
from kdviz.records.base import Word
from kdviz.records.intervals import half_width
from kdviz.records.study import FinishedArm, StudyResult
from kdviz.widgets import link
from kdviz.widgets.components import component, is_number, keep_committed
from kdviz.widgets.lesson import LessonPage

HARD, OPENING_TARGET = "hard", "soft-4"

_noise = component("noise")


@dataclass(frozen=True)
class NoiseCurve:
    """One kind of target along one student's training; lists have an entry for each moment."""

    target: str
    T: float  # of the target
    mean: list[float]  # noise beside the signal: the geometric mean over the seeds, as factors differ
    low: list[float]  # the least and the most of any seed
    high: list[float]
    arrows: list[list[list[float]]]  # (along, across) of batches of the first seed
    seeds: list[list[float]]  # the noise of each seed


@dataclass(frozen=True)
class NoisePath:
    """What a study found along one student's training."""

    epochs: list[float]
    hard: NoiseCurve
    soft: tuple[NoiseCurve, ...]  # by rising temperature

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the most noise of anything shown: the axis stays as it is while T moves."""
        lines = (self.hard, *self.soft)
        return min(min(line.low) for line in lines), max(max(line.high) for line in lines)


def paths_in(studied: StudyResult) -> list[str]:
    """The students along whose training both kinds of target were measured."""
    return [name for name in PATHS if (arms := _arms(studied, name)) and HARD in arms and len(arms) > 1]


@kept
def path_of(studied: StudyResult, name: str) -> NoisePath:
    """The curves of one student's training."""
    arms = _arms(studied, name)
    noises = {target: _noise_of(target, arm) for target, arm in arms.items()}
    hard = noises.pop(HARD)
    return NoisePath(curves_named(arms[HARD], "ratio")[0].x, hard, tuple(noises.values()))


def _arms(studied: StudyResult, path: str) -> dict[str, FinishedArm]:
    """The arms along one student's training by their target: hard labels, and soft targets by rising temperature."""
    known = [target for target in TARGETS if target == HARD or target.startswith("soft-")]
    return {target: arm for target in known if (arm := studied.arm(arm_name(path, target))) is not None}


def _noise_of(target: str, arm: FinishedArm) -> NoiseCurve:
    ratio = seed_curve(arm, "ratio")
    seeds = [curve.y for curve in curves_named(arm, "ratio")]
    arrows = [
        [list(pair) for pair in zip(curve.x, curve.y, strict=True)]
        for number in range(len(ratio.x))
        for curve in curves_named(arm, f"arrows-{number}")
    ]
    mean = [geometric_mean(values) for values in zip(*seeds, strict=True)]
    return NoiseCurve(target, TARGETS[target].temperature, mean, [*ratio.low], [*ratio.high], arrows, seeds)


def word_on(soft: NoiseCurve, hard: NoiseCurve, moment: int, comparisons: int) -> Word:
    """Whether soft targets are quieter ("better") at a moment, seed by seed: Student's interval of the mean decibels.

    So many verdicts are judged together, as in the study.
    """
    pairs = zip(soft.seeds, hard.seeds, strict=True)
    decibels = [10 * math.log10(quiet[moment] / loud[moment]) for quiet, loud in pairs]
    if len(decibels) < 2:
        return "no verdict"
    mean = fmean(decibels)
    if abs(mean) <= half_width(stdev(decibels), len(decibels) - 1, 1 / len(decibels), comparisons):
        return "no difference shown"
    return "better" if mean < 0 else "worse"


def chosen_in_link(path: NoisePath) -> tuple[NoiseCurve, int]:
    """The soft target and the moment of the URL; what is none of those measured is said and passed over."""
    temperatures, moments = [f"{noise.T:g}" for noise in path.soft], [*map(str, range(len(path.epochs)))]
    usual, middle = opening(path)
    soft = temperatures.index(link.choice("T", temperatures, f"{usual.T:g}"))
    return path.soft[soft], int(link.choice("moment", moments, str(middle)))


def opening(path: NoisePath) -> tuple[NoiseCurve, int]:
    """The soft target and the moment that are shown first."""
    usual = next((noise for noise in path.soft if noise.target == OPENING_TARGET), path.soft[0])
    return usual, min(MIDDLE, len(path.epochs) - 1)


def median_angle(arrows: Sequence[Sequence[float]]) -> float:
    """Of the angles between the batches' gradients and their mean, degrees."""
    angles = sorted(math.degrees(math.atan2(across, along)) for along, across in arrows)
    return angles[len(angles) // 2]


def _drawn(noise: NoiseCurve) -> dict[str, Any]:
    """What the browser needs of it."""
    return {name: value for name, value in vars(noise).items() if name != "seeds"}


def noise_picture(here: LessonPage, path: NoisePath, soft: NoiseCurve, moment: int, *, key: str) -> None:
    """The picture; what the visitor has moved goes into the URL when the finger lets go."""

    def check(sent: Any) -> tuple[float, int] | None:
        if not isinstance(sent, dict) or not is_number(sent.get("T")) or not is_number(sent.get("moment")):
            return None
        known = sent["T"] in [noise.T for noise in path.soft] and sent["moment"] in range(len(path.epochs))
        return (sent["T"], int(sent["moment"])) if known else None

    def keep(moved: tuple[float, int]) -> None:
        link.write("T", f"{moved[0]:g}")
        link.write("moment", str(moved[1]))

    words = ("hard", "soft", "times", "mean", "fan", "chart", "epochs", "temperature", "moment", "now")
    least, most = path.ends
    data: dict[str, Any] = {
        "epochs": path.epochs,
        "hard": _drawn(path.hard),
        "soft": [*map(_drawn, path.soft)],
        "least": least,
        "most": most,
        "batch": BATCH,
        "T": soft.T,
        "moment": moment,
        "words": {word: here.word(word) for word in words},
    }
    _noise(key=key, data=data, on_chosen_change=keep_committed(key, "chosen", check, keep))


# What the payoff studies allow to say.


@dataclass(frozen=True)
class BestRate:
    """The arm of one way of teaching that did best, and how far its rates go."""

    rate: float
    accuracy: float
    highest: float | None  # the highest rate at which at least half of the test images came out right


def best_rate(studied: StudyResult, way: str) -> BestRate | None:
    """Over the learning rates that were tried."""
    accuracies = {}
    for arm in studied.recipe.chosen:
        mean = studied.mean(arm.name, "test_accuracy")
        if arm.name.startswith(f"{way}-") and arm.x is not None and mean is not None:
            accuracies[arm.x] = mean.mean
    if not accuracies:
        return None
    rate = max(accuracies, key=accuracies.__getitem__)
    learnt = [tried for tried, right in accuracies.items() if right >= 0.5]
    return BestRate(rate, accuracies[rate], max(learnt, default=None))
