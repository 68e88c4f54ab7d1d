"""What a quieter gradient would allow: larger learning rates."""

from __future__ import annotations

from kdviz.recipes.study_facts.facts import Arm, Measure, StudyFacts

RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)  # of SGD with momentum 0.9
WAYS = ("labels", "taught")
LINES = {"labels": "labels only", "taught": "soft targets only, T = 4"}
CHANCE = 0.1  # ten classes: at twice this a student is said to have learnt

FACTS = StudyFacts(
    name="noise-payoff",
    title="Learning rates with hard and soft targets",
    question="Can the student learn at a higher rate from soft targets?",
    trainer="kdviz.runners.studies.noise_payoff:measure_rate",
    arms=tuple(
        Arm(
            name=f"{way}-{rate:g}",
            title=f"{LINES[way]}, learning rate {rate:g}",
            line=LINES[way],
            x=rate,
            against="" if way == "labels" else f"labels-{rate:g}",
            role="label" if way == "labels" else "student",
            quick=rate in (0.003, 0.03, 0.3),
        )
        for rate in RATES
        for way in WAYS
    ),
    measures=(
        Measure("test_accuracy", "right on the test images"),
        Measure("nll", "negative log-likelihood", kind="number", better="lower", unit="nats"),
    ),
    x_title="learning rate of SGD",
    x_log=True,
    lesson="gradient_noise",
    sources=(
        (
            "Hinton, Vinyals, Dean (2015): Distilling the Knowledge in a Neural Network",
            "https://arxiv.org/abs/1503.02531",
        ),
    ),
)
