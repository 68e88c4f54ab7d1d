"""Few labels with unlabelled transfer images (Hinton, Vinyals, Dean 2015, section 2: a transfer set needs no labels).

All students make the same number of updates. The teacher has seen every label, or, in the arms called "own", only
those that the students have.
"""

from kdviz.runners.studies.lab import STUDENT, TEACHER, ArmResult, Lab, Reporting

TEMPERATURE = 4.0


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """One way of teaching with one number of labels. Where there is a teacher, alpha = 1: no label is learnt from."""
    way, _, count = arm.partition("-")
    of_all_labels = yield from lab.reference_teachers()
    teachers = None if way == "labels" else of_all_labels
    if way == "own":
        teachers = yield from lab.teachers(lab.trainings(TEACHER, labels=int(count)), share=0.3)
    trainings = lab.trainings(STUDENT, labels=int(count))
    students = yield from lab.distil(trainings, teachers, TEMPERATURE, labelled_only=way == "labelled")
    return lab.rows(students, of_all_labels), []
