"""Few labels, many images: what a teacher's soft targets for unlabelled images are worth."""

from kdviz.recipes.study_facts.facts import arms_on_axis, study

FACTS = study(
    "few-labels",
    arms=arms_on_axis(
        "few-labels",
        (20, 50, 100, 500),
        lambda line, count: {"weight": 2.0 if line == "own" else 1.0, "quick": count in (50, 500)},
    ),
)
