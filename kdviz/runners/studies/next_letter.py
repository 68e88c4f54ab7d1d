"""Students of letters, taught in each of the ways of both studies. One teacher, the shipped one, has all seeds.

Kim and Rush 2016 (a teacher's text), Agarwal et al. 2024 (a student's own text), Gu et al. 2024 (reverse KL).
"""

from collections.abc import Callable, Mapping
from functools import partial

from kdviz.engine.letters.network import LetterNetwork
from kdviz.engine.letters.telling import Labels, OnPolicy, SoftTargets
from kdviz.engine.letters.training import Telling
from kdviz.runners.studies.lab import ArmResult, Reporting
from kdviz.runners.studies.letter_lab import LetterLab

TEMPERATURE, ALPHA = 2.0, 0.5  # of the way with both terms; the others have T = 1 and alpha = 1

Way = Callable[[LetterLab, LetterNetwork, int], Telling]  # from a fresh student and its seed


def measure(lab: LetterLab, arm: str) -> Reporting[ArmResult]:
    """One way, with all seeds."""
    return (yield from lab.taught(partial(WAYS[arm], lab)))


def _labels(lab: LetterLab, _student: LetterNetwork, _seed: int) -> Telling:
    return Labels(lab.windows)


def _by_teacher(
    lab: LetterLab, _student: LetterNetwork, _seed: int, divergence: str, temperature: float = 1.0, alpha: float = 1.0
) -> Telling:
    return SoftTargets(lab.windows, lab.teacher_logits, divergence, temperature, alpha)


def _sequence(lab: LetterLab, _student: LetterNetwork, _seed: int) -> Telling:
    return Labels(lab.teacher_text)


def _on_policy(lab: LetterLab, student: LetterNetwork, seed: int, divergence: str) -> Telling:
    return OnPolicy(lab.windows, lab.teacher_logits, divergence, student=student, teacher=lab.teacher, seed=seed)


WAYS: Mapping[str, Way] = {
    "labels": _labels,
    "word": partial(_by_teacher, divergence="forward"),
    "both": partial(_by_teacher, divergence="forward", temperature=TEMPERATURE, alpha=ALPHA),
    "sequence": _sequence,
    "on-policy": partial(_on_policy, divergence="forward"),
    "forward": partial(_by_teacher, divergence="forward"),
    "reverse": partial(_by_teacher, divergence="reverse"),
    "js": partial(_by_teacher, divergence="js"),
    "own-forward": partial(_on_policy, divergence="forward"),
    "own-reverse": partial(_on_policy, divergence="reverse"),
}
