"""A lesson's study as lines of text, and as the JSON document that scripts read."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from kdviz.recipes.study import STUDIES, Study
from kdviz.recipes.study_facts.facts import Arm, Measure
from kdviz.records.base import Mean
from kdviz.records.study import FinishedArm, Judgement, Row, StudyResult
from kdviz.reports import fields, findable
from kdviz.reports.text import DIVERGED, judged, one_seed, ranges, table

PARTS = "arms"

_OF_MNIST = "mnist"  # what papers' figures are about


def names() -> str:
    """The studies there are, each with its question."""
    width = max(map(len, STUDIES))
    return "\n".join(f"{name.ljust(width)}  {facts.question}" for name, facts in STUDIES.items())


def title(study: Study) -> str:
    """The recipe in a line."""
    quick = ", quick" if study.quick else ""
    arms = f"; arms {', '.join(study.arms)}" if study.arms else ""
    return f"{study.data}: {study.facts.title} ({study.study}{quick}), seeds {ranges(study.seeds)}{arms}"


def columns(study: Study) -> list[str]:
    """No student, T or alpha, which differ between arms; the study's name, arms and seeds."""
    return ["", "", "", f"{study.study}, {len(study.chosen)} arms, seeds {ranges(study.seeds)}"]


def document(studied: StudyResult) -> dict[str, Any]:
    """A row for each arm: its figures for each seed, their means, and the verdicts on it."""
    facts = studied.recipe.facts
    return fields.document(
        studied,
        title=facts.title,
        question=facts.question,
        measures=[
            {"name": measure.name, "title": measure.title, "kind": measure.kind, "better": measure.better or None}
            for measure in facts.measures
        ],
        rows=[_row(studied, arm, trained) for arm in studied.recipe.chosen if (trained := studied.arm(arm.name))],
    )


def text(studied: StudyResult) -> str:
    """The arms a line each, the verdicts on the main measure in words, and what the seeds allow to say."""
    study, measures = studied.recipe, studied.recipe.facts.measures
    header = ["", *map(_heading, measures), "seconds", "verdict"]
    published = published_of(study)
    if published:
        header.insert(2, "paper")
    rows = []
    for arm in study.chosen:
        if finished := studied.arm(arm.name):
            cells = [shown(measure, studied.mean(arm.name, measure.name)) for measure in measures]
            if published:
                cells.insert(1, f"{published[arm.name]:g}" if arm.name in published else "")
            judgement = studied.judgement(arm.name)
            rows.append([arm.title, *cells, f"{finished.seconds:.1f}", judgement.verdict.word if judgement else ""])
    main = [judgement for judgement in studied.judgements if judgement.measure == measures[0].name]
    verdicts = [_verdict(studied, judgement, measures[0]) for judgement in main]
    paragraphs = [study.facts.question, table(header, rows), "\n".join(verdicts), _footing(studied, main)]
    return "\n\n".join(filter(None, paragraphs))


def accuracy(studied: StudyResult) -> str:
    """Nothing: each arm has its own."""
    return ""


def finished_parts(finished: Sequence[FinishedArm]) -> str:
    """The arms that are finished."""
    return ", ".join(part.arm for part in finished)


def text_so_far(study: Study, finished: Sequence[FinishedArm]) -> str:
    """What is known of a study that has not ended, after an empty line: means without intervals, no verdicts."""
    main = study.facts.measures[0]
    done = {arm.arm: arm for arm in finished}
    rows = [[arm.title, shown(main, mean_of(done[arm.name], main))] for arm in study.chosen if arm.name in done]
    counted = f"\n{len(rows)} of {len(study.chosen)} arms are finished."
    return f"{counted}\n{table(['', _heading(main)], rows)}" if rows else counted


def mean_of(arm: FinishedArm, measure: Measure) -> Mean | None:
    """The mean of an arm's seeds, without an interval."""
    values = values_of(arm.rows, measure.name)
    return Mean(mean=fmean(values), low=None, high=None) if values else None


def values_of(rows: Sequence[Row], measure: str) -> list[float]:
    """A measure of each seed that has it, in the seeds' order."""
    return [row.figures[measure] for row in rows if measure in row.figures]


