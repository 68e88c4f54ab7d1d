"""Sweeps made up for tests of what shows them: the figures are chosen, nothing was trained."""

from __future__ import annotations

import math
from statistics import fmean

from kdviz.recipes.sweep import Cell, Sweep
from kdviz.records.base import Scores
from kdviz.records.single import Result
from kdviz.records.sweep import CellSummary, CellTrial, Choice, SweepResult
from kdviz.verdicts.intervals import mean_with_interval, verdict

IMAGES = 180
PLAIN_ERRORS = 10  # on the images held out, with every seed
BEST = (4.0, 0.75)  # T and alpha of the cell that makes the fewest errors


def sweep(**changes):
    """Three temperatures, three weights and three seeds on digits, unless something else is asked for."""
    usual = {"temperatures": (1.0, 4.0, 20.0), "alphas": (0.0, 0.5, 0.75), "epochs": 3, "teacher_epochs": 3}
    return Sweep.suited("digits", {**usual, **changes})


def errors_of(cell, seed):
    """The taught make fewer errors the nearer they are to the best cell; every seed shifts all of them by one or so."""
    if cell.alpha == 0:
        return PLAIN_ERRORS + seed % 2
    far = abs(math.log2(cell.temperature / BEST[0])) + 4 * abs(cell.alpha - BEST[1])
    return min(IMAGES, round(4 + far) + seed % 2)


def trial(cell, seed, fold=None, epochs=3, errors=None, diverged=False):
    wrong = IMAGES if diverged else errors_of(cell, seed) if errors is None else errors
    return CellTrial(
        cell=cell,
        seed=seed,
        fold=fold,
        epochs=epochs,
        validation_accuracy=1 - wrong / IMAGES,
        validation_errors=wrong,
        validation_images=IMAGES,
        nll=math.nan if diverged else wrong / 60,
        ece=math.nan if diverged else 0.01 + wrong / 1000,
        agreement=1 - wrong / IMAGES,
        diverged=diverged,
        seconds=1.5,
        watched_logits=[[float(number == 3) for number in range(10)]],
    )


def result(recipe, errors, plain_errors, images=360):
    def scores(wrong):
        return Scores(
            architecture=recipe.student,
            parameters=101_770,
            multiply_adds=101_632,
            bytes=407_080,
            validation_accuracy=0.96,
            test_accuracy=1 - wrong / images,
            test_errors=wrong,
            test_images=images,
            nll=0.1,
            ece=0.02,
            agreement=0.97,
            fidelity_kl=0.05,
            seconds=2.0,
            images_per_second=5000.0,
            images_seen=3771,
        )

    return Result(
        run_id=recipe.id,
        recipe=recipe,
        teacher=scores(5),
        distilled=scores(errors),
        plain=scores(plain_errors),
        device="cpu",
        threads=1,
        torch="none",
        seconds=6.0,
    )


def summary(wanted, trials, cell):
    def of(which):
        return {(t.seed, t.fold): t for t in trials if t.cell == which}

    def by_seed(which):
        kept = of(which)
        return [
            fmean(math.nan if t.diverged else t.validation_accuracy for t in kept.values() if t.seed == seed)
            for seed in wanted.seeds
        ]

    mine = list(of(cell).values())

    def mean(measure):
        return mean_with_interval([math.nan if t.diverged else getattr(t, measure) for t in mine])

    against = verdict(by_seed(cell), by_seed(cell.plain), larger_is_better=True, resolution=1 / IMAGES)
    return CellSummary(
        cell=cell,
        epochs=mine[0].epochs,
        trials=len(mine),
        diverged=sum(t.diverged for t in mine),
        validation_accuracy=mean("validation_accuracy"),
        nll=mean("nll"),
        ece=mean("ece"),
        agreement=mean("agreement"),
        against_plain=None if cell.alpha == 0 else against,
    )


def swept(wanted=None, *, diverged=(), tied=(), test_errors=8, plain_test_errors=16, **changes):
    """A finished sweep; `diverged` and `tied` name cells by (T, alpha). Test errors hardly depend on the seed."""
    recipe = wanted or sweep(**changes)
    trials = [
        trial(cell, seed, fold, recipe.epochs, diverged=(cell.temperature, cell.alpha) in diverged)
        for seed in recipe.seeds
        for fold in ([None] if recipe.folds is None else range(recipe.folds))
        for cell in recipe.trained_cells
    ]
    summaries = [summary(recipe, trials, cell) for cell in recipe.trained_cells]
    alive = [each for each in summaries if not each.diverged]
    return SweepResult(
        run_id=recipe.id,
        recipe=recipe,
        trials=trials,
        summaries=summaries,
        choice=choice(recipe, alive, tied, test_errors, plain_test_errors) if alive else None,
        device="cpu",
        threads=1,
        torch="none",
        seconds=12.5,
    )


def choice(recipe, summaries, tied, errors, plain_errors):
    best = max(summaries, key=lambda each: each.validation_accuracy.mean).cell
    recipes = [recipe.recipe_of(best, seed) for seed in recipe.seeds_of_test]
    results = [result(each, errors + number % 2, plain_errors) for number, each in enumerate(recipes)]
    taught = [each.distilled.test_accuracy for each in results]
    plain = [each.plain.test_accuracy for each in results]
    return Choice(
        cell=best,
        chosen_on="the validation split" if recipe.folds is None else f"{recipe.folds}-fold cross-validation",
        tied=[each.cell for each in summaries if (each.cell.temperature, each.cell.alpha) in tied],
        results=results,
        test_accuracy=mean_with_interval(taught),
        plain_test_accuracy=mean_with_interval(plain),
        against_plain=verdict(taught, plain, larger_is_better=True, resolution=1 / 360),
    )


def cell(temperature, alpha, **changes):
    return Cell(
        **{
            "temperature": temperature,
            "alpha": alpha,
            "learning_rate": 1e-3,
            "student": "784-128-10",
            "labels": None,
            **changes,
        }
    )
