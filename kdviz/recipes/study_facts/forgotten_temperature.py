"""The forgotten temperature: a student whose logits are still divided by T after its training."""

from kdviz.recipes.study_facts.facts import WORDS, Arm, study

TRAINING_TEMPERATURE = 4.0
ALPHA = {"taught": 0.7, "soft": 1.0}
_WORDS = WORDS["forgotten-temperature"]

FACTS = study(
    "forgotten-temperature",
    arms=(
        Arm(
            name=f"{student}-{at}",
            title=f"{title}, {reading}",
            line=title,
            against="" if at == "1" else f"{student}-1",
            role="label" if student == "labels" else "student",
            weight=1.0 if at == "1" else 0.02,
            quick=student != "soft",
        )
        for student, title in _WORDS["students"].items()
        for at, reading in _WORDS["readings"].items()
    ),
)
