"""What a finished comparison allows to say, in sentences. Every figure comes from the run; nothing here draws."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import fmean

from kdviz.charts.comparison import trials_of
from kdviz.recipes.methods import METHODS, PLAIN, Family, short_title
from kdviz.records.base import Verdict
from kdviz.records.comparison import ComparisonResult, Measure, Summary, Trial
from kdviz.reports import phrases
from kdviz.reports.phrases import count, listed, percent

BESIDES: dict[Measure, str] = {
    "nll": "NLL",
    "ece": "ECE",
    "agreement": "agreement with the teacher",
    "fidelity_kl": "KL to the teacher",
}
_POINTS: tuple[Measure, ...] = ("test_accuracy", "agreement")  # said in percentage points
NO_VERDICT = (
    "One seed, no verdict: another seed’s first weights and batches could turn every difference here around. "
    "The intervals are Wilson’s, for the choice of test images alone; train at least three seeds for a verdict."
)


def difference(measure: Measure, verdict: Verdict) -> str:
    """The mean difference with its interval and unit: "+0.05 points (−0.10 to +0.20)"."""
    if not math.isfinite(verdict.difference):
        return "as a training diverged"
    scale, digits, unit = (100, 2, " points") if measure in _POINTS else (1, 4, "")
    low, high = (None if end is None else scale * end for end in (verdict.low, verdict.high))
    return phrases.difference(scale * verdict.difference, low, high, digits, unit)


def verdict_in_words(summary: Summary) -> str:
    """A method's accuracy against plain training, in a sentence."""
    verdict = summary.verdicts["test_accuracy"]
    if not math.isfinite(verdict.difference):
        return f"**{short_title(summary.method)}**: {verdict.word}: a training diverged."
    return (
        f"**{short_title(summary.method)}**: {verdict.word}: {difference('test_accuracy', verdict)}, "
        f"{count(summary.seeds, 'seed')}."
    )


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
    pairs = [(own[trial.seed], trial) for trial in compared.controls if trial.seed in own]
    if not pairs:
        return ""

    def mean(trials: Iterable[Trial], figure: str) -> str:
        return percent(fmean(getattr(trial, figure) for trial in trials), 2)

    mine, others = zip(*pairs, strict=True)
    return (
        f"The control: offline’s students give their own teacher’s answer on {mean(mine, 'agreement')} of the test "
        f"images; students of another teacher, trained with another seed, give that same teacher’s answer on "
        f"{mean(others, 'agreement')}. Right are {mean(mine, 'test_accuracy')} and {mean(others, 'test_accuracy')}. "
        "A student that agrees more need not be more accurate."
    )


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
    sentences = []
    for word, says in (
        ("no difference shown", "no gain in accuracy is shown for"),
        ("worse", "accuracy is worse with"),
        ("better", "accuracy is better with"),
    ):
        names = [short_title(each.method) for each in judged if each.verdicts["test_accuracy"].word == word]
        if names:
            sentences.append(f"{says} {listed(names)}")
    changed = [
        f"{name} is {word} with {listed([short_title(each.method) for each in moved])}"
        for measure, name in BESIDES.items()
        for word in ("better", "worse")
        if (moved := [each for each in judged if each.verdicts[measure].word == word])
    ]
    what = f" What does change: {'; '.join(changed)}." if changed else " Nothing else is shown to change either."
    return f"In the run above, {'; '.join(sentences)}.{what}"
