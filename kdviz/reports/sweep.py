"""A sweep's recipe and result as lines of text, and as the JSON document that scripts read."""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from statistics import fmean
from typing import Any

from kdviz.recipes.number_lists import MOST_VALUES
from kdviz.recipes.sweep import Cell, Sweep
from kdviz.records.base import Mean
from kdviz.records.single import Result
from kdviz.records.sweep import CellSummary, CellTrial, Choice, FinishedStack, SweepResult
from kdviz.records.sweep_plan import trials_of
from kdviz.reports import fields, findable
from kdviz.reports.phrases import counted, plural
from kdviz.reports.text import DIVERGED, judged, numbers, one_seed, ranges, seeds, share, table

PARTS = "students"
CHOSEN, LIKE_PLAIN = "*", "~"


def title(sweep: Sweep) -> str:
    """The recipe in a line: what is varied first, then what all students share."""
    values = {"T": sweep.temperatures, "alpha": sweep.alphas}
    varied = [
        f"{name} {of[0]:g} to {of[-1]:g}" if sweep.search == "random" else f"{name} {numbers(of)}"
        for name, of in values.items()
    ]
    others = {"learning rate": sweep.learning_rates, "labels": sweep.label_counts}
    varied += [f"{name} {numbers(of)}" for name, of in others.items() if of]
    students = sweep.students or (sweep.student,)
    searches = {"grid": "", "random": f"{sweep.draws} random draws", "halving": "successive halving"}
    shared = [
        f"{plural(len(students), 'student')} {', '.join(students)}",
        f"teacher {sweep.teacher}",
        searches[sweep.search],
        counted(sweep.epochs, "epoch"),
        seeds(sweep.seeds),
        "" if sweep.folds is None else f"{sweep.folds} folds",
        "" if sweep.test_seeds is None else f"tested with {seeds(sweep.test_seeds)}",
    ]
    return f"{sweep.data}: {' x '.join(varied)}; {', '.join(filter(None, shared))}"


def columns(sweep: Sweep) -> list[str]:
    """Students, temperatures, alphas, cells and seeds."""
    students = ",".join(sweep.students or (sweep.student,))
    cells = f"{len(sweep.cells)} cells, seeds {ranges(sweep.seeds)}"
    return [students, numbers(sweep.temperatures), numbers(sweep.alphas), cells]


def document(swept: SweepResult) -> dict[str, Any]:
    """A row for each cell asked for and seed (and fold), for each cell what they say together, and the choice."""
    trials = _of_last_rung(swept.trials)
    sweep = swept.recipe
    return fields.document(
        swept,
        choice=swept.choice and _choice(swept, swept.choice),
        cells=[_cell(swept, cell) for cell in sweep.cells],
        rows=[_trial(cell, trial) for cell in sweep.cells for trial in trials.get(cell.trained_as, [])],
        controls=[
            _trial(cell, trial) for cell in sweep.trained_cells if cell.alpha == 0 for trial in trials.get(cell, [])
        ],
    )


def text(swept: SweepResult) -> str:
    """Accuracies over T and alpha, the choice with its test accuracy, and what the seeds allow to say."""
    sweep = swept.recipe
    chosen = swept.choice and _first_cell(sweep, swept.choice.cell)

    def show(cell: Cell) -> str:
        summary = swept.summary(cell)
        return "" if summary is None else _accuracy(sweep, summary, chosen=cell == chosen)

    paragraphs = [f"Validation accuracy in %, {_mean_over(sweep)}:", *_tables(sweep, show)]
    if sweep.search == "halving" and not _as_list(sweep):
        taught = [summary.epochs for summary in swept.summaries if summary.cell.alpha > 0]
        rungs = ", ".join(f"{taught.count(epochs)} with {epochs}" for epochs in sweep.rungs)
        paragraphs.append(f"Successive halving; cells with a teacher by their epochs, fewer in brackets: {rungs}.")
    plain = [_plain_level(sweep, summary) for summary in swept.summaries if summary.cell.alpha == 0]
    paragraphs += ["\n".join(plain), _legend(swept)]
    if swept.choice is None:
        paragraphs.append("No choice: every cell has a student that diverged.")
    else:
        paragraphs += [_choice_in_words(swept, swept.choice), _ties(sweep, swept.choice), _basis(swept)]
    return "\n\n".join(filter(None, paragraphs))


