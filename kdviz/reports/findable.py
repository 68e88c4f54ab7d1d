"""What the seeds of a run could have found: beside a "no difference shown", the smallest difference that they show.

It stands here and not in `verdicts`, as pages say it too, also of runs that were stored before it was said.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from kdviz.records.base import Verdict
from kdviz.records.comparison import ComparisonResult, MethodMeasure, Summary
from kdviz.records.intervals import LEVEL, smallest_difference, spread_behind
from kdviz.records.study import Judgement, StudyResult
from kdviz.records.sweep import SweepResult
from kdviz.store.recorded import recorded

ADVISED = (3, 5, 10)  # numbers of seeds
MEANING = "What would have been found: a true difference that these seeds show 4 times in 5 (80 % power)."
_USUAL = "all-labels"  # the recorded study whose spreads stand for what is usual: every image has its right label
_MAIN: MethodMeasure = "test_accuracy"
_OTHERS = 4  # measures of a comparison that are judged together, beside accuracy


@dataclass(frozen=True)
class Found:
    """The true differences in accuracy, least and most, that so many seeds find four times in five."""

    seeds: int
    low: float
    high: float


def smallest(verdict: Verdict, seeds: int, comparisons: int) -> float | None:
    """The true difference that a verdict over so many seeds finds with 80 % power; None where it has no interval.

    `comparisons` were judged together. The unit is that of the difference.
    """
    if verdict.interval is None or seeds < 2:
        return None
    half = (verdict.interval[1] - verdict.interval[0]) / 2
    return smallest_difference(spread_behind(half, seeds, comparisons), seeds, comparisons)


def beside(verdict: Verdict, seeds: int, comparisons: int) -> float | None:
    """The same where the verdict shows no difference: where it stands; None elsewhere."""
    return smallest(verdict, seeds, comparisons) if verdict.word == "no difference shown" else None


def family(compared: ComparisonResult, measure: MethodMeasure = _MAIN) -> int:
    """How many verdicts of a comparison are judged together: on accuracy, or on all other measures."""
    verdicts = [summary.verdicts[_MAIN] for summary in compared.summaries if summary.verdicts]
    together = sum(verdict.interval is not None for verdict in verdicts) or len(verdicts)  # of one seed: would be
    return max(1, together) * (1 if measure == _MAIN else _OTHERS)


def in_comparison(compared: ComparisonResult, summary: Summary, measure: MethodMeasure = _MAIN) -> float | None:
    """What a method's seeds would have found of a measure, where no difference is shown."""
    return beside(summary.verdicts[measure], summary.seeds, family(compared, measure))


def in_study(studied: StudyResult, judgement: Judgement) -> float | None:
    """What the seeds of a pair of arms would have found of a measure, where no difference is shown."""
    of_measure = [one for one in studied.judgements if one.measure == judgement.measure and one.verdict.interval]
    return beside(judgement.verdict, shared_seeds(studied, judgement), max(1, len(of_measure)))


def families(studies: Iterable[StudyResult]) -> list[list[Verdict]]:
    """The verdicts of studies in families that are judged together: those of one study on one measure."""
    found: dict[tuple[str, str], list[Verdict]] = {}
    for studied in studies:
        for one in studied.judgements:
            if one.verdict.word != "no verdict":
                found.setdefault((studied.run_id, one.measure), []).append(one.verdict)
    return list(found.values())


def expected_false(families: Sequence[Sequence[Verdict]]) -> float:
    """How many verdicts call something better or worse where nothing differs: each 5 % / the size of its family."""
    return sum((1 - LEVEL) / len(family) for family in families for _ in family)


def shared_seeds(studied: StudyResult, judgement: Judgement) -> int:
    """How many seeds a verdict of a study rests on."""
    arms = [studied.arm(name) for name in (judgement.arm, judgement.against)]
    seeds = [{row.seed for row in arm.rows if judgement.measure in row.figures} for arm in arms if arm is not None]
    return len(set.intersection(*seeds)) if len(seeds) == len(arms) else 0


def of_choice(swept: SweepResult) -> float | None:
    """What the test of a sweep's choice would have found, where it shows no difference."""
    return None if swept.choice is None else beside(swept.choice.against_plain, len(swept.choice.results), 1)


def in_map(swept: SweepResult) -> float | None:
    """What a sweep would have found in a usual cell, of those not shown to differ from plain training; None without.

    Cells are judged with a spread that they share, so it is known better than here, from one cell's seeds: with
    twenty cells and three seeds the figure is a fiftieth too large.
    """
    judged = [summary for summary in swept.summaries if summary.against_plain and summary.against_plain.interval]
    found = [
        each
        for summary in judged
        if summary.against_plain and (each := beside(summary.against_plain, summary.trials, len(judged))) is not None
    ]
    return median(found) if found else None


def usual(comparisons: int = 1, seeds: Sequence[int] = ADVISED) -> list[Found]:
    """What so many seeds find where all labels are there, at the spreads of the recorded study; nothing without it.

    Of accuracy on MNIST, where so many ways are judged together.
    """
    studied = recorded(_USUAL)
    if studied is None:
        return []
    measure = studied.recipe.facts.measures[0].name
    judged = [one for one in studied.judgements if one.measure == measure and one.verdict.interval]
    spreads = []
    for one in judged:
        low, high = one.verdict.interval or (0.0, 0.0)
        spreads.append(spread_behind((high - low) / 2, shared_seeds(studied, one), len(judged)))
    if not spreads:
        return []
    ends = min(spreads), max(spreads)
    return [Found(number, *(smallest_difference(spread, number, comparisons) for spread in ends)) for number in seeds]
