"""What the seeds of a study allow to say: means with intervals, and each arm against the one it is judged by."""

from collections.abc import Mapping, Sequence

from kdviz.recipes.study import Study
from kdviz.recipes.study_facts.facts import Measure
from kdviz.records.base import Mean
from kdviz.records.study import ArmSummary, FinishedArm, Judgement, Row
from kdviz.verdicts.intervals import binomial_interval, mean_with_interval, verdict, within

_OF_THREES, _OF_OTHERS = ("three_errors", "errors_on_threes"), ("errors_on_others",)  # counts of some images alone
_IMAGES_OF = {"unseen_accuracy": "unseen_images"}  # shares of some images alone; else of all test images


def _figures(arm: FinishedArm, measure: str) -> dict[int, float]:
    return {row.seed: row.figures[measure] for row in arm.rows if measure in row.figures}


def _resolution(arm: FinishedArm, measure: Measure) -> float:
    """What one seed's figure is rounded to: a share of images is, and so is a count."""
    if measure.kind == "count":
        return 1.0
    counted = _IMAGES_OF.get(measure.name, "test_images")
    images = next((row.figures[counted] for row in arm.rows if counted in row.figures), 0.0)
    return 1 / images if measure.kind == "share" and measure.name != "ece" and images else 0.0


def _counted_of(row: Row, measure: Measure) -> float | None:
    """Of how many images a count of errors is; None where the row does not say."""
    images, threes = row.figures.get("test_images"), row.figures.get("threes")
    if measure.name in _OF_THREES:
        return threes
    if measure.name in _OF_OTHERS:
        return None if images is None or threes is None else images - threes
    return images


def _mean(arm: FinishedArm, measure: Measure) -> Mean | None:
    values = list(_figures(arm, measure.name).values())
    if not values:
        return None
    if measure.kind == "count" and len(values) == 1:
        images = _counted_of(arm.rows[0], measure)
        low, high = (None, None) if images is None else binomial_interval(values[0], images)
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
    for measure in (each for each in study.facts.measures if each.better):
        shared = {pair: seeds for pair in pairs if (seeds := _shared(done, pair, measure))}
        family = sum(len(seeds) > 1 for seeds in shared.values())  # one seed has no verdict, so it takes no share
        for (name, against), seeds in shared.items():
            own, other = (_figures(done[arm], measure.name) for arm in (name, against))
            of_measure = verdict(
                [own[seed] for seed in seeds],
                [other[seed] for seed in seeds],
                larger_is_better=measure.better == "higher",
                comparisons=max(1, family),
                resolution=_resolution(done[name], measure),
            )
            judgements.append(Judgement(arm=name, against=against, measure=measure.name, verdict=of_measure))
    return judgements


def _shared(done: Mapping[str, FinishedArm], pair: tuple[str, str], measure: Measure) -> list[int]:
    """The seeds with which both arms of a pair were measured."""
    own, other = (_figures(done[arm], measure.name) for arm in pair)
    return sorted(own.keys() & other.keys())
