"""Errors over a bias that is added to some classes' logits, and what a rule without labels sees, under one slider."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any, Literal

from kdviz.widgets import link
from kdviz.widgets.components import component, is_number, keep_committed
from kdviz.widgets.lesson import LessonPage

_bias_slider = component("bias_slider")


@dataclass(frozen=True)
class BiasCurve:
    """A quantity at each bias of the picture, in as few digits as a browser needs."""

    key: str  # its place in the sentence; {{key_before}} is its value where nothing is added
    name: str
    style: Literal["student", "student dashed", "ink", "ink dashed", "ink dotted"]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None


def picture(
    here: LessonPage,
    at: Sequence[float],
    errors: Sequence[BiasCurve],
    called: BiasCurve,
    *,
    known: float,
    rule: Sequence[float],
    counts: Mapping[str, str],
    digits: int,
    keys: Mapping[str, str],
) -> dict[str, Any]:
    """All that the browser draws: the slider stops at each of `at`, which rise at equal distances.

    `called` is how often the classes are the answer, `known` how often they should be, and `rule` where the rule
    without labels puts the bias of each network. `keys` names in the lesson's text the `label` of the bias, what is
    `known`, and what it `says`; the places of those sentences are {{bias}}, {{rule}}, {{known}}, a curve's key or one
    of the `counts`. A bias has so many `digits` behind the point.
    """
    worth = {"title": here.word("errors"), "where": here.word("test"), "kind": "count"}
    seen = {"title": here.word("rule-sees"), "where": here.word("unlabelled"), "kind": "share"}
    says = {"rule": "rule-place", "none": f"{keys['says']}-none", "moved": keys["says"]}
    return {
        "at": list(at),
        "digits": digits,
        "panels": [
            {**worth, "lines": [*map(asdict, errors)], "known": None, "known_name": ""},
            {**seen, "lines": [asdict(called)], "known": known, "known_name": here.word(keys["known"])},
        ],
        "rule": {"low": min(rule), "mean": fmean(rule), "high": max(rule)},
        "label": here.word(keys["label"]),
        "slider": here.word(f"{keys['label']}-slider"),
        "says": {name: here.open_sentence(key) for name, key in says.items()},
        "counts": counts,
    }


def show(drawn: Mapping[str, Any], *, key: str, parameter: str) -> float | None:
    """The charts of a `picture` and their slider; the bias that the link names as `parameter`, None if it names none.

    The browser moves everything by itself, and tells the link the bias on release.
    """
    at: Sequence[float] = drawn["at"]
    takes = f"a number from {at[0]:.3g} to {at[-1]:.3g}"
    given = link.read(parameter, lambda text: link.number_in(text, at[0], at[-1]), None, takes, "Shown is 0.")
    wanted = None if given is None else nearest(at, given)

    def keep(bias: float) -> None:
        text = f"{bias:.{drawn['digits']}f}"
        link.write(parameter, text if float(text) else "")

    commit = keep_committed(key, "bias", lambda sent: valid_bias(sent, at), keep)
    bias = nearest(at, 0.0) if wanted is None else wanted
    _bias_slider(key=key, data={**drawn, "bias": bias}, on_bias_change=commit)
    return wanted


def nearest(at: Sequence[float], bias: float) -> float:
    """The bias of the picture that is nearest."""
    return min(at, key=lambda place: abs(place - bias))


def short(values: Sequence[float]) -> list[float]:
    """A browser needs few digits."""
    return [float(f"{value:.5g}") for value in values]


def valid_bias(sent: object, at: Sequence[float]) -> float | None:
    """The bias of the picture nearest to what a browser sent; None if that is none."""
    return nearest(at, sent) if is_number(sent) and at[0] <= sent <= at[-1] else None
