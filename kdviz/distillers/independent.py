"""The control of offline distillation: each student with the teacher of the next seed.

Stanton, Izmailov, Kirichenko, Alemi, Wilson 2021, section 4.
"""

from __future__ import annotations

from collections.abc import Iterator

from kdviz.distillers.offline import Offline, offline_stage
from kdviz.distillers.stage import Conditions, Stage


def stages(conditions: Conditions) -> Iterator[Stage]:
    """As offline, from another teacher."""
    yield offline_stage(conditions, Offline, {"other teacher": conditions.teachers[1]})
