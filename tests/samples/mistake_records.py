"""The end of a study of mistakes as a page gets it: made up, with traces that look like those of real runs."""

from kdviz.recipes.study import Study
from kdviz.recipes.study_facts.mistakes import NOISY, TRACES
from kdviz.records.study import Curve, FinishedArm, Row, StudyResult
from kdviz.verdicts.study import judge, summarise

STUDY = Study.of("mistakes", "digits", seeds="0-2")
_EPOCHS = [1.0, 5.0, 10.0, 20.0]
_RIGHT = {
    "loss_kd": [18.0, 2.0, 0.8, 0.4],
    "loss_ce": [0.5, 0.1, 0.03, 0.02],
    "gradient_share_kd": [0.9, 0.86, 0.84, 0.84],
    "validation_accuracy": [0.7, 0.9, 0.94, 0.96],
    "training_accuracy": [0.5, 0.9, 0.95, 0.98],
    "agreement": [0.7, 0.9, 0.95, 0.97],
}
_CHANGES = {
    "no-t2": {"loss_kd": [0.2, 0.1, 0.03, 0.01], "gradient_share_kd": [0.08, 0.12, 0.1, 0.09]},
    "mean-classes": {"loss_kd": [1.8, 0.3, 0.1, 0.05], "gradient_share_kd": [0.5, 0.5, 0.4, 0.4]},
    "no-log": {"loss_kd": [-146.0, -155.0, -160.0, -163.0], "loss_ce": [0.5, 0.3, 0.2, 0.17]},
    "argmax": {"loss_kd": [90.0, 40.0, 25.0, 18.0], "loss_ce": [0.2, 0.06, 0.04, 0.04]},
    "other-view": {"loss_kd": [20.0, 9.0, 7.0, 6.0]},
    "positions": {"loss_kd": [22.4, 22.3, 22.3, 22.3], "agreement": [0.2, 0.4, 0.5, 0.58]},
    "same-object": {"loss_kd": [0.0] * 4, "gradient_share_kd": [0.0] * 4},
    "teacher-training": {"loss_kd": [10.0, 3.0, 2.7, 2.6]},
    "dropout-student": {"training_accuracy": [0.3, 0.8, 0.88, 0.92]},
}


def finished(arm, seeds=STUDY.seeds):
    """One arm, made up."""
    if arm.endswith("picked"):
        top = 0.97 if arm == "test-picked" else 0.956
        reported, fresh = [0.95, (0.95 + top) / 2, top], [0.95, 0.952, 0.955]
        curves = [
            Curve(name=name, seed=seed, x=[1, 10, 40], y=y)
            for seed in seeds
            for name, y in (("reported", reported), ("fresh", fresh))
        ]
        figures = {"test_accuracy": top, "fresh": 0.955, "optimism": 100 * (top - 0.955), "tries": 40.0}
        return FinishedArm(
            arm=arm, rows=[Row(arm=arm, seed=seed, figures=figures) for seed in seeds], curves=curves, seconds=2.0
        )
    lines = _RIGHT | _CHANGES.get(arm.removeprefix(NOISY), {})
    curves = [
        Curve(name=name, seed=seed, x=_EPOCHS, y=[value * (1 + 0.001 * seed) for value in lines[name]])
        for name in TRACES
        for seed in seeds
    ]
    loss = 0.05 if arm.startswith(NOISY) and "right" not in arm else 0.0
    rows = [
        Row(
            arm=arm,
            seed=seed,
            figures={
                "test_accuracy": 0.96 - loss + 0.001 * seed,
                "nll": 0.12 + loss,
                "agreement": 0.97 - loss,
                "soft_share": sum(lines["gradient_share_kd"]) / 4,
                "test_images": 360,
                **({"misplaced": 0.999} if "positions" in arm else {}),
                **({"changed": 0.15} if arm == "teacher-training" else {}),
            },
        )
        for seed in seeds
    ]
    return FinishedArm(arm=arm, rows=rows, curves=curves, seconds=3.0)


def studied(study=STUDY):
    """A whole study."""
    arms = [finished(arm.name, study.seeds) for arm in study.chosen]
    return StudyResult(
        run_id=study.id,
        recipe=study,
        finished=arms,
        summaries=summarise(study, arms),
        judgements=judge(study, arms),
        device="CPU",
        threads=2,
        torch="2",
        seconds=60.0,
    )
