"""Online distillation among three peers (Zhang, Xiang, Hospedales, Lu 2018, section 3)."""

from __future__ import annotations

from collections.abc import Iterator

from kdviz.distillers import mutual
from kdviz.distillers.stage import Conditions, Stage


def stages(conditions: Conditions) -> Iterator[Stage]:
    """One: each student with two peers."""
    return mutual.stages(conditions, peers=2)
