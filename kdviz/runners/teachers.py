"""The teachers of a comparison or a sweep, found on this machine or trained: each the one of a single run."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from kdviz.distillers.plain import Plain
from kdviz.engine import evaluation, models, teachers
from kdviz.engine.memory import PeakMemory, watched
from kdviz.engine.models import Cohort
from kdviz.engine.teachers import Cost
from kdviz.engine.training import Report, fit
from kdviz.recipes.base import Training
from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.recipes.methods import TEACHER
from kdviz.records.base import Expense
from kdviz.records.comparison import Moment
from kdviz.runners.session import Session

REPORTS = 36


@dataclass(frozen=True)
class TrainedTeacher:
    """A trained network as a cohort of its own, and what its training took."""

    cohort: Cohort
    expense: Expense


def rows_of_seeds(seeds: Sequence[int], rows: int) -> list[list[int]]:
    """The teachers' seeds: in the first row each student's own, in the next the next student's, and so on.

    New seeds are taken only where there are fewer than `rows`.
    """
    new = range(seeds[-1] + 1, seeds[-1] + 1 + rows)
    circle = [*seeds, *new][: max(len(seeds), rows)]
    return [[circle[(number + row) % len(circle)] for number in range(len(seeds))] for row in range(rows)]


def find_or_train(
    trainings: Mapping[int, Training], session: Session, students_work: float
) -> Generator[Moment | None, None, dict[int, TrainedTeacher]]:
    """Find or train the teachers, one after the other; by seed.

    `students_work`, in multiply-adds, is what comes after them: only for the time left. Raises TeacherError.
    """
    missing = [seed for seed, training in trainings.items() if teachers.kept(training) is None]
    trained: dict[int, TrainedTeacher] = {}
    for seed, training in trainings.items():
        kept = teachers.kept(training)
        if kept is None:
            number = missing.index(seed) + 1
            to_come = len(missing) - number + students_work / session.work(training)
            kept = yield from _train(session, training, number, len(missing), to_come)
            teachers.keep(*kept, training)
        network, cost = kept
        cohort = models.cohort(training.model, [network.to(session.device)])
        trained[seed] = TrainedTeacher(cohort, _expense_of(training, cost))
    return trained


def _expense_of(training: Training, cost: Cost) -> Expense:
    return Expense(
        seconds=cost.seconds,
        images_seen=cost.images_seen,
        multiply_adds=3.0 * cost.images_seen * ARCHITECTURES[training.model].multiply_adds,
        peak_memory=cost.peak_memory,
    )


def _train(
    session: Session, training: Training, number: int, count: int, to_come: float
) -> Generator[Moment | None, None, tuple[nn.Sequential, Cost]]:
    """Train one teacher. `to_come` is the work after it, in teachers."""
    network = models.build(training.model, training.seed).to(session.device)
    cohort, memory = models.cohort(training.model, [network]), PeakMemory()
    memory.hold(network.parameters())
    # It is the first to learn, so its curve is what a visitor who pressed Start waits for.
    often: dict[str, Any] = {"reports": REPORTS, "at_once": True}
    reports = fit([cohort], session.data.training, [training], Plain(), **often, clock=session.clock)
    last: Report | None = None
    for report in watched(reports, memory, {0}):
        if report is None:
            yield None
            continue
        last = report
        live_logits = evaluation.logits_of_all(cohort, session.live.images)
        yield Moment(
            method=TEACHER,
            stage=f"seed {training.seed}",
            stage_number=number,
            stages=count,
            **report.place,
            loss_kd=report.loss_kd,
            loss_ce=report.loss_ce,
            validation_accuracy=evaluation.accuracies(live_logits, session.live.labels),
            agreement=[],
            others={},
            arrows=[],
            expense=_expense_of(training, Cost(report.seconds, report.images_seen, memory.peak)),
            seconds=session.seconds(),
            seconds_left=report.seconds / report.part * (1 - report.part + to_come),
        )
    assert last is not None  # every training ends with a report
    return teachers.freeze(network), Cost(last.seconds, last.images_seen, memory.peak)
