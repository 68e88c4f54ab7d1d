"""What a quieter gradient would allow as well: fewer examples. Hard and soft targets side by side."""

from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.study_facts.facts import arms_on_axis, study

COUNTS = (100, 300, 1000, 3000, 10_000)  # images

FACTS = study(
    "fewer-examples",
    arms=arms_on_axis(
        "fewer-examples",
        COUNTS,
        lambda line, count: {
            "quick": count in (300, 1000, 10_000),
            "only": ("mnist",) if count > DATA_SETS["digits"].training_images else (),
        },
    ),
    trainer="kdviz.runners.studies.noise_payoff:measure_examples",
)