def accuracy(swept: SweepResult) -> str:
    """Mean test accuracy of the chosen cell's students."""
    return f"{swept.choice.test_accuracy.mean:.2%}" if swept.choice else ""


def finished_parts(finished: Sequence[FinishedStack]) -> str:
    """The number of students that are trained."""
    students = sum(len(part.trials) for part in finished)
    return "one student" if students == 1 else counted(students, "student") if students else ""


def text_so_far(sweep: Sweep, finished: Sequence[FinishedStack]) -> str:
    """The mean accuracies of the students that are trained, of a sweep that has not ended, after an empty line."""
    trials = _of_last_rung(trials_of(sweep, finished))
    if not trials:
        return "\nNo student is trained yet."

    def show(cell: Cell) -> str:
        of_cell = trials.get(cell.trained_as, [])
        if any(trial.diverged for trial in of_cell):
            return DIVERGED
        return f"{100 * fmean(trial.validation_accuracy for trial in of_cell):.2f}" if of_cell else ""

    done = counted(sum(map(len, trials.values())), "student")
    return "\n\n".join([f"\nFinished so far: {done}. Mean validation accuracy in %:", *_tables(sweep, show)])


def _of_last_rung(trials: Iterable[CellTrial]) -> dict[Cell, list[CellTrial]]:
    """Each cell's trials after the most epochs it was trained for, by seed and fold."""
    of_cells: dict[Cell, list[CellTrial]] = {}
    for trial in sorted(trials, key=lambda trial: (-trial.epochs, trial.seed, trial.fold or 0)):
        of_cell = of_cells.setdefault(trial.cell, [])
        if not of_cell or trial.epochs == of_cell[0].epochs:
            of_cell.append(trial)
    return of_cells


def _names(cell: Cell) -> dict[str, Any]:
    """What names a cell, as each row has it; cells without a teacher are one student whatever their T."""
    return {**cell.model_dump(mode="json"), "shared": cell.alpha == 0}


def _trial(cell: Cell, trial: CellTrial) -> dict[str, Any]:
    whole = trial.model_dump(mode="json", exclude={"cell", "watched_logits"})
    if trial.fold is None:
        del whole["fold"]
    names = _names(cell)
    return {"temperature": names["temperature"], "alpha": names["alpha"], **whole, **names}


def _cell(swept: SweepResult, cell: Cell) -> dict[str, Any]:
    summary, choice = swept.summary(cell), swept.choice
    if summary is None:
        return _names(cell)
    return {
        **_names(cell),
        "epochs": summary.epochs,
        "trials": summary.trials,
        "diverged": summary.diverged,
        **_estimates(summary, "validation_accuracy", "nll", "ece", "agreement"),
        **fields.judgement(summary.against_plain),
        "chosen": choice is not None and cell == _first_cell(swept.recipe, choice.cell),
        "tied": choice is not None and cell.trained_as in choice.tied,
    }


def _choice(swept: SweepResult, choice: Choice) -> dict[str, Any]:
    summary = swept.summary(choice.cell)
    return {
        **_names(_first_cell(swept.recipe, choice.cell)),
        "chosen_on": choice.chosen_on,
        "test_seeds": list(swept.recipe.seeds_of_test),
        "fresh_test": swept.recipe.has_fresh_test,
        **(_estimates(summary, "validation_accuracy") if summary else {}),
        **_estimates(choice, "test_accuracy", "plain_test_accuracy"),
        **fields.judgement(choice.against_plain),
        "tied": [_names(_first_cell(swept.recipe, cell)) for cell in choice.tied],
        "seeds": [_of_seed(result) for result in choice.results],
    }


