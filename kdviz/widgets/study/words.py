"""What a lesson's study allows to say, in sentences. Every figure comes from the run; nothing here draws."""

import math
from collections.abc import Mapping, Sequence
from functools import partial

from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.letters import TEXTS
from kdviz.recipes.study import Study
from kdviz.recipes.study_facts.facts import Arm, Measure
from kdviz.records.base import Mean, Verdict, Word
from kdviz.records.intervals import CALIBRATION_BINS, highest_calibration_floor
from kdviz.records.study import Judgement, StudyResult
from kdviz.reports import findable, phrases
from kdviz.reports.phrases import count, duration, in_words, listed, percent
from kdviz.reports.study import formatted
from kdviz.reports.text import ranges, seeds
from kdviz.widgets import lesson
from kdviz.widgets.comparison.words import one_seed_in_words
from kdviz.widgets.literal import literal

MOST_SENTENCES = 6
WORDS: tuple[Word, ...] = ("better", "worse", "no difference shown", "no verdict")

say = partial(lesson.sentence, "runs")


def settings(study: Study) -> str:
    """Under which conditions, in a few words: "MNIST, seeds 0–4, quick version"."""
    title = TEXTS.get(study.data) or DATA_SETS[study.data].title
    parts = [title, seeds(study.seeds).replace("-", "–")]
    parts += ["quick version"] if study.quick else []
    parts += [f"{count(len(study.chosen), 'arm')} of it"] if study.arms else []
    return ", ".join(parts)


def machine(studied: StudyResult) -> str:
    """How long it took, and where: "48 s on AMD EPYC, 2 threads"."""
    return f"{duration(studied.seconds)} on {literal(studied.device)}, {count(studied.threads, 'thread')}"


def command(study: Study) -> str:
    """What does the same without a browser."""
    options = [
        f"--data {study.data}" if study.data not in ("mnist", *TEXTS) else "",
        f"--seeds {ranges(study.seeds)}" if study.seeds != study.facts.seeds else "",
        "--quick" if study.quick else "",
        f"--arms {','.join(study.arms)}" if study.arms else "",
    ]
    return " ".join(filter(None, ("python -m kdviz study", study.study, *options)))


def difference(measure: Measure, verdict: Verdict, found: float | None = None) -> str:
    """The mean difference with its interval and unit: "+0.05 points (−0.10 to +0.20)"; `found` as `findable` has it."""
    if not math.isfinite(verdict.difference):
        return "as a training diverged"
    scale = 100 if measure.kind == "share" else 1
    unit = " points" if measure.kind == "share" else f" {measure.unit}" if measure.unit else ""
    most = 100.0 if measure.kind == "share" else math.inf  # t intervals from two seeds go beyond what can be
    low = None if verdict.low is None else max(-most, scale * verdict.low)
    high = None if verdict.high is None else min(most, scale * verdict.high)
    shown = None if found is None else min(most, scale * found)
    digits = _digits(measure, scale * verdict.difference, low, high)
    return phrases.difference(scale * verdict.difference, low, high, digits, unit, shown)


def _digits(measure: Measure, *values: float | None) -> int:
    """Behind the point of a difference: two, of counts one, of small numbers four, as two would leave little."""
    if measure.kind == "count":
        return 1
    largest = max(abs(value) for value in values if value is not None)
    return 4 if measure.kind == "number" and largest < 1 else 2


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
    return [judgement for judgement in studied.judgements if judgement.measure == measure.name]


def sentence(studied: StudyResult, judgement: Judgement) -> str:
    """One verdict in a sentence, as Markdown."""
    titles = {arm.name: arm.title for arm in studied.recipe.chosen}
    measures = {measure.name: measure for measure in studied.recipe.facts.measures}
    by = difference(measures[judgement.measure], judgement.verdict, findable.in_study(studied, judgement))
    return f"**{titles[judgement.arm]}** against {titles[judgement.against]}: {judgement.verdict.word}, {by}."


def word(studied: StudyResult, judgement: Judgement | None) -> str:
    """A verdict in a word or three, with what would have been found where no difference is shown; "" without one."""
    if judgement is None:
        return ""
    found = findable.in_study(studied, judgement)
    if found is None:
        return judgement.verdict.word
    measures = {measure.name: measure for measure in studied.recipe.facts.measures}
    return f"{judgement.verdict.word} ({amount(measures[judgement.measure], found)} would have been found)"


def amount(measure: Measure, found: float) -> str:
    """The size of a difference with its unit, without a sign: "0.80 points"."""
    if measure.kind == "share":
        return f"{100 * min(found, 1.0):.2f} points"
    return f"{found:.{_digits(measure, found)}f} {'' if measure.kind == 'count' else measure.unit}".rstrip()


def sentences(studied: StudyResult, measure: Measure) -> list[str]:
    """All verdicts on a measure, those that show a difference first."""
    ordered = sorted(judged(studied, measure), key=lambda judgement: WORDS.index(judgement.verdict.word))
    return [sentence(studied, judgement) for judgement in ordered]


def listing(studied: StudyResult, measure: Measure) -> list[str]:
    """What stands below the summary: a sentence for each verdict, or where there are many, one for each line."""
    judgements = judged(studied, measure)
    if len(judgements) < 2:
        return []
    arms = {arm.name: arm for arm in studied.recipe.chosen}
    lines: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        arm = arms[judgement.arm]
        lines.setdefault(arm.line if arm.x is not None else "", []).append(judgement)
    if len(judgements) <= MOST_SENTENCES or "" in lines or len(lines) == len(judgements):
        return sentences(studied, measure)
    return [_of_line(studied, line, of_line, arms, measure) for line, of_line in lines.items()]


