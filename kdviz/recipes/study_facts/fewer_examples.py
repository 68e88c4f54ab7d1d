"""What a quieter gradient would allow: fewer examples. Hard and soft targets of the same few images."""

from __future__ import annotations

from kdviz.recipes.study_facts.facts import Arm, Measure, StudyFacts
from kdviz.recipes.study_facts.noise_payoff import LINES, WAYS

COUNTS = (100, 300, 1000, 3000, 10_000)
_SMALL = 1257  # the training images of the digits

FACTS = StudyFacts(
    name="fewer-examples",
    title="Fewer examples with hard and soft targets",
    question="Can the student learn from fewer images if each has a soft target?",
    trainer="kdviz.runners.studies.noise_payoff:measure_examples",
    arms=tuple(
        Arm(
            name=f"{way}-{count}",
            title=f"{LINES[way]}, {count:,} images",
            line=LINES[way],
            x=count,
            against="" if way == "labels" else f"labels-{count}",
            role="label" if way == "labels" else "student",
            quick=count in (300, 1000, 10_000),
            only=("mnist",) if count > _SMALL else (),
        )
        for count in COUNTS
        for way in WAYS
    ),
    measures=(
        Measure("test_accuracy", "right on the test images"),
        Measure("nll", "negative log-likelihood", kind="number", better="lower", unit="nats"),
        Measure("agreement", "agreement with the teacher", better=""),
    ),
    x_title="images",
    x_log=True,
    lesson="gradient_noise",
    sources=(
        (
            "Hinton, Vinyals, Dean (2015): Distilling the Knowledge in a Neural Network",
            "https://arxiv.org/abs/1503.02531",
        ),
    ),
)
