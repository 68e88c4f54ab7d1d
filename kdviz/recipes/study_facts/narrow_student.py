"""A very narrow student: does a teacher help it, and at which temperature?"""

from collections.abc import Iterable

from kdviz.recipes.study_facts.facts import WORDS, Arm, study

MODELS = {"4": "784-4-10", "8": "784-8-10", "16": "784-16-10", "30-30": "784-30-30-10"}
TEMPERATURES = (1, 2, 4, 8, 20)


def _arms(units: str, model: str) -> Iterable[Arm]:
    quick, titles = units in ("8", "30-30"), WORDS["narrow-student"]["arms"]
    yield Arm(f"labels-{units}", titles["labels"].format(model), role="label", quick=quick)
    for temperature in TEMPERATURES:
        yield Arm(
            f"{units}-t{temperature}",
            titles["at"].format(model, temperature),
            line=model,
            x=temperature,
            against=f"{units}-t20" if temperature == 4 else "",  # a pair that was chosen before the results
            quick=quick and temperature in (1, 4, 20),
        )
    yield Arm(f"{units}-best", titles["best"].format(model), against=f"labels-{units}", weight=0.05, quick=quick)


FACTS = study("narrow-student", arms=(arm for units, model in MODELS.items() for arm in _arms(units, model)))
