"""What a lesson's study allows to say, in sentences. Every figure comes from the run; nothing here draws."""

from __future__ import annotations

import math

from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.study import Study
from kdviz.recipes.study_facts.facts import Measure
from kdviz.records.base import Mean, Verdict, Word
from kdviz.records.study import Judgement, StudyResult
from kdviz.reports import phrases
from kdviz.reports.phrases import count, duration, in_words, listed, percent
from kdviz.reports.study import formatted
from kdviz.reports.text import ranges

MOST_SENTENCES = 6
WORDS: tuple[Word, ...] = ("better", "worse", "no difference shown", "no verdict")
NO_VERDICT = (
    "One seed, no verdict: another seed’s first weights and batches could turn every difference here around. "
    "Train at least three seeds for a verdict."
)


def settings(study: Study) -> str:
    """Under which conditions, in a few words: "MNIST, seeds 0–4, quick version"."""
    seeds = ranges(study.seeds).replace("-", "–")
    parts = [DATA_SETS[study.data].title, f"{phrases.plural(len(study.seeds), 'seed')} {seeds}"]
    parts += ["quick version"] if study.quick else []
    parts += [f"{count(len(study.chosen), 'arm')} of it"] if study.arms else []
    return ", ".join(parts)


def machine(studied: StudyResult) -> str:
    """How long it took, and where: "48 s on AMD EPYC, 2 threads"."""
    threads = count(studied.threads, "thread")
    return f"{duration(studied.seconds)} on {studied.device}, {threads}"


def command(study: Study) -> str:
    """What does the same without a browser."""
    words = ["python -m kdviz study", study.study]
    if study.data != "mnist":
        words.append(f"--data {study.data}")
    if study.seeds != study.facts.seeds:
        words.append(f"--seeds {ranges(study.seeds)}")
    words += ["--quick"] if study.quick else []
    words += [f"--arms {','.join(study.arms)}"] if study.arms else []
    return " ".join(words)


def difference(measure: Measure, verdict: Verdict) -> str:
    """The mean difference with its interval and unit: "+0.05 points (−0.10 to +0.20)"."""
    if not math.isfinite(verdict.difference):
        return "as a training diverged"
    scale, digits = (100, 2) if measure.kind == "share" else (1, 1) if measure.kind == "count" else (1, 4)
    unit = " points" if measure.kind == "share" else f" {measure.unit}" if measure.unit else ""
    most = 100.0 if measure.kind == "share" else math.inf  # t intervals from two seeds go beyond what can be
    low = None if verdict.low is None else max(-most, scale * verdict.low)
    high = None if verdict.high is None else min(most, scale * verdict.high)
    return phrases.difference(scale * verdict.difference, low, high, digits, unit)


def level(measure: Measure, mean: Mean) -> str:
    """A mean with its interval: "97.1 % (96.8 to 97.4)"."""
    text = value(measure, mean.mean)
    if mean.low is None or mean.high is None:
        return text
    low, high = (formatted(measure, end) for end in (mean.low, mean.high))
    return f"{text} ({low} to {high})"


def value(measure: Measure, number: float) -> str:
    """One figure with its unit."""
    if not math.isfinite(number):
        return "diverged"
    if measure.kind == "share":
        return percent(number, 2)
    return f"{formatted(measure, number)}\u00a0{measure.unit}".rstrip("\u00a0")


def judged(studied: StudyResult, measure: Measure) -> list[Judgement]:
    """The verdicts on a measure."""
    return [each for each in studied.judgements if each.measure == measure.name]


def sentence(studied: StudyResult, judgement: Judgement) -> str:
    """One verdict in a sentence, as Markdown."""
    arms = {arm.name: arm.title for arm in studied.recipe.chosen}
    measure = next(each for each in studied.recipe.facts.measures if each.name == judgement.measure)
    verdict = judgement.verdict
    return (
        f"**{arms[judgement.arm]}** against {arms[judgement.against]}: {verdict.word}, {difference(measure, verdict)}."
    )


def sentences(studied: StudyResult, measure: Measure) -> list[str]:
    """All verdicts on a measure, those that show a difference first."""
    found = sorted(judged(studied, measure), key=lambda each: WORDS.index(each.verdict.word))
    return [sentence(studied, each) for each in found]


