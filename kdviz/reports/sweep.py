"""A sweep's end as lines of text, and as the JSON document that scripts read. Also what is there before the end."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from statistics import fmean
from typing import Any

from kdviz.recipes.number_lists import MOST_VALUES
from kdviz.recipes.sweep import Cell, Sweep
from kdviz.records.base import Mean, Verdict
from kdviz.records.single import Result
from kdviz.records.sweep import CellSummary, CellTrial, Choice, FinishedStack, Swept
from kdviz.records.sweep_plan import trials_of
from kdviz.reports.text import numbers, ranges, table

_PERCENT = 100  # accuracies are parts of 1 in a record, and in percent for people
CHOSEN, LIKE_PLAIN = "*", "~"
DIVERGED = "diverged"

Kind = tuple[str, int | None, float]  # student, labels, learning rate: what a table of T and alpha is about


def document(swept: Swept) -> dict[str, Any]:
    """A row for each asked-for cell and seed (and fold), for each cell what they say together, and the choice."""
    whole = swept.model_dump(mode="json", include={"run_id", "recipe", "device", "threads", "torch", "seconds"})
    trials = _of_last_rung(swept.trials)
    sweep = swept.recipe
    controls = [cell for cell in sweep.trained_cells if cell.alpha == 0]
    return {
        "run_id": whole.pop("run_id"),
        "recipe": whole.pop("recipe"),
        "choice": None if swept.choice is None else _choice(swept, swept.choice),
        "cells": [_cell(swept, cell) for cell in sweep.cells],
        "rows": [_row(cell, trial) for cell in sweep.cells for trial in trials.get(cell.trained_as, [])],
        "controls": [_row(cell, trial) for cell in controls for trial in trials.get(cell, [])],
        **whole,
    }


def text(swept: Swept) -> str:
    """Accuracies over T and alpha, the choice with its test accuracy, and what the seeds allow to say."""
    sweep = swept.recipe
    summaries = {summary.cell: summary for summary in swept.summaries}
    chosen = None if swept.choice is None else _asked(sweep, swept.choice.cell)

    def show(cell: Cell) -> str:
        summary = summaries.get(cell.trained_as)
        return "" if summary is None else _accuracy(sweep, summary, chosen=cell == chosen)

    paragraphs = [
        f"Validation accuracy in %, {_blocks(sweep)}:",
        *_tables(sweep, show, summaries),
        _controls(sweep, summaries),
        _legend(swept),
    ]
    if swept.choice is None:
        paragraphs.append("No choice: every cell has a student that diverged.")
    else:
        paragraphs += [*_choice_in_words(swept, swept.choice), _basis(swept)]
    return "\n\n".join(filter(None, paragraphs))


def text_so_far(sweep: Sweep, finished: Sequence[FinishedStack]) -> str:
    """The mean accuracies of the students that are trained, of a sweep that has not ended."""
    trials = _of_last_rung(trials_of(sweep, finished))
    if not trials:
        return "No student is trained yet."

    def show(cell: Cell) -> str:
        mine = trials.get(cell.trained_as, [])
        if any(trial.diverged for trial in mine):
            return DIVERGED
        return f"{_PERCENT * fmean(trial.validation_accuracy for trial in mine):.2f}" if mine else ""

    done = sum(map(len, trials.values()))
    title = f"Finished so far: {done:,} {_plural('student', done)}. Mean validation accuracy in %:"
    return "\n\n".join([title, *_tables(sweep, show)])


# The document's parts.


def _of_last_rung(trials: Iterable[CellTrial]) -> dict[Cell, list[CellTrial]]:
    """Each cell's trials after the most epochs it was trained for, by seed and fold."""
    found: dict[Cell, list[CellTrial]] = {}
    for trial in trials:
        found.setdefault(trial.cell, []).append(trial)
    return {
        cell: sorted(
            (trial for trial in group if trial.epochs == max(other.epochs for other in group)),
            key=lambda trial: (trial.seed, trial.fold or 0),
        )
        for cell, group in found.items()
    }


