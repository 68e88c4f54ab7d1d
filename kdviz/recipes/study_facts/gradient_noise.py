"""How much the gradient of a batch differs from batch to batch, for hard labels and for soft targets."""

from typing import NamedTuple

from kdviz.recipes.study_facts.facts import Arm, Measure, StudyFacts

BATCH = 64  # images in a batch
TEMPERATURES = (1.0, 2.0, 4.0, 8.0, 20.0)
TAUGHT_TEMPERATURE, TAUGHT_ALPHA = 4.0, 0.7
MOMENTS = (0.0, 0.05, 1 / 6, 1 / 3, 2 / 3, 1.0)  # shares of the training; at the first report from there on
MIDDLE = 3  # the moment of the main measure


class Target(NamedTuple):
    """What a batch's gradient is taken towards: alpha * T^2 * KL + (1 - alpha) * CE."""

    temperature: float
    alpha: float


TARGETS = {
    "hard": Target(1.0, 0.0),
    **{f"soft-{temperature:g}": Target(temperature, 1.0) for temperature in TEMPERATURES},
    "mixed": Target(TAUGHT_TEMPERATURE, TAUGHT_ALPHA),
}
PATHS = {"labels": "a student that learns from labels", "taught": "a student that is taught"}


def arm_name(path: str, target: str) -> str:
    """The arm of one kind of target along the training of one student."""
    return f"{path}-{target}"


def _title(target: str) -> str:
    if target == "hard":
        return "hard labels"
    if target == "mixed":
        return f"both, α = {TAUGHT_ALPHA:g}, T = {TAUGHT_TEMPERATURE:g}"
    return f"soft targets, T = {TARGETS[target].temperature:g}"


def _arm(path: str, target: str) -> Arm:
    return Arm(
        name=arm_name(path, target),
        title=f"{_title(target)}, on the way of {PATHS[path]}",
        line="" if target in ("hard", "mixed") else f"soft targets, on the way of {PATHS[path]}",
        x=None if target in ("hard", "mixed") else TARGETS[target].temperature,
        against="" if target == "hard" else arm_name(path, "hard"),
        role="label" if target == "hard" else "teacher",
        weight=1.0 if target == "hard" else 0.001,  # the first arm of a path measures for all of them
        quick=path == "labels" or target in ("hard", "soft-4"),
    )


FACTS = StudyFacts(
    name="gradient-noise",
    title="Noise in the gradient",
    question="Is the gradient of soft targets less noisy than that of hard labels?",
    trainer="kdviz.runners.studies.gradient_noise:measure",
    arms=tuple(_arm(path, target) for path in PATHS for target in TARGETS),
    measures=(
        # In decibels, ten to a factor of ten: noise differs by factors from seed to seed and from target to target.
        Measure("middle", "noise beside the mean gradient after a third of the training", "number", "lower", "dB"),
        Measure("start", "noise beside the mean gradient before the first update", "number", "lower", "dB"),
        Measure("end", "noise beside the mean gradient at the end of the training", "number", "lower", "dB"),
        Measure("variance_middle", "variance of the gradient after a third of the training", "number", ""),
    ),
    x_title="temperature",
    x_log=True,
    lesson="gradient_noise",
)
