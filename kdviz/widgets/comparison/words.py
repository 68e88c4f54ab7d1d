"""What a finished comparison allows to say, in sentences. Every figure comes from the run; nothing here draws."""

import math
from collections.abc import Sequence
from functools import partial
from statistics import fmean

from kdviz.charts.comparison import trials_of
from kdviz.recipes.methods import METHODS, PLAIN, Family, short_title
from kdviz.records.base import Verdict
from kdviz.records.comparison import ComparisonResult, MethodMeasure, Summary
from kdviz.reports import phrases
from kdviz.reports.phrases import count, listed, percent
from kdviz.widgets.lesson import sentence

BESIDES: dict[MethodMeasure, str] = {
    "nll": "NLL",
    "ece": "ECE",
    "agreement": "agreement with the teacher",
    "fidelity_kl": "KL to the teacher",
}
_GAINS = {
    "no difference shown": "no gain in accuracy is shown for",
    "worse": "accuracy is worse with",
    "better": "accuracy is better with",
}
_POINTS: tuple[MethodMeasure, ...] = ("test_accuracy", "agreement")  # said in percentage points

say = partial(sentence, "three_ways")


def difference(measure: MethodMeasure, verdict: Verdict) -> str:
    """The mean difference with its interval and unit: "+0.05 points (−0.10 to +0.20)"."""
    if not math.isfinite(verdict.difference):
        return "as a training diverged"
    scale, digits, unit = (100, 2, " points") if measure in _POINTS else (1, 4, "")
    low, high = (None if end is None else scale * end for end in (verdict.low, verdict.high))
    return phrases.difference(scale * verdict.difference, low, high, digits, unit)


def verdict_in_words(summary: Summary) -> str:
    """A method's accuracy against plain training, in a sentence."""
    verdict, by = summary.verdicts["test_accuracy"], "a training diverged"
    if math.isfinite(verdict.difference):
        by = f"{difference('test_accuracy', verdict)}, {count(summary.seeds, 'seed')}"
    return f"**{short_title(summary.method)}**: {verdict.word}: {by}."


def besides_in_words(summary: Summary) -> str:
    """What changes besides accuracy, as far as the seeds show it."""
    changed = [
        f"{name} {verdict.word}, {difference(measure, verdict)}"
        for measure, name in BESIDES.items()
        if (verdict := summary.verdicts[measure]).word in ("better", "worse")
    ]
    name = f"**{short_title(summary.method)}**"
    return f"{name}: {'; '.join(changed)}." if changed else f"{name}: nothing else is shown to differ."


def control_in_words(compared: ComparisonResult) -> str:
    """Offline's students beside the students of another teacher; nothing where there are none."""
    own = {trial.seed: trial for trial in trials_of(compared, "offline")}
    others = [trial for trial in compared.controls if trial.seed in own]
    if not others:
        return ""
    means = {
        f"{whose}_{short}": percent(fmean(getattr(trial, figure) for trial in trials), 2)
        for whose, trials in (("own", [own[trial.seed] for trial in others]), ("other", others))
        for short, figure in (("agreement", "agreement"), ("accuracy", "test_accuracy"))
    }
    return say("control", **means)


def gains_in_words(compared: ComparisonResult, families: Sequence[Family]) -> str:
    """Whether the ways of these families gained accuracy here, and what they changed; nothing without a verdict."""
    judged = [
        summary
        for summary in compared.summaries
        if summary.method != PLAIN
        and METHODS[summary.method].family in families
        and summary.verdicts
        and summary.verdicts["test_accuracy"].word != "no verdict"
    ]
    if not judged:
        return ""
    ways: dict[tuple[str, str], list[str]] = {}  # by the measure and the verdict on it
    for summary in judged:
        for measure, verdict in summary.verdicts.items():
            ways.setdefault((measure, verdict.word), []).append(short_title(summary.method))
    gains = [f"{says} {listed(which)}" for word, says in _GAINS.items() if (which := ways.get(("test_accuracy", word)))]
    changed = [
        f"{name} is {word} with {listed(which)}"
        for measure, name in BESIDES.items()
        for word in ("better", "worse")
        if (which := ways.get((measure, word)))
    ]
    changes = f" What does change: {'; '.join(changed)}." if changed else " Nothing else is shown to change either."
    return say("gains", gains="; ".join(gains), changes=changes)
