"""Hinton, Vinyals, Dean 2015, section 3: the experiments on MNIST, run as they were described."""

from collections.abc import Mapping
from types import MappingProxyType

from kdviz.recipes.study_facts.facts import TEST_ACCURACY, Arm, Measure, StudyFacts

TEMPERATURE = 20.0  # of the students of the table
TEMPERATURES = (1.0, 2.5, 4.0, 8.0, 20.0)
WIDTHS = MappingProxyType({30: "784-30-30-10", 300: "784-300-300-10"})  # units in each hidden layer: network

# Errors on the 1,010 threes of the test images, where the paper gives them.
PAPER_THREES: Mapping[str, int] = MappingProxyType({"no-threes": 133, "no-threes-bias": 14})

_TEACHER = "1200 + 1200 units, dropout, weight constraint, jitter"
_STUDENT = "800 + 800 units"
_FAST = "hard labels, the learning rate of the taught"
_TAUGHT = f"the teacher’s soft targets at T = {TEMPERATURE:g}"
_NO_THREES, _ONLY = "no 3 in the transfer set", "only 7s and 8s"

FACTS = StudyFacts(
    name="hinton-2015",
    title="Hinton’s table",
    question="Do the experiments that made distillation known come out the same when they are run again?",
    trainer="kdviz.runners.studies.hinton:measure",
    arms=(
        Arm("teacher", f"teacher: {_TEACHER}", role="teacher", weight=400, published=67),
        Arm("plain", f"{_STUDENT}, hard labels", role="label", weight=90, published=146),
        Arm("plain-fast", f"{_STUDENT}, {_FAST}", against="plain", role="label", weight=90, quick=False),
        Arm("distilled", f"{_STUDENT}, {_TAUGHT}", against="plain", weight=90, published=74),
        Arm("no-threes", _NO_THREES, against="distilled", weight=80, published=206),
        Arm("no-threes-bias", f"{_NO_THREES}, bias of class 3 raised", against="no-threes", weight=1, published=109),
        Arm("sevens-eights", f"{_ONLY} in the transfer set", against="distilled", weight=20, published=4730),
        Arm("sevens-eights-bias", f"{_ONLY}, their biases lowered", against="sevens-eights", weight=1, published=1320),
        *(
            Arm(
                f"units-{units}-t-{temperature:g}",
                f"{units} + {units} units, T = {temperature:g}",
                line=f"{units} + {units} units",
                x=temperature,
                against="" if temperature == TEMPERATURES[-1] else f"units-{units}-t-{TEMPERATURES[-1]:g}",
                weight={30: 15, 300: 50}[units],
            )
            for units in WIDTHS
            for temperature in reversed(TEMPERATURES)
        ),
    ),
    measures=(
        Measure("test_errors", "wrong on the test images", kind="count", better="lower"),
        TEST_ACCURACY,
        Measure("three_errors", "3s of the test images wrong", kind="count", better=""),
        Measure("nll", "negative log-likelihood", kind="number", better="", unit="nats"),
    ),
    seeds=(0,),
    x_title="temperature T",
    x_log=True,
    lesson="hintons_table",
)
