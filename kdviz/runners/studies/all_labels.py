"""All labels, nothing augmented, the reference pair: the case in which a teacher has least to add.

Controls: label smoothing has soft targets without knowledge (Szegedy et al. 2016, section 7), another seed's teacher
has knowledge that is not the own teacher's (Stanton et al. 2021, section 4).
"""

from kdviz.runners.studies.lab import STUDENT, TEACHER, ArmResult, Lab, Reporting

TEMPERATURE, ALPHA = 5.0, 0.7  # FACTS: the reference recipe
SMOOTHING = 0.1  # a tenth of each label is spread over all classes


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """One way of teaching; agreement is always with the trained teacher of the student's own seed."""
    own = yield from lab.reference_teachers()
    teachers = own if arm == "taught" else None
    if arm == "other":
        trainings = lab.trainings(TEACHER, seeds=[seed + 1 for seed in lab.seeds])
        teachers = yield from lab.once("other teachers", lab.teachers(trainings, share=0.3))
    trainings = lab.trainings(STUDENT, label_smoothing=SMOOTHING if arm == "smoothing" else 0.0)
    students = yield from lab.distil(trainings, teachers, TEMPERATURE, ALPHA)
    return lab.rows(students, own), []
