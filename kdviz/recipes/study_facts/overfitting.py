"""A small set of labelled images and nothing else: what keeps a student from learning it by heart?"""

from collections.abc import Mapping

from kdviz.recipes.study_facts.facts import Arm, study

LABELLED: Mapping[str, int] = {"mnist": 500, "digits": 100}  # all the images there are for a student

FACTS = study(
    "overfitting",
    arms=(
        Arm("none", role="label"),
        Arm("dropout", role="label", against="none"),
        Arm("shift", role="label", against="none", weight=2.0),
        Arm("affine", role="label", against="none", weight=4.0, quick=False),
        Arm("taught-small", against="none"),
        Arm("taught", against="none"),
        Arm("dropout-shift", role="label", against="none", weight=2.0, quick=False),
        Arm("taught-shift", against="shift", weight=2.0),
        Arm("taught-dropout-shift", against="dropout-shift", weight=2.0, quick=False),
    ),
)
