"""A small set of labelled images and nothing else: what keeps a student from learning it by heart?"""

from types import MappingProxyType

from kdviz.recipes.study_facts.facts import NLL, TEST_ACCURACY, Arm, Measure, StudyFacts

LABELLED = MappingProxyType({"mnist": 500, "digits": 100})  # all the images there are for a student

FACTS = StudyFacts(
    name="overfitting",
    title="A small set",
    question="What keeps a student from learning a small set by heart?",
    trainer="kdviz.runners.studies.overfitting:measure",
    arms=(
        Arm("none", "no remedy", role="label"),
        Arm("dropout", "dropout", role="label", against="none"),
        Arm("shift", "shifted images", role="label", against="none", weight=2.0),
        Arm("affine", "shifted, turned and stretched images", role="label", against="none", weight=4.0, quick=False),
        Arm("taught-small", "soft targets, teacher of the same small set", against="none"),
        Arm("taught", "soft targets, teacher of all labels", against="none"),
        Arm("dropout-shift", "dropout and shifted images", role="label", against="none", weight=2.0, quick=False),
        Arm("taught-shift", "soft targets and shifted images", against="shift", weight=2.0),
        Arm("taught-dropout-shift", "all three", against="dropout-shift", weight=2.0, quick=False),
    ),
    measures=(
        TEST_ACCURACY,
        Measure("training_accuracy", "right on its own labelled images", better=""),
        Measure("gap", "training minus test", kind="number", better="lower", unit="percentage points"),
        NLL,
    ),
    lesson="when_it_helps",
)
