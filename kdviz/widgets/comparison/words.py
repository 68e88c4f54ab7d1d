"""What a finished comparison allows to say, in sentences. Every figure comes from the run; nothing here draws."""

import math
from collections.abc import Sequence
from functools import partial
from statistics import fmean

from kdviz.charts.comparison import trials_of
from kdviz.recipes.methods import METHODS, PLAIN, Family, short_title
from kdviz.records.base import Verdict
from kdviz.records.comparison import ComparisonResult, MethodMeasure, Summary
from kdviz.records.intervals import calibration_floor
from kdviz.reports import findable, phrases
from kdviz.reports.phrases import count, listed, percent
from kdviz.reports.teachers import worse_in
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


def difference(measure: MethodMeasure, verdict: Verdict, found: float | None = None) -> str:
    """The mean difference with its interval and unit: "+0.05 points (−0.10 to +0.20)"; `found` as `findable` has it."""
    if not math.isfinite(verdict.difference):
        return "as a training diverged"
    scale, digits, unit = (100, 2, " points") if measure in _POINTS else (1, 4, "")
    possible = verdict.of_shares if measure in _POINTS else verdict
    low, high = (None if end is None else scale * end for end in (possible.low, possible.high))
    return phrases.difference(
        scale * verdict.difference, low, high, digits, unit, None if found is None else scale * found
    )


def verdict_in_words(compared: ComparisonResult, summary: Summary) -> str:
    """A method's accuracy against plain training, in a sentence."""
    verdict, by = summary.verdicts["test_accuracy"], "a training diverged"
    if math.isfinite(verdict.difference):
        found = findable.in_comparison(compared, summary)
        by = f"{difference('test_accuracy', verdict, found)}, {count(summary.seeds, 'seed')}"
    return f"**{short_title(summary.method)}**: {verdict.word}: {by}."


def word(compared: ComparisonResult, summary: Summary) -> str:
    """The verdict on accuracy in a word or three, with what would have been found where no difference is shown."""
    found = findable.in_comparison(compared, summary)
    more = "" if found is None else f" ({100 * found:.2f} points would have been found)"
    return f"{summary.verdicts['test_accuracy'].word}{more}"


def besides_in_words(compared: ComparisonResult, summary: Summary) -> str:
    """What changes besides accuracy, as far as the seeds show it, and what they would have found."""
    changed = [
        f"{name} {verdict.word}, {difference(measure, verdict)}"
        for measure, name in BESIDES.items()
        if (verdict := summary.verdicts[measure]).word in ("better", "worse")
    ]
    name = f"**{short_title(summary.method)}**"
    if changed:
        return f"{name}: {'; '.join(changed)}."
    found = {measure: findable.in_comparison(compared, summary, measure) for measure in BESIDES}
    texts = [
        f"{BESIDES[measure]} {100 * least:.2f} points" if measure in _POINTS else f"{BESIDES[measure]} {least:.4f}"
        for measure, least in found.items()
        if least is not None
    ]
    more = f" Would have been found: {', '.join(texts)}." if texts else ""
    return f"{name}: nothing else is shown to differ.{more}"


def findable_in_words(compared: ComparisonResult) -> str:
    """What "would have been found" means, where it is said."""
    said = any(summary.verdicts and findable.in_comparison(compared, summary) for summary in compared.summaries)
    return sentence("runs", "would-have-been-found") if said else ""


def one_seed_in_words(comparisons: int) -> str:
    """That one seed has no verdict, and what several would find where so many ways are judged together."""
    return " ".join(filter(None, (sentence("runs", "one-seed-no-verdict"), advice_in_words(comparisons))))


def advice_in_words(comparisons: int) -> str:
    """How large a difference three, five and ten seeds find, at the spreads of a recorded study; "" without it."""
    usual = findable.usual(comparisons)
    if not usual:
        return ""
    texts = {f"of_{each.seeds}": f"{100 * each.low:.1f} to {100 * each.high:.1f}" for each in usual}
    together = f", {count(comparisons, 'way')} judged at once" if comparisons > 1 else ""
    return sentence("runs", "seeds-find", together=together, **texts)


def floor_in_words(compared: ComparisonResult) -> str:
    """How large the calibration error of perfectly calibrated networks would come out here, from their bins."""
    floors = [
        calibration_floor((each.count, each.confidence) for each in trial.reliability) for trial in compared.trials
    ]
    ends = sorted({f"{floor:.4f}" for floor in (min(floors), max(floors))})
    images = f"{compared.trials[0].test_images:,}"
    return say("floor", images=images, bins=len(compared.trials[0].reliability), floor=" to ".join(ends))


def teachers_in_words(compared: ComparisonResult) -> str:
    """That the teachers are worse than the student without one, where they are."""
    worse = worse_in(compared)
    return (
        "" if worse is None else say("teachers-worse", teacher=percent(worse.teacher, 2), plain=percent(worse.plain, 2))
    )


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
