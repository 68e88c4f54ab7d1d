"""All labels and an ordinary student: where distillation does not help, and what it changes all the same."""

from kdviz.recipes.study_facts.facts import NLL, TEST_ACCURACY, Arm, Measure, study

FACTS = study(
    "all-labels",
    arms=(
        Arm("labels", role="label"),
        Arm("taught", against="labels"),
        Arm("smoothing", against="labels", role="label"),
        Arm("other", against="labels"),
    ),
    measures=(TEST_ACCURACY, Measure("agreement"), NLL, Measure("ece", better="lower")),
)