def _of_seed(result: Result) -> dict[str, Any]:
    figures = {"test_accuracy", "test_errors", "nll", "ece", "agreement"}
    plain = result.plain.model_dump(mode="json", include={"test_accuracy", "test_errors"})
    return {
        "seed": result.recipe.seed,
        "run_id": result.run_id,
        **result.distilled.model_dump(mode="json", include=figures),
        **{f"plain_{name}": value for name, value in plain.items()},
        "test_images": result.distilled.test_images,
    }


def _estimates(record: CellSummary | Choice, *names: str) -> dict[str, Any]:
    """These means of a record, each followed by its interval."""
    estimates: dict[str, Any] = {}
    for name in names:
        estimate = fields.estimate(getattr(record, name))
        estimates |= {name: estimate["mean"], f"{name}_interval": estimate["interval"]}
    return estimates


def _as_list(sweep: Sweep) -> bool:
    """Whether cells stand in a line each, as they make no grid or too wide a one."""
    return sweep.search == "random" or len(sweep.alphas) > MOST_VALUES // 2


def _tables(sweep: Sweep, show: Callable[[Cell], str]) -> list[str]:
    """A table of T and alpha for each kind of student, or a line for each cell."""
    kinds = {cell: _kind(sweep, cell) for cell in sweep.cells}
    if _as_list(sweep):
        several = len(set(kinds.values())) > 1
        cells = sorted(sweep.cells, key=lambda cell: (cell.temperature, cell.alpha))
        lines = [[f"T = {c.temperature:g}", f"{c.alpha:g}", *[kinds[c]] * several, show(c)] for c in cells]
        return [table(["", "alpha", *["student"] * several, "accuracy"], lines)]
    tables = []
    for heading, of_kind in groupby(sweep.cells, lambda cell: kinds[cell]):
        rows = [[f"T = {t:g}", *map(show, row)] for t, row in groupby(of_kind, lambda cell: cell.temperature)]
        grid = table(["", *(f"alpha = {alpha:g}" for alpha in sweep.alphas)], rows)
        tables.append(f"{heading}:\n{grid}" if heading else grid)
    return tables


def _accuracy(sweep: Sweep, summary: CellSummary, *, chosen: bool) -> str:
    if summary.diverged:
        return f"{DIVERGED}  "
    marks = CHOSEN * chosen + LIKE_PLAIN * _is_like_plain(summary)
    mean = f"{100 * summary.validation_accuracy.mean:.2f}"
    return f"{mean if summary.epochs == sweep.epochs else f'({mean})'}{marks.ljust(2)}"


def _is_like_plain(summary: CellSummary) -> bool:
    return summary.against_plain is not None and summary.against_plain.word == "no difference shown"


def _plain_level(sweep: Sweep, summary: CellSummary) -> str:
    """Plain training's level, of one kind of student."""
    kind = _kind(sweep, summary.cell)
    lost = f"{DIVERGED} in {summary.diverged} of {summary.trials}"
    level = lost if summary.diverged else _share(summary.validation_accuracy)
    return f"Plain training{f', {kind}' if kind else ''}: {level}"


def _legend(swept: SweepResult) -> str:
    parts = [f"{CHOSEN} the choice"] if swept.choice is not None else []
    if any(map(_is_like_plain, swept.summaries)):
        parts.append(f"{LIKE_PLAIN} not shown to differ from plain training")
    if students := sum(summary.diverged for summary in swept.summaries):
        parts.append(f"{DIVERGED}: weights that are no numbers any more, {counted(students, 'student')}")
    return "; ".join(parts)


def _choice_in_words(swept: SweepResult, choice: Choice) -> str:
    summary, cell = swept.summary(choice.cell), choice.cell
    level = "" if summary is None else f", validation accuracy {_share(summary.validation_accuracy)}"
    tested = _share(choice.test_accuracy)
    if cell.alpha > 0:
        verdict = judged(choice.against_plain, found=findable.of_choice(swept))
        tested += f", plain training {_share(choice.plain_test_accuracy)}: {verdict}"
    trained = f"Trained anew with {seeds(swept.recipe.seeds_of_test)}, which did not choose"
    if not swept.recipe.has_fresh_test:
        trained = "Trained once more with the seeds that chose it, whose luck is part of the difference"
    return (
        f"Chosen on {choice.chosen_on}: {_full_name(swept.recipe, cell)}{level}.\n"
        f"{trained}; on the {choice.results[0].distilled.test_images:,} test images, looked at once: {tested}."
    )


