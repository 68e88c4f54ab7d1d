"""Several teachers: the mean of their soft targets (Hinton, Vinyals, Dean 2015, sections 1 and 5: an ensemble)."""

from collections.abc import Iterator

from kdviz.distillers.offline import Offline, offline_stage
from kdviz.distillers.stage import Setting, Stage


def stages(setting: Setting) -> Iterator[Stage]:
    """Each student with its own seed's teacher and the two after it."""
    names = ("teacher", "teacher 2", "teacher 3")
    yield offline_stage(setting, Offline, dict(zip(names, setting.teachers[:3], strict=True)))
