"""A very narrow student: does a teacher help it, and at which temperature?"""

from kdviz.recipes.study_facts.facts import NLL, TEST_ACCURACY, Arm, Measure, StudyFacts

MODELS = {"4": "784-4-10", "8": "784-8-10", "16": "784-16-10", "30-30": "784-30-30-10"}
TEMPERATURES = (1, 2, 4, 8, 20)
_QUICK = ("8", "30-30")


def _arms(units: str, name: str) -> tuple[Arm, ...]:
    quick, best = units in _QUICK, f"{name}, T chosen on validation images"
    return (
        Arm(f"labels-{units}", f"{name}, labels only", role="label", quick=quick),
        *(
            Arm(
                f"{units}-t{temperature}",
                f"{name}, T = {temperature}",
                line=name,
                x=temperature,
                against=f"{units}-t20" if temperature == 4 else "",  # a pair that was chosen before the results
                quick=quick and temperature in (1, 4, 20),
            )
            for temperature in TEMPERATURES
        ),
        Arm(f"{units}-best", best, against=f"labels-{units}", weight=0.05, quick=quick),
    )


FACTS = StudyFacts(
    name="narrow-student",
    title="A very narrow student",
    question="Does a teacher help a very narrow student, and at which temperature?",
    trainer="kdviz.runners.studies.narrow_student:measure",
    arms=tuple(arm for units, name in MODELS.items() for arm in _arms(units, name)),
    measures=(
        TEST_ACCURACY,
        Measure("validation_accuracy", "right on the validation images", better=""),
        NLL,
        Measure("agreement", "agreement with the teacher", better=""),
        Measure("temperature", "temperature T", kind="number", better=""),
    ),
    x_title="temperature T",
    x_log=True,
    lesson="when_it_helps",
)
