"""A student in fewer bits: rounded after its training, or trained with the rounding, by labels or soft targets."""

from kdviz.recipes.study_facts.facts import Arm, study

FACTS = study(
    "quantisation",
    arms=(
        Arm("float-labels", role="label", weight=2.0),
        Arm("float-soft", against="float-labels"),
        Arm("int8-after", against="float-soft", weight=0.1),
        Arm("int8-static", against="float-soft", weight=1.0, quick=False),
        Arm("int8-labels", role="label", against="int8-after", weight=3.0),
        Arm("int8-soft", against="int8-labels", weight=3.0),
        Arm("int4-after", against="float-soft", weight=0.1),
        Arm("int4-labels", role="label", against="int4-after", weight=3.0),
        Arm("int4-soft", against="int4-labels", weight=3.0),
    ),
)
