"""Forward KL covers, reverse KL picks: the same soft targets for three divergences, of the novel and of own texts."""

from kdviz.recipes.letters import NOVEL
from kdviz.recipes.study_facts.facts import Arm, study

FACTS = study(
    "next-letter-divergences",
    arms=(
        Arm("forward"),
        Arm("reverse", against="forward"),
        Arm("js", against="forward"),
        Arm("own-forward", against="forward", weight=2.0, quick=False),
        Arm("own-reverse", against="reverse", weight=2.0, quick=False),
    ),
    trainer="kdviz.runners.studies.next_letter:measure",
    data_sets=(NOVEL,),
)
