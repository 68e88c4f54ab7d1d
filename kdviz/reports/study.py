"""A lesson's study as lines of text, and as the JSON document that scripts read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from kdviz.recipes.studies import STUDIES
from kdviz.recipes.study import Study
from kdviz.recipes.study_facts.facts import Arm, Measure
from kdviz.records.base import Mean, Verdict
from kdviz.records.study import FinishedArm, Judgement, Row, Studied
from kdviz.reports.text import table

_PERCENT = 100  # shares are parts of 1 in a record, and in per cent for people
_OF_MNIST = "mnist"  # what papers' figures are about


def names() -> str:
    """The studies there are, each with its question."""
    width = max(map(len, STUDIES))
    return "\n".join(f"{name.ljust(width)}  {facts.question}" for name, facts in STUDIES.items())


def document(studied: Studied) -> dict[str, Any]:
    """A row for each arm: its figures for each seed, their means, and the verdicts on it."""
    whole = studied.model_dump(mode="json", include={"run_id", "recipe", "device", "threads", "torch", "seconds"})
    facts = studied.recipe.facts
    return {
        "run_id": whole.pop("run_id"),
        "recipe": whole.pop("recipe"),
        "title": facts.title,
        "question": facts.question,
        "measures": [
            {"name": each.name, "title": each.title, "kind": each.kind, "better": each.better or None}
            for each in facts.measures
        ],
        "rows": [_row(studied, arm) for arm in studied.recipe.chosen if studied.arm(arm.name)],
        **whole,
    }


def text(studied: Studied) -> str:
    """The arms a line each, the verdicts on the main measure in words, and what the seeds allow to say."""
    study = studied.recipe
    main = study.facts.measures[0]
    header = ["", *(_heading(each) for each in study.facts.measures), "seconds", "verdict"]
    published = published_of(study)
    if published:
        header.insert(2, "paper")
    lines = []
    for arm in study.chosen:
        if finished := studied.arm(arm.name):
            cells = [shown(each, _mean(studied, arm, each)) for each in study.facts.measures]
            if published:
                cells.insert(1, f"{published[arm.name]:g}" if arm.name in published else "")
            judgement = studied.judgement(arm.name)
            lines.append([arm.title, *cells, f"{finished.seconds:.1f}", judgement.verdict.word if judgement else ""])
    words = [_words(studied, each, main) for each in studied.judgements if each.measure == main.name]
    return "\n\n".join(filter(None, [study.facts.question, table(header, lines), "\n".join(words), _footing(studied)]))


def text_so_far(study: Study, finished: Sequence[FinishedArm]) -> str:
    """What is known of a study that has not ended: means without intervals, no verdicts."""
    main = study.facts.measures[0]
    done = {arm.arm: arm for arm in finished}
    lines = [[arm.title, shown(main, mean_of(done[arm.name], main))] for arm in study.chosen if arm.name in done]
    said = f"{len(lines)} of {len(study.chosen)} arms are finished."
    return f"{said}\n{table(['', _heading(main)], lines)}" if lines else said


def mean_of(arm: FinishedArm, measure: Measure) -> Mean | None:
    """The mean of an arm's seeds, without an interval."""
    values = values_of(arm.rows, measure.name)
    return Mean(mean=fmean(values), low=None, high=None) if values else None


def values_of(rows: Sequence[Row], measure: str) -> list[float]:
    """A measure of each seed that has it, in the seeds' order."""
    return [row.figures[measure] for row in rows if measure in row.figures]


def published_of(study: Study) -> Mapping[str, float]:
    """What papers report of these arms on the main measure; nothing on other data than theirs."""
    if study.data != _OF_MNIST:
        return {}
    return {arm.name: arm.published for arm in study.chosen if arm.published is not None}


def shown(measure: Measure, mean: Mean | None) -> str:
    """A mean with its interval, as people write figures of this kind."""
    if mean is None:
        return ""
    text = formatted(measure, mean.mean, thousands="") + ("%" if measure.kind == "share" else "")
    if mean.low is None or mean.high is None:
        return text
    low, high = (formatted(measure, end, thousands="") for end in (mean.low, mean.high))
    return f"{text} ({low} to {high})"


