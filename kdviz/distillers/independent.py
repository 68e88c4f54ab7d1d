"""The control of offline distillation: each student with the teacher of the next seed.

Stanton, Izmailov, Kirichenko, Alemi, Wilson 2021, section 4.
"""

from collections.abc import Iterator

from kdviz.distillers.offline import Offline, offline_stage
from kdviz.distillers.stage import Setting, Stage


def stages(setting: Setting) -> Iterator[Stage]:
    """As offline, from another teacher."""
    yield offline_stage(setting, Offline, {"other teacher": setting.teachers[1]})