def _ties(sweep: Sweep, choice: Choice) -> str:
    if not choice.tied:
        halved = len(sweep.rungs) > 1
        return f"{'Of the cells trained to the end, no other is' if halved else 'No other cell is'} tied with it."
    parts = []
    taught = sorted((cell for cell in choice.tied if cell.alpha > 0), key=_order)
    for (kind, temperature), cells in groupby(taught, lambda cell: (_kind(sweep, cell), cell.temperature)):
        alphas = numbers([cell.alpha for cell in cells])
        parts.append(f"T = {temperature:g} with alpha = {alphas}{f' ({kind})' if kind else ''}")
    parts += [_full_name(sweep, cell) for cell in choice.tied if cell.alpha == 0]
    return f"Tied with it, not shown to differ: {counted(len(choice.tied), 'cell')}: {'; '.join(parts)}."


def _basis(swept: SweepResult) -> str:
    """What the verdicts and ties stand on."""
    sweep = swept.recipe
    if len(sweep.seeds) == 1 and sweep.folds is None:
        images = swept.trials[0].validation_images
        ties = f"ties are judged by the chance of the {images:,} images alone"
        taught = sum(cell.alpha > 0 for cell in sweep.trained_cells)
        return f"{one_seed(max(1, taught))} Until then {ties}."
    taught = sum(summary.against_plain is not None for summary in swept.summaries)
    blocks = "seed by seed" if sweep.folds is None else "fold by fold"
    wider = "" if sweep.folds is None else " Folds share training images, and intervals are the wider for it."
    return (
        f"Each cell against plain training {blocks}, its spread pooled with the other cells', in intervals widened for "
        f"{counted(taught, 'cell')}, so that all verdicts hold together 95 % of the time.{wider}{_findable(swept)}"
    )


def _findable(swept: SweepResult) -> str:
    """What would have been found in a cell, where cells are not shown to differ."""
    found = findable.in_map(swept)
    return "" if found is None else f" In a usual cell {100 * found:.2f} points would have been found 4 times in 5."


def _share(mean: Mean) -> str:
    return share(mean) if math.isfinite(mean.mean) else DIVERGED


def _mean_over(sweep: Sweep) -> str:
    """What an accuracy is the mean over."""
    if sweep.folds is None:
        return seeds(sweep.seeds) if len(sweep.seeds) == 1 else f"the mean over {seeds(sweep.seeds)}"
    return f"the mean over {seeds(sweep.seeds)} and {sweep.folds} folds"


def _first_cell(sweep: Sweep, student: Cell) -> Cell:
    """The first cell asked for that is this student: without a teacher T plays no part."""
    return next((cell for cell in sweep.cells if cell.trained_as == student), student)


def _order(cell: Cell) -> tuple[object, ...]:
    return cell.student, cell.labels or 0, cell.learning_rate, cell.temperature, cell.alpha


def _kind(sweep: Sweep, cell: Cell) -> str:
    """What else than T and alpha the sweep varies: what a table of these two is about. Nothing as a rule."""
    parts = [
        cell.student if len(sweep.students) > 1 else "",
        f"{cell.labels:,} labels" if cell.labels is not None and len(sweep.label_counts) > 1 else "",
        f"learning rate {cell.learning_rate:g}" if len(sweep.learning_rates) > 1 else "",
    ]
    return ", ".join(filter(None, parts))


def _full_name(sweep: Sweep, cell: Cell) -> str:
    name = "plain training (alpha = 0)" if cell.alpha == 0 else f"T = {cell.temperature:g}, alpha = {cell.alpha:g}"
    return ", ".join(filter(None, [name, _kind(sweep, cell)]))