def _names(cell: Cell) -> dict[str, Any]:
    """What names a cell, as each row has it; cells without a teacher are one student whatever their T."""
    return {**cell.model_dump(mode="json"), "shared": cell.alpha == 0}


def _row(cell: Cell, trial: CellTrial) -> dict[str, Any]:
    whole = trial.model_dump(mode="json", exclude={"cell", "watched_logits"})
    if trial.fold is None:
        del whole["fold"]
    names = _names(cell)
    return {"temperature": names.pop("temperature"), "alpha": names.pop("alpha"), **whole, **names}


def _cell(swept: Swept, cell: Cell) -> dict[str, Any]:
    summary = _summary(swept, cell)
    if summary is None:
        return _names(cell)
    choice = swept.choice
    return {
        **_names(cell),
        "epochs": summary.epochs,
        "trials": summary.trials,
        "diverged": summary.diverged,
        **_estimate("validation_accuracy", summary.validation_accuracy),
        **_estimate("nll", summary.nll),
        **_estimate("ece", summary.ece),
        **_estimate("agreement", summary.agreement),
        **_verdict(summary.against_plain),
        "chosen": choice is not None and cell == _asked(swept.recipe, choice.cell),
        "tied": choice is not None and cell.trained_as in choice.tied,
    }


def _choice(swept: Swept, choice: Choice) -> dict[str, Any]:
    summary = _summary(swept, choice.cell)
    return {
        **_names(_asked(swept.recipe, choice.cell)),
        "chosen_on": choice.chosen_on,
        **({} if summary is None else _estimate("validation_accuracy", summary.validation_accuracy)),
        **_estimate("test_accuracy", choice.test_accuracy),
        **_estimate("plain_test_accuracy", choice.plain_test_accuracy),
        **_verdict(choice.against_plain),
        "tied": [_names(_asked(swept.recipe, cell)) for cell in choice.tied],
        "seeds": [_of_seed(result) for result in choice.results],
    }


def _of_seed(result: Result) -> dict[str, Any]:
    figures = {"test_accuracy", "test_errors", "nll", "ece", "agreement"}
    scores = result.distilled.model_dump(mode="json", include=figures)
    plain = result.plain.model_dump(mode="json", include={"test_accuracy", "test_errors"})
    return {
        "seed": result.recipe.seed,
        "run_id": result.run_id,
        **scores,
        **{f"plain_{name}": value for name, value in plain.items()},
        "test_images": result.distilled.test_images,
    }


def _estimate(name: str, mean: Mean) -> dict[str, Any]:
    whole = mean.model_dump(mode="json")
    return {name: whole["mean"], f"{name}_interval": _interval(whole)}


def _verdict(verdict: Verdict | None) -> dict[str, Any]:
    """Against plain training; nothing for plain training itself."""
    if verdict is None:
        return {"verdict": None, "difference": None, "difference_interval": None}
    whole = verdict.model_dump(mode="json")
    return {"verdict": whole["word"], "difference": whole["difference"], "difference_interval": _interval(whole)}


def _interval(whole: Mapping[str, Any]) -> list[float | str] | None:
    return None if whole["low"] is None or whole["high"] is None else [whole["low"], whole["high"]]


# The text's parts.


def _tables(
    sweep: Sweep, show: Callable[[Cell], str], summaries: Mapping[Cell, CellSummary] | None = None
) -> list[str]:
    """A table of T and alpha for each kind of student; a line for each cell where they make no grid."""
    if sweep.search == "random" or len(sweep.alphas) > MOST_VALUES // 2:
        return [_lines(sweep, show)]
    tables = []
    for kind, group in groupby(sweep.cells, _kind):
        cells = list(group)
        rows = [
            [f"T = {temperature:g}", *map(show, row)]
            for temperature, row in groupby(cells, lambda cell: cell.temperature)
        ]
        heading = _name_of_kind(sweep, kind)
        shown = table(["", *(f"alpha = {alpha:g}" for alpha in sweep.alphas)], rows)
        tables.append(f"{heading}:\n{shown}" if heading else shown)
    if sweep.search == "halving" and summaries is not None:
        tables.append(_rungs(sweep, summaries.values()))
    return tables


