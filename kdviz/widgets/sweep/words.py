"""What a finished sweep allows to say: figures from the run, put into the sentences of `explorer.md`; draws nothing."""

import math
from collections.abc import Sequence
from functools import partial
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from kdviz.charts.sweep import Along
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.sweep import Cell, Sweep
from kdviz.records.base import Verdict
from kdviz.records.intervals import half_width
from kdviz.records.sweep import CellSummary, Choice, SweepResult
from kdviz.reports import findable
from kdviz.reports.phrases import count, listed, percent, percent_over_seeds
from kdviz.reports.text import seeds
from kdviz.widgets.comparison.words import difference, one_seed_in_words
from kdviz.widgets.lesson import sentence

_AXES: dict[Along, str] = {"temperature": "T", "alpha": "α"}
_CLEARLY = 1.5  # times as much is more
_FEW = 5  # from so many seeds on, a verdict does not rest on "only" so many
_NAMED = 3  # cells that a sentence names; of more it gives the number

say = partial(sentence, "explorer")


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
        return say("all-diverged")
    best, level = swept.summary(choice.cell), ""
    if best is not None:
        level = say("best-level", right=percent(best.validation_accuracy.mean, 1), over=_over(sweep))
    cell = name(choice.cell, sweep)
    chosen = say("best", images=choice.chosen_on, cell=cell, level=level, tied=_tied(choice, sweep))
    test = (tested(swept), "" if sweep.has_fresh_test else say("same-seeds"))
    return " ".join(filter(None, (chosen, *test, both_verdicts(swept), mattered(swept))))


def _over(sweep: Sweep) -> str:
    """What a mean is taken over."""
    numbers = {"seed": len(sweep.seeds), "fold": sweep.folds or 1}
    trained = [count(number, noun) for noun, number in numbers.items() if number > 1]
    return say("mean-over", trained=listed(trained)) if trained else ""


def _tied(choice: Choice, sweep: Sweep) -> str:
    names = [name(cell, sweep) for cell in choice.tied]
    if not names:
        return say("no-other-tied") if len(sweep.rungs) > 1 else ""
    if len(names) > _NAMED:
        return say("tied-with", cells=count(len(names), "other cell"))
    return say("tied-with", cells=names[0] if len(names) == 1 else listed([f"({cell})" for cell in names]))


def tested(swept: SweepResult) -> str:
    """The choice against plain training on the test images, with its verdict."""
    choice = swept.choice
    if choice is None:
        return ""
    verdict, tests = choice.against_plain, len(choice.results)
    if choice.cell.alpha == 0:
        key = "test-of-labels-only"
    elif verdict.word == "no verdict":
        key = "test-of-one-seed"
    else:
        key = "test" if math.isfinite(verdict.difference) else "test-diverged"
    return say(
        key,
        trained=_trained(swept.recipe),
        images=f"{choice.results[0].distilled.test_images:,}",
        right=percent_over_seeds(choice.test_accuracy, 1),
        plain=percent_over_seeds(choice.plain_test_accuracy, 1),
        verdict=verdict.word,
        difference=difference("test_accuracy", verdict, findable.of_choice(swept)),
        seeds=f"{'only ' if tests < _FEW else ''}{count(tests, 'seed')}",
    )


def _trained(sweep: Sweep) -> str:
    """With which seeds the choice was trained for its test."""
    return say("anew", seeds=seeds_of_test(sweep)) if sweep.has_fresh_test else say("once-more")


def seeds_of_test(sweep: Sweep) -> str:
    """The seeds with which the choice is tested: "seeds 3–5"."""
    return seeds(sweep.seeds_of_test).replace("-", "–")


