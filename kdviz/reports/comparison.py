"""A comparison's end as lines of text, and as the JSON document that scripts read."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from kdviz.recipes.methods import CONTROL
from kdviz.records.base import Expense, Figure, Mean, Verdict
from kdviz.records.comparison import Compared, Measure, Summary, Trial
from kdviz.reports.text import table

_PERCENT = 100  # accuracies are parts of 1 in a record, and in percent for people
_SHORT: dict[Measure, str] = {"nll": "NLL", "ece": "ECE", "agreement": "agreement", "fidelity_kl": "KL to the teacher"}
_HEADER = ("", "test accuracy", "NLL", "ECE", "agreement", "seconds a seed", "with teacher", "verdict")


def document(compared: Compared) -> dict[str, Any]:
    """A row for each method and seed, and for each method what all seeds say of it."""
    whole = compared.model_dump(mode="json", include={"run_id", "recipe", "device", "threads", "torch", "seconds"})
    return {
        "run_id": whole.pop("run_id"),
        "recipe": whole.pop("recipe"),
        "methods": [_method(summary) for summary in compared.summaries],
        "rows": [_row(trial) for trial in compared.trials],
        "controls": [_row(trial) for trial in compared.controls],
        "teachers": [_row(trial) for trial in compared.teachers],
        **whole,
    }


def text(compared: Compared) -> str:
    """The methods a line each, then the verdicts in words and what the seeds allow to say."""
    rows = [_line(summary) for summary in compared.summaries]
    rows += [_mean_line(trials) for trials in (compared.controls, compared.teachers) if trials]
    paragraphs = [table(_HEADER, rows)]
    if compared.controls:
        paragraphs.append(f"{CONTROL}: taught by another seed's teacher, its agreement is with its own seed's.")
    paragraphs.append("\n".join(words(summary) for summary in compared.summaries if summary.verdicts))
    remarks = {name: compared.recipe.remark(name) for name in compared.recipe.methods}
    paragraphs.append("\n".join(f"{name}: {remark}" for name, remark in remarks.items() if remark))
    seeds = len(compared.recipe.seeds)
    paragraphs.append(
        "One seed: no verdicts; a difference may be chance. Try --seeds 0-4."
        if seeds == 1
        else f"{seeds} seeds: means with 95 % intervals (Student's t); each method against plain training seed by "
        "seed, in intervals widened for their number, so that all verdicts on accuracy hold together 95 % of the time."
    )
    return "\n\n".join(filter(None, paragraphs))


def words(summary: Summary) -> str:
    """A method against plain training, in a line: its accuracy first, then what else differs."""
    verdict = summary.verdicts["test_accuracy"]
    difference = f"{_PERCENT * verdict.difference:+.2f} percentage points"
    if verdict.low is not None and verdict.high is not None:
        difference += f", {_PERCENT * verdict.low:+.2f} to {_PERCENT * verdict.high:+.2f}"
    line = f"{summary.method}: {verdict.word} in accuracy ({difference})"
    for word in ("better", "worse"):
        names = [name for measure, name in _SHORT.items() if summary.verdicts[measure].word == word]
        if names:
            line += f"; {word} in {', '.join(names)}"
    return line


def _method(summary: Summary) -> dict[str, Any]:
    whole = summary.model_dump(mode="json")
    accuracy, verdict = summary.means["test_accuracy"], summary.verdicts.get("test_accuracy")
    return {
        "method": summary.method,
        "seeds": summary.seeds,
        "mean": whole["means"]["test_accuracy"]["mean"],
        "interval": _interval(accuracy, whole["means"]["test_accuracy"]),
        "means": {
            measure: {"mean": whole["means"][measure]["mean"], "interval": _interval(mean, whole["means"][measure])}
            for measure, mean in summary.means.items()
        },
        "cost": whole["expense"],
        "cost_with_teacher": whole["expense_with_teacher"],
        "verdict": verdict and verdict.word,
        "difference": verdict and whole["verdicts"]["test_accuracy"]["difference"],
        "difference_interval": verdict and _interval(verdict, whole["verdicts"]["test_accuracy"]),
        "verdicts": {
            measure: {
                "verdict": each.word,
                "difference": whole["verdicts"][measure]["difference"],
                "interval": _interval(each, whole["verdicts"][measure]),
            }
            for measure, each in summary.verdicts.items()
        },
    }


def _interval(estimate: Mean | Verdict, whole: dict[str, Any]) -> list[float | str] | None:
    return None if estimate.low is None or estimate.high is None else [whole["low"], whole["high"]]


def _row(trial: Trial) -> dict[str, Any]:
    whole = trial.model_dump(mode="json")
    expense, teacher = whole.pop("expense"), whole.pop("teacher")
    others, reliability = whole.pop("others"), whole.pop("reliability")
    return {
        **whole,
        **expense,
        "images_per_second": _images_per_second(trial.expense),
        "teacher_seconds": teacher and teacher["seconds"],
        "others": others,
        "reliability": reliability,
    }


def _images_per_second(expense: Expense) -> Figure | None:
    return expense.images_seen / expense.seconds if expense.seconds > 0 else None


def _line(summary: Summary) -> list[str]:
    accuracy = summary.means["test_accuracy"]
    interval = ""
    if accuracy.low is not None and accuracy.high is not None:
        interval = f" ({_PERCENT * accuracy.low:.2f} to {_PERCENT * accuracy.high:.2f})"
    verdict = summary.verdicts.get("test_accuracy")
    return [
        summary.method,
        f"{accuracy.mean:.2%}{interval}",
        f"{summary.means['nll'].mean:.4f}",
        f"{summary.means['ece'].mean:.4f}",
        f"{summary.means['agreement'].mean:.2%}",
        f"{summary.expense.seconds:.2f}",
        f"{summary.expense_with_teacher.seconds:.2f}",
        verdict.word if verdict else "",
    ]


def _mean_line(trials: Sequence[Trial]) -> list[str]:
    """Networks that are there to compare with: no interval and no verdict."""

    def mean(measure: str) -> float:
        return fmean(getattr(trial, measure) for trial in trials)

    return [
        trials[0].method,
        f"{mean('test_accuracy'):.2%}",
        f"{mean('nll'):.4f}",
        f"{mean('ece'):.4f}",
        f"{mean('agreement'):.2%}" if trials[0].method == CONTROL else "",
        f"{fmean(trial.expense.seconds for trial in trials):.2f}",
        "",
        "",
    ]
