"""Online distillation among three peers (Zhang, Xiang, Hospedales, Lu 2018, section 3)."""

from collections.abc import Iterator

from kdviz.distillers import mutual
from kdviz.distillers.stage import Setting, Stage


def stages(setting: Setting) -> Iterator[Stage]:
    """One: each student with two peers."""
    return mutual.stages(setting, peers=2)
