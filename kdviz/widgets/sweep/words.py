"""What a finished sweep allows to say, in sentences. Every figure comes from the run; nothing here draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, median

from kdviz.charts.sweep import Along, summary_of
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.sweep import Cell, Sweep
from kdviz.records.base import Verdict
from kdviz.records.sweep import CellSummary, Choice, SweepResult
from kdviz.reports.phrases import count, listed, percent, percent_over_seeds
from kdviz.widgets.comparison.words import difference

_CLEARLY = 1.5  # times as much is more
_FEW = 5  # from so many seeds on, a verdict does not rest on "only" so many
_NAMED = 3  # cells that a sentence names; of more it gives the number
NO_VERDICT = (
    "One seed, no verdict: another seed’s first weights and batches could turn every difference here around. "
    "Train at least three seeds for a verdict."
)


def name(cell: Cell, sweep: Sweep) -> str:
    """A cell in the page's symbols, with what besides T and alpha the sweep varies."""
    parts = [f"T = {cell.temperature:g}, α = {cell.alpha:g}"] if cell.alpha > 0 else ["labels only (α = 0)"]
    if len(sweep.students) > 1:
        parts.append(cell.student)
    if len(sweep.label_counts) > 1:
        parts.append("all labels" if cell.labels is None else f"{cell.labels:,} labels")
    if len(sweep.learning_rates) > 1:
        parts.append(f"learning rate {cell.learning_rate:g}")
    return ", ".join(parts)


