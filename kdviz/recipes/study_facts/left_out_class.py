"""A class left out: a student that never saw a 3 knows it from its teacher, but for one number."""

from kdviz.recipes.study_facts.facts import Arm, study

LEFT_OUT = 3
BIASES = tuple(round(step * 0.1, 1) for step in range(101))  # added to the logit of 3

FACTS = study(
    "left-out-class",
    arms=(
        Arm("labels", role="label"),
        Arm("all", against="labels"),
        Arm("labels-without", role="label"),
        Arm("without", against="labels-without"),
        Arm("corrected", against="without", weight=0.1),
    ),
)
