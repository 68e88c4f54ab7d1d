"""What is exported of a lesson's study, and what an imported one must be: arms, seeds, means and verdicts that fit."""

import math
from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import Any

from kdviz.exports.checks import is_ordered, is_share
from kdviz.recipes.study import Study
from kdviz.records.kinds import Event
from kdviz.records.study import ArmSummary, FinishedArm, Judgement, Row, StudyProgress, StudyResult


def printed(recipe: Study) -> str:
    """What the script that repeats the run prints."""
    return f"each arm's mean of {recipe.facts.measures[0].name}"


def rows(result: StudyResult) -> Iterator[dict[str, Any]]:
    """A row for each arm and seed; curves are in the JSON document."""
    for arm in result.recipe.chosen:
        finished = result.arm(arm.name)
        for row in finished.rows if finished else []:
            about = {"role": "arm", "arm": arm.name, "title": arm.title, "against": arm.against or None, "x": arm.x}
            yield {**about, "seed": row.seed, **row.figures}


def subject(result: StudyResult, student: str) -> None:
    """A study keeps no students."""
    return


def students(recipe: Study) -> dict[str, set[str]]:
    """A study keeps no students."""
    return {}


def result_fits(result: StudyResult) -> bool:
    """Every arm once and in order, its means those of its seeds, its verdicts those of its differences."""
    study = result.recipe
    names = [arm.name for arm in study.chosen]
    pairs = {(arm.name, arm.against) for arm in study.chosen}
    arms = {arm.arm: arm for arm in result.finished}
    judged = [(verdict.arm, verdict.against, verdict.measure) for verdict in result.judgements]
    return (
        [arm.arm for arm in result.finished] == [summary.arm for summary in result.summaries] == names
        and all(_arm_fits(study, arm) for arm in result.finished)
        and all(_is_summed_up(study, summary, arms[summary.arm]) for summary in result.summaries)
        and len(set(judged)) == len(judged)
        and all((arm, against) in pairs for arm, against, _ in judged)
        and all(_is_judged(study, verdict, arms[verdict.arm], arms[verdict.against]) for verdict in result.judgements)
    )


def event_fits(recipe: Study, event: Event) -> bool:
    """Whether the study can report this."""
    if isinstance(event, FinishedArm):
        return _arm_fits(recipe, event)
    return (
        isinstance(event, StudyProgress)
        and event.arm in {arm.name for arm in recipe.chosen}
        and event.epoch >= 0
        and len(event.validation_accuracy) <= len(recipe.seeds)
        and all(map(is_share, (event.done, *event.validation_accuracy)))
    )


def _arm_fits(study: Study, arm: FinishedArm) -> bool:
    """An arm of the study with a row for each seed; shares are shares."""
    return (
        arm.arm in {chosen.name for chosen in study.chosen}
        and [row.seed for row in arm.rows] == list(study.seeds)
        and all(row.arm == arm.arm and _row_fits(study, row) for row in arm.rows)
        and all(len(curve.x) == len(curve.y) for curve in arm.curves)
        and not arm.seconds < 0
    )


def _row_fits(study: Study, row: Row) -> bool:
    kinds = {measure.name: measure.kind for measure in study.facts.measures}
    return bool(row.figures) and all(
        is_share(value) if kinds.get(name) == "share" else kinds.get(name) != "count" or not value < 0
        for name, value in row.figures.items()
    )


def _is_summed_up(study: Study, summary: ArmSummary, arm: FinishedArm) -> bool:
    values = {name: [row.figures[name] for row in arm.rows if name in row.figures] for name in summary.means}
    return (
        summary.seeds == len(arm.rows)
        and {measure.name for measure in study.facts.measures} >= values.keys()
        and all(is_ordered(mean) and _is_mean(mean.mean, values[name]) for name, mean in summary.means.items())
    )


def _is_judged(study: Study, judgement: Judgement, arm: FinishedArm, other: FinishedArm) -> bool:
    """Whether the verdict is about the mean difference of these arms, and says what its interval allows."""
    name, verdict = judgement.measure, judgement.verdict
    better = next((measure.better for measure in study.facts.measures if measure.name == name), "")
    own, others = ({row.seed: row.figures.get(name) for row in trained.rows} for trained in (arm, other))
    pairs = [(own[seed], others[seed]) for seed in own.keys() & others.keys()]
    differences = [mine - theirs for mine, theirs in pairs if mine is not None and theirs is not None]
    if not better or not _is_mean(verdict.difference, differences):
        return False
    if verdict.interval is None:
        return verdict.word in ("no verdict", "worse")
    low, high = verdict.interval
    shown = "better" if (verdict.difference > 0) == (better == "higher") else "worse"
    return low <= verdict.difference <= high and verdict.word == ("no difference shown" if low <= 0 <= high else shown)


def _is_mean(mean: float, values: Sequence[float]) -> bool:
    """Whether it is their mean, but for rounding; there is no check where a diverged training left no number."""
    if not values:
        return False
    exact = fmean(values)
    return not math.isfinite(exact) or math.isclose(mean, exact, rel_tol=1e-6, abs_tol=1e-9)
