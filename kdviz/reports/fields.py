"""Fields that the JSON documents of several kinds of run share."""

from collections.abc import Mapping
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
    figures = mean.model_dump(mode="json") if mean else {}
    return {"mean": figures.get("mean"), "interval": _interval(figures)}


def judgement(verdict: Verdict | None, name: str = "difference_interval") -> dict[str, Any]:
    """A verdict in a word, the difference, and its interval under `name`; all None where nothing was judged."""
    figures = verdict.model_dump(mode="json") if verdict else {}
    return {"verdict": figures.get("word"), "difference": figures.get("difference"), name: _interval(figures)}


def _interval(figures: Mapping[str, Any]) -> list[float | str] | None:
    """[low, high] as JSON has them, what is no number as a text; None where there is no interval."""
    ends: list[Any] = [figures.get("low"), figures.get("high")]
    return None if None in ends else ends
