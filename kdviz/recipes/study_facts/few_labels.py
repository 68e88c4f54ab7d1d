"""Few labels, many images: what a teacher's soft targets for unlabelled images are worth."""

from kdviz.recipes.study_facts.facts import NLL, TEST_ACCURACY, Measure, StudyFacts, arm_at

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
        arm_at(way, line, count, f"{count} labels", weight=2.0 if way == "own" else 1.0, quick=count in (50, 500))
        for count in (20, 50, 100, 500)
        for way, line in _LINES.items()
    ),
    measures=(TEST_ACCURACY, NLL, Measure("agreement", "agreement with the teacher that had all labels", better="")),
    x_title="labelled images",
    x_log=True,
    lesson="when_it_helps",
)
