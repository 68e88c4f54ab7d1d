"""Made-up results of Hinton's table and of Keras' example, for pages and pictures."""

import math

from kdviz.recipes.study import Study
from kdviz.recipes.study_facts.hinton_2015 import PAPER_THREES
from kdviz.records.study import Curve, FinishedArm, Row, StudyResult
from kdviz.verdicts.intervals import binomial_interval
from kdviz.verdicts.study import judge, summarise

ERRORS = {
    "teacher": 80,
    "plain": 140,
    "plain-fast": 120,
    "distilled": 90,
    "no-threes": 130,
    "no-threes-bias": 104,
    "sevens-eights": 4000,
    "sevens-eights-bias": 1200,
}
THREES = {"no-threes": 50, "no-threes-bias": 12}
RULES = {"no-threes-bias": 2.0, "sevens-eights-bias": -6.0}


def _figures(errors, threes, images, paper=None, paper_threes=None):
    low, high = binomial_interval(errors, images)
    figures = {
        "test_errors": errors,
        "test_accuracy": 1 - errors / images,
        "test_images": images,
        "nll": 0.05,
        "threes": images / 10,
        "three_errors": threes,
        "errors_low": low,
        "errors_high": high,
    }
    if paper is not None:
        low, high = binomial_interval(paper, images)
        figures |= {"paper_errors": paper, "paper_low": low, "paper_high": high}
        figures["paper_p_value"] = 0.5 if abs(errors - paper) < 4 * math.sqrt(paper) else 0.001
    return figures if paper_threes is None else figures | {"paper_three_errors": paper_threes}


def _curves(arm, rule):
    """A valley over the bias with its floor at the rule; 3s are found as the bias rises."""
    x = [-10 + 0.25 * number for number in range(81)]
    y = {
        "test_errors": [ERRORS[arm] + 20 * (bias - rule) ** 2 for bias in x],
        "three_errors": [100 / (1 + math.exp(bias)) for bias in x],
        "share_predicted": [0.1 / (1 + math.exp(rule - bias)) * 2 for bias in x],
    }
    return [Curve(name=name, seed=0, x=x, y=values) for name, values in y.items()]


def hinton(data="mnist", **values):
    """A finished study whose best T is 4 for 30 units and 20 for 300."""
    study, images = Study.of("hinton-2015", data, **values), 10_000 if data == "mnist" else 360
    finished = []
    for arm in study.chosen:
        seeds, errors = (0,), ERRORS.get(arm.name, 0)
        if arm.x is not None:
            seeds, best = range(5), 4 if arm.name.startswith("units-30-") else 20
            errors = (400 if best == 4 else 120) * (1 + 0.1 * abs(math.log(arm.x / best)))
        paper = (arm.published, PAPER_THREES.get(arm.name)) if data == "mnist" else ()
        rows = [
            Row(
                arm=arm.name,
                seed=seed,
                figures=_figures(round(errors) + seed, THREES.get(arm.name, 5), images, *paper)
                | ({"bias": RULES[arm.name]} if arm.name in RULES else {}),
            )
            for seed in seeds
        ]
        curves = _curves(arm.name, RULES[arm.name]) if arm.name in RULES else []
        finished.append(FinishedArm(arm=arm.name, rows=rows, curves=curves, seconds=10.0))
    return ended(study, finished)


def keras(student_less_teacher=0.004):
    """A finished study: the distilled student beats the one from scratch by half a point."""
    study = Study.of("keras-example")
    right = {"teacher": 0.980, "distilled": 0.980 + student_less_teacher, "scratch": 0.975}
    finished = [
        FinishedArm(
            arm=arm.name,
            rows=[
                Row(
                    arm=arm.name,
                    seed=seed,
                    figures={"test_accuracy": right[arm.name] + 0.0002 * seed, "test_images": 10_000, "nll": 0.1},
                )
                for seed in study.seeds
            ],
            curves=[],
            seconds=5.0,
        )
        for arm in study.chosen
    ]
    return ended(study, finished)


def ended(study, finished):
    """The end of a study, summed up and judged."""
    return StudyResult(
        run_id=study.id,
        recipe=study,
        finished=finished,
        summaries=summarise(study, finished),
        judgements=judge(study, finished),
        device="CPU",
        threads=2,
        torch="2",
        seconds=1234.0,
    )