def both_verdicts(swept: SweepResult) -> str:
    """Why the test images may say of the choice what the map does not say; nothing where both say the same."""
    choice = swept.choice
    summary = None if choice is None else swept.summary(choice.cell)
    if choice is None or summary is None or summary.against_plain is None:
        return ""
    on_map, on_test = summary.against_plain, choice.against_plain
    wide, narrow = _half_width(on_map), _half_width(on_test)
    if wide is None or narrow is None or on_map.word == on_test.word:
        return ""
    cells = sum(judged.against_plain is not None for judged in swept.summaries)
    folds, held_out = swept.recipe.folds, f"{_held_out(swept.recipe):,}"
    sides = say(
        "test-and-map" if swept.recipe.has_fresh_test else "test-and-map-of-same-seeds",
        images=f"{choice.results[0].distilled.test_images:,}",
        cells=f"{count(cells, 'cell')} at once" if cells > 1 else "it",
        held_out=f"{held_out} validation images" if folds is None else f"{held_out} images in {folds} folds",
    )
    if on_map.word == "better":
        return say("map-better", sides=sides)
    says = "does not show a difference" if on_map.word == "no difference shown" else f"calls it {on_map.word}"
    wider = say("map-wider", map=f"{100 * wide:.1f}", test=f"{100 * narrow:.1f}") if wide > narrow else ""
    return say("map-other", says=says, sides=sides, wider=wider)


def _half_width(verdict: Verdict) -> float | None:
    if verdict.low is None or verdict.high is None or not math.isfinite(verdict.difference):
        return None
    return (verdict.high - verdict.low) / 2


def mattered(swept: SweepResult) -> str:
    """Whether T or alpha moved the accuracy more, where a grid can tell; nothing elsewhere."""
    over = {along: spread_along(swept, along) for along in _AXES}
    if None in over.values():
        return ""
    spans = {along: span for along, span in over.items() if span is not None}
    moved = say("moved", **{f"over_{along}s": f"{100 * span:.1f}" for along, span in spans.items()})
    known = {along: known_along(swept, along) for along in _AXES}
    shown = [along for along in _AXES if (limit := known[along]) is not None and spans[along] > limit]
    if None in known.values():
        return say("moved-single", moved=moved)
    if not shown:
        limits = {f"known_{along}s": f"{100 * (limit or 0.0):.1f}" for along, limit in known.items()}
        return say("moved-neither", moved=moved, **limits)
    if len(shown) == 1:
        other = next(along for along in _AXES if along not in shown)
        return say("moved-one", moved=moved, which=_AXES[shown[0]], other=_AXES[other])
    smaller, larger = sorted(_AXES, key=spans.__getitem__)
    if spans[larger] < _CLEARLY * spans[smaller]:
        return say("moved-both", moved=moved)
    return say("moved-more", moved=moved, more=_AXES[larger], less=_AXES[smaller])


def known_along(swept: SweepResult, along: Along) -> float | None:
    """What a range of `spread_along` must exceed to be more than chance; None where one block leaves that open."""
    levels: dict[float, dict[tuple[int, int], list[float]]] = {}
    for trial in swept.trials:
        if trial.cell.alpha > 0 and trial.epochs == swept.recipe.epochs:
            blocks = levels.setdefault(getattr(trial.cell, along), {})
            blocks.setdefault((trial.seed, trial.fold or 0), []).append(trial.validation_accuracy)
    if not levels or len({tuple(sorted(blocks)) for blocks in levels.values()}) > 1:
        return None
    means = np.array([[fmean(blocks[block]) for block in sorted(blocks)] for blocks in levels.values()])
    folds, images = swept.recipe.folds, swept.trials[0].validation_images
    return chance_of_levels(means, overlap=0.0 if folds is None else 1 / (folds - 1), resolution=1 / images)


