"""Online distillation between a large and a small network (Zhang, Xiang, Hospedales, Lu 2018, section 3)."""

from __future__ import annotations

from collections.abc import Iterator

from kdviz.distillers import mutual
from kdviz.distillers.stage import Conditions, Stage


def stages(conditions: Conditions) -> Iterator[Stage]:
    """One: each student with an untrained network of the teacher's size."""
    large = conditions.students(conditions.comparison.teacher, relative=1)
    yield mutual.stage_of(conditions, {"large peer": large})
