"""What a study measured over the temperature, as small charts with one slider, drawn in the browser."""

from collections.abc import Sequence

from kdviz.charts.over_t import TemperatureChart, packed
from kdviz.widgets.components import component, keep_committed
from kdviz.widgets.pictures.soft_targets import GROUP, OnTemperature, valid_temperature

_measured = component("measured_over_t")


def measured_over_t(
    *, key: str, panels: Sequence[TemperatureChart], temperature: float, on_commit: OnTemperature, group: str = GROUP
) -> None:
    """Charts that share the temperature of their `group`; `on_commit` gets T when the finger lets go."""
    commit = keep_committed(key, "T", valid_temperature, on_commit)
    _measured(key=key, data={**packed(panels), "T": temperature, "group": group}, on_T_change=commit)
