"""Comparisons made up for tests of what shows them: the figures are chosen, nothing was trained."""

from __future__ import annotations

from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import CONTROL, METHODS
from kdviz.records.base import Expense
from kdviz.records.comparison import Bin, ComparisonResult, Moment, TeachingArrow, Trial
from kdviz.verdicts.comparison import summarise

IMAGES = 1000


def comparison(seeds=(0, 1, 2), methods=("plain", "offline", "mutual"), **changes):
    return Comparison.suited("digits", {"seeds": seeds, "methods": methods, "teacher_epochs": None, **changes})


CONVOLUTIONAL = comparison(methods=tuple(METHODS), teacher="cnn-32-64", student="cnn-8-16")  # here all ways fit


def moment(method, step, *, accuracy=(0.9,), kd=0.2, ce=0.1, stage="student", number=1, stages=1, kl=0.05, **changes):
    between = CONVOLUTIONAL.arrows(method) if method in METHODS else []
    return Moment(
        **{
            "method": method,
            "stage": stage,
            "stage_number": number,
            "stages": stages,
            "step": step,
            "steps": 100,
            "epoch": 1 + (step - 1) // 50,
            "epochs": 2,
            "loss_kd": [kd],
            "loss_ce": [ce],
            "validation_accuracy": list(accuracy),
            "agreement": [] if method == "teacher" else list(accuracy),
            "others": {"peer 2": 0.8} if method == "mutual" else {},
            "arrows": [TeachingArrow(source=a, target=b, kl=kl) for a, b in between if stages == 1 or b == stage],
            "expense": expense(step / 100),
            "seconds": step / 10,
            "seconds_left": 10 - step / 10,
            **changes,
        }
    )


def expense(seconds=1.0):
    return Expense(seconds=seconds, images_seen=37_710, multiply_adds=2.5e10, peak_memory=2_400_000)


def trial(method, seed, errors, agreement=0.95, nll=0.1, teacher=None):
    sure = 1 - errors / IMAGES
    empty = Bin(count=0, confidence=0.0, accuracy=0.0)
    bars = [empty] * 13 + [
        Bin(count=100, confidence=0.9, accuracy=0.85),
        Bin(count=900, confidence=0.99, accuracy=0.98),
    ]
    return Trial(
        method=method,
        seed=seed,
        validation_accuracy=sure,
        test_accuracy=sure,
        test_errors=errors,
        test_images=IMAGES,
        nll=nll,
        ece=0.02,
        agreement=agreement,
        fidelity_kl=0.05,
        reliability=bars,
        others={"peer 2": 0.91} if method == "mutual" else {},
        expense=expense(2.0),
        teacher=teacher,
    )


def compared(wanted=None, better=(), disagreeing=(), control=True):
    """Labels only makes 40 errors, as many as each other way; those in `better` make 20, and agree more."""
    recipe = wanted or comparison()
    trials = [
        trial(
            method,
            seed,
            (20 if method in better else 40) + seed % 2,
            agreement=0.98 if method in better else 0.9 if method in disagreeing else 0.95,
            teacher=expense(5.0) if METHODS[method].asks_teacher else None,
        )
        for method in recipe.methods
        for seed in recipe.seeds
    ]
    return ComparisonResult(
        run_id=recipe.id,
        recipe=recipe,
        teachers=[trial("teacher", seed, 30, agreement=1.0) for seed in recipe.seeds],
        trials=trials,
        controls=[trial(CONTROL, seed, 40, agreement=0.94) for seed in recipe.seeds] if control else [],
        summaries=summarise(trials),
        device="CPU",
        threads=2,
        torch="2",
        seconds=12.0,
    )