def _lines(sweep: Sweep, show: Callable[[Cell], str]) -> str:
    several = len({_kind(cell) for cell in sweep.cells}) > 1
    rows = [
        [
            f"T = {cell.temperature:g}",
            f"{cell.alpha:g}",
            *([_name_of_kind(sweep, _kind(cell))] if several else []),
            show(cell),
        ]
        for cell in sorted(sweep.cells, key=lambda cell: (cell.temperature, cell.alpha))
    ]
    return table(["", "alpha", *(["student"] if several else []), "accuracy"], rows)


def _rungs(sweep: Sweep, summaries: Iterable[CellSummary]) -> str:
    taught = [summary.epochs for summary in summaries if summary.cell.alpha > 0]
    parts = [f"{taught.count(epochs)} with {epochs}" for epochs in sweep.rungs]
    return f"Successive halving; cells with a teacher by their epochs, fewer in brackets: {', '.join(parts)}."


def _accuracy(sweep: Sweep, summary: CellSummary, *, chosen: bool) -> str:
    if summary.diverged:
        return f"{DIVERGED}  "
    verdict = summary.against_plain
    like_plain = verdict is not None and verdict.word == "no difference shown"
    marks = (CHOSEN if chosen else "") + (LIKE_PLAIN if like_plain else "")
    mean = f"{_PERCENT * summary.validation_accuracy.mean:.2f}"
    return f"{mean if summary.epochs == sweep.epochs else f'({mean})'}{marks.ljust(2)}"


def _controls(sweep: Sweep, summaries: Mapping[Cell, CellSummary]) -> str:
    """Plain training's level, of each kind of student."""
    lines = []
    for cell, summary in summaries.items():
        if cell.alpha == 0:
            name = _name_of_kind(sweep, _kind(cell))
            level = (
                f"{DIVERGED} in {summary.diverged} of {summary.trials}"
                if summary.diverged
                else _mean(summary.validation_accuracy)
            )
            lines.append(f"Plain training{f', {name}' if name else ''}: {level}")
    return "\n".join(lines)


def _legend(swept: Swept) -> str:
    words = {summary.against_plain.word for summary in swept.summaries if summary.against_plain is not None}
    parts = [f"{CHOSEN} the choice"] if swept.choice is not None else []
    if "no difference shown" in words:
        parts.append(f"{LIKE_PLAIN} not shown to differ from plain training")
    diverged = [summary for summary in swept.summaries if summary.diverged]
    if diverged:
        students = sum(summary.diverged for summary in diverged)
        parts.append(f"{DIVERGED}: weights that are no numbers any more, {students} {_plural('student', students)}")
    return "; ".join(parts)


def _choice_in_words(swept: Swept, choice: Choice) -> list[str]:
    summary, cell = _summary(swept, choice.cell), choice.cell
    level = "" if summary is None else f", validation accuracy {_mean(summary.validation_accuracy)}"
    images = choice.results[0].distilled.test_images
    taught = _mean(choice.test_accuracy)
    if cell.alpha == 0:
        tested = f"{taught}."
    else:
        tested = f"{taught}, plain training {_mean(choice.plain_test_accuracy)}: {_said(choice.against_plain)}."
    return [
        f"Chosen on {choice.chosen_on}: {_full_name(swept.recipe, cell)}{level}.\n"
        f"On the {images:,} test images, looked at once: {tested}",
        _ties(swept.recipe, choice),
    ]


def _said(verdict: Verdict) -> str:
    if not math.isfinite(verdict.difference):
        return f"{verdict.word}, as a training diverged"
    said = f"{verdict.word} ({_PERCENT * verdict.difference:+.2f} percentage points"
    if verdict.low is not None and verdict.high is not None:
        said += f", {_PERCENT * verdict.low:+.2f} to {_PERCENT * verdict.high:+.2f}"
    return said + ")"


