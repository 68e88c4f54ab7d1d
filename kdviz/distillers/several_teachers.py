"""Several teachers: the mean of their soft targets (Hinton, Vinyals, Dean 2015, sections 1 and 5: an ensemble)."""

from __future__ import annotations

from collections.abc import Iterator

from kdviz.distillers.offline import Offline, distilled
from kdviz.distillers.stage import Given, Stage


def stages(given: Given) -> Iterator[Stage]:
    """Each student with its own seed's teacher and the two after it."""
    method = Offline(given.conditions.temperature, given.conditions.alpha)
    names = ("teacher", "teacher 2", "teacher 3")
    yield distilled(given, method, dict(zip(names, given.teachers[:3], strict=True)))
