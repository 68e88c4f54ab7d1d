"""The worked example of Keras' documentation, whose text reports a distilled student better than its teacher."""

from kdviz.recipes.study_facts.facts import NLL, TEST_ACCURACY, Arm, StudyFacts

_TEACHER = "teacher (256 and 512 channels)"

FACTS = StudyFacts(
    name="keras-example",
    title="The example of Keras’ documentation",
    question="Is the distilled student of Keras’ worked example better than the same student trained on labels, "
    "and better than its teacher?",
    trainer="kdviz.runners.studies.keras_example:measure",
    arms=(
        Arm(
            "teacher",
            "teacher (256 and 512 channels)",
            against="distilled",
            role="teacher",
            weight=400,
            published=0.976,
        ),
        Arm("scratch", "student from scratch (16 and 32)", role="label", weight=15, published=0.976),
        Arm("distilled", "distilled student (16 and 32)", against="scratch", weight=15, published=0.981),
    ),
    measures=(
        TEST_ACCURACY,
        NLL,
    ),
    seeds=(0, 1, 2),
    lesson="hintons_table",
)
