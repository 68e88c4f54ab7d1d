"""A language model taught by a larger one: labels, soft targets, a teacher's text, and a student's own text."""

from kdviz.recipes.letters import NOVEL
from kdviz.recipes.study_facts.facts import Arm, study

FACTS = study(
    "next-letter",
    arms=(
        Arm("labels", role="label"),
        Arm("word", against="labels", weight=1.1),
        Arm("both", against="labels", weight=1.1, quick=False),
        Arm("sequence", against="labels", weight=1.2, quick=False),
        Arm("on-policy", against="word", weight=2.0, quick=False),
    ),
    data_sets=(NOVEL,),
)
