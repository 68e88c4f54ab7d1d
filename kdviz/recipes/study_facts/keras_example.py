"""The worked example of Keras' documentation, whose text reports a distilled student better than its teacher."""

from kdviz.recipes.study_facts.facts import Arm, study

FACTS = study(
    "keras-example",
    arms=(
        Arm("teacher", against="distilled", role="teacher", weight=400, published=0.976),
        Arm("scratch", role="label", weight=15, published=0.976),
        Arm("distilled", against="scratch", weight=15, published=0.981),
    ),
    seeds=(0, 1, 2),
    schedule=None,
)
