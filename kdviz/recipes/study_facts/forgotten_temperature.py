"""The forgotten temperature: what a student says when it is still divided by T after its training."""

from kdviz.recipes.study_facts.facts import Arm, Measure, StudyFacts

TRAINING_TEMPERATURE = 4.0
_STUDENTS = (  # name, title, colour, in the quick version
    ("labels", "labels only", "label", True),
    ("taught", "taught at T = 4, α = 0.7", "student", True),
    ("soft", "taught at T = 4, α = 1", "student", False),
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
            role="label" if role == "label" else "student",
            weight=1.0 if at == "1" else 0.02,
            quick=quick,
        )
        for student, title, role, quick in _STUDENTS
        for at, reading in _READINGS
    ),
    measures=(
        Measure("nll", "negative log-likelihood", kind="number", better="lower", unit="nats"),
        Measure("ece", "calibration error (ECE)", better="lower"),
        Measure("test_accuracy", "right on the test images"),
        Measure("confidence", "mean confidence", better=""),
        Measure("temperature", "T at which it was read", kind="number", better=""),
    ),
    lesson="temperature",
    sources=(
        (
            "Hinton, Vinyals, Dean (2015): Distilling the Knowledge in a Neural Network",
            "https://arxiv.org/abs/1503.02531",
        ),
        (
            "Guo, Pleiss, Sun, Weinberger (2017): On Calibration of Modern Neural Networks",
            "https://arxiv.org/abs/1706.04599",
        ),
    ),
)
