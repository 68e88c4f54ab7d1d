"""What the seeds of a study allow to say: means with intervals, and each arm against the one it is judged by."""

from collections.abc import Sequence
from itertools import product

from kdviz.recipes.study import Study
from kdviz.recipes.study_facts.facts import Measure
from kdviz.records.base import Mean
from kdviz.records.study import ArmSummary, FinishedArm, Judgement
from kdviz.verdicts.intervals import mean_with_interval, poisson_interval, verdict, within


def _figures(arm: FinishedArm, measure: str) -> dict[int, float]:
    return {row.seed: row.figures[measure] for row in arm.rows if measure in row.figures}


def _resolution(arm: FinishedArm, measure: Measure) -> float:
    """What one seed's figure is rounded to: a share of images is, and so is a count."""
    if measure.kind == "count":
        return 1.0
    images = next((row.figures["test_images"] for row in arm.rows if "test_images" in row.figures), 0.0)
    return 1 / images if measure.kind == "share" and measure.name != "ece" and images else 0.0


def _mean(arm: FinishedArm, measure: Measure) -> Mean | None:
    values = list(_figures(arm, measure.name).values())
    if not values:
        return None
    if measure.kind == "count" and len(values) == 1:
        low, high = poisson_interval(values[0])
        return Mean(mean=values[0], low=low, high=high)
    mean = mean_with_interval(values, _resolution(arm, measure))
    return mean if measure.kind == "number" else within(mean, measure.kind)


def summarise(study: Study, finished: Sequence[FinishedArm]) -> list[ArmSummary]:
    """Every arm over its seeds."""

    def means(arm: FinishedArm) -> dict[str, Mean]:
        return {measure.name: mean for measure in study.facts.measures if (mean := _mean(arm, measure)) is not None}

    return [ArmSummary(arm=arm.arm, seeds=len(arm.rows), means=means(arm)) for arm in finished]


def judge(study: Study, finished: Sequence[FinishedArm]) -> list[Judgement]:
    """Each arm against the one its facts name, seed by seed, for every measure that can be better or worse.

    The verdicts on one measure are a family: their level is that of all of them together (Bonferroni).
    """
    done = {arm.arm: arm for arm in finished}
    pairs = [(arm.name, arm.against) for arm in study.chosen if arm.against in done and arm.name in done]
    judgements = []
    for measure, (name, against) in product((each for each in study.facts.measures if each.better), pairs):
        own, other = (_figures(done[arm], measure.name) for arm in (name, against))
        if seeds := sorted(own.keys() & other.keys()):
            of_measure = verdict(
                [own[seed] for seed in seeds],
                [other[seed] for seed in seeds],
                larger_is_better=measure.better == "higher",
                comparisons=len(pairs),
                resolution=_resolution(done[name], measure),
            )
            judgements.append(Judgement(arm=name, against=against, measure=measure.name, verdict=of_measure))
    return judgements
