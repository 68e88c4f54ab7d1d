"""How much the gradient of a batch differs from batch to batch, for hard labels and for soft targets."""

from collections.abc import Mapping
from typing import NamedTuple

from kdviz.recipes.study_facts.facts import WORDS, Arm, study

BATCH = 64  # images in a batch
TEMPERATURES = (1.0, 2.0, 4.0, 8.0, 20.0)
MOMENTS = (0.0, 0.05, 1 / 6, 1 / 3, 2 / 3, 1.0)  # shares of the training; at the first report from there on
MIDDLE = 3  # the moment of the main measure


class Target(NamedTuple):
    """What a batch's gradient is taken towards: alpha * T^2 * KL + (1 - alpha) * CE."""

    temperature: float
    alpha: float


TARGETS = {
    "hard": Target(1.0, 0.0),
    **{f"soft-{temperature:g}": Target(temperature, 1.0) for temperature in TEMPERATURES},
    "mixed": Target(4.0, 0.7),  # as the taught student learns
}
_WORDS = WORDS["gradient-noise"]
PATHS: Mapping[str, str] = _WORDS["paths"]  # the two students along whose training gradients are taken


def arm_name(path: str, target: str) -> str:
    """The arm of one kind of target along the training of one student."""
    return f"{path}-{target}"


def _arm(path: str, target: str) -> Arm:
    temperature, alpha = TARGETS[target]
    soft = target.startswith("soft-")
    title = _WORDS["targets"]["soft-at" if soft else target].format(alpha=alpha, temperature=temperature)
    return Arm(
        name=arm_name(path, target),
        title=_WORDS["on_path"].format(target=title, path=PATHS[path]),
        line=_WORDS["on_path"].format(target=_WORDS["targets"]["soft"], path=PATHS[path]) if soft else "",
        x=temperature if soft else None,
        against="" if target == "hard" else arm_name(path, "hard"),
        role="label" if target == "hard" else "teacher",
        weight=1.0 if target == "hard" else 0.001,  # the first arm of a path measures for all of them
        quick=path == "labels" or target in ("hard", "soft-4"),
    )


FACTS = study("gradient-noise", arms=(_arm(path, target) for path in PATHS for target in TARGETS), schedule=None)
