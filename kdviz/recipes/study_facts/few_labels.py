"""Few labels, many images: what a teacher's answers on unlabelled images are worth."""

from kdviz.recipes.study_facts.facts import Arm, Measure, StudyFacts

_LABELS = (20, 50, 100, 500)
_LINES = {
    "labels": "labels only",
    "labelled": "taught on the labelled images only",
    "all": "taught on all images",
    "own": "taught on all images by a teacher that had only these labels",
}

FACTS = StudyFacts(
    name="few-labels",
    title="Few labels, many images",
    question="What are a teacher’s answers on unlabelled images worth when only a few images have a label?",
    trainer="kdviz.runners.studies.few_labels:measure",
    arms=tuple(
        Arm(
            name=f"{way}-{count}",
            title=f"{line}, {count} labels",
            line=line,
            x=count,
            against="" if way == "labels" else f"labels-{count}",
            role="label" if way == "labels" else "student",
            weight=2.0 if way == "own" else 1.0,
            quick=count in (50, 500),
        )
        for count in _LABELS
        for way, line in _LINES.items()
    ),
    measures=(
        Measure("test_accuracy", "right on the test images"),
        Measure("nll", "negative log-likelihood", kind="number", better="lower", unit="nats"),
        Measure("agreement", "agreement with the teacher that had all labels", better=""),
    ),
    x_title="labelled images",
    x_log=True,
    lesson="when_it_helps",
)