def formatted(measure: Measure, value: float, thousands: str = ",") -> str:
    """One figure without its unit; `thousands` stands between the digits of large counts."""
    if not math.isfinite(value):
        return "diverged"
    if measure.kind == "share":
        return f"{_PERCENT * value:.2f}"
    if measure.kind == "count":
        return f"{value:{thousands}.{0 if float(value).is_integer() else 1}f}"
    return f"{value:.4g}"


def _heading(measure: Measure) -> str:
    return f"{measure.title} ({measure.unit})" if measure.unit else measure.title


def _mean(studied: Studied, arm: Arm, measure: Measure) -> Mean | None:
    summary = studied.summary(arm.name)
    return summary.means.get(measure.name) if summary else None


def _words(studied: Studied, judgement: Judgement, measure: Measure) -> str:
    titles = {arm.name: arm.title for arm in studied.recipe.chosen}
    verdict = judgement.verdict
    return (
        f"{titles[judgement.arm]}, against {titles[judgement.against]}: {verdict.word}{_difference(measure, verdict)}"
    )


def _difference(measure: Measure, verdict: Verdict) -> str:
    if not math.isfinite(verdict.difference):
        return ", as a training diverged"
    scale, digits = (_PERCENT, "+.2f") if measure.kind == "share" else (1, "+.4g")
    unit = " percentage points" if measure.kind == "share" else f" {measure.unit}" if measure.unit else ""
    said = f" ({scale * verdict.difference:{digits}}{unit}"
    if verdict.low is not None and verdict.high is not None:
        said += f", {scale * verdict.low:{digits}} to {scale * verdict.high:{digits}}"
    return said + ")"


def _footing(studied: Studied) -> str:
    seeds, main = len(studied.recipe.seeds), studied.recipe.facts.measures[0]
    if seeds == 1 and main.kind == "count":
        return "One seed: exact Poisson intervals of the counts, and no verdicts."
    if seeds == 1:
        return "One seed: no verdicts; a difference may be chance. Try --seeds 0-4."
    pairs = sum(each.measure == main.name for each in studied.judgements)
    judged = (
        ""
        if not pairs
        else "; arms against each other seed by seed"
        + (", in intervals widened for their number, so that all verdicts hold together 95 % of the time" * (pairs > 1))
    )
    return f"{seeds} seeds: means with 95 % intervals (Student's t){judged}."


def _row(studied: Studied, arm: Arm) -> dict[str, Any]:
    finished = studied.arm(arm.name)
    assert finished is not None  # the caller looked
    main = studied.recipe.facts.measures[0]
    whole = finished.model_dump(mode="json")
    judgements = {each.measure: each for each in studied.judgements if each.arm == arm.name}
    said: dict[str, Any] = {"arm": arm.name, "title": arm.title, "seeds": len(finished.rows), "measure": main.name}
    said |= _estimate(_mean(studied, arm, main))
    errors = values_of(finished.rows, main.name if main.kind == "count" else "test_errors")
    if errors:
        said["test_errors"] = _number(fmean(errors))
    published = published_of(studied.recipe).get(arm.name)
    if published is not None:
        said["paper_errors" if main.kind == "count" else "published"] = _number(published)
    said |= {"against": arm.against or None, **_judged(judgements.get(main.name), "difference_interval")}
    said["means"] = {
        each.name: _estimate(mean)
        for each in studied.recipe.facts.measures
        if (mean := _mean(studied, arm, each)) is not None
    }
    said["verdicts"] = {name: _judged(each, "interval") for name, each in judgements.items()}
    said["per_seed"] = [{"seed": row["seed"], **row["figures"]} for row in whole["rows"]]
    return {**said, "curves": whole["curves"], "seconds": whole["seconds"]}


def _estimate(mean: Mean | None) -> dict[str, Any]:
    whole = None if mean is None else mean.model_dump(mode="json")
    return {"mean": whole and whole["mean"], "interval": _interval(whole)}


def _judged(judgement: Judgement | None, interval: str) -> dict[str, Any]:
    whole = None if judgement is None else judgement.verdict.model_dump(mode="json")
    return {
        "verdict": whole and whole["word"],
        "difference": whole and whole["difference"],
        interval: _interval(whole),
    }


def _interval(whole: dict[str, Any] | None) -> list[Any] | None:
    return None if whole is None or whole["low"] is None else [whole["low"], whole["high"]]


def _number(value: float) -> float | int | str:
    """A count is whole where it can be; JSON has no word for what is no number."""
    if not math.isfinite(value):
        return str(value)
    return int(value) if value == int(value) else value
