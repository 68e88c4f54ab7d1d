"""What several seeds allow to say: means with intervals, and a method against plain training, seed by seed."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from kdviz.recipes.methods import METHODS, PLAIN
from kdviz.records.base import Expense, Mean, Verdict
from kdviz.records.comparison import MethodMeasure, Summary, Trial
from kdviz.verdicts.intervals import mean_of_measure, resolution_of, verdict

# Each measure of a trial, and whether more of it is better.
LARGER_IS_BETTER: dict[MethodMeasure, bool] = {
    "test_accuracy": True,
    "nll": False,
    "ece": False,
    "agreement": True,
    "fidelity_kl": False,
}
MAIN: MethodMeasure = "test_accuracy"  # the others are judged together: four of them for every method


def _mean_expense(expenses: Sequence[Expense]) -> Expense:
    means = {name: float(np.mean([getattr(expense, name) for expense in expenses])) for name in Expense.model_fields}
    counts: dict[str, Any] = {name: round(means[name]) for name in ("images_seen", "peak_memory")}
    return Expense(**{**means, **counts})


def _figures(trials: Iterable[Trial], measure: MethodMeasure) -> list[float]:
    return [float(getattr(trial, measure)) for trial in trials]


def summarise(trials: Sequence[Trial]) -> list[Summary]:
    """One summary for each method there is a trial of, in the order of `METHODS`; other trials are left out.

    Verdicts are over the seeds that a method shares with plain training.
    """
    groups: dict[str, dict[int, Trial]] = {name: {} for name in METHODS}
    for trial in trials:
        if trial.method in groups:
            groups[trial.method][trial.seed] = trial
    groups = {name: dict(sorted(group.items())) for name, group in groups.items() if group}
    plain = groups.get(PLAIN, {})
    taught = [group for name, group in groups.items() if name != PLAIN]
    comparisons = max(1, sum(len(group.keys() & plain.keys()) > 1 for group in taught))  # one seed has no verdict

    def judge(group: dict[int, Trial], measure: MethodMeasure) -> Verdict:
        shared = [(trial, plain[seed]) for seed, trial in group.items() if seed in plain]
        images = min((trial.test_images for trial in group.values()), default=0)
        return verdict(
            _figures((trial for trial, _ in shared), measure),
            _figures((control for _, control in shared), measure),
            larger_is_better=LARGER_IS_BETTER[measure],
            comparisons=comparisons if measure == MAIN else comparisons * (len(LARGER_IS_BETTER) - 1),
            resolution=resolution_of(measure, images),
        )

    def mean(group: dict[int, Trial], measure: MethodMeasure) -> Mean:
        images = min(trial.test_images for trial in group.values())
        return mean_of_measure(_figures(group.values(), measure), measure, images)

    return [
        Summary(
            method=name,
            seeds=len(group),
            means={measure: mean(group, measure) for measure in LARGER_IS_BETTER},
            verdicts={} if name == PLAIN else {measure: judge(group, measure) for measure in LARGER_IS_BETTER},
            expense=_mean_expense([trial.expense for trial in group.values()]),
            expense_with_teacher=_mean_expense(
                [trial.expense if trial.teacher is None else trial.expense + trial.teacher for trial in group.values()]
            ),
        )
        for name, group in groups.items()
    ]
