"""All labels, nothing augmented, the reference pair: the case in which a teacher has least to add.

Controls: label smoothing has soft targets without knowledge (Szegedy et al. 2016, section 7), another seed's teacher
has knowledge that is not the own teacher's (Stanton et al. 2021, section 4).
"""

from __future__ import annotations

from kdviz.distillers.offline import Offline
from kdviz.engine.batches import FixedTeachers
from kdviz.engine.models import Cohort
from kdviz.runners.studies.lab import STUDENT, TEACHER, Given, Lab, Steps

TEMPERATURE, ALPHA = 5.0, 0.7  # FACTS: the reference recipe
SMOOTHING = 0.1  # a tenth of each label is spread over all classes


def measure(lab: Lab, arm: str) -> Steps[Given]:
    """One way of teaching; agreement is always with the trained teacher of the student's own seed."""
    epochs = lab.epochs(3)
    own = yield from lab.once("own", lab.teachers(lab.trainings(TEACHER, epochs)))
    lab.part = 0.0
    smoothing = SMOOTHING if arm == "smoothing" else 0.0
    trainings = lab.trainings(STUDENT, epochs, label_smoothing=smoothing)
    teachers = yield from _teachers(lab, arm, own)
    if teachers is None:
        students = yield from lab.train(trainings)
    else:
        teacher = FixedTeachers.of([teachers], lab.session.data.training, trainings[0], TEMPERATURE)
        students = yield from lab.train(trainings, Offline(TEMPERATURE, ALPHA), teacher)
    return lab.rows(students, own), []


def _teachers(lab: Lab, arm: str, own: Cohort) -> Steps[Cohort | None]:
    if arm == "taught":
        return own
    if arm == "other":
        trainings = lab.trainings(TEACHER, lab.epochs(3))
        others = [each.model_copy(update={"seed": each.seed + 1}) for each in trainings]
        return (yield from lab.once("others", lab.teachers(others)))
    return None
