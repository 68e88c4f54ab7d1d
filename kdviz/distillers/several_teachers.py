"""Several teachers: the mean of their soft targets (Hinton, Vinyals, Dean 2015, sections 1 and 5: an ensemble)."""

from __future__ import annotations

from collections.abc import Iterator

from kdviz.distillers.offline import Offline, offline_stage
from kdviz.distillers.stage import Conditions, Stage


def stages(conditions: Conditions) -> Iterator[Stage]:
    """Each student with its own seed's teacher and the two after it."""
    names = ("teacher", "teacher 2", "teacher 3")
    yield offline_stage(conditions, Offline, dict(zip(names, conditions.teachers[:3], strict=True)))
