"""Whether what is said to come of a lesson's study can: arms, seeds, means and verdicts that fit. Torch-free."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from kdviz.recipes.study import Study
from kdviz.recipes.study_facts.facts import Measure
from kdviz.records.base import Mean
from kdviz.records.study import ArmSummary, Curve, FinishedArm, Judgement, Row, StudyProgress, StudyResult


def result(studied: StudyResult) -> bool:
    """Every arm once and in order, its means those of its seeds, its verdicts those of its differences."""
    study = studied.recipe
    names = [arm.name for arm in study.chosen]
    arms = {each.arm: each for each in studied.finished}
    judged = [(each.arm, each.against, each.measure) for each in studied.judgements]
    asked = {(arm.name, arm.against) for arm in study.chosen}
    return (
        [each.arm for each in studied.finished] == [each.arm for each in studied.summaries] == names
        and all(_arm(study, each) for each in studied.finished)
        and all(_arm_summed_up(study, each, arms[each.arm]) for each in studied.summaries)
        and len(set(judged)) == len(judged)
        and all((arm, against) in asked for arm, against, _ in judged)
        and all(_judged(study, each, arms[each.arm], arms[each.against]) for each in studied.judgements)
    )


def event(study: Study, said: StudyProgress | FinishedArm) -> bool:
    """Whether the study can say this on its way."""
    if isinstance(said, FinishedArm):
        return _arm(study, said)
    known = said.arm in {arm.name for arm in study.chosen}
    return (
        known
        and _share(said.done)
        and said.epoch >= 0
        and len(said.validation_accuracy) <= len(study.seeds)
        and all(map(_share, said.validation_accuracy))
    )


def _arm(study: Study, arm: FinishedArm) -> bool:
    """An arm of the study with a row for each seed; shares are shares."""
    return (
        arm.arm in {each.name for each in study.chosen}
        and [row.seed for row in arm.rows] == list(study.seeds)
        and all(row.arm == arm.arm and _figures(study, row) for row in arm.rows)
        and all(map(_drawable, arm.curves))
        and not arm.seconds < 0
    )


def _figures(study: Study, row: Row) -> bool:
    known = [(measure, row.figures[measure.name]) for measure in study.facts.measures if measure.name in row.figures]
    return bool(row.figures) and all(_measured(measure, value) for measure, value in known)


def _measured(measure: Measure, value: float) -> bool:
    return _share(value) if measure.kind == "share" else not value < 0 if measure.kind == "count" else True


def _drawable(curve: Curve) -> bool:
    return len(curve.x) == len(curve.y)


def _arm_summed_up(study: Study, summary: ArmSummary, arm: FinishedArm) -> bool:
    measures = {measure.name for measure in study.facts.measures}
    return (
        summary.seeds == len(arm.rows)
        and measures >= summary.means.keys()
        and all(_is_mean(mean, _values(arm, name)) for name, mean in summary.means.items())
    )


def _is_mean(mean: Mean, values: Sequence[float]) -> bool:
    low, high = mean.low, mean.high
    ordered = low is None or high is None or not (low > mean.mean or mean.mean > high)
    return bool(values) and ordered and _close(mean.mean, fmean(values))


def _judged(study: Study, judgement: Judgement, arm: FinishedArm, other: FinishedArm) -> bool:
    """Whether the verdict is about the mean difference of these arms, and says what its interval allows."""
    measure = next((each for each in study.facts.measures if each.name == judgement.measure), None)
    verdict = judgement.verdict
    name = judgement.measure
    own, others = ({row.seed: row.figures[name] for row in each.rows if name in row.figures} for each in (arm, other))
    differences = [own[seed] - others[seed] for seed in own.keys() & others.keys()]
    if measure is None or not measure.better or not differences or not _close(verdict.difference, fmean(differences)):
        return False
    low, high = verdict.low, verdict.high
    if low is None or high is None:
        return verdict.word in ("no verdict", "worse")
    if not low <= verdict.difference <= high:
        return False
    if low <= 0 <= high:
        return verdict.word == "no difference shown"
    return verdict.word == ("better" if (verdict.difference > 0) == (measure.better == "higher") else "worse")


def _values(arm: FinishedArm, measure: str) -> list[float]:
    return [row.figures[measure] for row in arm.rows if measure in row.figures]


def _close(said: float, worked_out: float) -> bool:
    """Equal but for rounding; what a diverged training left is no number."""
    return not math.isfinite(worked_out) or math.isclose(said, worked_out, rel_tol=1e-6, abs_tol=1e-9)


def _share(value: float) -> bool:
    return 0 <= value <= 1 or math.isnan(value)