def chance_of_levels(means: NDArray[np.float64], *, overlap: float = 0.0, resolution: float = 0.0) -> float | None:
    """How far apart chance may set the highest and the lowest of several levels' means (levels, blocks), at 95 %.

    A two-way layout: what is left beyond the levels' and the blocks' own means is the spread. Every pair of levels is
    judged, at 1 - 0.05 / pairs (Bonferroni). `overlap` and `resolution` as in `verdicts.sweep`. None with one block.
    """
    levels, blocks = means.shape
    freedom = (levels - 1) * (blocks - 1)
    if not freedom:
        return None
    rest = means - means.mean(axis=0) - means.mean(axis=1, keepdims=True) + means.mean()
    variance = 2 * float((rest**2).sum()) / freedom + resolution**2 / 6
    return half_width(math.sqrt(variance), freedom, 1 / blocks + overlap, levels * (levels - 1) // 2)


def spread_along(swept: SweepResult, along: Along) -> float | None:
    """The range of the mean accuracy along T or alpha, averaged over the other; None where there is nothing to average.

    Of the cells with a teacher in a whole grid without a diverged one; a share, not percentage points.
    """
    sweep = swept.recipe
    if sweep.search != "grid":
        return None
    levels: dict[float, list[float]] = {}
    for cell in sweep.cells:
        summary = swept.summary(cell)
        if cell.alpha > 0 and summary is not None and math.isfinite(summary.validation_accuracy.mean):
            levels.setdefault(getattr(cell, along), []).append(summary.validation_accuracy.mean)
    if len(levels) < 2 or len({len(values) for values in levels.values()}) > 1:
        return None  # a diverged cell would make its row look better or worse than it is
    means = [fmean(values) for values in levels.values()]
    return max(means) - min(means)


def against_plain(swept: SweepResult) -> str:
    """How many cells differ from plain training on the images that were held out.

    Of successive halving, those that were trained to the end: the others were judged after fewer epochs.
    """
    taught = [summary for summary in swept.summaries if summary.against_plain is not None]
    judged = [summary for summary in taught if summary.epochs == swept.recipe.epochs]
    if len(swept.recipe.rungs) == 1 or not judged:
        return _counted(swept, judged, f"Of {count(len(judged), 'cell')} with a teacher")
    left = len(taught) - len(judged)
    ended, left_behind = (_with_verb(number, "was", "were") for number in (len(judged), left))
    halved = say("halved", cells=count(len(taught), "cell"), ended=ended, left=left_behind)
    of_these = "Of this one cell" if len(judged) == 1 else f"Of these {count(len(judged), 'cell')}"
    return f"{halved} {_counted(swept, judged, of_these)}"


def _with_verb(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _counted(swept: SweepResult, judged: Sequence[CellSummary], of_them: str) -> str:
    """How many of these cells have which verdict."""
    words = [summary.against_plain.word for summary in judged if summary.against_plain is not None]
    if judged and len(swept.recipe.seeds) == 1 and set(words) == {"no verdict"}:
        return one_seed_in_words(len(judged))
    parts = [
        f"{_with_verb(words.count(word), *verbs)} {rest}"
        for word, verbs, rest in (
            ("better", ("is", "are"), "better than labels only"),
            ("worse", ("is", "are"), "worse" if "better" in words else "worse than labels only"),
            ("no difference shown", ("is", "are"), "not shown to differ from it"),
            ("no verdict", ("has", "have"), "no verdict, as a training diverged"),
        )
        if word in words
    ]
    if not parts:
        return ""
    found = findable.in_map(swept)
    usual = "" if found is None else " " + say("cells-find", found=f"{100 * found:.2f}")
    if words.count("no difference shown") == len(judged):
        return say("none-differs", of_them=of_them) + usual
    return f"{of_them}, {listed(parts)}.{usual}"


def diverged(swept: SweepResult) -> str:
    """Which cells lost students; nothing where none did."""
    lost = [summary for summary in swept.summaries if summary.diverged]
    if not lost:
        return ""
    students = sum(summary.diverged for summary in lost)
    names = [f"({name(summary.cell, swept.recipe)})" for summary in lost]
    return say(
        "diverged",
        students=count(students, "student").capitalize(),
        cells=listed(names) if len(lost) <= _NAMED else count(len(lost), "cell"),
        whose="its" if students == 1 else "their",
        which="that cell" if len(lost) == 1 else "these cells",
    )


def chosen_how(swept: SweepResult) -> str:
    """Where T and alpha were chosen, and what was not looked at."""
    split = "validation-split" if swept.recipe.folds is None else "held-out-folds"
    images = say(split, folds=swept.recipe.folds, images=f"{_held_out(swept.recipe):,}")
    sweep = swept.recipe
    return say("chosen-how", images=images, trained=_trained(sweep))


def _held_out(sweep: Sweep) -> int:
    """On how many images T and alpha are chosen."""
    facts = DATA_SETS[sweep.data]
    return facts.validation_images + (0 if sweep.folds is None else facts.training_images)
