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
    sources=(
        (
            "Stanton, Izmailov, Kirichenko, Alemi, Wilson (2021): Does Knowledge Distillation Really Work?",
            "https://arxiv.org/abs/2106.05945",
        ),
        (
            "Szegedy, Vanhoucke, Ioffe, Shlens, Wojna (2016): "
            "Rethinking the Inception Architecture for Computer Vision",
            "https://arxiv.org/abs/1512.00567",
        ),
    ),
)
