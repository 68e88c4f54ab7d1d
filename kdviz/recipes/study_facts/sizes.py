"""Teachers and students by size: what each takes to store and to run, and how often it is right."""

from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.recipes.study_facts.facts import WORDS, Arm, study

LARGE = "784-1200-1200-10"  # the teacher of Hinton, Vinyals, Dean 2015, section 3
TEACHERS = (LARGE, "784-512-256-10")
DENSE_STUDENTS = ("784-128-10", "784-30-30-10", "784-16-10")
STUDENTS = (*DENSE_STUDENTS, "cnn-8-16")  # the convolutional one learns from labels alone: it takes so much longer
BATCH_IMAGES = 1000  # of the throughput
_WORDS = WORDS["sizes"]
_QUICK = ("784-512-256-10", "784-128-10", "784-16-10")


def labels_arm(network: str) -> str:
    """The arm in which a network learns from labels alone."""
    return f"labels-{network}"


def taught_arm(student: str, teacher: str) -> str:
    """The arm in which a student is taught by a teacher."""
    return f"taught-{student}-by-{teacher}"


def _alone(network: str) -> Arm:
    line = "teachers" if network in TEACHERS else "students" if network in DENSE_STUDENTS else "convolutional"
    return Arm(
        name=labels_arm(network),
        title=_WORDS["arms"]["labels"].format(network=network),
        line=_WORDS["lines"][line],
        x=ARCHITECTURES[network].bytes / 1e6,
        role="teacher" if network in TEACHERS else "label",
        weight={LARGE: 30.0, "784-512-256-10": 5.0, "cnn-8-16": 25.0}.get(network, 1.0),
        quick=network in _QUICK,
    )


def _taught(student: str, teacher: str) -> Arm:
    return Arm(
        name=taught_arm(student, teacher),
        title=_WORDS["arms"]["taught"].format(student=student, teacher=teacher),
        line=_WORDS["lines"]["taught"].format(teacher=teacher),
        x=ARCHITECTURES[student].bytes / 1e6,
        against=labels_arm(student),
        weight=1.2,
        quick=student in _QUICK and teacher in _QUICK,
    )


FACTS = study(
    "sizes",
    arms=(
        *(_alone(network) for network in (*TEACHERS, *STUDENTS)),
        *(_taught(student, teacher) for student in DENSE_STUDENTS for teacher in TEACHERS),
    ),
)
