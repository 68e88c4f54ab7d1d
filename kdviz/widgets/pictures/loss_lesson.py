"""The picture of the loss lesson: two distributions that a visitor moves, and every loss between them.

What the browser draws is computed there; the same figures are here in NumPy for the page's questions.
"""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np

from kdviz.records.softmax import entropy, log_softmax
from kdviz.widgets import link
from kdviz.widgets.components import component, keep_committed, numbers_within, within
from kdviz.widgets.pictures.soft_targets import GROUP, valid_temperature

LARGEST_LOGIT = 30.0
PARTS = ("teacher", "student", "label", "T", "alpha")  # of the picture, as the URL has them

_loss_lesson = component("loss")


@dataclass(frozen=True)
class LossState:
    """Everything that a visitor moves."""

    teacher: tuple[float, ...]  # logits v
    student: tuple[float, ...]  # logits z
    label: int
    temperature: float = 1.0
    alpha: float = 0.7  # of the reference recipe


@dataclass(frozen=True)
class Example:
    """Classes and where their logits start: a preset of the page."""

    class_names: tuple[str, ...]
    start: LossState


@dataclass(frozen=True)
class Readings:
    """The losses, in nats."""

    forward: float  # KL(p || q) at T
    reverse: float  # KL(q || p) at T
    entropy: float  # H(p) at T
    hard: float  # CE with the hard label at T = 1
    soft_part: float  # alpha * T^2 * KL
    hard_part: float  # (1 - alpha) * CE


def logits_of(shares: tuple[float, ...]) -> tuple[float, ...]:
    """Logits whose softmax at T = 1 is `shares`, with the mean 0 and the digits that a link carries."""
    logs = [math.log(share) for share in shares]
    middle = sum(logs) / len(logs)
    return tuple(round(value - middle, 3) for value in logs)


def readings(chosen: LossState) -> Readings:
    """All losses between the two distributions; see `kdviz.engine.losses` for the same with gradients."""
    log_p, log_q = (log_softmax(z, chosen.temperature) for z in (chosen.teacher, chosen.student))
    forward, reverse = (max(0.0, float((np.exp(a) * (a - b)).sum())) for a, b in ((log_p, log_q), (log_q, log_p)))
    hard = float(-log_softmax(chosen.student, 1.0)[chosen.label])
    return Readings(
        forward,
        reverse,
        max(0.0, float(entropy(chosen.teacher, chosen.temperature))),
        hard,
        chosen.alpha * chosen.temperature**2 * forward,
        (1 - chosen.alpha) * hard,
    )


def chosen_in_link(example: Example) -> LossState:
    """What the URL says, starting from an example; says on the page what of it cannot be and passes it over."""
    start, names = example.start, example.class_names
    label = names[start.label]
    return LossState(
        link.numbers("teacher", start.teacher, LARGEST_LOGIT),
        link.numbers("student", start.student, LARGEST_LOGIT),
        names.index(link.choice("label", names, label, f"Shown is {label}.")),
        link.number("T", 0.1, 100.0, start.temperature),
        link.number("alpha", 0.0, 1.0, start.alpha),
    )


def keep_in_link(chosen: LossState, example: Example) -> None:
    """Write what differs from the example into the URL."""
    for name, text, usual in zip(PARTS, _texts(chosen, example), _texts(example.start, example), strict=True):
        link.write(name, "" if text == usual else text)


def _texts(state: LossState, example: Example) -> Iterable[str]:
    """What the URL says of each of `PARTS`."""
    for logits in (state.teacher, state.student):
        yield ",".join(f"{z:.3f}".rstrip("0").rstrip(".") for z in logits)
    yield from (example.class_names[state.label], f"{state.temperature:.3g}", f"{state.alpha:.2g}")


def loss_picture(*, key: str, example: Example, chosen: LossState) -> None:
    """The two distributions with all losses; the URL keeps what is moved when the finger lets go."""
    names = list(example.class_names)
    commit = keep_committed(
        key, "state", lambda sent: valid_state(sent, len(names)), lambda moved: keep_in_link(moved, example)
    )
    data = {**asdict(chosen), "T": chosen.temperature, "names": names, **GROUP}
    _loss_lesson(key=key, data=data, on_state_change=commit)


def valid_state(value: object, classes: int) -> LossState | None:
    """What a browser sends is not to be trusted: all five parts inside their limits, or nothing."""
    if not isinstance(value, list) or len(value) != 5:
        return None
    teacher, student = (numbers_within(part, classes, LARGEST_LOGIT) for part in value[:2])
    label, temperature, alpha = value[2], valid_temperature(value[3]), within(value[4], 0.0, 1.0)
    if teacher is None or student is None or temperature is None or alpha is None:
        return None
    if not isinstance(label, int) or isinstance(label, bool) or not 0 <= label < classes:
        return None
    return LossState(teacher, student, label, temperature, alpha)
