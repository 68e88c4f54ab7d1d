"""What a quieter gradient would allow: larger learning rates, fewer examples. Hard and soft targets side by side."""

from kdviz.recipes.study_facts.facts import NLL, TEST_ACCURACY, Measure, StudyFacts, arm_at

TEMPERATURE = 4.0
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)  # of SGD with momentum 0.9
COUNTS = (100, 300, 1000, 3000, 10_000)  # images
_TRAINING_IMAGES_OF_DIGITS = 1257
_LINES = {"labels": "labels only", "taught": f"soft targets only, T = {TEMPERATURE:g}"}

RATE_FACTS = StudyFacts(
    name="noise-payoff",
    title="Learning rates with hard and soft targets",
    question="Can the student learn at a higher rate from soft targets?",
    trainer="kdviz.runners.studies.noise_payoff:measure_rate",
    arms=tuple(
        arm_at(way, line, rate, f"learning rate {rate:g}", quick=rate in (0.003, 0.03, 0.3))
        for rate in RATES
        for way, line in _LINES.items()
    ),
    measures=(TEST_ACCURACY, NLL),
    x_title="learning rate of SGD",
    x_log=True,
    lesson="gradient_noise",
)

EXAMPLES_FACTS = StudyFacts(
    name="fewer-examples",
    title="Fewer examples with hard and soft targets",
    question="Can the student learn from fewer images if each has a soft target?",
    trainer="kdviz.runners.studies.noise_payoff:measure_examples",
    arms=tuple(
        arm_at(
            way,
            line,
            count,
            f"{count:,} images",
            quick=count in (300, 1000, 10_000),
            only=("mnist",) if count > _TRAINING_IMAGES_OF_DIGITS else (),
        )
        for count in COUNTS
        for way, line in _LINES.items()
    ),
    measures=(TEST_ACCURACY, NLL, Measure("agreement", "agreement with the teacher", better="")),
    x_title="images",
    x_log=True,
    lesson="gradient_noise",
)
