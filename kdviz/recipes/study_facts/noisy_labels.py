"""Noisy labels: what a teacher is worth when many of the labels are wrong."""

from kdviz.recipes.study_facts.facts import NLL, TEST_ACCURACY, Measure, StudyFacts, arm_at

SHARES = (0.0, 0.2, 0.4, 0.6)  # of the training labels, each replaced by one of the nine other classes
_LINES = {
    "labels": "labels only",
    "clean": "taught by a teacher that had clean labels",
    "soft": "that teacher’s soft targets alone, no labels",
    "own": "taught by a teacher that had the same wrong labels",
}

FACTS = StudyFacts(
    name="noisy-labels",
    title="Noisy labels",
    question="What is a teacher worth when many of the labels are wrong?",
    trainer="kdviz.runners.studies.noisy_labels:measure",
    arms=tuple(
        arm_at(
            way,
            line,
            100 * share,
            f"{100 * share:.0f} % of the labels wrong",
            weight=2.5 if way == "own" else 1.0,
            quick=share in (0.0, 0.4),
        )
        for share in SHARES
        for way, line in _LINES.items()
    ),
    measures=(
        TEST_ACCURACY,
        NLL,
        Measure("fitted", "training images whose wrong label the student gives back", better=""),
        Measure("agreement", "agreement with the teacher that had clean labels", better=""),
    ),
    x_title="wrong training labels, per cent",
    lesson="when_it_helps",
)
