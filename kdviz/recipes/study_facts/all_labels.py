"""All labels and an ordinary student: where distillation does not help, and what it changes all the same."""

from kdviz.recipes.study_facts.facts import NLL, TEST_ACCURACY, Arm, Measure, StudyFacts

FACTS = StudyFacts(
    name="all-labels",
    title="All labels",
    question="What does a teacher add when every image has its right label?",
    trainer="kdviz.runners.studies.all_labels:measure",
    arms=(
        Arm("labels", "labels only", role="label"),
        Arm("taught", "taught by its teacher", against="labels"),
        Arm("smoothing", "label smoothing, no teacher", against="labels", role="label"),
        Arm("other", "taught by another seed’s teacher", against="labels"),
    ),
    measures=(
        TEST_ACCURACY,
        Measure("agreement", "agreement with the teacher of its seed", better="higher"),
        NLL,
        Measure("ece", "calibration error", better="lower"),
    ),
    lesson="when_it_helps",
)
