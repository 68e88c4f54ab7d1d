"""A lesson's study from its first arm to its verdicts. Each arm is a generator in a module of its own."""

import importlib
import time
from collections.abc import Callable, Iterator, Sequence

from kdviz.recipes.letters import TEXTS
from kdviz.recipes.study import Study
from kdviz.records.kinds import Output
from kdviz.records.study import FinishedArm, StudyResult
from kdviz.runners.session import Clock, Session
from kdviz.runners.studies.lab import ArmResult, Bench, Lab, Reporting
from kdviz.runners.studies.letter_lab import LetterLab
from kdviz.verdicts.study import judge, summarise

LIVE_VALIDATION_IMAGES = 1000  # the part of the validation split that the live curves show


def run(
    study: Study, *, clock: Clock = time.perf_counter, finished: Sequence[FinishedArm] = ()
) -> Iterator[Output | StudyResult | None]:
    """Carry out a study. Yields StudyProgress often, FinishedArm for each arm, StudyResult last, None in between.

    `finished` are arms that an earlier attempt got done: they are yielded again and not trained again. Raises DataError
    and TeacherError.
    """
    done = {arm.arm: arm for arm in finished}
    module, _, name = study.facts.trainer.partition(":")
    measure: Callable[[Bench, str], Reporting[ArmResult]] = getattr(importlib.import_module(module), name)
    lab = _bench(study, clock)
    session = lab.session
    lab.begun = session.seconds()
    for arm in study.chosen:
        if arm.name in done:
            yield done[arm.name]
    for arm in study.chosen:
        if arm.name not in done:
            lab.arm, lab.part, lab.written, begun = arm, 0.0, [], session.seconds()
            rows, curves = yield from measure(lab, arm.name)
            seconds = session.seconds() - begun
            done[arm.name] = FinishedArm(arm=arm.name, rows=rows, curves=curves, written=lab.written, seconds=seconds)
            yield done[arm.name]
        lab.done_weight += arm.weight
    parts = [done[arm.name] for arm in study.chosen]
    yield StudyResult(
        run_id=study.id,
        recipe=study,
        finished=parts,
        summaries=summarise(study, parts),
        judgements=judge(study, parts),
        **session.machine_facts(),
        seconds=sum(arm.seconds for arm in parts),  # also of those that an earlier attempt got done
    )


def _bench(study: Study, clock: Clock) -> Bench:
    """Where the study's networks are trained, of images or of letters. Raises DataError."""
    if study.data in TEXTS:
        return LetterLab.opened(study, clock)
    session = Session.load(study.data, LIVE_VALIDATION_IMAGES, clock)
    return Lab(study, session, study.chosen[0])