def _of_line(
    studied: StudyResult, line: str, judgements: Sequence[Judgement], arms: Mapping[str, Arm], measure: Measure
) -> str:
    """The verdicts along a line of the figure: "**10 labels** against labels only: at 20, better, …; at 50, …"."""
    others = {arms[judgement.against].line or arms[judgement.against].title for judgement in judgements}
    against = f" against {others.pop()}" if len(others) == 1 else ""
    parts = (
        f"at {arms[judgement.arm].x:,g}, {judgement.verdict.word}, "
        f"{difference(measure, judgement.verdict, findable.in_study(studied, judgement))}"
        for judgement in judgements
    )
    return f"**{line}**{against}: {'; '.join(parts)}."


def tally(studied: StudyResult) -> str:
    """How the verdicts on the main measure fall: "2 better, 1 no difference shown"."""
    words = [judgement.verdict.word for judgement in judged(studied, studied.recipe.facts.measures[0])]
    return ", ".join(f"{words.count(word)} {word}" for word in WORDS if word in words)


def summary(studied: StudyResult, measure: Measure) -> str:
    """The measure's verdicts in one sentence, for the line below the picture; "" for a study of single networks."""
    words = [judgement.verdict.word for judgement in judged(studied, measure)]
    if not words or studied.recipe.seeds == studied.recipe.facts.seeds[:1] == studied.recipe.facts.seeds:
        return ""
    if set(words) == {"no verdict"}:
        return one_seed_in_words(len(words))
    if len(words) == 1:
        return f"{capital(measure.title)}: {sentences(studied, measure)[0].replace('**', '')}"
    parts = [_counted(words.count(word), len(words), word) for word in WORDS if word in words]
    return f"{capital(measure.title)}: of {count(len(words), 'comparison')}, {listed(parts)}."


def footing(studied: StudyResult, measure: Measure) -> str:
    """On what the intervals and verdicts rest."""
    number, pairs = len(studied.recipe.seeds), len(judged(studied, measure))
    if number == 1:
        return say("footing-of-counts" if measure.kind == "count" else "footing-of-one-seed")
    key = "footing-of-many" if pairs > 1 else "footing-of-one-pair" if pairs else "footing-of-means"
    found = any(findable.in_study(studied, judgement) for judgement in judged(studied, measure))
    meaning = " " + say("would-have-been-found") if found else ""
    return say(key, seeds=count(number, "seed"), comparisons=count(pairs, "comparison")) + meaning


def floor(studied: StudyResult) -> str:
    """How large the calibration error of a perfectly calibrated network comes out on so many images; "" without one.

    Runs of before do not say how the confidences are spread: of these, the highest that their accuracy allows.
    """
    needed = {"ece", "test_images", "test_accuracy"}
    rows = [row.figures for arm in studied.finished for row in arm.rows if needed <= row.figures.keys()]
    rows = [figures for figures in rows if math.isfinite(figures["ece"])]
    if not rows:
        return ""
    images = int(rows[0]["test_images"])
    if all("ece_floor" in figures for figures in rows):
        key, floors = "floor", [figures["ece_floor"] for figures in rows]
    else:
        accuracies = [figures["test_accuracy"] for figures in rows]
        highest = max(highest_calibration_floor(each, images, CALIBRATION_BINS) for each in accuracies)
        key, floors = "floor-at-most", [highest]
    ends = dict.fromkeys(percent(end, 2) for end in (min(floors), max(floors)))
    return say(key, images=f"{images:,}", bins=CALIBRATION_BINS, floor=" to ".join(ends))


def _counted(number: int, of: int, word: Word) -> str:
    """ "five are better", "one is not shown to differ", "none is shown to differ"."""
    if number == of and word == "no difference shown":
        return "none is shown to differ"
    who = "all" if number == of else in_words(number)
    one, several, rest = {
        "better": ("is", "are", "better"),
        "worse": ("is", "are", "worse"),
        "no verdict": ("has", "have", "no verdict"),
        "no difference shown": ("is", "are", "not shown to differ"),
    }[word]
    return f"{who} {one if number == 1 else several} {rest}"


def capital(text: str) -> str:
    """The text with a capital at its beginning, the rest as it is."""
    return text[:1].upper() + text[1:]


def places(studied: StudyResult) -> dict[str, str]:
    """Figures for the named places of a study's text: `mean_ARM`, `difference_ARM`, `verdict_ARM`, `MEASURE_ARM`,
    `difference_MEASURE_ARM`.

    Hyphens of an arm's name are underscores there. The first three are about the main measure.
    """
    main, figures = studied.recipe.facts.measures[0], {}
    for arm in studied.recipe.chosen:
        name = arm.name.replace("-", "_")
        for measure in studied.recipe.facts.measures:
            if (mean := studied.mean(arm.name, measure.name)) is not None:
                figures[f"{measure.name}_{name}"] = value(measure, mean.mean)
            if (judgement := studied.judgement(arm.name, measure.name)) is not None:
                found = findable.in_study(studied, judgement)
                figures[f"difference_{measure.name}_{name}"] = difference(measure, judgement.verdict, found)
                if measure is main:
                    figures[f"verdict_{name}"] = judgement.verdict.word
        for place, key in (("mean", main.name), ("difference", f"difference_{main.name}")):
            if f"{key}_{name}" in figures:
                figures[f"{place}_{name}"] = figures[f"{key}_{name}"]
    return figures
