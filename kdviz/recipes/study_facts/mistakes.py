"""Ways to get it wrong: the mistakes of published programs, each made on purpose beside the same run without it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kdviz.recipes.study_facts.facts import WORDS, Arm, study

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


_WORDS = WORDS["mistakes"]
_OTHER_PAIRS = {  # with dropout, shifted images or many networks: these have a run of their own without the mistake
    "other-view": "shifted",
    "teacher-training": "dropout-teacher",
    "student-eval": "dropout-student",
    "test-picked": "validation-picked",
}
MISTAKES: Mapping[str, Mistake] = {
    name: Mistake(name, title, _OTHER_PAIRS.get(name, RIGHT), noisy=name not in _OTHER_PAIRS)
    for name, title in _WORDS["mistakes"].items()
}
_HEAVY = {
    "shifted": 2.5,
    "other-view": 2.5,
    "dropout-teacher": 1.5,
    "validation-picked": 2.0,
    "teacher-training": 3.0,
    "test-picked": 0.2,
}


def _arms() -> Iterator[Arm]:
    titles = _WORDS["arms"] | {name: fault.title[0].lower() + fault.title[1:] for name, fault in MISTAKES.items()}
    against = {name: fault.against for name, fault in MISTAKES.items()}
    for name, title in titles.items():
        yield Arm(name, title, against=against.get(name, ""), weight=_HEAVY.get(name, 1.0))
    for name in (RIGHT, *(name for name, mistake in MISTAKES.items() if mistake.noisy)):
        yield Arm(
            NOISY + name,
            _WORDS["noisy"].format(title=titles[name], share=WRONG_LABELS),
            against="" if name == RIGHT else NOISY + RIGHT,
            quick=name in (RIGHT, "no-t2", "same-object"),
        )


FACTS = study("mistakes", arms=_arms())
