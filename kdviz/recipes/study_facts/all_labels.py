"""All labels and an ordinary student: where distillation does not help, and what it changes all the same."""

from kdviz.recipes.study_facts.facts import Arm, study

FACTS = study(
    "all-labels",
    arms=(
        Arm("labels", role="label"),
        Arm("taught", against="labels"),
        Arm("smoothing", against="labels", role="label"),
        Arm("other", against="labels"),
    ),
)