def _ties(sweep: Sweep, choice: Choice) -> str:
    if not choice.tied:
        if len(sweep.rungs) > 1:
            return "Of the cells trained to the end, no other is tied with it."
        return "No other cell is tied with it."
    parts = []
    plain = [cell for cell in choice.tied if cell.alpha == 0]
    for kind, of_kind in groupby(sorted(choice.tied, key=_order), _kind):
        name = _name_of_kind(sweep, kind)
        for temperature, cells in groupby((c for c in of_kind if c.alpha > 0), lambda c: c.temperature):
            alphas = numbers(sorted(cell.alpha for cell in cells))
            parts.append(f"T = {temperature:g} with alpha = {alphas}{f' ({name})' if name else ''}")
    parts += [_full_name(sweep, cell) for cell in plain]
    count = len(choice.tied)
    return f"Tied with it, not shown to differ: {count} {_plural('cell', count)}: {'; '.join(parts)}."


def _basis(swept: Swept) -> str:
    """What the verdicts and ties stand on."""
    sweep = swept.recipe
    if len(sweep.seeds) == 1 and sweep.folds is None:
        images = swept.trials[0].validation_images
        return f"One seed: no verdicts; ties are judged by the chance of the {images:,} images alone. Try --seeds 0-4."
    taught = sum(summary.against_plain is not None for summary in swept.summaries)
    blocks = "seed by seed" if sweep.folds is None else "fold by fold"
    wider = "" if sweep.folds is None else " Folds share training images, and intervals are the wider for it."
    return (
        f"Each cell against plain training {blocks}, its spread pooled with the other cells', in intervals widened for "
        f"{taught} {_plural('cell', taught)}, so that all verdicts hold together 95 % of the time.{wider}"
    )


def _mean(mean: Mean) -> str:
    if not math.isfinite(mean.mean):
        return DIVERGED
    if mean.low is None or mean.high is None:
        return f"{mean.mean:.2%}"
    return f"{mean.mean:.2%} ({_PERCENT * mean.low:.2f} to {_PERCENT * mean.high:.2f})"


def _blocks(sweep: Sweep) -> str:
    """What an accuracy is the mean over."""
    seeds = f"{_plural('seed', len(sweep.seeds))} {ranges(sweep.seeds)}"
    if sweep.folds is None:
        return seeds if len(sweep.seeds) == 1 else f"the mean over {seeds}"
    return f"the mean over {seeds} and {sweep.folds} folds"


# Cells.


def _summary(swept: Swept, cell: Cell) -> CellSummary | None:
    return next((summary for summary in swept.summaries if summary.cell == cell.trained_as), None)


def _asked(sweep: Sweep, cell: Cell) -> Cell:
    """The first cell asked for that is this student: without a teacher T plays no part."""
    return next((asked for asked in sweep.cells if asked.trained_as == cell), cell)


def _kind(cell: Cell) -> Kind:
    return cell.student, cell.labels, cell.learning_rate


def _order(cell: Cell) -> tuple[object, ...]:
    return cell.student, cell.labels or 0, cell.learning_rate, cell.temperature, cell.alpha


def _name_of_kind(sweep: Sweep, kind: Kind) -> str:
    """What else than T and alpha the sweep varies; nothing as a rule."""
    student, labels, rate = kind
    parts = [
        student if len(sweep.students) > 1 else "",
        f"{labels:,} labels" if labels is not None and len(sweep.label_counts) > 1 else "",
        f"learning rate {rate:g}" if len(sweep.learning_rates) > 1 else "",
    ]
    return ", ".join(filter(None, parts))


def _full_name(sweep: Sweep, cell: Cell) -> str:
    name = "plain training (alpha = 0)" if cell.alpha == 0 else f"T = {cell.temperature:g}, alpha = {cell.alpha:g}"
    return ", ".join(filter(None, [name, _name_of_kind(sweep, _kind(cell))]))


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"
