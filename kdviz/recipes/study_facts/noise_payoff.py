"""What a quieter gradient would allow: larger learning rates. Hard and soft targets side by side."""

from kdviz.recipes.study_facts.facts import arms_on_axis, study

TEMPERATURE = 4.0
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)  # of SGD with momentum 0.9

FACTS = study(
    "noise-payoff",
    arms=arms_on_axis("noise-payoff", RATES, lambda line, rate: {"quick": rate in (0.003, 0.03, 0.3)}),
    trainer="kdviz.runners.studies.noise_payoff:measure_rate",
    schedule=None,
)
