"""Fields that the JSON documents of several kinds of run share."""

from typing import Any

from kdviz.records.base import Mean, Verdict
from kdviz.records.comparison import ComparisonResult
from kdviz.records.study import StudyResult
from kdviz.records.sweep import SweepResult


def document(ending: ComparisonResult | SweepResult | StudyResult, **fields: Any) -> dict[str, Any]:
    """`fields` between what was asked for and what it was carried out with."""
    asked = ending.model_dump(mode="json", include={"run_id", "recipe"})
    machine = ending.model_dump(mode="json", include={"device", "threads", "torch", "seconds"})
    return {**asked, **fields, **machine}


def estimate(mean: Mean | None) -> dict[str, Any]:
    """A mean and its interval, which is None where there is one seed."""
    return {"mean": mean and _figure(mean, "mean"), "interval": interval(mean)}


def judgement(verdict: Verdict | None, name: str = "difference_interval") -> dict[str, Any]:
    """A verdict in a word, the difference, and its interval under `name`; all None where nothing was judged."""
    return {
        "verdict": verdict and verdict.word,
        "difference": verdict and _figure(verdict, "difference"),
        name: interval(verdict),
    }


def interval(estimate: Mean | Verdict | None) -> list[float | str] | None:
    """[low, high], or None where there is no interval."""
    if estimate is None or estimate.low is None or estimate.high is None:
        return None
    return [_figure(estimate, "low"), _figure(estimate, "high")]


def _figure(record: Mean | Verdict, name: str) -> Any:
    """A figure as JSON has it: what is no number is a text."""
    return record.model_dump(mode="json", include={name})[name]
