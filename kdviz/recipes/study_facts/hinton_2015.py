"""Hinton, Vinyals, Dean 2015, section 3: the experiments on MNIST, run as they were described."""

from collections.abc import Mapping

from kdviz.recipes.study_facts.facts import WORDS, Arm, study

TEMPERATURE = 20.0  # of the students of the table
TEMPERATURES = (1.0, 2.5, 4.0, 8.0, 20.0)
WIDTHS: Mapping[int, str] = {30: "784-30-30-10", 300: "784-300-300-10"}  # units in each hidden layer: network

# Errors on the 1,010 threes of the test images, where the paper gives them.
PAPER_THREES: Mapping[str, int] = {"no-threes": 133, "no-threes-bias": 14}

_LINES = WORDS["hinton-2015"]["lines"]

FACTS = study(
    "hinton-2015",
    arms=(
        Arm("teacher", role="teacher", weight=400, published=67),
        Arm("plain", role="label", weight=90, published=146),
        Arm("plain-fast", against="plain", role="label", weight=90, quick=False),
        Arm("distilled", against="plain", weight=90, published=74),
        Arm("no-threes", against="distilled", weight=80, published=206),
        Arm("no-threes-bias", against="no-threes", weight=1, published=109),
        Arm("sevens-eights", against="distilled", weight=20, published=4730),
        Arm("sevens-eights-bias", against="sevens-eights", weight=1, published=1320),
        *(
            Arm(
                f"units-{units}-t-{temperature:g}",
                _LINES["units-at"].format(units=units, temperature=temperature),
                line=_LINES["units"].format(units=units),
                x=temperature,
                against="" if temperature == TEMPERATURES[-1] else f"units-{units}-t-{TEMPERATURES[-1]:g}",
                weight={30: 15, 300: 50}[units],
            )
            for units in WIDTHS
            for temperature in reversed(TEMPERATURES)
        ),
    ),
    seeds=(0,),
    schedule=None,
)
