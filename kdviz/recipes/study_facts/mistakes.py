"""Ways to get it wrong: the mistakes of published programs, each made on purpose beside the same run without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from kdviz.recipes.study_facts.facts import Arm, Measure, StudyFacts

TEMPERATURE, ALPHA = 10.0, 0.7  # of every run but those of which one is picked
WRONG_LABELS = 40  # per cent of the training labels, where the labels are noisy
NOISY = "noisy-"  # begins the name of an arm whose labels are noisy
RIGHT = "right"
TRACES = ("loss_kd", "loss_ce", "gradient_share_kd", "validation_accuracy", "training_accuracy", "agreement")
TRIES = (1, 2, 5, 10, 20, 40)  # networks of which one is picked
REPORTED, FRESH = "reported", "fresh"  # accuracy of the one that was picked, over the tries


@dataclass(frozen=True)
class Mistake:
    """A mistake by the name of its arm: what the same run without it is called, and the lines of a program.

    `right` and `wrong` are lines of Python with PyTorch; `same` stands before them in both, `after` behind them.
    """

    name: str
    title: str
    against: str
    wrong: str
    right: str
    same: str = ""
    after: str = ""
    noisy: bool = True  # whether it is made with noisy labels as well


_P, _LOG_Q = "p = F.softmax(v / T, -1)", "log_q = F.log_softmax(z / T, -1)"
_KL = 'kl = F.kl_div({}, p, reduction="batchmean")'
_ALL = (
    Mistake(
        "no-t2",
        "No T²",
        RIGHT,
        same=f"{_P}\n{_LOG_Q}\n{_KL.format('log_q')}",
        wrong="loss = alpha * kl + (1 - alpha) * ce",
        right="loss = alpha * T**2 * kl + (1 - alpha) * ce",
    ),
    Mistake(
        "mean-classes",
        "Mean over classes",
        RIGHT,
        same=f"{_P}\n{_LOG_Q}",
        wrong="kl = F.kl_div(log_q, p)",
        right=_KL.format("log_q"),
    ),
    Mistake(
        "no-log",
        "Probabilities for log-probabilities",
        RIGHT,
        same=_P,
        wrong=f"q = F.softmax(z / T, -1)\n{_KL.format('q')}",
        right=f"{_LOG_Q}\n{_KL.format('log_q')}",
    ),
    Mistake(
        "positions",
        "Advice by position",
        RIGHT,
        wrong=(
            "cache = [teacher(x) for x, y in shuffled]\n"
            "for v, (x, y) in zip(cache, shuffled):  # shuffled anew\n"
            "    update(student, x, y, v)"
        ),
        right=(
            "cache = teacher(images)  # in the order of the data set\n"
            "for x, y, index in shuffled:\n"
            "    update(student, x, y, cache[index])"
        ),
    ),
    Mistake(
        "same-object",
        "Teacher is the student",
        RIGHT,
        wrong="teacher = student",
        right="teacher = copy.deepcopy(trained).eval()",
    ),
    Mistake(
        "teacher-training",
        "Teacher in training mode",
        "dropout-teacher",
        wrong="v = teacher(x)",
        right="teacher.eval()\nwith torch.no_grad():\n    v = teacher(x)",
        noisy=False,
    ),
    Mistake(
        "student-eval",
        "Student left in evaluation mode",
        "dropout-student",
        same="for epoch in range(epochs):",
        wrong="",
        right="    student.train()",
        after="    train_for_an_epoch(student)\n    student.eval()\n    look_at(student)",
        noisy=False,
    ),
    Mistake(
        "test-picked",
        "Picked on the test set",
        "validation-picked",
        wrong="best = max(tries, key=accuracy_on(test))",
        right="best = max(tries, key=accuracy_on(validation))",
        noisy=False,
    ),
)
MISTAKES: Mapping[str, Mistake] = MappingProxyType({each.name: each for each in _ALL})

_CONTROLS = (
    Arm(RIGHT, "as it should be"),
    Arm("dropout-teacher", "as it should be, by a teacher with dropout", weight=1.5),
    Arm("dropout-student", "as it should be, a student with dropout"),
    Arm("validation-picked", "picked on validation images", weight=2.0),
)
_HEAVY = {"teacher-training": 3.0, "test-picked": 0.2}  # arms that take longer, or find what another has made


def _arms() -> tuple[Arm, ...]:
    made = tuple(
        Arm(each.name, each.title[0].lower() + each.title[1:], against=each.against, weight=_HEAVY.get(each.name, 1.0))
        for each in _ALL
    )
    noisy = tuple(
        Arm(
            NOISY + each.name,
            f"{each.title}, {WRONG_LABELS} % of the labels wrong",
            against="" if each.name == RIGHT else NOISY + RIGHT,
            quick=each.name in (RIGHT, "no-t2", "same-object"),
        )
        for each in (_CONTROLS[0], *(arm for arm in made if MISTAKES[arm.name].noisy))
    )
    return (*_CONTROLS, *made, *noisy)


FACTS = StudyFacts(
    name="mistakes",
    title="Ways to get it wrong",
    question="What does each of the usual mistakes do to a run, and what gives it away?",
    trainer="kdviz.runners.studies.mistakes:measure",
    arms=_arms(),
    measures=(
        Measure("test_accuracy", "right on the test images"),
        Measure("nll", "negative log-likelihood", kind="number", better="lower", unit="nats"),
        Measure("agreement", "agreement with the teacher on the test images"),
        Measure("soft_share", "the soft term’s share of the pull, mean over the training", better=""),
        Measure("optimism", "reported beyond what fresh images give", kind="number", better="lower", unit="points"),
    ),
    lesson="mistakes",
    sources=(
        (
            "Hinton, Vinyals, Dean (2015): Distilling the Knowledge in a Neural Network",
            "https://arxiv.org/abs/1503.02531",
        ),
    ),
)
