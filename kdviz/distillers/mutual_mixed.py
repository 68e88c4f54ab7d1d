"""Online distillation between a large and a small network (Zhang, Xiang, Hospedales, Lu 2018, section 3)."""

from collections.abc import Iterator

from kdviz.distillers import mutual
from kdviz.distillers.stage import Setting, Stage


def stages(setting: Setting) -> Iterator[Stage]:
    """One: each student with an untrained network of the teacher's size."""
    large = setting.students(setting.comparison.teacher, relative=1)
    yield mutual.stage_of(setting, {"large peer": large})
