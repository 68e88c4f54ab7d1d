"""The forgotten temperature: a student whose logits are still divided by T after its training."""

from kdviz.recipes.study_facts.facts import NLL, TEST_ACCURACY, Arm, Measure, Role, StudyFacts

TRAINING_TEMPERATURE = 4.0
ALPHA = {"taught": 0.7, "soft": 1.0}
_TAUGHT = f"taught at T = {TRAINING_TEMPERATURE:g}"
_STUDENTS: tuple[tuple[str, str, Role, bool], ...] = (  # name, title, colour, in the quick version
    ("labels", "labels only", "label", True),
    ("taught", f"{_TAUGHT}, α = {ALPHA['taught']:g}", "student", True),
    ("soft", f"{_TAUGHT}, α = {ALPHA['soft']:g}", "student", False),
)
_READINGS = (("1", "read at T = 1"), ("4", "read at T = 4"), ("best", "read at the T chosen on validation images"))

FACTS = StudyFacts(
    name="forgotten-temperature",
    title="The forgotten temperature",
    question="What does a student look like when its logits are still divided by the T of its training?",
    trainer="kdviz.runners.studies.forgotten_temperature:measure",
    arms=tuple(
        Arm(
            name=f"{student}-{at}",
            title=f"{title}, {reading}",
            line=title,
            against="" if at == "1" else f"{student}-1",
            role=role,
            weight=1.0 if at == "1" else 0.02,
            quick=quick,
        )
        for student, title, role, quick in _STUDENTS
        for at, reading in _READINGS
    ),
    measures=(
        NLL,
        Measure("ece", "calibration error (ECE)", better="lower"),
        TEST_ACCURACY,
        Measure("confidence", "mean confidence", better=""),
        Measure("temperature", "T at which it was read", kind="number", better=""),
    ),
    lesson="temperature",
)
