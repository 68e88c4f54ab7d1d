"""A teacher too large for its student: whether the gap hurts, and whether an assistant in between mends it."""

from kdviz.recipes.study_facts.facts import WORDS, Arm, study

LARGE = "784-1200-1200-10"
MIDDLE = "784-128-10"  # about half-way between the large teacher and the smallest student, by ratio
STUDENTS = {"8": "784-8-10", "30-30": "784-30-30-10"}
_AGAINST = {"labels": "", "small": "labels", "large": "small", "assistant": "large"}

FACTS = study(
    "large-teacher",
    arms=(
        Arm(
            name=f"{way}-{units}",
            title=WORDS["large-teacher"]["arms"][way].format(student=student, middle=MIDDLE, large=LARGE),
            against=f"{against}-{units}" if against else "",
            role="label" if way == "labels" else "student",
            quick=units == "8",
        )
        for units, student in STUDENTS.items()
        for way, against in _AGAINST.items()
    ),
)
