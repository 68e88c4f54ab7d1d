"""Pictures of single studies that want another figure than the usual one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from kdviz.widgets import left_out_class
from kdviz.widgets.live_study import Picture

# By the study's name: draws a result with what else it needs, a slider for instance.
PICTURES: Mapping[str, Picture] = MappingProxyType({"left-out-class": left_out_class.show})
