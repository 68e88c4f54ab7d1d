"""Why T²: how large the gradients of the soft and the hard term are, and when KL becomes the matching of logits."""

from kdviz.recipes.study_facts.facts import Arm, Measure, StudyFacts

HOT = 20.0  # the temperature of the figures in the table
BATCH_IMAGES = 256  # training images on which the gradients are taken

FACTS = StudyFacts(
    name="t-squared",
    title="Why T²",
    question="How large are the gradients of the soft and the hard term, with and without the factor T²?",
    trainer="kdviz.runners.studies.t_squared:measure",
    arms=(
        Arm("start", "before the first update", weight=1.0),
        Arm("epoch-1", "after one epoch", weight=0.5),
        Arm("trained", "at the end of its training", weight=1.5),
    ),
    measures=(
        Measure("without_kept", "soft gradient, T = 20 over T = 1, without T²", kind="number", better=""),
        Measure("with_kept", "soft gradient, T = 20 over T = 1, with T²", kind="number", better=""),
        Measure("soft_beside_hard", "soft over hard gradient at T = 20, with T²", kind="number", better=""),
        Measure("match_error", "T²·KL off matched logits at T = 20", kind="number", better=""),
    ),
    lesson="loss",
)