def smallest(studied: StudyResult, line: str, least: float) -> tuple[Arm, float] | None:
    """Of the arms whose names begin with `line`, that of the fewest kilobytes, and these, that reaches `least`.

    It does where the whole interval of the main measure, which is better if higher, lies at or above it.
    """
    main = studied.recipe.facts.measures[0].name
    reached = []
    for arm in studied.recipe.chosen:
        mean, size = studied.mean(arm.name, main), studied.mean(arm.name, "kilobytes")
        if arm.name.startswith(line) and mean and mean.low is not None and mean.low >= least and size:
            reached.append((arm, size.mean))
    return min(reached, key=lambda found: found[1], default=None)


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
    ends = " to ".join(formatted(measure, end, thousands="") for end in mean.interval or ())
    return f"{text} ({ends})" if ends else text


def formatted(measure: Measure, value: float, thousands: str = ",") -> str:
    """One figure without its unit; `thousands` stands between the digits of large counts and numbers.

    A number has four figures that matter, and no exponent where it is large.
    """
    if not math.isfinite(value):
        return DIVERGED
    if measure.kind == "share":
        return f"{100 * value:.2f}"
    if measure.kind == "count":
        return f"{value:{thousands}.{0 if float(value).is_integer() else 1}f}"
    rounded = f"{value:.4g}"
    return f"{float(rounded):{thousands}.0f}" if abs(float(rounded)) >= 1000 else rounded


def _heading(measure: Measure) -> str:
    return f"{measure.title} ({measure.unit})" if measure.unit else measure.title


def _verdict(studied: StudyResult, judgement: Judgement, measure: Measure) -> str:
    """An arm against the one it is judged by, in a line."""
    titles = {arm.name: arm.title for arm in studied.recipe.chosen}
    found = findable.in_study(studied, judgement)
    if measure.kind == "share":
        verdict = judged(judgement.verdict, found=found)
    else:
        unit = f" {measure.unit}" if measure.unit else ""
        verdict = judged(judgement.verdict, scale=1, digits=".4g", unit=unit, found=found)
    return f"{titles[judgement.arm]}, against {titles[judgement.against]}: {verdict}"


def _footing(studied: StudyResult, main: Sequence[Judgement]) -> str:
    """What the intervals and verdicts stand on."""
    seeds, comparisons = len(studied.recipe.seeds), len(main)
    if seeds == 1:
        counts = studied.recipe.facts.measures[0].kind == "count"
        return (
            "One seed: exact binomial intervals of the counts, and no verdicts."
            if counts
            else one_seed(max(1, comparisons))
        )
    against = "; arms against each other seed by seed" if comparisons else ""
    if comparisons > 1:
        against += ", in intervals widened for their number, so that all verdicts hold together 95 % of the time"
    found = any(findable.in_study(studied, judgement) for judgement in main)
    meaning = f" {findable.MEANING}" if found else ""
    return f"{seeds} seeds: means with 95 % intervals (Student's t){against}.{meaning}"


def _row(studied: StudyResult, arm: Arm, finished: FinishedArm) -> dict[str, Any]:
    main = studied.recipe.facts.measures[0]
    whole = finished.model_dump(mode="json")
    verdicts = {judged.measure: judged.verdict for judged in studied.judgements if judged.arm == arm.name}
    row: dict[str, Any] = {"arm": arm.name, "title": arm.title, "seeds": len(finished.rows), "measure": main.name}
    row |= fields.estimate(studied.mean(arm.name, main.name))
    if errors := values_of(finished.rows, main.name if main.kind == "count" else "test_errors"):
        row["test_errors"] = _whole(fmean(errors))
    if (published := published_of(studied.recipe).get(arm.name)) is not None:
        row["paper_errors" if main.kind == "count" else "published"] = _whole(published)
    return {
        **row,
        "against": arm.against or None,
        **fields.judgement(verdicts.get(main.name)),
        "means": {
            measure.name: fields.estimate(mean)
            for measure in studied.recipe.facts.measures
            if (mean := studied.mean(arm.name, measure.name)) is not None
        },
        "verdicts": {measure: fields.judgement(verdict, "interval") for measure, verdict in verdicts.items()},
        "per_seed": [{"seed": of_seed["seed"], **of_seed["figures"]} for of_seed in whole["rows"]],
        "curves": whole["curves"],
        "seconds": whole["seconds"],
    }


def _whole(value: float) -> float | int | str:
    """A count is whole where it can be; JSON has no word for what is no number."""
    if not math.isfinite(value):
        return str(value)
    return int(value) if value == int(value) else value