def learnt(swept: SweepResult) -> str:
    """The sweep in two or three sentences: the best cell, what the test images say of it, and what mattered."""
    sweep, choice = swept.recipe, swept.choice
    if choice is None:
        return "Every student diverged: nothing could be chosen. Try a smaller learning rate."
    best = summary_of(swept, choice.cell)
    level = "" if best is None else f": {percent(best.validation_accuracy.mean, 1)} right{_over(sweep)}"
    sentences = [
        f"Best on {choice.chosen_on} is {name(choice.cell, sweep)}{level}{_tied(choice, sweep)}.",
        tested(swept),
        both_verdicts(swept),
        mattered(swept),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _over(sweep: Sweep) -> str:
    """What a mean is taken over."""
    seeds = count(len(sweep.seeds), "seed") if len(sweep.seeds) > 1 else ""
    folds = count(sweep.folds, "fold") if sweep.folds else ""
    over = " and ".join(part for part in (seeds, folds) if part)
    return f", the mean over {over}" if over else ""


def _tied(choice: Choice, sweep: Sweep) -> str:
    if not choice.tied:
        return "; of the cells trained to the end, no other is tied with it" if len(sweep.rungs) > 1 else ""
    if len(choice.tied) == 1:
        return f", tied with {name(choice.tied[0], sweep)}"
    if len(choice.tied) <= _NAMED:
        return f", tied with {listed([f'({name(cell, sweep)})' for cell in choice.tied])}"
    return f", tied with {count(len(choice.tied), 'other cell')}"


def tested(swept: SweepResult) -> str:
    """The choice against plain training on the test images, with its verdict."""
    choice = swept.choice
    if choice is None:
        return ""
    images = choice.results[0].distilled.test_images
    right = f"On the {images:,} test images, looked at once, {percent_over_seeds(choice.test_accuracy, 1)} are right"
    if choice.cell.alpha == 0:
        return f"{right}: the choice is the student that learns from labels only."
    own = percent_over_seeds(choice.plain_test_accuracy, 1)
    verdict = choice.against_plain
    if verdict.word == "no verdict":
        return f"{right}, and {own} with labels only; one seed allows no verdict."
    if not math.isfinite(verdict.difference):
        return f"{right}, and {own} with labels only: {verdict.word}, as a training diverged."
    seeds = len(swept.recipe.seeds)
    rests = f"the verdict rests on {'only ' if seeds < _FEW else ''}{count(seeds, 'seed')}"
    return f"{right}, and {own} with labels only: {verdict.word}, {points_of(verdict)}; {rests}."


def both_verdicts(swept: SweepResult) -> str:
    """Why the test images may say of the choice what the map does not say; nothing where both say the same."""
    choice = swept.choice
    summary = None if choice is None else summary_of(swept, choice.cell)
    if choice is None or summary is None or summary.against_plain is None:
        return ""
    on_map, on_test = summary.against_plain, choice.against_plain
    wide, narrow = _half_width(on_map), _half_width(on_test)
    if wide is None or narrow is None or on_map.word == on_test.word:
        return ""
    cells = sum(each.against_plain is not None for each in swept.summaries)
    together = f"{count(cells, 'cell')} at once" if cells > 1 else "it"
    sides = (
        f"the test compares one cell with labels only, on {choice.results[0].distilled.test_images:,} test images; "
        f"the map compares {together}, on {_held_out(swept.recipe)}"
    )
    if on_map.word == "better":
        return (
            "The map calls the same cell better, but there it was taken for its level, and part of that may be luck: "
            f"{sides}."
        )
    says = "does not show a difference" if on_map.word == "no difference shown" else f"calls it {on_map.word}"
    wider = (
        f", so its intervals are wider (±\u00a0{100 * wide:.1f} points, the test’s ±\u00a0{100 * narrow:.1f})"
        if wide > narrow
        else ""
    )
    return f"That the map {says} for the same cell is no contradiction: {sides}{wider}."


def _half_width(verdict: Verdict) -> float | None:
    if verdict.low is None or verdict.high is None or not math.isfinite(verdict.difference):
        return None
    return (verdict.high - verdict.low) / 2


def _held_out(sweep: Sweep) -> str:
    facts = DATA_SETS[sweep.data]
    if sweep.folds is None:
        return f"{facts.validation_images:,} validation images"
    return f"{facts.training_images + facts.validation_images:,} images in {sweep.folds} folds"


def mattered(swept: SweepResult) -> str:
    """Whether T or alpha moved the accuracy more, where a grid can tell; nothing elsewhere."""
    moved = {along: spread_along(swept, along) for along in ("temperature", "alpha")}
    over_temperature, over_alpha = moved["temperature"], moved["alpha"]
    if over_temperature is None or over_alpha is None:
        return ""
    t, a = (f"{100 * value:.1f}" for value in (over_temperature, over_alpha))
    span = f"spans {t} points over the temperatures and {a} over the α above 0"
    typical = typical_half_width(swept)
    if typical is None:
        return (
            f"In these single students the mean accuracy {span}: whether that is more than luck, only more seeds can "
            "say."
        )
    larger, smaller = max(over_temperature, over_alpha), min(over_temperature, over_alpha)
    if larger <= typical:
        return (
            f"Neither T nor α is shown to matter: the mean accuracy {span}, and a usual cell’s difference from labels "
            f"only is known to ±\u00a0{100 * typical:.1f}."
        )
    if larger < _CLEARLY * smaller:
        return f"T and α moved the mean accuracy about alike, in these runs: it {span}."
    more = "T" if over_temperature > over_alpha else "α"
    return f"{more} moved the mean accuracy more, in these runs: it {span}."


def spread_along(swept: SweepResult, along: Along) -> float | None:
    """The range of the mean accuracy along T or alpha, averaged over the other; None where there is nothing to average.

    Of the cells with a teacher in a whole grid that nobody was left out of; a share, not percentage points.
    """
    sweep = swept.recipe
    if sweep.search != "grid":
        return None
    levels: dict[float, list[float]] = {}
    for cell in sweep.cells:
        summary = summary_of(swept, cell)
        if cell.alpha > 0 and summary is not None and math.isfinite(summary.validation_accuracy.mean):
            levels.setdefault(getattr(cell, along), []).append(summary.validation_accuracy.mean)
    if len(levels) < 2 or len({len(values) for values in levels.values()}) > 1:
        return None  # a diverged cell would make its row look better or worse than it is
    means = [fmean(values) for values in levels.values()]
    return max(means) - min(means)


def typical_half_width(swept: SweepResult) -> float | None:
    """Half the width of a usual cell's interval for its difference from plain training; None without verdicts."""
    verdicts = [summary.against_plain for summary in swept.summaries if summary.against_plain is not None]
    widths = [width for width in map(_half_width, verdicts) if width is not None]
    return median(widths) if widths else None


def against_plain(swept: SweepResult) -> str:
    """How many cells differ from plain training on the images that were held out.

    Of successive halving, those that were trained to the end: the others were judged after fewer epochs.
    """
    taught = [each for each in swept.summaries if each.against_plain is not None]
    judged = [each for each in taught if each.epochs == swept.recipe.epochs]
    if len(swept.recipe.rungs) == 1 or not judged:
        return _counted(swept, judged, f"Of {count(len(judged), 'cell')} with a teacher")
    left = len(taught) - len(judged)
    ended = (
        f"Of {count(len(taught), 'cell')} with a teacher, {len(judged)} {'was' if len(judged) == 1 else 'were'} "
        f"trained to the end and {left} {'was' if left == 1 else 'were'} left behind after fewer epochs."
    )
    of_these = "Of this one cell" if len(judged) == 1 else f"Of these {count(len(judged), 'cell')}"
    return f"{ended} {_counted(swept, judged, of_these)}"


def _counted(swept: SweepResult, judged: Sequence[CellSummary], of_them: str) -> str:
    """How many of these cells have which verdict."""
    words = [each.against_plain.word for each in judged if each.against_plain is not None]
    if judged and len(swept.recipe.seeds) == 1 and all(word == "no verdict" for word in words):
        return NO_VERDICT
    better, worse = words.count("better"), words.count("worse")
    same, open_ = words.count("no difference shown"), words.count("no verdict")
    than = "than labels only"
    parts = [
        f"{number} {text}"
        for number, text in (
            (better, f"{'is' if better == 1 else 'are'} better {than}"),
            (worse, f"{'is' if worse == 1 else 'are'} worse{'' if better else f' {than}'}"),
            (same, f"{'is' if same == 1 else 'are'} not shown to differ from it"),
            (open_, f"{'has' if open_ == 1 else 'have'} no verdict, as a training diverged"),
        )
        if number
    ]
    if not parts:
        return ""
    if same == len(judged):
        return f"{of_them}, none is shown to differ from labels only."
    return f"{of_them}, {listed(parts)}."


def diverged(swept: SweepResult) -> str:
    """Which cells lost students; nothing where none did."""
    lost = [each for each in swept.summaries if each.diverged]
    if not lost:
        return ""
    students = sum(each.diverged for each in lost)
    which = (
        listed([f"({name(each.cell, swept.recipe)})" for each in lost])
        if len(lost) <= _NAMED
        else count(len(lost), "cell")
    )
    whose = "its weights are" if students == 1 else "their weights are"
    cannot = "that cell cannot be chosen" if len(lost) == 1 else "these cells cannot be chosen"
    return f"{count(students, 'student').capitalize()} diverged in {which}: {whose} no numbers any more, and {cannot}."


def points_of(verdict: Verdict) -> str:
    """The mean difference with its interval, in percentage points."""
    return difference("test_accuracy", verdict)


def chosen_how(swept: SweepResult) -> str:
    """Where T and alpha were chosen, and what was not looked at."""
    sweep, facts = swept.recipe, DATA_SETS[swept.recipe.data]
    if sweep.folds is None:
        where = f"the {facts.validation_images:,} validation images, which neither teachers nor students learn from"
    else:
        images = facts.training_images + facts.validation_images
        where = (
            f"{sweep.folds} folds of the {images:,} training and validation images: each was held out once, from "
            "teacher and students"
        )
    return (
        f"T and α were chosen on {where}. The choice was then trained once more, alone, on the training split; only "
        "these runs, with their teacher and the same student from labels only, were tried on the test images."
    )
