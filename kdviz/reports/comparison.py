"""A comparison's recipe and result as lines of text, and as the JSON document that scripts read."""

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import CONTROL
from kdviz.records.comparison import ComparisonResult, FinishedMethod, MethodMeasure, Summary, Trial
from kdviz.reports import fields, findable, teachers
from kdviz.reports.text import difference, one_seed, ranges, seeds, share, shown, table

PARTS = "methods"

_SHORT: dict[MethodMeasure, str] = {
    "nll": "NLL",
    "ece": "ECE",
    "agreement": "agreement",
    "fidelity_kl": "KL to the teacher",
}
_FORMS: dict[MethodMeasure, str] = {"nll": ".4f", "ece": ".4f", "agreement": ".2%"}
_HEADER = ("", "test accuracy", "NLL", "ECE", "agreement", "seconds a seed", "with teacher", "verdict")


def title(comparison: Comparison) -> str:
    """The recipe in a line."""
    return (
        f"{comparison.data}: {', '.join(comparison.methods)}; student {comparison.student}, teacher "
        f"{comparison.teacher}, T = {comparison.temperature:g}, alpha = {comparison.alpha:g}, "
        f"{comparison.epochs} epochs, {seeds(comparison.seeds)}{shown(comparison.transfer_classes)}"
    )


def columns(comparison: Comparison) -> list[str]:
    """Student, T, alpha, methods and seeds."""
    methods = f"{len(comparison.methods)} methods, seeds {ranges(comparison.seeds)}"
    return [comparison.student, f"{comparison.temperature:g}", f"{comparison.alpha:g}", methods]


def document(compared: ComparisonResult) -> dict[str, Any]:
    """A row for each method and seed, and for each method what all seeds say of it."""
    return fields.document(
        compared,
        methods=[_method(summary) for summary in compared.summaries],
        rows=[_trial(trial) for trial in compared.trials],
        controls=[_trial(trial) for trial in compared.controls],
        teachers=[_trial(trial) for trial in compared.teachers],
    )


def text(compared: ComparisonResult) -> str:
    """The methods a line each, then the verdicts in words and what the seeds allow to say."""
    rows = [_summary_row(summary) for summary in compared.summaries]
    rows += [_mean_row(trials) for trials in (compared.controls, compared.teachers) if trials]
    paragraphs = [table(_HEADER, rows)]
    if compared.controls:
        paragraphs.append(f"{CONTROL}: taught by another seed's teacher, its agreement is with its own seed's.")
    paragraphs.append("\n".join(_verdict(compared, summary) for summary in compared.summaries if summary.verdicts))
    remarks = {name: compared.recipe.remark(name) for name in compared.recipe.methods}
    paragraphs.append("\n".join(f"{name}: {remark}" for name, remark in remarks.items() if remark))
    number = len(compared.recipe.seeds)
    paragraphs.append(
        one_seed(findable.family(compared))
        if number == 1
        else f"{number} seeds: means with 95 % intervals (Student's t); each method against plain training seed by "
        "seed, in intervals widened for their number, so that all verdicts on accuracy hold together 95 % of the time."
    )
    if any(summary.verdicts and findable.in_comparison(compared, summary) for summary in compared.summaries):
        paragraphs[-1] += f" {findable.MEANING}"
    paragraphs.append(_of_teachers(compared))
    return "\n\n".join(filter(None, paragraphs))


def _of_teachers(compared: ComparisonResult) -> str:
    """That the teachers are worse than the student without one, where they are."""
    worse = teachers.worse_in(compared)
    return f"The teachers are {worse.in_words}" if worse else ""


def accuracy(compared: ComparisonResult) -> str:
    """Nothing: each method has its own."""
    return ""


def finished_parts(finished: Sequence[FinishedMethod]) -> str:
    """The methods that are finished."""
    return ", ".join(part.method for part in finished)


def text_so_far(comparison: Comparison, finished: Sequence[FinishedMethod]) -> str:
    """The methods that are finished, in a line."""
    return f"finished so far: {finished_parts(finished)}" if finished else ""


def _verdict(compared: ComparisonResult, summary: Summary) -> str:
    """A method against plain training, in a line: its accuracy first, then what else differs."""
    verdict = summary.verdicts["test_accuracy"]
    found = findable.in_comparison(compared, summary)
    line = f"{summary.method}: {verdict.word} in accuracy ({difference(verdict, found=found)})"
    for word in ("better", "worse"):
        names = [name for measure, name in _SHORT.items() if summary.verdicts[measure].word == word]
        if names:
            line += f"; {word} in {', '.join(names)}"
    return line


def _method(summary: Summary) -> dict[str, Any]:
    return {
        "method": summary.method,
        "seeds": summary.seeds,
        **fields.estimate(summary.means["test_accuracy"]),
        "means": {measure: fields.estimate(mean) for measure, mean in summary.means.items()},
        "cost": summary.expense.model_dump(mode="json"),
        "cost_with_teacher": summary.expense_with_teacher.model_dump(mode="json"),
        **fields.judgement(summary.verdicts.get("test_accuracy")),
        "verdicts": {measure: fields.judgement(verdict, "interval") for measure, verdict in summary.verdicts.items()},
    }


def _trial(trial: Trial) -> dict[str, Any]:
    row, seconds = trial.model_dump(mode="json"), trial.expense.seconds
    expense, teacher = row.pop("expense"), row.pop("teacher")
    last = {name: row.pop(name) for name in ("others", "reliability")}
    speed = trial.expense.images_seen / seconds if seconds > 0 else None
    return {**row, **expense, "images_per_second": speed, "teacher_seconds": teacher and teacher["seconds"], **last}


def _summary_row(summary: Summary) -> list[str]:
    means, verdict = summary.means, summary.verdicts.get("test_accuracy")
    return [
        summary.method,
        share(means["test_accuracy"]),
        *(f"{means[measure].mean:{form}}" for measure, form in _FORMS.items()),
        f"{summary.expense.seconds:.2f}",
        f"{summary.expense_with_teacher.seconds:.2f}",
        verdict.word if verdict else "",
    ]


def _mean_row(trials: Sequence[Trial]) -> list[str]:
    """Networks that are there to compare with: no interval and no verdict."""
    forms: dict[MethodMeasure, str] = {"test_accuracy": ".2%", **_FORMS}
    cells = [f"{fmean(getattr(trial, figure) for trial in trials):{form}}" for figure, form in forms.items()]
    if trials[0].method != CONTROL:
        cells[-1] = ""  # a teacher's agreement with itself
    return [trials[0].method, *cells, f"{fmean(trial.expense.seconds for trial in trials):.2f}", "", ""]
