"""A very narrow student: does a teacher help it, and at which temperature?"""

from kdviz.recipes.study_facts.facts import Arm, Measure, StudyFacts

MODELS = {"4": "784-4-10", "8": "784-8-10", "16": "784-16-10", "30-30": "784-30-30-10"}
TEMPERATURES = (1, 2, 4, 8, 20)
HOT = TEMPERATURES[-1]
_QUICK = (("8", "30-30"), (1, 4, 20))


def _arms(units: str, name: str) -> tuple[Arm, ...]:
    quick = units in _QUICK[0]
    return (
        Arm(f"labels-{units}", f"{name}, labels only", role="label", quick=quick),
        *(
            Arm(
                f"{units}-t{temperature}",
                f"{name}, T = {temperature}",
                line=name,
                x=temperature,
                against=f"{units}-t{HOT}" if temperature == 4 else "",  # nobody's choice after the fact
                quick=quick and temperature in _QUICK[1],
            )
            for temperature in TEMPERATURES
        ),
        Arm(
            f"{units}-best",
            f"{name}, T chosen on validation images",
            against=f"labels-{units}",
            weight=0.05,
            quick=quick,
        ),
    )


FACTS = StudyFacts(
    name="narrow-student",
    title="A very narrow student",
    question="Does a teacher help a very narrow student, and at which temperature?",
    trainer="kdviz.runners.studies.narrow_student:measure",
    arms=tuple(arm for units, name in MODELS.items() for arm in _arms(units, name)),
    measures=(
        Measure("test_accuracy", "right on the test images"),
        Measure("validation_accuracy", "right on the validation images", better=""),
        Measure("nll", "negative log-likelihood", kind="number", better="lower", unit="nats"),
        Measure("agreement", "agreement with the teacher", better=""),
        Measure("temperature", "temperature T", kind="number", better=""),
    ),
    x_title="temperature T",
    x_log=True,
    lesson="when_it_helps",
    sources=(
        (
            "Hinton, Vinyals, Dean (2015): Distilling the Knowledge in a Neural Network",
            "https://arxiv.org/abs/1503.02531",
        ),
    ),
)