def listing(studied: StudyResult, measure: Measure) -> list[str]:
    """What stands below the summary: a sentence for each verdict, or where there are many, one for each line."""
    found = judged(studied, measure)
    if len(found) < 2:
        return []
    arms = {arm.name: arm for arm in studied.recipe.chosen}
    lines: dict[str, list[Judgement]] = {}
    for each in found:
        lines.setdefault(arms[each.arm].line if arms[each.arm].x is not None else "", []).append(each)
    if len(found) <= MOST_SENTENCES or "" in lines or len(lines) == len(found):
        return sentences(studied, measure)
    said = []
    for line, of_line in lines.items():
        others = {arms[each.against].line or arms[each.against].title for each in of_line}
        against = f" against {others.pop()}" if len(others) == 1 else ""
        parts = [
            f"at {arms[each.arm].x:,g}, {each.verdict.word}, {difference(measure, each.verdict)}" for each in of_line
        ]
        said.append(f"**{line}**{against}: {'; '.join(parts)}.")
    return said


def tally(studied: StudyResult) -> str:
    """How the verdicts on the main measure fall: "2 better, 1 no difference shown"."""
    words = [each.verdict.word for each in judged(studied, studied.recipe.facts.measures[0])]
    return ", ".join(f"{words.count(word)} {word}" for word in WORDS if word in words)


def summary(studied: StudyResult, measure: Measure) -> str:
    """The measure's verdicts in one sentence, for the line below the picture; "" for a study of single networks."""
    words = [each.verdict.word for each in judged(studied, measure)]
    if not words or studied.recipe.seeds == studied.recipe.facts.seeds[:1] == studied.recipe.facts.seeds:
        return ""
    if set(words) == {"no verdict"}:
        return NO_VERDICT
    if len(words) == 1:
        return f"{_capital(measure.title)}: {_plain(sentences(studied, measure)[0])}"
    parts = [_counted(words.count(word), len(words), word) for word in WORDS if word in words]
    return f"{_capital(measure.title)}: of {count(len(words), 'comparison')}, {listed(parts)}."


def footing(studied: StudyResult, measure: Measure) -> str:
    """On what the intervals and verdicts rest."""
    seeds, pairs = len(studied.recipe.seeds), len(judged(studied, measure))
    if seeds == 1:
        exact = "exact Poisson intervals of the counts; " if measure.kind == "count" else ""
        return f"One seed: {exact}no verdicts, as another seed could turn every difference around."
    text = f"Means over {count(seeds, 'seed')} with 95 % intervals (Student’s t)."
    if not pairs:
        return text
    how = "Arms are judged against each other seed by seed"
    if pairs == 1:
        return f"{text} {how}, at 95 %."
    return (
        f"{text} {how}; as there are {count(pairs, 'comparison')}, each interval is widened so that all of them "
        "hold together 95 % of the time."
    )


def _counted(number: int, of: int, word: Word) -> str:
    """ "five are better", "one shows no difference", "all show no difference"."""
    said = "all" if number == of else in_words(number)
    if word in ("better", "worse"):
        return f"{said} {'is' if number == 1 else 'are'} {word}"
    if word == "no verdict":
        return f"{said} {'has' if number == 1 else 'have'} no verdict"
    return f"{said} {'shows' if number == 1 else 'show'} no difference"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _plain(markdown: str) -> str:
    return markdown.replace("**", "")


def places(studied: StudyResult) -> dict[str, str]:
    """Figures for the named places of a study's text: `mean_ARM`, `difference_ARM`, `verdict_ARM`, `MEASURE_ARM`,
    `difference_MEASURE_ARM`.

    Hyphens of an arm's name are underscores there. The first three are about the main measure.
    """
    main, found = studied.recipe.facts.measures[0], {}
    for arm in studied.recipe.chosen:
        name = arm.name.replace("-", "_")
        summary, judgement = studied.summary(arm.name), studied.judgement(arm.name)
        means = {} if summary is None else summary.means
        for measure in studied.recipe.facts.measures:
            if measure.name in means:
                found[f"{measure.name}_{name}"] = value(measure, means[measure.name].mean)
            if (judged := studied.judgement(arm.name, measure.name)) is not None:
                found[f"difference_{measure.name}_{name}"] = difference(measure, judged.verdict)
        if main.name in means:
            found[f"mean_{name}"] = value(main, means[main.name].mean)
        if judgement is not None:
            found[f"difference_{name}"] = difference(main, judgement.verdict)
            found[f"verdict_{name}"] = judgement.verdict.word
    return found
