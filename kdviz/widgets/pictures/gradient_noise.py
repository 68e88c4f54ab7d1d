"""Noise in the gradient as a picture: directions of many batches, and the noise over a student's training."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import streamlit as st

from kdviz.recipes.study_facts.gradient_noise import BATCH, MIDDLE, PATHS, TARGETS, arm_name
from kdviz.records.study import Curve, FinishedArm, StudyResult
from kdviz.widgets.components import component, is_number
from kdviz.widgets.lesson import LessonPage

HARD, OPENING_TARGET = "hard", "soft-4"

_noise = component("noise")


@dataclass(frozen=True)
class NoiseCurve:
    """One kind of target along one student's training; lists have an entry for each moment."""

    target: str
    mean: list[float]  # noise beside the signal: the geometric mean over the seeds, as factors differ
    low: list[float]  # the least and the most of any seed
    high: list[float]
    arrows: list[list[list[float]]]  # (along, across) of batches of the first seed

    @property
    def temperature(self) -> float:
        """T of the target."""
        return TARGETS[self.target].temperature


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


@dataclass(frozen=True)
class ChosenMoment:
    """What is looked at: the soft target's place among those of the path, and the moment's place."""

    soft: int
    moment: int


def paths_in(studied: StudyResult) -> list[str]:
    """The students along whose training both kinds of target were measured."""
    return [name for name in PATHS if studied.arm(arm_name(name, HARD)) is not None and _soft_of(studied, name)]


def path_of(studied: StudyResult, name: str) -> NoisePath:
    """The curves of one student's training."""
    hard = _found(studied, name, HARD)
    soft = tuple(_noise_of(target, _found(studied, name, target)) for target in _soft_of(studied, name))
    return NoisePath(_curves(hard, "ratio")[0].x, _noise_of(HARD, hard), soft)


def _soft_of(studied: StudyResult, path: str) -> list[str]:
    known = [target for target in TARGETS if target.startswith("soft-")]
    return [target for target in known if studied.arm(arm_name(path, target)) is not None]


def _found(studied: StudyResult, path: str, target: str) -> FinishedArm:
    arm = studied.arm(arm_name(path, target))
    assert arm is not None  # `paths_in` and `_soft_of` name only those
    return arm


def _curves(arm: FinishedArm, name: str) -> list[Curve]:
    return [curve for curve in arm.curves if curve.name == name]


def _noise_of(target: str, arm: FinishedArm) -> NoiseCurve:
    moments = list(zip(*(curve.y for curve in _curves(arm, "ratio")), strict=True))
    arrows = [
        [list(pair) for pair in zip(curve.x, curve.y, strict=True)]
        for number in range(len(moments))
        for curve in _curves(arm, f"arrows-{number}")
    ]
    return NoiseCurve(
        target,
        [math.exp(fmean(map(math.log, values))) for values in moments],
        [min(values) for values in moments],
        [max(values) for values in moments],
        arrows,
    )


def chosen_in_link(path: NoisePath) -> ChosenMoment:
    """T and the moment of the URL; what is none of those measured is said and passed over."""
    known = {f"{noise.temperature:g}": place for place, noise in enumerate(path.soft)}
    usual = next((place for place, noise in enumerate(path.soft) if noise.target == OPENING_TARGET), 0)
    soft = _of_link("T", known, usual)
    moments = {str(place): place for place in range(len(path.epochs))}
    return ChosenMoment(soft, _of_link("moment", moments, min(MIDDLE, len(path.epochs) - 1)))


def _of_link(name: str, known: dict[str, int], usual: int) -> int:
    given = st.query_params.get(name)
    if given is None or given in known:
        return usual if given is None else known[given]
    st.warning(f"{name} is {given}; it takes one of {', '.join(known)}. Shown is the default.")
    return usual


def keep_in_link(temperature: float, moment: int) -> None:
    """What the visitor has moved goes into the URL."""
    st.query_params["T"], st.query_params["moment"] = f"{temperature:g}", str(moment)


def median_angle(arrows: Sequence[Sequence[float]]) -> float:
    """Of the angles between the batches' gradients and their mean, degrees."""
    angles = sorted(math.degrees(math.atan2(across, along)) for along, across in arrows)
    return angles[len(angles) // 2]


def noise_picture(
    here: LessonPage, path: NoisePath, chosen: ChosenMoment, *, key: str, on_commit: Callable[[float, int], None]
) -> None:
    """The picture; `on_commit` gets T and the moment's place when the finger lets go."""

    def commit() -> None:
        told = st.session_state[key].get("chosen")
        if isinstance(told, dict) and is_number(told.get("T")) and is_number(told.get("moment")):
            temperatures = [noise.temperature for noise in path.soft]
            if told["T"] in temperatures and told["moment"] in range(len(path.epochs)):
                on_commit(float(told["T"]), int(told["moment"]))

    words = ("hard", "soft", "times", "mean", "fan", "chart", "epochs", "temperature", "moment", "now")
    least, most = path.ends
    data: dict[str, Any] = {
        "epochs": path.epochs,
        "hard": _packed(path.hard),
        "soft": [_packed(noise) for noise in path.soft],
        "least": least,
        "most": most,
        "batch": BATCH,
        "T": path.soft[chosen.soft].temperature,
        "moment": chosen.moment,
        "words": {word: here.word(word) for word in words},
    }
    _noise(key=key, data=data, on_chosen_change=commit)


def _packed(noise: NoiseCurve) -> dict[str, Any]:
    return {
        "T": noise.temperature,
        "mean": noise.mean,
        "low": noise.low,
        "high": noise.high,
        "arrows": noise.arrows,
    }


# What the payoff studies allow to say.


@dataclass(frozen=True)
class BestRate:
    """The arm of one way of teaching that did best, and how far its rates go."""

    rate: float
    accuracy: float
    highest: float | None  # the highest rate at which at least half of the test images came out right


def best_rate(studied: StudyResult, way: str) -> BestRate | None:
    """Over the learning rates that were tried."""
    found = {}
    for arm in studied.recipe.chosen:
        summary = studied.summary(arm.name)
        if arm.name.startswith(f"{way}-") and arm.x is not None and summary and "test_accuracy" in summary.means:
            found[arm.x] = summary.means["test_accuracy"].mean
    if not found:
        return None
    rate = max(found, key=lambda each: found[each])
    return BestRate(rate, found[rate], max((each for each, right in found.items() if right >= 0.5), default=None))
