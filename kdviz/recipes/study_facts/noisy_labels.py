"""Noisy labels: what a teacher is worth when many of the labels are wrong."""

from kdviz.recipes.study_facts.facts import arms_on_axis, study

FACTS = study(
    "noisy-labels",
    arms=arms_on_axis(
        "noisy-labels",
        (0.0, 20.0, 40.0, 60.0),  # per cent of the training labels, each replaced by one of the nine other classes
        lambda line, percent: {"weight": 2.5 if line == "own" else 1.0, "quick": percent in (0.0, 40.0)},
    ),
)
