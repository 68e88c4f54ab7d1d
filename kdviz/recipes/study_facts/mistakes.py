"""Ways to get it wrong: the mistakes of published programs, each made on purpose beside the same run without it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from kdviz.recipes.study_facts.facts import NLL, TEST_ACCURACY, Arm, Measure, StudyFacts

TEMPERATURE, ALPHA = 10.0, 0.7  # of every run but those of which one is picked
WRONG_LABELS = 40  # per cent of the training labels, where the labels are noisy
NOISY = "noisy-"  # begins the name of an arm whose labels are noisy
RIGHT = "right"
TRACES = ("loss_kd", "loss_ce", "gradient_share_kd", "validation_accuracy", "training_accuracy", "agreement")
TRIES = (1, 2, 5, 10, 20, 40)  # networks of which one is picked
REPORTED, FRESH = "reported", "fresh"  # accuracy of the one that was picked, over the tries


@dataclass(frozen=True)
class Mistake:
    """A mistake by the name of its arm; its program is the text `program-NAME` of the lesson."""

    name: str
    title: str
    against: str = RIGHT  # the arm of the same run without it
    noisy: bool = True  # whether it is made with noisy labels as well


_ALL = (
    Mistake("no-t2", "No T²"),
    Mistake("mean-classes", "Mean over classes"),
    Mistake("no-log", "Probabilities for log-probabilities"),
    Mistake("positions", "Advice by position"),
    Mistake("same-object", "Teacher is the student"),
    Mistake("teacher-training", "Teacher in training mode", "dropout-teacher", noisy=False),
    Mistake("student-eval", "Student left in evaluation mode", "dropout-student", noisy=False),
    Mistake("test-picked", "Picked on the test set", "validation-picked", noisy=False),
)
MISTAKES: Mapping[str, Mistake] = MappingProxyType({mistake.name: mistake for mistake in _ALL})

_CONTROLS = (
    Arm(RIGHT, "as it should be"),
    Arm("dropout-teacher", "as it should be, by a teacher with dropout", weight=1.5),
    Arm("dropout-student", "as it should be, a student with dropout"),
    Arm("validation-picked", "picked on validation images", weight=2.0),
)
_HEAVY = {"teacher-training": 3.0, "test-picked": 0.2}  # arms that take longer, or use what another has trained


def _arms() -> tuple[Arm, ...]:
    made = tuple(
        Arm(name, mistake.title[0].lower() + mistake.title[1:], against=mistake.against, weight=_HEAVY.get(name, 1.0))
        for name, mistake in MISTAKES.items()
    )
    noisy = tuple(
        Arm(
            NOISY + arm.name,
            f"{arm.title}, {WRONG_LABELS} % of the labels wrong",
            against="" if arm.name == RIGHT else NOISY + RIGHT,
            quick=arm.name in (RIGHT, "no-t2", "same-object"),
        )
        for arm in (_CONTROLS[0], *(arm for arm in made if MISTAKES[arm.name].noisy))
    )
    return (*_CONTROLS, *made, *noisy)


FACTS = StudyFacts(
    name="mistakes",
    title="Ways to get it wrong",
    question="What does each of the usual mistakes do to a run, and what gives it away?",
    trainer="kdviz.runners.studies.mistakes:measure",
    arms=_arms(),
    measures=(
        TEST_ACCURACY,
        NLL,
        Measure("agreement", "agreement with the teacher on the test images"),
        Measure("soft_share", "the soft term’s share of the pull, mean over the training", better=""),
        Measure("optimism", "reported beyond what fresh images give", kind="number", better="lower", unit="points"),
    ),
    lesson="mistakes",
)
