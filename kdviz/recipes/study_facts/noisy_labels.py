"""Noisy labels: what a teacher is worth when many of the labels are wrong."""

from kdviz.recipes.study_facts.facts import Arm, Measure, StudyFacts

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
        Arm(
            name=f"{way}-{100 * share:.0f}",
            title=f"{line}, {100 * share:.0f} % of the labels wrong",
            line=line,
            x=100 * share,
            against="" if way == "labels" else f"labels-{100 * share:.0f}",
            role="label" if way == "labels" else "student",
            weight=2.5 if way == "own" else 1.0,
            quick=share in (0.0, 0.4),
        )
        for share in SHARES
        for way, line in _LINES.items()
    ),
    measures=(
        Measure("test_accuracy", "right on the test images"),
        Measure("nll", "negative log-likelihood", kind="number", better="lower", unit="nats"),
        Measure("fitted", "training images whose wrong label the student gives back", better=""),
        Measure("agreement", "agreement with the teacher that had clean labels", better=""),
    ),
    x_title="wrong training labels, per cent",
    lesson="when_it_helps",
    sources=(
        (
            "Hinton, Vinyals, Dean (2015): Distilling the Knowledge in a Neural Network",
            "https://arxiv.org/abs/1503.02531",
        ),
        (
            "Li, Yang, Song, Cao, Luo, Li (2017): Learning from Noisy Labels with Distillation",
            "https://arxiv.org/abs/1703.02391",
        ),
    ),
)
