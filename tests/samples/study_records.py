"""Finished studies with figures that a test chooses, judged as real ones are."""

from kdviz.records.study import FinishedArm, Row, StudyResult
from kdviz.verdicts.study import judge, summarise


def ended(study, figures):
    """A finished study whose rows have `figures(arm, seed)`, a dictionary."""
    finished = [
        FinishedArm(
            arm=arm.name,
            rows=[Row(arm=arm.name, seed=seed, figures=figures(arm.name, seed)) for seed in study.seeds],
            curves=[],
            seconds=1.0,
        )
        for arm in study.chosen
    ]
    return StudyResult(
        run_id=study.id,
        recipe=study,
        finished=finished,
        summaries=summarise(study, finished),
        judgements=judge(study, finished),
        device="CPU",
        threads=2,
        torch="2",
        seconds=9.0,
    )
