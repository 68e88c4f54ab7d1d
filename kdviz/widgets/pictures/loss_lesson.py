"""The picture of the loss lesson: two distributions that a visitor moves, and every loss between them.

What the browser draws is computed there; the same figures are here in NumPy for the page's questions.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from kdviz.records.softmax import entropy, log_softmax
from kdviz.widgets import link
from kdviz.widgets.components import component, keep_committed, numbers_within, within
from kdviz.widgets.pictures.soft_targets import GROUP, valid_temperature

LARGEST_LOGIT = 30.0
DEFAULT_ALPHA = 0.7  # of the reference recipe

_loss_lesson = component("loss")


@dataclass(frozen=True)
class Example:
    """Classes with logits to start from: a preset of the page."""

    name: str  # as the URL has it
    class_names: tuple[str, ...]
    teacher: tuple[float, ...]
    student: tuple[float, ...]
    label: int
    temperature: float = 1.0


@dataclass(frozen=True)
class LossState:
    """Everything that the picture shows."""

    teacher: tuple[float, ...]  # logits v
    student: tuple[float, ...]  # logits z
    label: int
    temperature: float
    alpha: float


@dataclass(frozen=True)
class Readings:
    """The losses, in nats."""

    forward: float  # KL(p || q) at T
    reverse: float  # KL(q || p) at T
    entropy: float  # H(p) at T
    hard: float  # CE with the hard label at T = 1
    soft_part: float  # alpha * T^2 * KL
    hard_part: float  # (1 - alpha) * CE

    @property
    def soft_cross_entropy(self) -> float:
        """CE(p, q) = H(p) + KL(p || q)."""
        return self.entropy + self.forward


def logits_of(shares: tuple[float, ...]) -> tuple[float, ...]:
    """Logits whose softmax at T = 1 is `shares`, with the mean 0 and the digits that a link carries."""
    logs = [math.log(share) for share in shares]
    middle = sum(logs) / len(logs)
    return tuple(round(value - middle, 3) for value in logs)


def readings(chosen: LossState) -> Readings:
    """All losses between the two distributions; see `kdviz.engine.losses` for the same with gradients."""
    log_p, log_q = (log_softmax(z, chosen.temperature) for z in (chosen.teacher, chosen.student))
    p, q = np.exp(log_p), np.exp(log_q)
    forward, reverse = float((p * (log_p - log_q)).sum()), float((q * (log_q - log_p)).sum())
    hard = float(-log_softmax(chosen.student, 1.0)[chosen.label])
    return Readings(
        max(0.0, forward),
        max(0.0, reverse),
        max(0.0, float(entropy(chosen.teacher, chosen.temperature))),
        hard,
        chosen.alpha * chosen.temperature**2 * max(0.0, forward),
        (1 - chosen.alpha) * hard,
    )


def chosen_in_link(example: Example) -> LossState:
    """What the URL says, starting from an example; says on the page what of it cannot be and passes it over."""
    return LossState(
        _logits("teacher", example.teacher),
        _logits("student", example.student),
        _label(example),
        link.number("T", 0.1, 100.0, example.temperature),
        link.number("alpha", 0.0, 1.0, DEFAULT_ALPHA),
    )


def keep_in_link(chosen: LossState, example: Example) -> None:
    """Write what differs from the example into the URL."""
    start = LossState(example.teacher, example.student, example.label, example.temperature, DEFAULT_ALPHA)
    written = (
        ("teacher", _joined(chosen.teacher), _joined(start.teacher)),
        ("student", _joined(chosen.student), _joined(start.student)),
        ("label", example.class_names[chosen.label], example.class_names[start.label]),
        ("T", f"{chosen.temperature:.3g}", f"{start.temperature:.3g}"),
        ("alpha", f"{chosen.alpha:.2g}", f"{start.alpha:.2g}"),
    )
    for name, value, usual in written:
        link.write(name, "" if value == usual else value)


def loss_picture(*, key: str, example: Example, chosen: LossState, on_commit: Callable[[LossState], None]) -> None:
    """The two distributions with all losses; `on_commit` gets everything when the finger lets go."""
    classes = len(example.class_names)
    commit = keep_committed(key, "state", lambda sent: valid_state(sent, classes), on_commit)
    data = {
        "names": list(example.class_names),
        "teacher": list(chosen.teacher),
        "student": list(chosen.student),
        "label": chosen.label,
        "T": chosen.temperature,
        "alpha": chosen.alpha,
        "group": GROUP,
    }
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


def with_temperature(chosen: LossState, temperature: float) -> LossState:
    """The same at another T."""
    return replace(chosen, temperature=temperature)


def _joined(logits: tuple[float, ...]) -> str:
    return ",".join(f"{z:.3f}".rstrip("0").rstrip(".") for z in logits)


def _logits(name: str, start: tuple[float, ...]) -> tuple[float, ...]:
    text = st.query_params.get(name)
    if text is None:
        return start
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if len(values) != len(start) or not all(abs(z) <= LARGEST_LOGIT for z in values):
        st.warning(
            f"{name} is {text}; it takes {len(start)} numbers from {-LARGEST_LOGIT:g} to {LARGEST_LOGIT:g}, with "
            "commas between them. Shown are those to start from."
        )
        return start
    return values


def _label(example: Example) -> int:
    text = st.query_params.get("label")
    if text is None:
        return example.label
    if text not in example.class_names:
        names = ", ".join(example.class_names)
        st.warning(f"label is {text}; it takes one of {names}. Shown is {example.class_names[example.label]}.")
        return example.label
    return example.class_names.index(text)
