"""A teacher too large for its student: whether the gap hurts, and whether an assistant in between mends it."""

from kdviz.recipes.study_facts.facts import NLL, TEST_ACCURACY, Arm, Measure, StudyFacts

LARGE = "784-1200-1200-10"
MIDDLE = "784-128-10"  # about half-way between the large teacher and the smallest student, by ratio
STUDENTS = {"8": "784-8-10", "30-30": "784-30-30-10"}


def _arms(units: str, student: str) -> tuple[Arm, ...]:
    quick, taught_by = units == "8", f"{student}, taught by"
    assistant = f"{taught_by} {MIDDLE} that {LARGE} had taught"
    return (
        Arm(f"labels-{units}", f"{student}, labels only", role="label", quick=quick),
        Arm(f"small-{units}", f"{taught_by} {MIDDLE}", against=f"labels-{units}", quick=quick),
        Arm(f"large-{units}", f"{taught_by} {LARGE}", against=f"small-{units}", quick=quick),
        Arm(f"assistant-{units}", assistant, against=f"large-{units}", quick=quick),
    )


FACTS = StudyFacts(
    name="large-teacher",
    title="A teacher too large for its student",
    question="Can a teacher be too large for its student, and does an assistant in between help?",
    trainer="kdviz.runners.studies.large_teacher:measure",
    arms=tuple(arm for units, student in STUDENTS.items() for arm in _arms(units, student)),
    measures=(
        TEST_ACCURACY,
        NLL,
        Measure("agreement", "agreement with whoever taught it", better=""),
        Measure("teacher_accuracy", "test images that whoever taught it gets right", better=""),
    ),
    lesson="when_it_helps",
)
