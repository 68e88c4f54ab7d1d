"""What a finished comparison allows to say, in sentences. Every figure comes from the run; nothing here draws."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import fmean

from kdviz.charts.comparison import trials_of
from kdviz.charts.side_by_side import short_title
from kdviz.methods import METHODS, PLAIN, Family
from kdviz.records import Compared, Measure, Summary, Trial, Verdict
from kdviz.widgets.page import percent

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
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


def count(number: int, noun: str) -> str:
    """Small numbers in words: "five seeds", "one seed"."""
    return f"{in_words(number)} {noun}" if number == 1 else f"{in_words(number)} {noun}s"


def in_words(number: int) -> str:
    """Small numbers in words."""
    return NUMBERS[number] if number < len(NUMBERS) else str(number)


def signed(value: float, digits: int) -> str:
    """A difference with its sign; what rounds to nothing has none."""
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return text
    return f"{'−' if value < 0 else '+'}{text}"


def difference(measure: Measure, verdict: Verdict) -> str:
    """The mean difference with its interval and unit: "+0.05 points (−0.10 to +0.20)"."""
    if not math.isfinite(verdict.difference):
        return "as a training diverged"
    scale, digits, unit = (100, 2, " points") if measure in _POINTS else (1, 4, "")
    text = f"{signed(scale * verdict.difference, digits)}{unit}"
    if verdict.low is None or verdict.high is None:
        return text
    return f"{text} ({signed(scale * verdict.low, digits)} to {signed(scale * verdict.high, digits)})"


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


def control_in_words(compared: Compared) -> str:
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


def gains_in_words(compared: Compared, families: Sequence[Family]) -> str:
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


def listed(names: Sequence[str]) -> str:
    """Names with commas and a last "and"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def with_prefix(value: float, unit: str = "") -> str:
    """A large number with two or three digits that matter, and its prefix: "0.9 T", "2.1 MB"."""
    if not math.isfinite(value):
        return "?"
    prefixes = ("", "k", "M", "G", "T", "P")
    at = 0
    while value >= 999.5 and at < len(prefixes) - 1:
        value, at = value / 1000, at + 1
    digits = 0 if value >= 99.5 or (at == 0 and value == int(value)) else 1
    return f"{value:.{digits}f}\u00a0{prefixes[at]}{unit}".rstrip("\u00a0")
