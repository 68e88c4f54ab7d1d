"""Few labels with unlabelled transfer images (Hinton, Vinyals, Dean 2015, section 2: a transfer set needs no labels).

All students make the same number of updates. The teacher has seen every label, or, in the arms called "own", only
those that the students have.
"""

from __future__ import annotations

from kdviz.distillers.offline import Offline
from kdviz.engine.batches import FixedTeachers
from kdviz.runners.studies.lab import STUDENT, TEACHER, Given, Lab, Steps

TEMPERATURE = 4.0


class LabelledOnly(FixedTeachers):
    """Logits of teachers for the labelled images alone; the others are not drawn."""

    unlabelled = False


def measure(lab: Lab, arm: str) -> Steps[Given]:
    """One way of teaching with one number of labels. Where there is a teacher, alpha = 1: it says what labels say."""
    way, _, count = arm.partition("-")
    epochs = lab.epochs(3)
    trainings = lab.trainings(STUDENT, epochs, labels=int(count))
    trusted = yield from lab.teachers(lab.trainings(TEACHER, epochs), share=0.5)
    distiller, teacher = None, None
    if way != "labels":
        teachers = trusted
        if way == "own":
            teachers = yield from lab.teachers(lab.trainings(TEACHER, epochs, labels=int(count)), share=0.5)
        distiller = Offline(TEMPERATURE, 1.0)
        kind = LabelledOnly if way == "labelled" else FixedTeachers
        teacher = kind.of([teachers], lab.session.data.training, trainings[0], TEMPERATURE)
    students = yield from lab.train(trainings, distiller, teacher, share=0.5)
    return lab.rows(students, trusted), []
