"""Why T²: how large the gradients of the soft and the hard term are, and when KL becomes the matching of logits."""

from kdviz.recipes.study_facts.facts import Arm, study

HOT = 20.0  # the temperature of the figures in the table
BATCH_IMAGES = 256  # training images on which the gradients are taken

FACTS = study(
    "t-squared", arms=(Arm("start", weight=1.0), Arm("epoch-1", weight=0.5), Arm("trained", weight=1.5)), schedule=None
)
